# SPDX-License-Identifier: GPL-2.0-only
"""A schedule is right if it breaks the version without the guard, with few preemptions."""

from __future__ import annotations

import pytest

import kmm
from kmm.explore.guards import GUARDS
from kmm.explore.verdict import explore
from kmm.learn.checks.schedules import Breaks, about, preemptions, unguarded
from kmm.learn.exercises import e04
from kmm.learn.parameters import Parameters
from kmm.sim.schedule import Schedule

P = Parameters("e04", 0, {})
QUICK = ("get_page_unless_zero-in-migration_entry_wait", "expected-count-2", "expected-count-1")


@pytest.mark.parametrize("guard", QUICK)
def test_what_the_explorer_finds_is_right_and_its_preemptions_are_counted(guard: str) -> None:
    """The explorer counts while it searches; here they are counted by trying."""
    found = explore(GUARDS[guard].breaks).violation
    assert found is not None
    assert found.fewest
    case = unguarded(guard)
    assert preemptions(case, case.replay(found.schedule)) == found.preemptions
    assert Breaks(guard, most=found.preemptions).judge(str(found.schedule), P).right


@pytest.mark.parametrize("guard", sorted(e04.MOST))
def test_no_schedule_needs_fewer_than_an_exercise_allows(guard: str) -> None:
    found = explore(unguarded(guard), max_preemptions=e04.MOST[guard]).violation
    assert found is not None
    assert found.fewest
    assert found.preemptions == e04.MOST[guard]


def test_every_guard_of_e04_is_drawn_by_some_seed() -> None:
    drawn = [kmm.learn.book.exercise_of("e04").drawn(seed) for seed in range(9)]
    assert {guard for p in drawn for guard in p.values()} == set(e04.MOST)


def test_another_seed_has_another_guard() -> None:
    schedule = "lookup 7, migrate 104, lookup"
    seed = next(
        n for n in range(9) if kmm.learn.book.exercise_of("e04").drawn(n).second == e04.ONLY_LOCK
    )
    assert kmm.check("e04.q2", schedule, seed=seed).right
    assert not kmm.check("e04.q2", schedule, seed=0).right


def test_what_is_told_of_a_case_names_the_guard_and_the_tasks() -> None:
    told = about(e04.ONLY_LOCK)
    assert "count-test-before-freeze and freeze-not-only-check" in told
    assert "migrate and lookup" in told


def test_a_schedule_that_breaks_nothing_shows_its_run() -> None:
    result = kmm.check("e04.q2", "lookup, migrate")
    assert result.right is False
    assert "nothing breaks in this run" in str(result)
    trace = result.play()
    assert trace.about["schedule"] == "lookup, migrate"


def test_a_schedule_object_is_as_good_as_its_text() -> None:
    text = "migrate 36, lookup 7, migrate 69, lookup"
    assert kmm.check("e04.q2", Schedule.parse(text)).right


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        ("migrate 36, nobody", "there is no task nobody"),
        ("migrate 36,, lookup", "part 2 is empty"),
        ("migrate 500, lookup", "asks for a step of migrate"),
        (36, "a schedule is asked for"),
        (["migrate"], "a schedule is asked for"),
    ],
)
def test_what_is_no_schedule_is_one_sentence(mine: object, says: str) -> None:
    result = kmm.check("e04.q2", mine)
    assert result.right is False
    assert says in str(result)


def test_a_task_that_waits_is_not_preempted() -> None:
    """The fault has to wait for the page lock: leaving it there costs nothing."""
    case = unguarded(QUICK[0])
    assert preemptions(case, case.replay("migrate 67, fault 15, migrate 103, fault")) == 1
    assert preemptions(case, case.replay("migrate")) == 0
