# SPDX-License-Identifier: GPL-2.0-only
"""Everybody can use the player: axe-core finds nothing, and all that is drawn can be told apart.

axe-core looks at what it can (names, roles, the contrast of texts in HTML); it does not look into
drawings, so the contrast of these is worked out from what the browser computed (contrast.js).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from handle import Player, violations
from playwright.sync_api import expect
from stage import Stage

THEMES = ("light", "dark")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
#: Between them these have every kind of entry, of line and of sign; the last ends with a bug.
DRAWN = ("anon-shared", "file-buffers", "swap-cache", "entry-wait-swap",
         "writeback-without-the-lock")  # fmt: skip
PLACES = (0, 0.35, 0.7, 1)
#: The lines that the pictures of these have.
KINDS = {"edge", "changed", "present", "migration", "swap", "buffer"}


@pytest.fixture
def themed(stage: Stage) -> Iterator[Callable[[str], None]]:
    yield lambda theme: stage.notebook.theme(theme.capitalize())
    stage.notebook.theme("Light")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_jupyterlab(
    theme: str, stage: Stage, player: Player, themed: Callable[[str], None]
) -> None:
    themed(theme)
    expect(player.root).to_have_attribute("data-theme", theme)
    player.press("w")
    assert violations(player.page, f"#{identified(player)}") == []
    player.press("?")
    assert violations(player.page, f"#{identified(player)}") == []
    player.press("Escape")
    player.press("w")


def identified(player: Player) -> str:
    """axe-core asks for a selector; a page may have several players."""
    player.root.evaluate("root => { root.id = 'looked-at' }")
    return "looked-at"


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_a_file(theme: str, file: Callable[..., Player]) -> None:
    player = file("anon-shared", color_scheme=theme)
    expect(player.root).to_have_attribute("data-theme", theme)
    assert violations(player.page, None) == []
    player.focus()
    player.press("?")
    expect(player.dialog).to_be_visible()
    assert violations(player.page, None) == []


@pytest.mark.parametrize("theme", THEMES)
def test_all_that_is_drawn_stands_out_from_what_is_behind_it(
    theme: str, file: Callable[..., Player]
) -> None:
    kinds, faint = set(), []
    for name in DRAWN:
        player = file(name, color_scheme=theme)
        last = int(player.number.get_attribute("max") or 0)
        for step in (int(last * place) for place in PLACES):
            player.go(step)
            looked_at = player.root.evaluate(CONTRAST)
            assert len(looked_at) > 20
            faint += [(name, step, *one) for one in looked_at if one[3] < one[4]]
        kinds |= set(player.root.evaluate(_KINDS))
    assert faint == []
    assert kinds >= KINDS


_KINDS = """root => [...root.querySelectorAll(".picture [class*='s-']")]
  .flatMap((e) => [...e.classList]).filter((c) => c.startsWith("s-")).map((c) => c.slice(2))"""


def test_no_thing_moves_by_itself_for_who_wants_little_motion(
    file: Callable[..., Player],
) -> None:
    """Play is a step a second at most, however fast it is set, and nothing glides."""
    player = file("anon-shared", clock=True, reduced_motion="reduce")
    clock = player.page.clock
    player.field("speed").select_option("32")
    player.focus()
    player.press(" ")
    for step in range(3):
        player.stands(step)
        clock.run_for(999)
        player.stands(step)
        clock.run_for(1)
    player.stands(3)
    assert player.page.evaluate("document.getAnimations().length") == 0
    player.page.emulate_media(reduced_motion="no-preference")
    clock.run_for(1000)
    player.stands(4)
    clock.run_for(320)
    assert player.step() >= 10


def test_the_file_can_be_read_at_twice_the_size(file: Callable[..., Player]) -> None:
    """In a window half as wide nothing is cut off at the side of the page."""
    player = file("anon-shared", viewport={"width": 800, "height": 600})
    wide = player.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 800
