# SPDX-License-Identifier: GPL-2.0-only
"""Every notebook in a real JupyterLab: it is opened and run, and every player in it steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from handle import Player
from playwright.sync_api import Browser, Locator, expect

from bench.browser import Heard, visit
from bench.lab import JupyterLab, Notebook

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("notebooks", "solutions", "exercises")
NOTEBOOKS = [path for room in ROOMS for path in (HOUSE / room).glob("*.ipynb")]

Open = Callable[[Path], Notebook]


@pytest.fixture
def opened(server: JupyterLab, browser: Browser, heard: dict[str, Heard]) -> Iterator[Open]:
    """Opens a notebook, whose kernel ends with the test."""
    notebooks = []

    def open_(path: Path) -> Notebook:
        page, heard[path.stem] = visit(browser)
        notebooks.append(server.open_copy(page, path))
        return notebooks[-1]

    yield open_
    for notebook in notebooks:
        server.close(notebook)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_all_cells_run_and_every_player_steps(path: Path, opened: Open) -> None:
    notebook = opened(path)
    assert notebook.run_all() == []
    players = notebook.page.locator(".kmm:not(.kmm .kmm)")
    assert players.count() or path.parent.name != "notebooks"
    for root in players.all():
        if "comparison" in (root.get_attribute("class") or ""):
            compares(root)
        else:
            steps(Player(root))


def steps(player: Player) -> None:
    """By keyboard and by mouse, from where it begins to both ends."""
    player.root.scroll_into_view_if_needed()
    player.focus()
    player.press("End")
    last = player.step()
    player.press("Home")
    first = player.step()
    assert first < last
    player.press("ArrowRight")
    player.stands(first + 1)
    player.button("Back").click()
    player.stands(first)


def compares(root: Locator) -> None:
    """As far as two runs can be stepped together."""
    root.scroll_into_view_if_needed()
    number = root.get_by_label("Number of the pair")
    root.focus()
    root.page.keyboard.press("Home")
    expect(number).to_have_value("0")
    root.page.keyboard.press("ArrowRight")
    expect(number).to_have_value("1")
