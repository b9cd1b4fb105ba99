# SPDX-License-Identifier: GPL-2.0-only
"""Notebook 7: the workbench and the player need nothing but the standard of widgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from handle import Player, violations
from playwright.sync_api import Browser, Page, expect

from bench.browser import visit
from bench.lab import JupyterLab

CELLS = (
    "import kmm; kmm.workbench()",
    "kmm.load('anon-simple').run().trace",
)


@pytest.fixture
def page(server: JupyterLab, browser: Browser) -> Iterator[Page]:
    """A notebook in Notebook 7, each of its cells run by its keys."""
    pytest.importorskip("notebook", "7")
    made, said = visit(browser)
    made.goto(server.address("notebooks", CELLS))
    made.locator(".jp-Notebook .cm-content").first.click()
    expect(made.get_by_text("Idle").or_(made.locator("[data-status=idle]")).first).to_be_attached()
    for _ in CELLS:
        made.keyboard.press("Shift+Enter")
    yield made
    made.context.close()
    assert said.strangers == []
    # It has its own to complain of: of menu entries that are there twice.
    assert [text for text in said.complaints if "/static/notebook/" not in text] == []


def test_the_workbench_and_the_player_are_used(page: Page) -> None:
    form, trace = (page.locator(".jp-Cell").nth(place) for place in range(2))
    form.get_by_label("The page is").select_option("of a file")
    form.get_by_role("button", name="Run").press("Enter")
    expect(form.get_by_role("status")).to_contain_text("moved")
    for cell in (form, trace):
        player = Player(cell.locator(".kmm"))
        player.button("Forward").click()
        player.focus()
        player.press("End")
        last = player.step()
        player.press("ArrowLeft")
        player.stands(last - 1)
    assert violations(page, ".jp-OutputArea") == []
