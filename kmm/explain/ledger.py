# SPDX-License-Identifier: GPL-2.0-only
"""The ledger of one page: who holds which reference, from the first state to the last.

The rules, in the order in which they matter:

    the count rises         the new reference is in flight; a holder without one gets it first
    the page comes          that holder takes the reference that its task has got last
    the page goes           the reference is in flight again
    the count falls         ends what the task got back last, else what it took last
    a function returns      what its task still has in flight is unaccounted
    the page is frozen      nothing changes hands; the unfreezing may give more or fewer back

Nothing is taken from another task's hands.  Where a task drops what it does not have, the count
is too low for those who hold the page: `missing`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import attrgetter

from kmm.explain.events import Event, Events


@dataclass(slots=True)
class Reference:
    """One reference: the steps that took it and dropped it."""

    taken: int | None
    dropped: int | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """A holder, as the ledger has it.  `reference` is None of a holder without one."""

    kind: str
    name: str
    place: str | None
    since: int | None
    reference: Reference | None
    #: Whose hands it is in, while it is in flight, and whether somebody else had it before.
    task: int = -1
    given_back: bool = False
    #: The first state in which the task must not have it any more.
    until: int | None = None


@dataclass(slots=True)
class Freeze:
    """A page's count is 0, and `kept` references are held nevertheless.

    `task` has frozen it in step `since`, and step `until` sets the count again; None is before
    the trace, or never in it.
    """

    task: str | None
    since: int | None
    kept: int
    until: int | None = None


#: A line names so many holders and so many leaks, the first ones, and counts the others: a loop
#: without end takes a reference in each step, and each of its steps has a line.
MOST = 64


@dataclass(frozen=True, slots=True)
class Line:
    """What the ledger says from one state on; `more` and `more_unaccounted` are not named."""

    entries: tuple[Entry, ...]
    unaccounted: tuple[Entry, ...]
    count: int
    frozen: Freeze | None
    more: int = 0
    more_unaccounted: int = 0

    @property
    def missing(self) -> int:
        """How many holders have no reference."""
        kept = self.frozen.kept if self.frozen else 0
        held = len(self.entries) + self.more + len(self.unaccounted) + self.more_unaccounted
        return held - self.count - kept


class Ledger:
    """Every line of one page, written in one walk through its events."""

    def __init__(self, events: Events, page: str) -> None:
        self.page = page
        self.lines: list[Line] = []
        #: The first state of each line.
        self._starts: list[int] = []
        self._events = events
        self._kept: dict[int, Entry] = {}
        self._pins: list[Entry] = []
        self._flying: list[Entry] = []
        #: How many of these somebody else had before, and the first state that ends one.
        self._given_back = 0
        self._next_end = events.length + 1
        self._leaked: list[Entry] = []
        self._frozen: Freeze | None = None
        self._private = events.field(page, "private")[1]
        self._born = self._birth()
        self._count = 0 if self._born else int(events.field(page, "_count")[1])
        if not self._born:
            self._open()
        self._write(0)
        for step, group in groupby(self._happened(), key=attrgetter("step")):
            self._return_before(step)
            for event in group:
                self._happens(event)
            self._write(step + 1)
        self._return_before(events.length)

    def line_at(self, k: int) -> int:
        """The number of the line that tells of state(k)."""
        return bisect_right(self._starts, k) - 1

    @property
    def starts(self) -> tuple[int, ...]:
        """The first state of each line, in order."""
        return tuple(self._starts)

    def _write(self, state: int) -> None:
        held = tuple(islice(chain(self._kept.values(), self._pins, self._flying), MOST))
        lost = tuple(self._leaked[:MOST])
        if self.lines:
            # Alike for a whole stretch: one tuple is enough.
            held = self.lines[-1].entries if held == self.lines[-1].entries else held
            lost = self.lines[-1].unaccounted if lost == self.lines[-1].unaccounted else lost
        more = len(self._kept) + len(self._pins) + len(self._flying) - len(held)
        more_lost = len(self._leaked) - len(lost)
        line = Line(held, lost, self._count, self._frozen, more, more_lost)
        if self._starts and self._starts[-1] == state:
            self.lines[-1] = line
        else:
            self._starts.append(state)
            self.lines.append(line)

    # The beginning.

    def _birth(self) -> list[Event]:
        """The event of a page that comes into being in the trace: its first references."""
        slot, there = self._events.field(self.page, "exists")
        if there:
            return []
        count_slot, count = self._events.field(self.page, "_count")
        steps = self._events.trace.histories.steps(slot)
        return [Event(step, "_count", count_slot, 0, count) for step in steps[:1]]

    def _happened(self) -> list[Event]:
        return self._born + self._events.of[self.page]

    def _open(self) -> None:
        """Who holds the page before the first step follows from the state alone."""
        events = self._events
        for slot in events.start[self.page]:
            self._come(slot, None)
        if events.field(self.page, "PG_private")[1]:
            self._come_private(events.field(self.page, "PG_private")[0], None)
        for _ in range(events.field(self.page, "pins")[1]):
            self._pin(None)
        held = [*self._kept.values(), *self._pins]
        buddy = events.field(self.page, "PG_buddy")[1]
        if self._count == 0 and held and not buddy:
            self._frozen = Freeze(None, None, len(held))
        paid = len(held) if self._frozen else self._count
        for entry in held[:paid]:
            entry.reference = Reference(None)
        for _ in range(self._count - len(held)):
            if events.field(self.page, "PG_reserved")[1]:
                name = "the kernel itself (PG_reserved)"
                self._pins.append(Entry("reserved", name, None, None, Reference(None)))
            else:
                self._leak(Entry("", "", None, None, Reference(None)))

    # What happens.

    def _happens(self, event: Event) -> None:
        step = event.step
        match event.what:
            case "_count":
                self._counted(event)
            case "came":
                self._come(event.slot, step)
            case "went":
                self._go(self._kept.pop(event.slot), step)
            case "PG_private" if event.new:
                self._come_private(event.slot, step)
            case "PG_private":
                self._go(self._kept.pop(event.slot), step)
            case "private":
                self._private = event.new
            case "pins":
                for _ in range(event.new - event.old):
                    self._pin(step)
                for _ in range(event.old - event.new):
                    if self._pins:
                        self._go(self._pins.pop(), step)

    def _counted(self, event: Event) -> None:
        primitive = self._events.primitive(event.step)
        self._count = event.new
        if primitive == "page_freeze_refs":
            task = self._events.trace.tasks[self._events.task(event.step)]
            self._frozen = Freeze(task, event.step, event.old)
            return
        if primitive == "page_unfreeze_refs":
            if self._frozen is not None:
                self._frozen.until = event.step
                self._frozen = None
            change = event.new - len(self._paid())
            # Fewer than are held: nobody knows whose was lost, so that somebody goes without.
            change = max(change, 0)
        else:
            change = event.new - event.old
        for _ in range(change):
            self._take(event.step)
        for _ in range(-change):
            self._drop(event.step)

    def _paid(self) -> list[Entry]:
        held = [*self._kept.values(), *self._pins, *self._flying, *self._leaked]
        return [entry for entry in held if entry.reference is not None]

    def _take(self, step: int) -> None:
        """The count has risen by one."""
        reference = Reference(step)
        task = self._events.task(step)
        waiting = [e for e in (*self._kept.values(), *self._pins) if e.reference is None]
        if waiting:
            waiting[-1].reference = reference
            return
        where = self._where(step)
        self._fly(Entry("in flight", where, None, step, reference, task))

    def _drop(self, step: int) -> None:
        """The count has fallen by one."""
        task = self._events.task(step)
        entry = self._from_hand(task, given_back=True) or self._from_hand(task)
        if entry is not None and entry.reference is not None:
            entry.reference.dropped = step

    def _from_hand(self, task: int, *, given_back: bool = False) -> Entry | None:
        """What the task took last, or got back last, and else the last leak; None for neither.

        It is looked for from the end, for there it is, however much is in flight.
        """
        if given_back and not self._given_back:
            return None
        for place in reversed(range(len(self._flying))):
            entry = self._flying[place]
            if entry.task == task and entry.given_back >= given_back:
                del self._flying[place]
                self._given_back -= entry.given_back
                return entry
        return self._leaked.pop() if self._leaked and not given_back else None

    def _come(self, slot: int, step: int | None) -> None:
        """The page has appeared in a place that holds a reference."""
        kind, name, path = self._events.places[slot]
        self._kept[slot] = Entry(kind, name, path, step, self._claim(step))

    def _come_private(self, slot: int, step: int | None) -> None:
        buffers = getattr(self._private, "type", "") == "BufferHead"
        kind = "buffers" if buffers else "private data"
        name = f"buffers, first {self._private}" if buffers else "private data of the file system"
        self._kept[slot] = Entry(kind, name, f"{self.page}.PG_private", step, self._claim(step))

    def _pin(self, step: int | None) -> None:
        self._pins.append(Entry("pin", "a pin", f"{self.page}.pins", step, self._claim(step)))

    def _claim(self, step: int | None) -> Reference | None:
        """The reference that the running task hands over, None if it has none to give."""
        if step is None:
            return None
        entry = self._from_hand(self._events.task(step))
        return entry.reference if entry is not None else None

    def _go(self, entry: Entry, step: int) -> None:
        """The page has disappeared from a place: its reference is in the task's hands."""
        if entry.reference is None:
            return
        name = f"{self._where(step)}, got back from {entry.name}"
        task = self._events.task(step)
        self._fly(Entry("in flight", name, None, step, entry.reference, task, given_back=True))

    def _where(self, step: int) -> str:
        task = self._events.trace.tasks[self._events.task(step)]
        function = self._events.function(step)
        return f"{task} in {function}" if function else task

    def _fly(self, entry: Entry) -> None:
        entry.until = self._events.returned(entry.since or 0)
        if entry.until is not None:
            self._next_end = min(self._next_end, entry.until)
        self._flying.append(entry)
        self._given_back += entry.given_back

    # The end of a function.

    def _return_before(self, state: int) -> None:
        """What is still in flight after its task has returned, up to `state`, is a leak."""
        while self._next_end <= state:
            end = self._next_end
            over = [entry for entry in self._flying if entry.until == end]
            self._flying = [entry for entry in self._flying if entry.until != end]
            self._given_back -= sum(entry.given_back for entry in over)
            for entry in over:
                self._leak(entry)
            ends = (entry.until for entry in self._flying if entry.until is not None)
            self._next_end = min(ends, default=self._events.length + 1)
            if over:
                self._write(end)

    def _leak(self, entry: Entry) -> None:
        name = f"nobody; it was {entry.name}" if entry.name else "nobody"
        self._leaked.append(
            Entry("unaccounted", name, None, entry.since, entry.reference, entry.task)
        )
