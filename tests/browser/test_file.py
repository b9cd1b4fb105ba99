# SPDX-License-Identifier: GPL-2.0-only
"""The player as one file, opened from the disk."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from handle import Player
from playwright.sync_api import expect

import kmm
from kmm.sim import Trace

NAME = "anon-shared"


@pytest.fixture(scope="module")
def trace() -> Trace:
    made: Trace = kmm.load(NAME).run().trace
    return made


def test_its_address_says_what_is_shown(trace: Trace, file: Callable[..., Player]) -> None:
    player = file(NAME, "#step=41&select=p0")
    player.stands(41)
    expect(player.selected).to_have_value("p0")
    player.focus()
    player.press("ArrowRight")
    player.selected.select_option("p0._count")
    expect(player.page).to_have_url(re.compile(r"#step=42&select=p0\._count$"))
    player.page.evaluate("location.hash = '#step=7&select=p0'")
    player.stands(7)
    expect(player.selected).to_have_value("p0")


@pytest.mark.parametrize(
    ("asked", "step"),
    [("#step=100000", -1), ("#step=-3", 0), ("#step=soon&select=nobody", 0), ("#", 0)],
)
def test_an_address_that_asks_for_too_much_gets_what_there_is(
    asked: str, step: int, trace: Trace, file: Callable[..., Player]
) -> None:
    file(NAME, asked).stands(step % len(trace))


def test_it_goes_by_keyboard_from_the_start(trace: Trace, file: Callable[..., Player]) -> None:
    player = file(NAME)
    player.press("Tab")
    assert player.holds_the_focus()
    player.focus()
    for key in ("ArrowRight", "ArrowRight", "l", "h"):
        player.press(key)
    player.stands(2)
    expect(player.live).to_have_text(f"Step 2. {trace.narrate(2)}")
    player.press("End")
    player.stands(len(trace) - 1)
    player.press("Escape")
    assert not player.holds_the_focus()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_printed_it_is_dark_on_white_and_whole_without_buttons(
    theme: str, file: Callable[..., Player]
) -> None:
    player = file(NAME, "#step=41", color_scheme=theme)
    player.page.emulate_media(media="print")
    for name in ("Forward", "Keys", "watch"):
        expect(player.button(name)).to_be_hidden()
    for words in ("Code", "Picture", "This step"):
        expect(player.root.get_by_role("heading", name=words)).to_be_visible()
    colours = player.root.evaluate(
        "e => [e, document.body].map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert set(colours) == {"rgb(255, 255, 255)"}
    assert player.root.locator(".picture").evaluate(
        "e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth + 1"
    )
    pages = re.findall(rb"/Type\s*/Page\b", player.page.pdf())
    assert 1 <= len(pages) <= 3


def test_a_trace_that_a_bug_ends_says_so(file: Callable[..., Player]) -> None:
    name = next(n for n in kmm.library.names() if kmm.load(n).run().trace.bug)
    bug = kmm.load(name).run().trace.bug
    player = file(name)
    expect(player.root.locator(".bug")).to_contain_text(str(bug))


def test_a_trace_without_steps_is_shown(file: Callable[..., Player]) -> None:
    player = file("migrate-vmas")
    expect(player.number).to_have_value("-1")
    player.focus()
    for key in ("ArrowRight", "End", " ", "b"):
        player.press(key)
    expect(player.root.locator(".sentence")).to_contain_text("This trace has no steps")
