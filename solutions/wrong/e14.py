# SPDX-License-Identifier: GPL-2.0-only
"""Schedules that break nothing, or with too much, and functions that miss the moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.case import Case
from kmm.learn.checks.shortest import yardstick
from kmm.learn.exercises.e14 import case_of


def schedule(problem: str, make: Callable[[str, str, int], str]) -> Callable[[Any], str]:
    """Made of the tasks' names, who begins and who follows, and how far the first should go."""

    def answer(p: Any) -> str:
        case = case_of(p, problem)
        right = yardstick(case).schedule
        names = [struct.name for struct in case.build()[1]]
        first = right[0]
        [other] = [name for name in names if name != first.task]
        return make(first.task, other, first.steps or 0)

    return answer


def first_step(case: Case) -> str:
    """Lets the lookup come as soon as it can."""
    return "lookup, migrate"


def after_all(case: Case) -> str:
    """Lets the lookup come when all is over."""
    return "migrate, lookup"


def by_number(case: Case) -> str:
    """Knows one world."""
    return "migrate 38, lookup, migrate"


def busy(case: Case) -> str:
    """Interrupts twice."""
    k = int(right(case).split()[1].rstrip(","))
    return f"migrate 1, lookup 1, migrate {k - 1}, lookup, migrate"


def right(case: Case) -> str:
    """The right one."""
    trace = case.replay("migrate")
    replaced = next(s.index for s in trace if s.primitive == "radix_tree_replace_slot")
    return str(trace.branch(replaced + 1, "lookup").about["schedule"])


def number(case: Case) -> int:
    """The step, where the schedule was asked for."""
    return 28


WRONG = (
    *(
        one
        for q in ("q1", "q2")
        for one in (
            (f"e14.{q}", schedule(q, lambda a, b, n: f"{a}, {b}"), "Nobody is interrupted"),
            (f"e14.{q}", schedule(q, lambda a, b, n: f"{b}, {a}"), "has to make the first steps"),
            (f"e14.{q}", schedule(q, lambda a, b, n: f"{a} 999, {b}"), "makes no step"),
            (f"e14.{q}", lambda p: "lock 3, migrate", "there is no task lock"),
            (f"e14.{q}", lambda p: 36, "a schedule is asked for"),
        )
    ),
    (
        "e14.q2",
        schedule("q2", lambda a, b, n: f"{a} 3, {b}, {a}"),
        "left too early",
    ),
    (
        "e14.q2",
        schedule("q2", lambda a, b, n: f"{a} 1, {b} 1, {a} {n - 1}, {b}, {a}"),
        "who need not have been",
    ),
    ("e14.q3", lambda p: "migrate, zap", "One after the other breaks nothing"),
    ("e14.q3", lambda p: "migrate 30, zap 24, migrate, zap", "is left before the copy"),
    ("e14.q3", lambda p: "migrate 107, zap, migrate", "One preemption is not enough"),
    ("e14.q3", lambda p: "migrate 107, zap 10, migrate, zap", "before it has looked at the pte"),
    (
        "e14.q3",
        lambda p: "migrate 10, zap 3, migrate 97, zap 21, migrate 54, zap",
        "who need not have been",
    ),
    ("e14.q3", lambda p: "migrate 999, zap", "makes no step"),
    ("e14.q3", lambda p: 107, "a schedule is asked for"),
    ("e14.q4", lambda p: first_step, "Too early: the slot"),
    ("e14.q4", lambda p: after_all, "Too late: the new page"),
    ("e14.q4", lambda p: by_number, "the old page"),
    ("e14.q4", lambda p: busy, "One preemption is enough"),
    ("e14.q4", lambda p: number, "a schedule is asked for"),
    ("e14.q4", lambda p: "migrate 38, lookup", "a function is asked for"),
)
