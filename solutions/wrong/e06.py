# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong suspects, and tests that do not notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kmm
from kmm.learn.checks.signs import calls
from kmm.learn.exercises.e06 import report_of


def answer(problem: str, **wrong: Any) -> Callable[[Any], dict[str, Any]]:
    """The right answer, some of it wrong; a function of the report where it depends on it."""

    def make(p: Any) -> dict[str, Any]:
        report = report_of(problem, p)
        right = {
            "function": report.function,
            "lacks": report.lacks[0],
            "shows": report.example,
        }
        given = {name: value(report) if callable(value) else value for name, value in wrong.items()}
        return {**right, **given}

    return make


def where_it_stops(report: Any) -> str:
    """The function that the kernel names when it stops."""
    name: str = report.run().bug.rpartition(" ")[2]
    return name


def made(report: Any) -> str:
    """Something that the function does, the wrong one too."""
    done = calls(report.function, report.run().trace)
    names = [name for call in done for name in call.names]
    return next(name for name in names if name not in report.lacks)


def caller(report: Any) -> str:
    """Whose call leads to the function that is wrong."""
    stacks = (step.stack for step in report.run().trace)
    name: str = next(stack[0] for stack in stacks if report.function in stack[1:])
    return name


def other_world(report: Any) -> Callable[[], Any]:
    """A function that returns something else than a run."""
    return lambda: 0


def content() -> bool:
    """Never looks."""
    return True


def grumbling() -> bool:
    """Never content."""
    return False


def moved_everywhere() -> bool:
    """Takes a page that does not move for a bug."""
    names = ("pinned-for-ever", "file-clean")
    return all(kmm.load(name).run().rc == 0 for name in names)


def only_anonymous() -> bool:
    """Knows one world, and looks at the return code."""
    return bool(kmm.load("no-memory").run().rc < 0) and kmm.load("anon-simple").run().rc == 0


def silent() -> None:
    """What the student finds."""


WRONG = (
    *(
        one
        for q in ("q1", "q2", "q3")
        for one in (
            (f"e06.{q}", answer(q, function=caller), "only calls the one"),
            (f"e06.{q}", answer(q, function="the copy"), "The kernel has no such function"),
            (f"e06.{q}", answer(q, lacks=lambda r: r.function), "That is the function"),
            (f"e06.{q}", answer(q, function="get_page"), "does what the model's does"),
            (f"e06.{q}", answer(q, lacks=made), "and so does a right one"),
            (f"e06.{q}", answer(q, lacks="spin_lock"), "it is not 'spin_lock'"),
            (f"e06.{q}", answer(q, shows="anonymous"), "has the names of all scenarios"),
            (f"e06.{q}", answer(q, shows="move-einval-flags"), "nobody needs what is missing"),
            (f"e06.{q}", answer(q, shows=other_world), "has to return the run"),
            (f"e06.{q}", lambda p: "unmap_and_move", "a dict with function, lacks and shows"),
            (f"e06.{q}", lambda p: {"function": None}, "function is missing"),
        )
    ),
    ("e06.q1", answer("q1", function=where_it_stops), "There the kernel stops"),
    ("e06.q4", lambda p: content, "content with every kernel"),
    ("e06.q4", lambda p: grumbling, "finds fault with every kernel"),
    ("e06.q4", lambda p: moved_everywhere, "what is right depends on the world"),
    ("e06.q4", lambda p: only_anonymous, "does not notice"),
    ("e06.q4", lambda p: silent, "True or False is asked for"),
    ("e06.q4", lambda p: True, "a function is asked for"),
)
