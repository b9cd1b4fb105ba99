# SPDX-License-Identifier: GPL-2.0-only
"""Schedules that break nothing, or with too much, and what is to be said to each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.case import Case
from kmm.learn.checks.schedules import unguarded
from kmm.learn.exercises.e04 import CLEARED, FREEZE, ONLY_LOCK, RESTORED, UNLESS_ZERO


def other(guard: str) -> str:
    """Who disturbs the migration."""
    [name] = [struct.name for struct in unguarded(guard).build()[1] if struct.name != "migrate"]
    return name


def first(**schedules: str) -> Callable[[Any], str]:
    """The schedule for the guard of the first problem."""
    names = {UNLESS_ZERO: "unless_zero", RESTORED: "restored", CLEARED: "cleared"}
    return lambda p: schedules[names[p.first]]


def second(**schedules: str) -> Callable[[Any], str]:
    """The schedule for the guard of the second problem."""
    names = {FREEZE: "freeze", ONLY_LOCK: "only_lock"}
    return lambda p: schedules[names[p.second]]


def always(schedule: str) -> Callable[[Any], Callable[[Case], str]]:
    """The function returns it for each case."""
    return lambda p: lambda case: schedule


WRONG = (
    ("e04.q1", lambda p: f"migrate, {other(p.first)}", "breaks nothing: the second has to come"),
    (
        "e04.q1",
        first(
            unless_zero="migrate 55, fault",
            restored="migrate 30, truncate",
            cleared="lookup 2, migrate, lookup",
        ),
        "Too early",
    ),
    (
        "e04.q1",
        first(
            unless_zero="migrate 90, fault",
            restored="migrate 140, truncate",
            cleared="migrate 5, lookup, migrate",
        ),
        "Too late",
    ),
    ("e04.q1", lambda p: "move 3, fault", "there is no task move"),
    ("e04.q1", lambda p: "migrate 999", "who is done, or waits, makes no step"),
    ("e04.q1", lambda p: 67, "a schedule is asked for"),
    (
        "e04.q1",
        first(
            unless_zero="migrate 10, fault 1, migrate 57, fault 14, migrate 103, fault",
            restored="migrate 10, truncate 1, migrate 82, truncate, migrate",
            cleared="migrate 3, lookup 6, migrate, lookup",
        ),
        "who need not have been",
    ),
    ("e04.q2", lambda p: "lookup, migrate", "The lookup finds one page or the other"),
    (
        "e04.q2",
        second(
            freeze="migrate 10, lookup 7, migrate, lookup",
            only_lock="lookup 2, migrate, lookup",
        ),
        "Too early",
    ),
    ("e04.q2", lambda p: "migrate 60, lookup 7, migrate", "Too late"),
    ("e04.q2", lambda p: "migrate 500, lookup", "who is done, or waits, makes no step"),
    (
        "e04.q2",
        second(
            freeze="migrate 36, lookup 7, migrate 30, lookup 1, migrate 39, lookup",
            only_lock="migrate 5, lookup 7, migrate, lookup",
        ),
        "who need not have been",
    ),
    ("e04.q3", always("migrate, lookup"), "either not yet, or not any more"),
    ("e04.q3", always("lookup, migrate"), "either not yet, or not any more"),
    ("e04.q3", always("migrate 3, lookup 6, migrate, lookup"), "One preemption is enough"),
    ("e04.q3", always("lookup 99, migrate"), "A part without a number fits always"),
    ("e04.q3", lambda p: "lookup 6, migrate", "a function is asked for"),
    ("e04.q3", lambda p: lambda case: None, "a schedule is asked for"),
)
