# SPDX-License-Identifier: GPL-2.0-only
"""Every control of the player in JupyterLab, by mouse and by keyboard, in two traces.

CONTROLS (controls.py) is all of them: a key that `?` lists, a button or a field that is not in the
table, or the other way round, fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from controls import CONTROLS
from handle import Player
from stage import TRACES, Stage


def ready(player: Player, name: str) -> None:
    """What has to be there before the control can be used."""
    if name == "close the keys":
        player.press("?")
    elif name == "stop":
        player.press("w")
    elif name == "over time" and player.named(CONTROLS[name].name) is None:
        player.press("a")
        player.focus()


def ways() -> Iterator[tuple[str, str, str]]:
    """Each control by each of its keys, by the mouse, and by Enter where it has the focus.

    In the long trace one key is enough, or else Enter: that the others do the same is known then.
    """
    for name, control in CONTROLS.items():
        for trace in TRACES:
            keys = control.keys if trace == "short" else control.keys[:1]
            yield from ((trace, name, key) for key in keys)
            if control.name:
                yield trace, name, "mouse"
                if trace == "short" or not keys:
                    yield trace, name, "Enter"


@pytest.mark.parametrize(("stage", "name", "way"), list(ways()), indirect=["stage"], ids=str)
def test_a_control_does_what_it_says(name: str, way: str, stage: Stage, player: Player) -> None:
    control = CONTROLS[name]
    if control.optional and player.named(control.name) is None:
        assert not any(control.claims(other) for other in player.names())
        return
    if way in ("mouse", "Enter"):
        ready(player, name)

    def act() -> None:
        if way not in ("mouse", "Enter"):
            player.focus()
            player.press(way)
        else:
            there = player.named(control.name)
            assert there is not None, f"no control is called {control.name}"
            if way == "mouse":
                there.click()
            else:
                there.focus()
                if there.evaluate("e => e.tagName === 'BUTTON'"):
                    player.press("Enter")
        assert player.holds_the_focus(), "the focus is lost"

    control.claim(stage, player, act)
    assert player.holds_the_focus(), "the focus is lost"


def test_every_key_and_every_control_is_tried(stage: Stage, player: Player) -> None:
    player.press("w")
    rows = {row.replace(" ", "") for row in player.dialog.locator("th").all_text_contents()}
    assert rows == {c.row.replace(" ", "") for c in CONTROLS.values() if c.row} | {"Esc"}
    names = player.names()
    unknown = [name for name in names if not any(c.claims(name) for c in CONTROLS.values())]
    assert unknown == []
    absent = [
        c.name
        for c in CONTROLS.values()
        if c.name and not c.optional and not any(map(c.claims, names))
    ]
    assert absent == []
    assert player.hands() == ["[data-select]", "svg.course"]
    player.press("w")
