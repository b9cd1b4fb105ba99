# SPDX-License-Identifier: GPL-2.0-only
"""Behaves and Withstands: a function is judged by what it does, with no right one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kmm.explore.edit import Edit, body
from kmm.explore.guards import GUARDS
from kmm.explore.history import HISTORY
from kmm.explore.invariants import Invariant
from kmm.learn.checks.situations import Behaves, Situation, Withstands, Wrong
from kmm.learn.given.one_attempt import at_peace, attempted, ends, pinned, situation
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import do_pages_stat, unmap_and_move
from kmm.scenario import Run

F = "unmap_and_move"
P = Parameters("e10", 0, {"force": (0,), "pins": (2,)})
MOVES = situation("nothing is in the way", at_peace, lambda p: 0, ends(0))
PINNED = situation("it is pinned", pinned, lambda p: 1, ends(-11, on_list=True))


def test_what_is_demanded_of_every_situation_holds() -> None:
    outcome = Behaves(F, (MOVES, PINNED)).judge(unmap_and_move, P)
    assert outcome.right
    assert outcome.says == "so it does in 2 situations"


def test_the_first_situation_that_goes_wrong_is_named_with_its_run() -> None:
    off = body(F, (Edit(F, "rc != -EAGAIN", "True"),))
    outcome = Behaves(F, (MOVES, PINNED)).judge(off, P)
    assert not outcome.right
    assert outcome.says == (
        "where it is pinned: the page is off the caller's list: nobody tries it again"
    )
    assert "leaves the list" in outcome.facts
    assert outcome.mine is not None


def test_what_must_always_hold_is_looked_at_too() -> None:
    leaky = body(F, (Edit(F, "putback_lru_page(newpage)", ""),))
    outcome = Behaves(F, (PINNED,)).judge(leaky, P)
    assert "broken: references" in outcome.facts
    assert Behaves(F, (PINNED,), invariants=()).judge(leaky, P).right


def test_every_demand_of_a_situation_leaves_its_fact() -> None:
    def two(run: Run, p: Parameters) -> Iterator[Wrong]:
        yield "one", "the first"
        yield "two", "the second"

    outcome = Behaves(F, (Situation("it is", MOVES.run, two),)).judge(unmap_and_move, P)
    assert outcome.says == "where it is: the first"
    assert outcome.facts == {"one", "two"}


def test_a_kernel_that_stops_is_said_once() -> None:
    twice = body(F, (Edit(F, "unlock_page(page)", "unlock_page(page)\nunlock_page(page)"),))
    outcome = Behaves(F, (MOVES,)).judge(twice, P)
    assert outcome.facts == {"stops"}
    assert "the kernel stops: VM_BUG_ON" in outcome.says


def test_other_functions_are_edited_meanwhile() -> None:
    full = (Edit("move_to_new_page", "return rc", "return -5"),)
    failed = situation("it cannot move", at_peace, lambda p: 0, ends(-5))
    assert Behaves(F, (failed,), full, invariants=()).judge(unmap_and_move, P).right
    assert not Behaves(F, (failed,), invariants=()).judge(unmap_and_move, P).right


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(42, "of another kind"), (lambda *args: 1 / 0, "raises"), (lambda: 0, "refused")],
)
def test_an_answer_that_is_no_function_or_fails_is_one_sentence(answer: Any, kind: str) -> None:
    case = GUARDS["mapping-is-there"].holds
    for check in (Behaves(F, (MOVES,)), Withstands(F, case, "truncate", seconds=1)):
        outcome = check.judge(answer, P)
        assert kind in outcome.facts
        assert "\n" not in outcome.says


def test_a_case_that_breaks_gives_the_schedule_that_shows_it() -> None:
    check = Withstands("do_pages_stat", HISTORY[3].breaks, "another thread")
    outcome = check.judge(do_pages_stat, P)
    assert "broken: every task ends" in outcome.facts
    assert "beside another thread: deadlock" in outcome.says
    assert outcome.mine is not None


def test_who_does_nothing_withstands_only_without_demands() -> None:
    case = HISTORY[3].breaks
    lazy = Invariant("answered", "It answers.", lambda books: iter(["it does not answer"]))
    assert Withstands("do_pages_stat", case, "a thread").judge(lambda a, b, c, d: 0, P).right
    outcome = Withstands("do_pages_stat", case, "a thread", (lazy,)).judge(lambda a, b, c, d: 0, P)
    assert "broken: answered" in outcome.facts


def test_an_attempt_leaves_on_the_list_what_is_to_be_tried_again() -> None:
    run = attempted(pinned, 0, P)
    assert run.rc == -11
    assert str(run.world["p0"].lru.list).startswith("pagelist")
