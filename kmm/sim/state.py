# SPDX-License-Identifier: GPL-2.0-only
"""State: every field of every object at one step, rebuilt from the record.

state = trace.state(41)
state["p0"]["_count"]           one field
state["m0.pte"][0x401000]       one cell of a container
state["pagelist"]               the members of a list, in order
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kmm.errors import NoSuchKey
from kmm.sim.recorder import Columns, ObjectEntry

if TYPE_CHECKING:
    from kmm.sim.trace import Trace

#: From so many changes on, numpy pays for its import.
MANY = 50_000


def replay(columns: Columns, changes: int) -> array[int]:
    """The value (its number) of every slot after the first `changes` changes."""
    values = columns.initial[:]
    if changes >= MANY:
        try:
            import numpy as np
        except ImportError:
            pass
        else:
            slots = np.frombuffer(columns.slot, dtype=np.uint32, count=changes)
            new = np.frombuffer(columns.new, dtype=np.uint32, count=changes)
            # Where a slot changed several times, the last assignment is the one that stays.
            np.frombuffer(values, dtype=np.uint32)[slots] = new
            return values
    for slot, value in zip(columns.slot[:changes], columns.new[:changes], strict=True):
        values[slot] = value
    return values


class State(Mapping[str, Mapping[Any, Any]]):
    """The objects that exist at one step, each as a mapping of its fields or cells."""

    def __init__(self, trace: Trace, numbers: array[int]) -> None:
        self._trace = trace
        self.numbers = numbers

    def _exists(self, entry: ObjectEntry) -> bool:
        return bool(self._trace.values[self.numbers[entry.base]])

    def __getitem__(self, name: str) -> Mapping[Any, Any]:
        entry = self._trace.slots.by_name.get(name)
        if entry is None or not self._exists(entry):
            raise NoSuchKey(f"{name!r} is no object that exists in this state")
        return self._fields(entry)

    def _fields(self, entry: ObjectEntry) -> dict[Any, Any]:
        values = self._trace.values
        if entry.cells is not None:
            cells = ((key, values[self.numbers[slot]]) for key, slot in entry.cells.items())
            there = [(key, value) for key, value in cells if value is not None]
            if entry.type == "ListHead":
                there.sort(key=lambda cell: cell[1])
            return dict(there)
        first = entry.base + 1
        numbers = self.numbers[first : first + len(entry.fields)]
        return dict(zip(entry.fields, map(values.__getitem__, numbers), strict=True))

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self._trace.objects if self._exists(entry))

    def __len__(self) -> int:
        return sum(map(self._exists, self._trace.objects))

    def value(self, path: str) -> Any:
        """One field: `state.value("p0._count")`."""
        return self._trace.values[self.numbers[self._trace.slots.slot(path)]]

    def of_type(self, type: str) -> list[str]:
        """The names of the objects of one type: `state.of_type("Page")`."""
        return [e.name for e in self._trace.objects if e.type == type and self._exists(e)]

    def to_dict(self) -> dict[str, dict[Any, Any]]:
        """Everything, as plain dicts."""
        objects = self._trace.objects
        return {entry.name: self._fields(entry) for entry in objects if self._exists(entry)}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, State):
            return self.to_dict() == other.to_dict()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<State of {len(self)} objects>"
