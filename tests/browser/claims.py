# SPDX-License-Identifier: GPL-2.0-only
"""Claims: what each control of the player has to do, worked out from the trace (oracle.py).

A claim uses its control by calling `act`, which presses one of its keys, clicks, or presses Enter
where the control has the focus.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import oracle
import pytest
from handle import Player
from playwright.sync_api import expect
from stage import Stage

from kmm.sim import Trace

Act = Callable[[], None]
Claim = Callable[[Stage, Player, Act], None]

# What the moves do.


def moves(where: Callable[[Trace, int], int | None], start: int = 0) -> Claim:
    """It leads where the trace says, or says that there is no such step."""

    def claim(stage: Stage, player: Player, act: Act) -> None:
        k = stage.starts[start]
        if start:
            player.go(k)
        act()
        there = where(stage.trace, k)
        player.stands(k if there is None else there)
        expect(player.said).to_have_text(re.compile("no such step" if there is None else "^$"))

    return claim


def changes(where: Callable[[Trace, int, str], int | None]) -> Claim:
    def claim(stage: Stage, player: Player, act: Act) -> None:
        moves(lambda trace, k: where(trace, k, f"{stage.page}._count"))(stage, player, act)

    return claim


def plays(stage: Stage, player: Player, act: Act) -> None:
    act()
    expect(player.button("Pause")).to_be_visible()
    player.leaves(stage.starts[0])
    act()
    expect(player.button("Play")).to_be_visible()


def gets(speed: str, back: str) -> Claim:
    def claim(stage: Stage, player: Player, act: Act) -> None:
        speeds = player.field("speed")
        act()
        expect(speeds).to_have_value(speed)
        player.press(back)
        expect(speeds).to_have_value("4")

    return claim


def opens_the_keys(stage: Stage, player: Player, act: Act) -> None:
    act()
    expect(player.dialog).to_be_visible()
    assert player.holds_the_focus()
    player.press("Escape")
    expect(player.dialog).to_be_hidden()


def folds(number: int) -> Claim:
    """The panel is folded, and unfolded again."""

    def claim(stage: Stage, player: Player, act: Act) -> None:
        head = player.root.locator(".fold").nth(number)
        content = player.root.locator(".panel > .head + *").nth(number)
        expect(content).to_be_visible()
        for visible in (False, True):
            act()
            expect(content).to_be_visible(visible=visible)
            expect(head).to_have_attribute("aria-expanded", str(visible).lower())

    return claim


def folds_calls(stage: Stage, player: Player, act: Act) -> None:
    """The calls of the function are one step each: the player stands at the end of its own."""
    trace, k = stage.trace, stage.starts[0]
    function = trace[k].function
    field = player.field("fold")
    act()
    if not field.input_value():
        field.select_option(function)
    expect(field).to_have_value(function)
    columns = trace.columns
    named = [c for c in oracle.calls(trace, k)[:-1]
             if trace.called(columns.call_site[c]).name == function]  # fmt: skip
    player.stands(columns.call_last[named[-1]] - 1)
    field.select_option("")


def asks_nothing(stage: Stage, player: Player, act: Act) -> None:
    """Where nothing is asked there is no question to go to."""
    act()
    player.stands(stage.starts[0])


# What the fields do.


def takes_a_number(stage: Stage, player: Player, act: Act) -> None:
    act()
    expect(player.number).to_be_focused()
    player.press("Control+a")
    player.page.keyboard.type("41")
    player.press("Enter")
    player.stands(41)


def chooses(stage: Stage, player: Player, act: Act) -> None:
    """What is chosen is selected, and the panel of its holders speaks of it."""
    act()
    expect(player.selected).to_be_focused()
    player.selected.select_option(stage.page)
    head = player.root.locator(".references .what")
    expect(head).to_have_text(re.compile(f"^{stage.page} has count"))


def searches(stage: Stage, player: Player, act: Act) -> None:
    words = "spin_lock"
    hits = [k for k in range(len(stage.trace)) if oracle.found(stage.trace, k, words)]
    after = [k for k in hits if k > stage.starts[0]]
    act()
    expect(player.words).to_be_focused()
    player.page.keyboard.type(words)
    expect(player.root.locator(".found")).to_contain_text(str(len(hits)))
    player.press("Enter")
    player.stands(after[0])
    player.press("Enter")
    player.stands(after[1])
    player.press("Shift+Enter")
    player.stands(after[0])
    player.words.fill("")


def finds(way: int) -> Claim:
    def claim(stage: Stage, player: Player, act: Act) -> None:
        player.words.fill("spin_unlock")
        act()
        start = stage.starts[0]
        steps = range(start + way, len(stage.trace) if way > 0 else -1, way)
        player.stands(next(k for k in steps if oracle.found(stage.trace, k, "spin_unlock")))
        player.words.fill("")

    return claim


def goes_by(stage: Stage, player: Player, act: Act) -> None:
    """Forward goes by what is chosen."""
    ways = {
        "call": oracle.over,
        "phase": oracle.next_phase,
        "change": lambda trace, k: oracle.next_change(trace, k, f"{stage.page}._count"),
        "step": oracle.forward,
    }
    units = player.field("go by")
    act()
    expect(units).to_be_focused()
    for unit, where in ways.items():
        player.go(stage.starts[0])
        units.select_option(unit)
        player.button("Forward").click()
        there = where(stage.trace, stage.starts[0])
        assert there is not None
        player.stands(there)


def sets_the_speed(stage: Stage, player: Player, act: Act) -> None:
    act()
    speeds = player.field("speed")
    expect(speeds).to_be_focused()
    speeds.select_option("32")
    player.focus()
    player.press(" ")
    player.leaves(stage.starts[0])
    player.press(" ")
    speeds.select_option("4")


def slides(stage: Stage, player: Player, act: Act) -> None:
    """The arrows, Home and End move the slider; it can be taken by the mouse."""
    act()
    last = len(stage.trace) - 1
    for key, there in (("Home", 0), ("ArrowRight", 1), ("End", last), ("ArrowLeft", last - 1)):
        player.slider.press(key)
        player.stands(there)
    box = player.slider.bounding_box()
    assert box is not None
    player.page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert player.step() == pytest.approx(last / 4, abs=last / 50 + 1)


# What the selection, the stops and the timeline do.


def stops_at_the_line(stage: Stage, player: Player, act: Act) -> None:
    """The line of the step is marked, and play stops at it; then no longer."""
    line = stage.trace[stage.starts[0]].line
    chip = player.root.locator(".stops .chip")
    act()
    expect(chip).to_contain_text(f"line {line}")
    expect(player.button(f"Stop at line {line}")).to_have_attribute("aria-pressed", "true")
    act()
    expect(chip).to_have_count(0)
    expect(player.button(f"Stop at line {line}")).to_have_attribute("aria-pressed", "false")


def marks_a_line(stage: Stage, player: Player, act: Act) -> None:
    chip = player.root.locator(".stops .chip")
    act()
    expect(chip).to_have_count(1)
    act()
    expect(chip).to_have_count(0)


def watches(stage: Stage, player: Player, act: Act) -> None:
    chip = player.root.locator(".stops .chip")
    act()
    expect(chip).to_have_text(f"{stage.page}._count changes")
    expect(player.button("watch")).to_have_attribute("aria-pressed", "true")
    act()
    expect(chip).to_have_count(0)


def no_longer_stops(stage: Stage, player: Player, act: Act) -> None:
    act()
    expect(player.root.locator(".stops .chip")).to_have_count(0)


def draws_over_time(stage: Stage, player: Player, act: Act) -> None:
    """A field more, or the same one less."""
    labels = player.root.locator(".timeline .label")
    some = labels.count()
    name = player.root.locator(".timeline .label", has_text=f"{stage.page} count")
    there = name.count()
    act()
    expect(name).to_have_count(1 - there)
    expect(labels).to_have_count(some + 1 - 2 * there)
    player.focus()
    player.press("a")
    expect(labels).to_have_count(some)


def takes_a_field_away(stage: Stage, player: Player, act: Act) -> None:
    labels = player.root.locator(".timeline .label")
    names = labels.all_text_contents()
    act()
    expect(labels).to_have_count(len(names) - 1)


def closes_the_keys(stage: Stage, player: Player, act: Act) -> None:
    act()
    expect(player.dialog).to_be_hidden()


def shows_the_caller(stage: Stage, player: Player, act: Act) -> None:
    """The code of the outermost call, at the line where the next one is made; the same step."""
    act()
    chosen = player.root.locator(".path [aria-current]")
    expect(chosen).to_have_text(stage.trace[stage.starts[0]].stack[0])
    player.stands(stage.starts[0])


def selects(stage: Stage, player: Player, act: Act) -> None:
    """What a link, "Select p0.mapping", names is selected."""
    name = player.root.get_by_title(re.compile("^Select ")).first.get_attribute("title")
    assert name is not None
    act()
    expect(player.selected).to_have_value(name.removeprefix("Select "))


def goes_to_the_step(stage: Stage, player: Player, act: Act) -> None:
    name = player.root.get_by_title(re.compile("^Go to step")).first.get_attribute("title")
    assert name is not None
    act()
    player.stands(int(name.removeprefix("Go to step ")))
