# SPDX-License-Identifier: GPL-2.0-only
"""A field over the whole trace, and the one field that people count differently from the kernel.

The kernel's `_mapcount` starts at -1.  "p0.mapcount" is what page_mapcount() says: the number of
ptes that map p0, one more than "p0._mapcount".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kmm.errors import KmmError
from kmm.sim import Trace

MAPCOUNT = ".mapcount"


class Field(NamedTuple):
    """A field by its path; `owner` is the object, `base` the slot that says whether it exists."""

    path: str
    owner: str
    slot: int
    base: int
    more: int

    def at(self, trace: Trace, k: int) -> Any:
        """What it holds in state(k), None also where its object does not exist."""
        changes = trace.changes_before(k)
        if not trace.values[trace.histories.value(self.base, changes)]:
            return None
        value = trace.values[trace.histories.value(self.slot, changes)]
        return value + self.more if isinstance(value, int) else value

    def steps(self, trace: Trace) -> list[int]:
        """The steps that may have changed it, its object's coming into being among them."""
        histories = trace.histories
        return sorted({*histories.steps(self.slot), *histories.steps(self.base)})

    def course(self, trace: Trace) -> list[tuple[int, Any]]:
        """Each state in which it has a new value, with the value, from state 0 on."""
        found: list[tuple[int, Any]] = [(0, self.at(trace, 0))]
        for step in self.steps(trace):
            if step < len(trace) and (value := self.at(trace, step + 1)) != found[-1][1]:
                found.append((step + 1, value))
        return found


def field_of(trace: Trace, path: str) -> Field:
    """The field of this path; KmmError, with the nearest names, if the trace does not know it."""
    if not isinstance(path, str):
        raise KmmError(f'a field is named by a text, as in "p0._count", not by {path!r}')
    more = path.endswith(MAPCOUNT) and path.removesuffix(MAPCOUNT) in trace.slots.by_name
    slot = trace.slots.slot(path.removesuffix(MAPCOUNT) + "._mapcount" if more else path)
    owner = trace.slots.name(slot)[0]
    return Field(path, str(owner), slot, trace.slots.by_name[owner].base, int(more))


def numbers_of(trace: Trace, path: str) -> tuple[Field, list[tuple[int, int | None]]]:
    """A field that holds numbers, and its course; KmmError for any other."""
    field = field_of(trace, path)
    course = field.course(trace)
    for _, value in course:
        if value is not None and not isinstance(value, int):
            raise KmmError(
                f"{path} holds {value}, which is no number; a count or a flag does, as p0._count"
            )
    return field, course
