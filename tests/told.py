# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the system call's history have in common: what programs are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import kmm
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.history import HISTORY
from kmm.explore.invariants import Invariant
from kmm.explore.verdict import explore
from kmm.sim import Trace
from kmm.sim.calls import Call


def ends(case: Case, look: Callable[[Books], Any]) -> set[Any]:
    """What is found at the end of each run; none may stop the kernel."""
    seen = set()

    def wrong(books: Books) -> Iterator[str]:
        seen.add(look(books))
        yield from ()

    verdict = explore(dataclasses.replace(case, invariants=(Invariant("look", "", wrong),)))
    assert verdict.holds, verdict
    return seen


def answer(case: Case) -> Any:
    """What the one task of a case returns."""
    [only] = ends(case, lambda books: next(iter(books.returned.values())))
    return only


def both(number: int, act: Callable[[kmm.World], Any], world: Any = None) -> tuple[Any, Any]:
    """What one task returns that does this, as the kernel was, and mended."""
    claim = HISTORY[number]

    def told(case: Case) -> Any:
        name = next(iter(case.tasks(case.world())))
        return answer(
            dataclasses.replace(
                case, world=world or case.world, tasks=lambda w: {name: partial(act, w)}
            )
        )

    return told(claim.breaks), told(claim.holds)


def calls(trace: Trace, fn: str) -> list[Call]:
    """All calls of a function, in order."""

    def among(some: Any) -> Iterator[Call]:
        for call in some:
            if call.fn == fn:
                yield call
            yield from among(call.children)

    return list(among(trace.calls))


def broken(number: int) -> Trace:
    """The run that shows the bug."""
    return explore(HISTORY[number].breaks).trace
