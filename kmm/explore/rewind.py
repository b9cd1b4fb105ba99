# SPDX-License-Identifier: GPL-2.0-only
"""Start: a machine as it was before its tasks ran, and the way back there.

Exploring runs the same tasks again and again from the same start.  Building the world anew would
take longer than the run, so what the run has changed is put back: the slots that it wrote, and the
few things of a machine that have none.  A running machine is never copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kmm.sim import Cells, ListHead, Machine, Tracked

_ABSENT = object()


class Start:
    """The present state of `machine`, to which `rewind` leads back."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._slots: dict[int, tuple[dict[Any, Any], Any, Any]] = {}
        self._empty: dict[int, Any] = {}
        self._lists: dict[int, tuple[ListHead[Any], tuple[Any, ...]]] = {}
        for thing in machine.objects.values():
            self._remember(thing)
        self._names = set(machine.objects)
        self._plain = _plain_state(machine)
        self._current, self._bug = machine.current, machine.bug
        machine.known_slots = {}

    def _remember(self, thing: Any) -> None:
        if isinstance(thing, Tracked):
            fields = thing.__dict__
            for place, (field, value) in enumerate(fields.items(), start=1):
                self._slots[thing.base + place] = (fields, field, value)
        elif isinstance(thing, Cells):
            for key, value in thing.cells.items():
                self._slots[thing.slot(key)] = (thing.cells, key, value)
                self._empty[thing.slot(key)] = thing.empty
        elif isinstance(thing, ListHead):
            self._lists[thing.base] = (thing, tuple(thing._place.items()))

    def rewind(self, written: Iterable[int]) -> None:
        """Put back what the run has changed: the slots `written`, and what has none."""
        machine = self.machine
        for name in [name for name in machine.objects if name not in self._names]:
            gone = machine.objects.pop(name)
            for entry in gone._place if isinstance(gone, ListHead) else ():
                if entry.list is gone:
                    entry.list = None
        for slot in written:
            self._restore(slot)
        for attributes, before in self._plain:
            attributes.clear()
            attributes.update(
                {name: list(v) if type(v) is list else v for name, v in before.items()}
            )
        machine.current, machine.bug = self._current, self._bug
        machine.inside = False
        machine.attend()

    def _restore(self, slot: int) -> None:
        place = self._slots.get(slot)
        if place is not None:
            where, key, value = place
            if value is _ABSENT:
                where.pop(key, None)
            else:
                where[key] = value
        elif slot in self._lists:
            _relink(*self._lists[slot])

    def place(self, slot: int) -> tuple[dict[Any, Any], Any, Any] | None:
        """Where the slot is that was there at the start, and what None stands for in it."""
        place = self._slots.get(slot)
        return None if place is None else (place[0], place[1], self._empty.get(slot))

    def new_cell(self, container: Any, key: Any, slot: int) -> None:
        """A run has put a cell that was not there at the start."""
        if isinstance(container, Cells) and container.name in self._names:
            self._slots[slot] = (container.cells, key, _ABSENT)
            self._empty[slot] = container.empty


def _relink(head: ListHead[Any], members: tuple[Any, ...]) -> None:
    """The list has those members in those places again."""
    for entry in head._place:
        if entry.list is head:
            entry.list = None
    entries = [entry for entry, _ in sorted(members, key=lambda member: member[1])]
    head._place = dict(members)
    head._before = dict(zip(entries, [None, *entries], strict=False))
    head._after = dict(zip(entries, [*entries[1:], None], strict=False))
    head._first = entries[0] if entries else None
    head._last = entries[-1] if entries else None
    for entry in entries:
        entry.list = head


def _plain_state(machine: Machine) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What the kernel keeps outside tracked fields: lists of warnings, the next page's name."""
    attributes = machine.kernel.__dict__ if machine.kernel is not None else {}
    return [
        (attributes, {name: list(v) if type(v) is list else v for name, v in attributes.items()})
    ]
