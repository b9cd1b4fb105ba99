# SPDX-License-Identifier: GPL-2.0-only
"""Separates: a world in which the model breaks, and its mended version does not."""

from __future__ import annotations

from typing import Any

import pytest

from kmm.explore.edit import Edit
from kmm.explore.history import HISTORY
from kmm.learn.checks.separates import Separates
from kmm.learn.parameters import Parameters
from kmm.scenario import World

P = Parameters("e12", 0, {})
CHECK = Separates(HISTORY[1].holds.edits)


def case(flags: tuple[str, ...] = ("uptodate", "dirty"), **file: Any) -> Any:
    def made() -> Any:
        w = World(nodes=2)
        return w, w.file(**{"migratepage": None, "writepage": "error", **file}).page(flags=flags)

    return made


def test_a_world_that_shows_the_bug_is_right_with_both_runs() -> None:
    outcome = CHECK.judge(case(), P)
    assert outcome.right
    assert "VM_BUG_ON(!PageLocked(page))" in outcome.says
    assert outcome.mine is not None
    assert outcome.mine.bug
    assert outcome.model is not None
    assert not outcome.model.bug


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        (case(writepage="ok"), "writepage ok"),
        (case(writepage=None), "no writepage"),
        (case(migratepage="migrate_page"), "has migratepage"),
        (case(flags=("uptodate",)), "clean"),
    ],
)
def test_a_world_in_which_nothing_breaks_is_known_by_its_file(made: Any, fact: str) -> None:
    outcome = CHECK.judge(made, P)
    assert not outcome.right
    assert {"nothing breaks", fact} <= outcome.facts


def test_what_breaks_in_the_mended_version_too_is_no_answer() -> None:
    useless = Separates((Edit("writeout", "return -EIO", "return -EIO"),))
    outcome = useless.judge(case(), P)
    assert "breaks anyway" in outcome.facts


def test_a_dirty_pte_is_dirty_enough() -> None:
    def made() -> Any:
        w = World(nodes=2)
        file = w.file(migratepage=None, writepage="error")
        return w, w.mm().mmap(file=file, flags=("READ", "WRITE", "SHARED")).touch(0)

    assert CHECK.judge(made, P).right


@pytest.mark.parametrize("made", [lambda: None, lambda: (1, 2), lambda: World(nodes=2)])
def test_something_else_is_refused_in_one_sentence(made: Any) -> None:
    outcome = CHECK.judge(made, P)
    assert "refused" in outcome.facts
    assert "a world and a page are asked for" in outcome.says
