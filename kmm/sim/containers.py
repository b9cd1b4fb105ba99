# SPDX-License-Identifier: GPL-2.0-only
"""Containers of kernel objects, tracked cell by cell.

`Cells` is a table with one cell a key: a page table, a radix tree, the swap map.  `ListHead` is
the kernel's circular doubly linked list (page->lru on a pagelist, the vmas of an anon_vma): the
cell of a member holds its place in the order, None where it is not on the list, so that a list of
ten thousand pages changes in one cell when one page is taken off.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from kmm.sim.bug import oops

if TYPE_CHECKING:
    from kmm.sim.machine import Machine

K = TypeVar("K")
V = TypeVar("V")
M = TypeVar("M")


class Container:
    """What every container has: a name, its machine, and a slot in the record for each key."""

    __slots__ = ("base", "machine", "name", "slots")

    #: The keys are addresses, and shown so.
    HEX_KEYS: ClassVar[bool] = False

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = machine.unique(name)
        self.base = machine.take_slots(1, self.name)
        self.slots: dict[Any, int] = {}
        machine.add(self)

    def slot(self, key: Any) -> int:
        """The slot of `key`; the recorder is told of a key that it has not met."""
        slot = self.slots.get(key)
        if slot is None:
            # What a run has made is known by its name: in the next run it is another object.
            known = self.name, getattr(key, "name", key)
            slot = self.slots[key] = self.machine.take_slots(1, known)
            if self.machine.recorder is not None:
                self.machine.recorder.new_cell(self, key, slot)
        return slot

    def recorded_cells(self) -> Iterator[tuple[Any, Any]]:
        """Each key with the value that the record holds for it."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        # A pointer to an empty container is not NULL.
        return True

    def _changed(self, key: Any, old: Any, new: Any) -> None:
        recorder = self.machine.recorder
        if recorder is not None:
            recorder.changed(self.slot(key), old, new)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Cells(Container, Generic[K, V]):
    """A table of cells; what was never put reads as `empty`."""

    __slots__ = ("cells", "empty")

    def __init__(
        self, machine: Machine, name: str, empty: V, cells: Mapping[K, V] | None = None
    ) -> None:
        self.cells: dict[K, V] = dict(cells or {})
        self.empty = empty
        super().__init__(machine, name)

    def __getitem__(self, key: K) -> V:
        return self.cells.get(key, self.empty)

    def __setitem__(self, key: K, value: V) -> None:
        machine = self.machine
        if machine.inside:
            self.put(key, value)
        else:
            machine.assign_cell(self, key, value, sys._getframe(1))

    def put(self, key: K, value: V) -> None:
        """Put `value`, as part of the step that is running."""
        cells = self.cells
        old = cells.get(key)
        cells[key] = value
        self._changed(key, old, value)

    def drop(self, key: K) -> None:
        """Take the cell away, so that the key reads as empty."""
        old = self.cells.pop(key, None)
        if old is not None:
            self._changed(key, old, None)

    def __contains__(self, key: object) -> bool:
        return key in self.cells

    def __iter__(self) -> Iterator[K]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def items(self) -> list[tuple[K, V]]:
        """Every cell, as (key, value), in the order in which they were first put."""
        return list(self.cells.items())

    def recorded_cells(self) -> Iterator[tuple[K, V]]:
        return iter(self.cells.items())


class Entry(Generic[M]):
    """The list_head inside a struct: `page.lru`, `vma.anon_vma_node`.

    `owner` is the struct that it is in (what container_of() finds), `list` the list it is on.
    """

    __slots__ = ("list", "owner")

    def __init__(self, owner: M) -> None:
        self.owner = owner
        self.list: ListHead[M] | None = None

    @property
    def machine(self) -> Machine:
        """The owner's machine."""
        return self.owner.machine  # type: ignore[attr-defined, no-any-return]

    @property
    def name(self) -> str:
        """The owner's name: the record speaks of the page, not of the list_head inside it."""
        return self.owner.name  # type: ignore[attr-defined, no-any-return]


class ListHead(Container, Generic[M]):
    """The head of a list; its members are the owners of the entries that are linked into it."""

    __slots__ = ("_after", "_before", "_first", "_last", "_place")

    def __init__(self, machine: Machine, name: str) -> None:
        self._place: dict[Entry[M], int] = {}
        self._after: dict[Entry[M], Entry[M] | None] = {}
        self._before: dict[Entry[M], Entry[M] | None] = {}
        self._first: Entry[M] | None = None
        self._last: Entry[M] | None = None
        super().__init__(machine, name)

    def add(self, entry: Entry[M]) -> None:
        """Link `entry` in before all others."""
        first = self._first
        place = 0 if first is None else self._place[first] - 1
        self._link(entry, place, before=None, after=first)

    def add_tail(self, entry: Entry[M]) -> None:
        """Link `entry` in behind all others."""
        last = self._last
        place = 0 if last is None else self._place[last] + 1
        self._link(entry, place, before=last, after=None)

    def _link(
        self, entry: Entry[M], place: int, before: Entry[M] | None, after: Entry[M] | None
    ) -> None:
        if entry.list is not None:
            oops(
                "oops: list_add of an entry that is on a list",
                f"{entry.name} is on {entry.list.name}",
            )
        entry.list = self
        self._place[entry] = place
        self._before[entry] = before
        self._after[entry] = after
        if before is None:
            self._first = entry
        else:
            self._after[before] = entry
        if after is None:
            self._last = entry
        else:
            self._before[after] = entry
        self._changed(entry.owner, None, place)

    def remove(self, entry: Entry[M]) -> None:
        """Unlink `entry`, which is on this list."""
        before, after = self._before.pop(entry), self._after.pop(entry)
        if before is None:
            self._first = after
        else:
            self._after[before] = after
        if after is None:
            self._last = before
        else:
            self._before[after] = before
        entry.list = None
        self._changed(entry.owner, self._place.pop(entry), None)

    def next(self, entry: Entry[M]) -> Entry[M] | None:
        """The entry behind `entry`, None behind the last."""
        return self._after[entry]

    @property
    def first(self) -> Entry[M] | None:
        """The first entry, None of an empty list."""
        return self._first

    @property
    def last(self) -> Entry[M] | None:
        """The last entry, None of an empty list."""
        return self._last

    def __iter__(self) -> Iterator[M]:
        entry = self._first
        while entry is not None:
            yield entry.owner
            entry = self._after[entry]

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, member: object) -> bool:
        return any(owner is member for owner in self)

    def recorded_cells(self) -> Iterator[tuple[M, int]]:
        return ((entry.owner, place) for entry, place in self._place.items())
