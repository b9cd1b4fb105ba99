# SPDX-License-Identifier: GPL-2.0-only
"""What differs between a state of one trace and a state of another, field by field.

Objects are the same if they have the same name.  Of an object that only one of the two has, only
that is told ("n0.exists"), and of a list its members in order, for their places mean nothing.
Pages are told first and then page tables: it is they that a migration is about.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kmm.explain.deeds import comparable
from kmm.sim import State, Trace
from kmm.sim.fields import EXISTS
from kmm.sim.recorder import ObjectEntry
from kmm.sim.slots import key_text
from kmm.sim.step import path_of, shown

#: The types of which one wants to know first.
FIRST = ("Page", "PageTable")


class Difference(NamedTuple):
    """A field that is not the same in both; `field` is its path, "p0._count"."""

    field: str
    left: Any
    right: Any

    def __str__(self) -> str:
        return f"{self.field}: {shown(self.left)} | {shown(self.right)}"


def differences(left: Trace, i: int, right: Trace, j: int) -> list[Difference]:
    """All that differs between `left.state(i)` and `right.state(j)`."""
    states = left.state(i), right.state(j)
    entries = left.slots.by_name, right.slots.by_name
    types = {**_types(right), **_types(left)}
    names = sorted(dict.fromkeys((*entries[0], *entries[1])), key=lambda name: _rank(types[name]))
    found: list[Difference] = []
    for name in names:
        pair = tuple(table.get(name) for table in entries)
        ours, theirs = (
            _fields(trace, state, entry)
            for trace, state, entry in zip((left, right), states, pair, strict=True)
        )
        if ours is None or theirs is None:
            if ours is not theirs:
                found.append(
                    Difference(path_of(name, EXISTS), ours is not None, theirs is not None)
                )
            continue
        for field in dict.fromkeys((*ours, *theirs)):
            values = ours.get(field), theirs.get(field)
            if comparable(values[0]) != comparable(values[1]):
                found.append(Difference(path_of(name, field) if field else name, *values))
    return found


def _types(trace: Trace) -> dict[str, str]:
    return {entry.name: entry.type for entry in trace.objects}


def _rank(type: str) -> int:
    return FIRST.index(type) if type in FIRST else len(FIRST)


def _fields(trace: Trace, state: State, entry: ObjectEntry | None) -> dict[str, Any] | None:
    """The fields by name, or the members of a list as one field ""; None for no object."""
    if entry is None or not trace.values[state.numbers[entry.base]]:
        return None
    fields = state[entry.name]
    if entry.type == "ListHead":
        return {"": tuple(fields)}
    if entry.cells is None:
        return dict(fields)
    return {f"[{key_text(key, hex_keys=entry.hex_keys)}]": value for key, value in fields.items()}
