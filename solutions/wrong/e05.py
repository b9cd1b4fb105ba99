# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong readings of a trace, and tests that see too little or too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.learn.exercises.e05 import fault_of
from kmm.sim import Trace


def answer(problem: str, **wrong: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    """The right answer, some of it wrong, as functions of the fault."""

    def make(p: Any) -> dict[str, Any]:
        fault = fault_of(problem, p)
        right = {"step": fault.step, "instead": fault.names[0], "field": fault.fields[0]}
        return {**right, **{name: value(fault) for name, value in wrong.items()}}

    return make


def elsewhere(fault: Any) -> str:
    """The field of the other page, or of another buffer."""
    owner, dot, name = fault.fields[0].rpartition(".")
    return f"{ {'p0': 'n0', 'n0': 'p0'}.get(owner, 'p9') }{dot or '.'}{name}"


def around(fault: Any) -> str:
    """The function in which the step is missing."""
    stack = fault.model[fault.step].stack
    return next(name for name in reversed(stack) if name not in fault.names)


def always(trace: Trace) -> bool:
    """Accuses everybody."""
    return True


def never(trace: Trace) -> bool:
    """Accuses nobody."""
    return False


def high_count(trace: Trace) -> bool:
    """Takes a count that is not 1 for a leak."""
    end = trace.state(len(trace))
    return bool(end["p0"]["_count"] != 1)


def leaks(trace: Trace) -> bool:
    """Looks at the old page's references only."""
    return bool(trace.holders("p0", len(trace)).unaccounted)


def page_locks(trace: Trace) -> bool:
    """Looks at the locks of pages only."""
    end = trace.state(len(trace))
    return any(end[name]["PG_locked"] for name in end.of_type("Page"))


def silent(trace: Trace) -> None:
    """What the student finds."""


WRONG = (
    *(
        one
        for q in ("q1", "q2", "q3")
        for one in (
            (f"e05.{q}", answer(q, step=lambda f: f.step - 1), "the last step that is right"),
            (f"e05.{q}", answer(q, step=lambda f: len(f.faulty) - 1), "where the run ends"),
            (f"e05.{q}", answer(q, step=lambda f: f.step + 1), "something is wrong already"),
            (f"e05.{q}", answer(q, step=lambda f: 3), "Up to this step"),
            (f"e05.{q}", answer(q, step=lambda f: "last"), "counted from 0"),
            (
                f"e05.{q}",
                answer(q, instead=around),
                "the function in which it happens",
            ),
            (f"e05.{q}", answer(q, instead=lambda f: "the lock"), "no function of the kernel"),
            (f"e05.{q}", answer(q, field=lambda f: "count"), "an owner and a name"),
            (f"e05.{q}", lambda p: 62, "a dict with step, instead and field"),
            (f"e05.{q}", lambda p: {"step": None}, "step is missing"),
        )
    ),
    ("e05.q2", answer("q2", field=elsewhere), "but of another object"),
    ("e05.q2", answer("q2", field=lambda f: "page_count(p9)"), "but of another object"),
    ("e05.q4", lambda p: always, "accuses every kernel"),
    ("e05.q4", lambda p: never, "content with every kernel"),
    ("e05.q4", lambda p: high_count, "not wrong for being high"),
    ("e05.q4", lambda p: leaks, "A holder without a reference"),
    ("e05.q4", lambda p: page_locks, "is not noticed: see"),
    ("e05.q4", lambda p: silent, "True or False is asked for"),
    ("e05.q4", lambda p: 3, "a function is asked for"),
)
