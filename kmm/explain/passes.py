# SPDX-License-Identifier: GPL-2.0-only
"""The passes of migrate_pages: which page was tried in which, and how that ended.

A page of the list is tried once in a pass, as long as the answer is -EAGAIN; so the k-th attempt of
a page in one call belongs to pass k, counted from 0 as `pass_` in the code.  A page that has moved
is another page from then on, yet the same place in the list: it keeps its row here.
"""

from __future__ import annotations

from collections.abc import Iterator
from errno import EAGAIN, ENOMEM
from typing import NamedTuple

from kmm.explain.once import once
from kmm.sim import Trace
from kmm.sim.trace import Call

#: How an attempt can end, in words.
OUTCOMES = {
    "moved": "moved",
    "busy": "busy (-EAGAIN)",
    "failed": "failed for good",
    "unused": "used by nobody any more",
    "no memory": "without a new page (-ENOMEM), which ends the call",
    "bug": "cut off by a bug",
}


class Attempt(NamedTuple):
    """One call of unmap_and_move: steps `first` to `last`, without `last`.

    `page` is the frame that was tried, `moved_to` the one that stands in its place, None if it did
    not move; `outcome` is one of OUTCOMES.
    """

    page: str
    outcome: str
    moved_to: str | None
    first: int
    last: int


class Pass(NamedTuple):
    """One round of migrate_pages' outer loop: the attempts by the number of the row.

    `call` counts the calls of migrate_pages, `number` the passes of one, both from 0; `first` and
    `last` are its steps, without `last`.
    """

    call: int
    number: int
    attempts: dict[int, Attempt]
    first: int
    last: int


class Passes(NamedTuple):
    """`rows` are the pages of all lists in order, by their first names; `start` is a state."""

    rows: tuple[str, ...]
    start: int
    passes: tuple[Pass, ...]


def passes_of(trace: Trace) -> Passes:
    """All passes of the trace, none if migrate_pages is never called."""
    return once(trace, _passes_of)


def _passes_of(trace: Trace) -> Passes:
    rows: list[str] = []
    #: Which row a frame stands in now.
    row_of: dict[str, int] = {}
    passes: list[Pass] = []
    calls = list(_found(trace.calls, "migrate_pages"))
    for number, call in enumerate(calls):
        tried = [child for child in call.children if child.fn == "unmap_and_move"]
        listed = trace.state(call.first).get(str(call.args.get("from_")), {})
        for page in [*map(str, listed), *(str(one.args["page"]) for one in tried)]:
            if page not in row_of:
                row_of[page] = len(rows)
                rows.append(page)
        rounds: list[dict[int, Attempt]] = []
        counts: dict[int, int] = {}
        for one in tried:
            attempt = _attempt(trace, one)
            row = row_of[attempt.page]
            nth = counts[row] = counts.get(row, -1) + 1
            if nth == len(rounds):
                rounds.append({})
            rounds[nth][row] = attempt
            if attempt.moved_to:
                row_of[attempt.moved_to] = row
        for n, attempts in enumerate(rounds):
            steps = attempts.values()
            first, last = min(one.first for one in steps), max(one.last for one in steps)
            passes.append(Pass(number, n, attempts, first, last))
    start = calls[0].first if calls else 0
    return Passes(tuple(rows), start, tuple(passes))


def _found(calls: tuple[Call, ...] | list[Call], fn: str) -> Iterator[Call]:
    """All calls of a function, in the order in which they began."""
    for call in calls:
        if call.fn == fn:
            yield call
        yield from _found(call.children, fn)


def _attempt(trace: Trace, call: Call) -> Attempt:
    moves = [one for one in call.children if one.fn == "move_to_new_page"]
    moved_to = None
    if call.aborted:
        outcome = "bug"
    elif call.result == -EAGAIN:
        outcome = "busy"
    elif call.result == -ENOMEM:
        outcome = "no memory"
    elif call.result:
        outcome = "failed"
    elif moves and moves[-1].result == 0:
        outcome, moved_to = "moved", str(moves[-1].args["newpage"])
    else:
        outcome = "unused"
    return Attempt(str(call.args["page"]), outcome, moved_to, call.first, call.last)
