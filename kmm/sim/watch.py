# SPDX-License-Identifier: GPL-2.0-only
"""Reads that are seen: switched in while several tasks run, and costing nothing otherwise.

Inside `with reads_seen():` each field of each kernel object is a property, and the tables and
lists have methods that tell the machine which slots they look at.  A read outside any primitive
(`if not page.mapping`) is then a place before which another task may run, as a primitive is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kmm.sim.containers import Cells, Container, Entry, ListHead
from kmm.sim.fields import Tracked
from kmm.sim.function import READ

_depth = 0


@contextmanager
def reads_seen() -> Iterator[None]:
    """Inside, machines that have a `saw` are told of every slot that is read."""
    global _depth
    undo = _switch_in() if _depth == 0 else []
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        for cls, name, before in undo:
            if before is _ABSENT:
                delattr(cls, name)
            else:
                setattr(cls, name, before)


_ABSENT = object()


def _switch_in() -> list[tuple[type, str, Any]]:
    undo: list[tuple[type, str, Any]] = []

    def put(cls: type, name: str, seen: Any) -> None:
        undo.append((cls, name, cls.__dict__.get(name, _ABSENT)))
        setattr(cls, name, seen)

    for cls in _kinds(Tracked):
        for field, place in cls.PLACE.items():
            put(cls, field, _property(field, place))
    for name, seen in _CELLS.items():
        put(Cells, name, seen)
    for name, seen in _LISTS.items():
        put(ListHead, name, seen)
    return undo


def _kinds(cls: type[Any]) -> Iterator[type[Any]]:
    for kind in cls.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _property(field: str, place: int) -> property:
    """The field, seen; writes go through Tracked.__setattr__ as ever."""

    def seen(self: Any) -> Any:
        machine = self.machine
        if machine.saw is not None:
            if machine.ahead:
                if not machine.inside:
                    machine.ahead -= 1
            else:
                if not machine.inside and machine.hooked:
                    machine.before(READ, (self, field))
                machine.saw(self.base + place)
        return self.__dict__[field]

    return property(seen, _unreachable)


def _unreachable(self: Any, value: Any) -> None:
    """A property that can be set comes before the instance's dictionary."""


def _look(container: Container, slot: int) -> None:
    """Somebody looks at a slot of the container."""
    machine = container.machine
    if machine.saw is not None:
        if machine.ahead:
            if not machine.inside:
                machine.ahead -= 1
            return
        if not machine.inside and machine.hooked:
            machine.before(READ, (container, ""))
        machine.saw(slot)


# One cell is its own slot; which cells there are is the first slot of the table, and stands for a
# cell that nobody has ever put.

_put, _drop = Cells.put, Cells.drop


def _seen_get(self: Any, key: Any) -> Any:
    _look(self, self.slots.get(key, self.base))
    return self.cells.get(key, self.empty)


def _seen_contains(self: Any, key: Any) -> bool:
    _look(self, self.slots.get(key, self.base))
    return key in self.cells


def _seen_iter(self: Any) -> Iterator[Any]:
    _look(self, self.base)
    return iter(self.cells)


def _seen_len(self: Any) -> int:
    _look(self, self.base)
    return len(self.cells)


def _seen_items(self: Any) -> list[tuple[Any, Any]]:
    _look(self, self.base)
    for key in self.cells:
        _look(self, self.slots.get(key, self.base))
    return list(self.cells.items())


def _seen_put(self: Any, key: Any, value: Any) -> None:
    if key not in self.cells:
        _reordered(self)
    _put(self, key, value)


def _seen_drop(self: Any, key: Any) -> None:
    if key in self.cells:
        _reordered(self)
    _drop(self, key)


def _reordered(container: Any) -> None:
    recorder = container.machine.recorder
    if recorder is not None and hasattr(recorder, "reordered"):
        recorder.reordered(container.base)


_CELLS: dict[str, Any] = {
    "__getitem__": _seen_get, "__contains__": _seen_contains, "__iter__": _seen_iter,
    "__len__": _seen_len, "items": _seen_items, "put": _seen_put, "drop": _seen_drop,
}  # fmt: skip


# Of a list everything is one: who is on it, and in which order.

_link, _remove, _next = ListHead._link, ListHead.remove, ListHead.next


def _seen_link(self: Any, entry: Any, place: int, before: Any, after: Any) -> None:
    _reordered(self)
    _link(self, entry, place, before, after)


def _seen_remove(self: Any, entry: Any) -> None:
    _reordered(self)
    _remove(self, entry)


def _seen_next(self: Any, entry: Any) -> Any:
    _look(self, self.base)
    return _next(self, entry)


def _seen_walk(self: Any) -> Iterator[Any]:
    entry: Entry[Any] | None = self.first
    while entry is not None:
        yield entry.owner
        entry = self.next(entry)


def _seen_count(self: Any) -> int:
    _look(self, self.base)
    return len(self._place)


def _seen_end(name: str) -> property:
    def end(self: Any) -> Any:
        _look(self, self.base)
        return getattr(self, name)

    return property(end)


_LISTS: dict[str, Any] = {
    "_link": _seen_link, "remove": _seen_remove, "next": _seen_next, "__iter__": _seen_walk,
    "__len__": _seen_count, "first": _seen_end("_first"), "last": _seen_end("_last"),
}  # fmt: skip
