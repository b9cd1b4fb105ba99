# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the historical races have in common: their judgements, and what a run shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from kmm.explore.claim import Judged, judge
from kmm.explore.history import HISTORY
from kmm.sim import Trace

#: The bugs of these tests, and with how few preemptions they show.
PREEMPTIONS = {
    18: 1, 19: 1, 20: 2, 21: 2, 22: 1, 23: 2, 25: 1, 27: 1, 28: 1, 29: 1,
    30: 1, 31: 1, 32: 1, 33: 2, 34: 1, 36: 0, 37: 1, 38: 0, 39: 0, 40: 0,
}  # fmt: skip


@cache
def judged(number: int) -> Judged:
    """With no more preemptions than it takes: all runs with 0 and with 1 are tried."""
    return judge(HISTORY[number], max_preemptions=1)


@cache
def trace(number: int) -> Trace:
    """The run in which the bug shows."""
    found: Trace = judged(number).broken.trace
    return found


def steps(number: int, task: str, primitive: str, *args: Any, function: str = "") -> list[int]:
    """When the task called the primitive with these first arguments (from that function)."""
    return [
        step.index
        for step in trace(number)
        if step.task == task
        and step.primitive == primitive
        and step.args[: len(args)] == args
        and (not function or function in step.stack)
    ]


def when(number: int, task: str, primitive: str, *args: Any, function: str = "") -> int:
    """When it first did."""
    return steps(number, task, primitive, *args, function=function)[0]
