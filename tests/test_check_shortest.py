# SPDX-License-Identifier: GPL-2.0-only
"""Schedules are measured against the explorer's shortest, and functions that make schedules."""

from __future__ import annotations

from typing import Any

import pytest

import kmm
from kmm.explore.case import Case
from kmm.learn.checks.schedules import preemptions, unguarded
from kmm.learn.checks.shortest import Makes, Shortest, steps, yardstick
from kmm.learn.exercises import e14
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters

P = Parameters("e14", 0, {})


def said(guard: str, of: str, mine: Any) -> Outcome:
    return Shortest(lambda p: unguarded(guard), of, "x").judge(mine, P)


@pytest.mark.parametrize("guard", [*e14.FIRST, *e14.SECOND])
def test_the_yardstick_is_right_and_the_steps_are_the_explorers(guard: str) -> None:
    case = unguarded(guard)
    best = yardstick(case)
    trace = case.replay(best.schedule)
    assert best.fewest
    assert (preemptions(case, trace), len(steps(trace))) == (best.preemptions, best.steps)
    for of in ("breaks", "preemptions", "steps"):
        assert said(guard, of, best.schedule).right
        assert said(guard, of, str(best.schedule)).right


def test_a_run_that_breaks_late_has_too_many_steps() -> None:
    assert said("rcu-anon", "breaks", "migrate 46, munmap, migrate").right
    assert said("rcu-anon", "preemptions", "migrate 46, munmap, migrate").right
    late = said("rcu-anon", "steps", "migrate 46, munmap, migrate")
    assert late.facts == {"too many steps"}
    assert "it has 116 steps; 84 are enough" in late.says


def test_steps_count_only_without_a_preemption_too_many() -> None:
    mine = "migrate 1, user 1, migrate 60, user, migrate"
    assert said("buffers-locked", "breaks", mine).right
    assert said("buffers-locked", "preemptions", mine).facts == {"too many preemptions"}
    assert not said("buffers-locked", "steps", mine).right


@pytest.mark.parametrize(
    ("mine", "fact"),
    [
        ("user, migrate", "the other begins"),
        ("migrate 3, user, migrate", "too early"),
        ("migrate, user", "one after another"),
        ("migrate 61, user 2, migrate", "later on"),
        ("migrate 999, user", "impossible"),
        ("nobody", "no such task"),
        ("", "no such task"),
        (61, "of another kind"),
        (["migrate"], "of another kind"),
    ],
)
def test_of_a_schedule_that_breaks_nothing_it_is_said_why(mine: Any, fact: str) -> None:
    outcome = said("buffers-locked", "breaks", mine)
    assert not outcome.right
    assert fact in outcome.facts


def found_early(case: Case) -> str:
    trace = case.replay("migrate")
    k = next(step.index for step in trace if step.primitive == "radix_tree_replace_slot")
    return str(trace.branch(k + 1, "lookup").about["schedule"])


def made(mine: Any) -> Outcome:
    return Makes(lambda p: e14.early_cases(), e14.seen_early, 1).judge(mine, P)


def test_a_function_has_to_find_the_moment_in_every_world() -> None:
    assert made(found_early).right
    number = found_early(e14.early_cases()[0])
    outcome = made(lambda case: number)
    assert "for a page that a process maps" in outcome.says


@pytest.mark.parametrize(
    ("mine", "fact"),
    [
        (lambda case: "lookup, migrate", "the old page"),
        (lambda case: "migrate, lookup", "after the copy"),
        (lambda case: "migrate 20, lookup 4, migrate, lookup", "does not move"),
        (lambda case: "fault 3", "impossible"),
        (lambda case: 28, "of another kind"),
        (lambda case: 1 / 0, "raises"),
        ("migrate 38, lookup", "of another kind"),
    ],
)
def test_of_a_function_that_misses_it_is_said_how(mine: Any, fact: str) -> None:
    assert made(mine).facts == {fact}


def test_the_window_of_the_new_page_lies_between_the_slot_and_the_copy() -> None:
    case = e14.early_cases()[0]
    trace = case.replay("migrate")
    steps_of = {step.primitive: step.index for step in trace}
    early = [k for k in range(1, len(trace)) if e14.seen_early(trace.branch(k, "lookup")) is None]
    # A lookup that meets a frozen count waits for the thaw, and goes on with the new page.
    assert early[-1] == steps_of["copy_highpage"]
    assert steps_of["radix_tree_replace_slot"] + 1 in early
    assert steps_of["page_count"] - 1 not in early


@pytest.mark.parametrize(
    ("mine", "fact"),
    [
        ("migrate 10", "one after another"),
        ("migrate 10, nobody", "no such task"),
        ("migrate 9999", "impossible"),
    ],
)
def test_a_schedule_that_names_too_little_is_no_schedule_that_comes_too_late(
    mine: str, fact: str
) -> None:
    wrong = kmm.check("e14.q1", mine, seed=0).wrong
    assert wrong is not None
    assert fact in wrong.outcome.facts
