# SPDX-License-Identifier: GPL-2.0-only
"""What happens to the references of each page: one pass over the record, sorted by page.

A reference is kept in places that the record shows.  A place is one slot: a cell of a page table,
of a page cache, of a pagevec or of a list, a page's PG_private, a page's pins.  The page is there
while the slot says so.

LRU lists hold no reference, and neither does a migration entry.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from kmm.mm.pgtable import pte_t
from kmm.mm.vmstat import LRU_LISTS
from kmm.sim import Name, Trace
from kmm.sim.recorder import RETURNED, ObjectEntry
from kmm.sim.step import path_of

#: The fields of a page whose changes matter.
FIELDS = ("_count", "PG_private", "private", "pins")

#: What can hold a reference, in the order in which it is told.
KINDS = (
    "pte", "page cache", "swap cache", "buffers", "private data", "pagevec", "isolator", "pin",
    "reserved", "in flight", "unaccounted",
)  # fmt: skip


class Place(NamedTuple):
    """Where a reference can be kept: `kind` is one of KINDS, `path` the field in the record."""

    kind: str
    name: str
    path: str


class Event(NamedTuple):
    """One change that concerns a page: of its field `what`, or of a `place` ("came", "went")."""

    step: int
    what: str
    slot: int
    old: Any
    new: Any


def _page_itself(value: Any) -> str | None:
    return value if isinstance(value, Name) and value.type == "Page" else None


def _mapped_page(value: Any) -> str | None:
    return value.page if isinstance(value, pte_t) else None


def _pte(table: ObjectEntry, key: Any) -> Place:
    mm = table.name.removesuffix(".pte")
    return Place("pte", f"pte {key:#x} of {mm}", path_of(table.name, f"[{key:#x}]"))


def _slot(tree: ObjectEntry, index: Any) -> Place:
    path = path_of(tree.name, f"[{index}]")
    file = tree.name.removesuffix(".page_tree")
    if file == "swapper":
        return Place("swap cache", f"swap cache slot {index}", path)
    return Place("page cache", f"page cache {file}[{index}]", path)


def _in_pagevec(pvec: ObjectEntry, number: Any) -> Place:
    cpu, _, lru = pvec.name.partition(".pagevec")
    name = f"pagevec {lru.strip('[]')} of {cpu}"
    return Place("pagevec", name, path_of(pvec.name, f"[{number}]"))


def _on_list(head: ObjectEntry, page: Any) -> Place:
    return Place("isolator", f"isolator, on {head.name}", path_of(head.name, f"[{page}]"))


#: How the cells of each type of container show a page, and what place they are.
CELLS: dict[str, tuple[Callable[[Any], str | None], Callable[[ObjectEntry, Any], Place]]] = {
    "PageTable": (_mapped_page, _pte),
    "RadixTree": (_page_itself, _slot),
    "Pagevec": (_page_itself, _in_pagevec),
}


class Events:
    """The events of every page of a trace, in order, and what is needed to read them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.length = len(trace)
        #: The places by slot, and what each page had in them at the start.
        self.places: dict[int, Place] = {}
        self.start: dict[str, list[int]] = defaultdict(list)
        self.of: dict[str, list[Event]] = defaultdict(list)
        self._fields: dict[int, tuple[str, str]] = {}
        self._shows: dict[int, Callable[[Any], str | None]] = {}
        self._members: dict[int, str] = {}
        self._outermost: dict[int, int] = {}
        for entry in trace.objects:
            self._watch(entry)
        self._read(trace.columns.slot)
        for events in self.of.values():
            events.sort(key=attrgetter("step"))

    # Which slots matter.

    def _watch(self, entry: ObjectEntry) -> None:
        if entry.type == "Page":
            for field in FIELDS:
                self._fields[entry.base + 1 + entry.fields.index(field)] = entry.name, field
        elif entry.type in CELLS:
            shows, place = CELLS[entry.type]
            for key, slot in (entry.cells or {}).items():
                self._shows[slot] = shows
                self.places[slot] = place(entry, key)
                self._begin(entry, slot, shows(self.initial(slot)))
        elif entry.type == "ListHead" and not self._is_lru(entry):
            for key, slot in (entry.cells or {}).items():
                if _page_itself(key):
                    self._members[slot] = key
                    self.places[slot] = _on_list(entry, key)
                    self._begin(entry, slot, key if self.initial(slot) is not None else None)

    def _begin(self, container: ObjectEntry, slot: int, page: str | None) -> None:
        """A cell shows the page as soon as its container exists."""
        if page is None:
            return
        if self.initial(container.base):
            self.start[page].append(slot)
        else:
            for step in self.trace.histories.steps(container.base)[:1]:
                self.of[page].append(Event(step, "came", slot, None, page))

    def _is_lru(self, head: ObjectEntry) -> bool:
        zone, _, name = head.name.rpartition(".")
        owner = self.trace.slots.by_name.get(zone)
        return name in LRU_LISTS and owner is not None and owner.type == "Zone"

    def initial(self, slot: int) -> Any:
        """What a slot held at the start or, of a later object, when it came into being."""
        return self.trace.values[self.trace.columns.initial[slot]]

    def field(self, page: str, field: str) -> tuple[int, Any]:
        """The slot of a field of a page, and what it held at first."""
        slot = self.trace.slots.slot(path_of(page, field))
        return slot, self.initial(slot)

    # What happened to them.

    def _read(self, slots: array[int]) -> None:
        columns, values = self.trace.columns, self.trace.values
        fields, shows, members = self._fields, self._shows, self._members
        for change, slot in enumerate(slots):
            if slot in fields:
                page, what = fields[slot]
            elif slot in shows or slot in members:
                page, what = "", ""
            else:
                continue
            before, after = columns.old[change], columns.new[change]
            step = bisect_right(columns.changes_end, change)
            # What is recorded behind the last step belongs to one that was never finished.
            if before == after or step == self.length:
                continue
            old, new = values[before], values[after]
            if what:
                self.of[page].append(Event(step, what, slot, old, new))
                continue
            if slot in members:
                was = members[slot] if old is not None else None
                now = members[slot] if new is not None else None
            else:
                was, now = shows[slot](old), shows[slot](new)
            if was == now:
                continue
            if was is not None:
                self.of[was].append(Event(step, "went", slot, old, new))
            if now is not None:
                self.of[now].append(Event(step, "came", slot, old, new))

    # Who did it, and until when he has to be done.

    def primitive(self, step: int) -> str:
        """The primitive that the step was."""
        return self.trace.called(self.trace.columns.site[step]).name

    def task(self, step: int) -> int:
        """The number of the task whose step it was."""
        columns = self.trace.columns
        return columns.call_task[columns.call[step]]

    def function(self, step: int) -> str | None:
        """The innermost kernel function that the step was made in."""
        columns = self.trace.columns
        call = columns.call[step]
        if columns.call_parent[call] == call:
            return None
        return self.trace.called(columns.call_site[call]).name

    def returned(self, step: int) -> int | None:
        """The first state after the outermost kernel function of the step has returned.

        None if it never does: a bug cut it off, or the step was made outside every function.
        """
        columns = self.trace.columns
        call = self._outermost_of(columns.call[step])
        inside = columns.call_parent[call] != call
        return columns.call_last[call] if inside and columns.call_state[call] == RETURNED else None

    def _outermost_of(self, call: int) -> int:
        parents, known = self.trace.columns.call_parent, self._outermost
        climbed = []
        while call not in known:
            parent = parents[call]
            if parent == call or parents[parent] == parent:
                known[call] = call
                break
            climbed.append(call)
            call = parent
        for inner in climbed:
            known[inner] = known[call]
        return known[call]
