# SPDX-License-Identifier: GPL-2.0-only
"""Who holds the references of a page?

trace.holders("p0", 61)                 what is held in state(61), before step 61
trace.holders("p0", 61).unaccounted     references that nobody will ever drop: a leak

A number does not say who its parts belong to, but the record does.  A reference comes into being
where a task raises the count; from then on it is *in flight*, in that task's hands.  It is handed
over when the page appears where references are kept (a pte, a cache, PG_private, a pagevec, the
list of an isolator, the pins), and is in flight again when the page disappears from there.
Lowering the count ends the reference that the task got back last.  When the outermost kernel
function of a task has returned, its hands must be empty: what is still in them is unaccounted.

A frozen page has count 0, yet who held a reference holds it still: `frozen` says how many are
kept, and by whom.  `missing` is the opposite of a leak: that many holders have no reference, and
the page will be freed under one of them.

The walk through the record is in ledger.py, what is watched there in events.py.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from kmm.errors import KmmError
from kmm.explain.events import Events
from kmm.explain.ledger import Entry, Freeze, Ledger
from kmm.explain.once import once
from kmm.sim import Step, Trace
from kmm.sim.numbered import numbered


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds one reference.

    `kind` is one of KINDS and `name` the holder in words.  `place` is the field that shows the
    page there ("m0.pte[0x401000]"), None of a reference that is in flight.

    `taken` is the step that took the reference, `since` the one that gave it to this holder,
    `dropped` the one that drops it; None is before the trace or, for `dropped`, never in it.
    `task`, `function` and `line` are those of the step `taken`, or, of a reference in flight, of
    the step `since`: who has it in his hands, and where in the code (0 where nobody knows).
    """

    kind: str
    name: str
    place: str | None
    taken: int | None
    since: int | None
    dropped: int | None
    task: str | None
    function: str | None
    line: int

    def __str__(self) -> str:
        return f"{self.name}, {'before the trace' if self.taken is None else f'step {self.taken}'}"


class Holders(tuple[Holder, ...]):
    """The references of one page in one state, those that are accounted for.

    `page_count` is the page's _count, `frozen` the freeze if the page is frozen, `unaccounted` the
    references that have leaked, and `missing` the number of holders who have none.  Of very many
    holders the first are named: `more` and `more_unaccounted` others are there too.
    """

    page: str
    page_count: int
    frozen: Freeze | None
    unaccounted: tuple[Holder, ...]
    missing: int
    more: int
    more_unaccounted: int

    def __new__(
        cls,
        page: str,
        holders: Iterable[Holder] = (),
        *,
        page_count: int = 0,
        frozen: Freeze | None = None,
        unaccounted: tuple[Holder, ...] = (),
        missing: int = 0,
        more: int = 0,
        more_unaccounted: int = 0,
    ) -> Holders:
        self = super().__new__(cls, holders)
        self.page, self.page_count, self.frozen = page, page_count, frozen
        self.unaccounted, self.missing = unaccounted, missing
        self.more, self.more_unaccounted = more, more_unaccounted
        return self

    def __str__(self) -> str:
        who = f"{'; '.join(map(str, self)) or 'nobody'}{_and(self.more)}"
        frozen = f", frozen with {self.frozen.kept} kept" if self.frozen else ""
        leaked = f"{'; '.join(map(str, self.unaccounted)) or 'none'}{_and(self.more_unaccounted)}"
        lacking = f"; without a reference: {self.missing}" if self.missing else ""
        return (
            f"{self.page}, count {self.page_count}{frozen}: {who}; unaccounted: {leaked}{lacking}"
        )

    def __repr__(self) -> str:
        return f"<Holders of {self}>"


def _and(more: int) -> str:
    return f"; and {more} more" if more else ""


@Trace.extend
def holders(trace: Trace, page: str, k: int) -> Holders:
    """Who holds the references of a page in state(k), that is before step k.

    Arguments: `page` the page's name, "p0"; `k` the number of a state, 0 to len(trace).

    Returns Holders, a tuple of Holder; it is empty before the page exists and after it is freed.

    Raises KmmError, with the nearest names, for a page that the trace does not know, IndexError
    for a state that it does not have.
    """
    k = numbered(k, len(trace) + 1, "state")
    return once(trace, _Accounts).ledger_of(str(page)).at(k)


def held(trace: Trace, page: str) -> list[tuple[int, Holders]]:
    """Who holds the references of a page from which state on, from state 0 to the end.

    Raises KmmError, with the nearest names, for a page that the trace does not know.
    """
    return once(trace, _Accounts).ledger_of(str(page)).stretches()


class _Accounts:
    """The ledgers of a trace; a page's is written when somebody first asks for the page."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._events = Events(trace)
        self._pages: dict[str, _PageAccount] = {}

    def ledger_of(self, page: str) -> _PageAccount:
        account = self._pages.get(page)
        if account is None:
            _must_be_a_page(self._trace, page)
            account = self._pages[page] = _PageAccount(self._trace, Ledger(self._events, page))
        return account


class _PageAccount:
    """The answers for one page: one for each stretch of states in which nothing changes."""

    def __init__(self, trace: Trace, ledger: Ledger) -> None:
        self._trace = trace
        self._ledger = ledger
        self._answers: dict[int, Holders] = {}
        self._holders: dict[Entry, Holder] = {}

    def at(self, k: int) -> Holders:
        number = self._ledger.line_at(k)
        answer = self._answers.get(number)
        if answer is None:
            answer = self._answers[number] = self._answer(number)
        return answer

    def stretches(self) -> list[tuple[int, Holders]]:
        """What is held from each state on in which it changes."""
        return [(state, self.at(state)) for state in sorted(set(self._ledger.starts))]

    def _answer(self, number: int) -> Holders:
        line = self._ledger.lines[number]
        return Holders(
            self._ledger.page,
            map(self._holder, line.entries),
            page_count=line.count,
            frozen=line.frozen,
            unaccounted=tuple(map(self._holder, line.unaccounted)),
            missing=line.missing,
            more=line.more,
            more_unaccounted=line.more_unaccounted,
        )

    def _holder(self, entry: Entry) -> Holder:
        """The holder of an entry, which stands in one line after the other."""
        if entry not in self._holders:
            self._holders[entry] = self._new_holder(entry)
        return self._holders[entry]

    def _new_holder(self, entry: Entry) -> Holder:
        reference = entry.reference
        taken = reference.taken if reference is not None else None
        seen = entry.since if entry.place is None else taken
        step = Step(self._trace, seen) if seen is not None else None
        return Holder(
            kind=entry.kind,
            name=entry.name,
            place=entry.place,
            taken=taken,
            since=entry.since,
            dropped=reference.dropped if reference is not None else None,
            task=step.task if step else None,
            function=step.function if step else None,
            line=step.line if step else 0,
        )


def _must_be_a_page(trace: Trace, page: str) -> None:
    entry = trace.slots.by_name.get(page)
    if entry is not None and entry.type == "Page":
        return
    pages = [e.name for e in trace.objects if e.type == "Page"]
    ours = [name for name in pages if name != "ZERO"] or pages
    near = difflib.get_close_matches(page, pages, n=3) or ours[:3]
    why = f"is of type {entry.type}, and no page" if entry else "is no page of this trace"
    raise KmmError(f"{page} {why}; there is {', '.join(near)}")
