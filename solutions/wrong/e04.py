# SPDX-License-Identifier: GPL-2.0-only
"""Schedules that break nothing, or with too much, and what is to be said to each."""

from __future__ import annotations

WRONG = (
    ("e04.q1", lambda p: "migrate, fault", "breaks nothing: the fault has to come"),
    ("e04.q1", lambda p: "migrate 55, fault", "Too early"),
    ("e04.q1", lambda p: "migrate 90, fault", "Too late"),
    ("e04.q1", lambda p: "move 3, fault", "there is no task move"),
    ("e04.q1", lambda p: 67, "a schedule is asked for"),
    (
        "e04.q1",
        lambda p: "migrate 10, fault 1, migrate 57, fault 14, migrate 103, fault",
        "who need not have been",
    ),
    ("e04.q2", lambda p: "lookup, migrate", "The lookup finds one page or the other"),
    ("e04.q2", lambda p: "migrate 10, lookup 7, migrate, lookup", "Too early"),
    ("e04.q2", lambda p: "migrate 60, lookup 7, migrate", "Too late"),
    ("e04.q2", lambda p: "migrate 500, lookup", "who is done, or waits, makes no step"),
    (
        "e04.q2",
        lambda p: "migrate 36, lookup 7, migrate 30, lookup 1, migrate 39, lookup",
        "who need not have been",
    ),
)
