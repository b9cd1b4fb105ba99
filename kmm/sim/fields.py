# SPDX-License-Identifier: GPL-2.0-only
"""Kernel objects whose every change is seen.

A struct of the kernel is a class derived from `Tracked`; its annotated attributes are its tracked
fields, their values the defaults.  Reading a field is a plain attribute read and costs nothing.
Writing one goes through `__setattr__`: inside a primitive the change becomes part of that step,
outside (`newpage.index = page.index`, a student's `page._count -= 1`) it is a step of its own.

In the record each field of each object has a number, its *slot*: the object's base plus the place
of the field in its class.  The first slot of every object, `exists`, says whether it is there.

Alternatives that were rejected: a data descriptor a field (each read then costs a call), and
comparing snapshots (cost grows with the world instead of with what happens).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from kmm.errors import NoSuchField

if TYPE_CHECKING:
    from kmm.sim.machine import Machine

#: What the first slot of every object is called: 1 from its creation on.
EXISTS = "exists"


class Tracked:
    """A kernel object of `machine`, known in the record by `name`."""

    __slots__ = ("__dict__", "base", "machine", "name")

    #: Tracked fields in order, with their defaults; place of each in the record.
    FIELDS: ClassVar[dict[str, Any]] = {}
    PLACE: ClassVar[dict[str, int]] = {}
    #: The names of the fields, which the record shares among all objects of the class.
    FIELD_NAMES: ClassVar[tuple[str, ...]] = ()

    machine: Machine
    name: str
    base: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {
            field: getattr(cls, field, None)
            for field, kind in cls.__annotations__.items()
            if "ClassVar" not in str(kind) and field not in cls.__dict__.get("__slots__", ())
        }
        cls.FIELDS = {**cls.FIELDS, **own}
        cls.FIELD_NAMES = tuple(cls.FIELDS)
        cls.PLACE = {field: place for place, field in enumerate(cls.FIELDS, start=1)}

    def __init__(self, machine: Machine, name: str, **fields: Any) -> None:
        unknown = fields.keys() - self.FIELDS.keys()
        if unknown:
            raise NoSuchField(f"{type(self).__name__} has no field {min(unknown)!r}")
        self.__dict__.update(self.FIELDS)
        self.__dict__.update(fields)
        put = object.__setattr__
        put(self, "machine", machine)
        put(self, "name", machine.unique(name))
        put(self, "base", machine.take_slots(1 + len(self.FIELDS), self.name))
        machine.add(self)

    def __setattr__(self, field: str, value: Any) -> None:
        fields = self.__dict__
        if field not in fields:
            raise NoSuchField(f"{type(self).__name__} {self.name} has no field {field!r}")
        machine = self.machine
        if machine.inside:
            old = fields[field]
            fields[field] = value
            if machine.recorder is not None:
                machine.recorder.changed(self.base + self.PLACE[field], old, value)
        else:
            machine.assign(self, field, value, sys._getframe(1))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} lives in its machine; take its trace elsewhere instead")


def atomic_add_return(owner: Tracked, field: str, delta: int, floor: int | None = None) -> int:
    """Add `delta` to a counter and give its new value; to be called inside a primitive.

    Two additions commute, an addition and a read do not.  `floor`: the value at which something
    happens (a count of 0, a _mapcount of -1), so that who gets there, or leaves it, matters.
    Without one nobody may look at the new value.
    """
    fields = owner.__dict__
    old = fields[field]
    fields[field] = new = old + delta
    recorder = owner.machine.recorder
    if recorder is not None:
        recorder.added(owner.base + owner.PLACE[field], old, new, floor)
    return int(new)


def peek(owner: Tracked, field: str) -> Any:
    """The field, for a check beside an atomic_add_return, which is all that others need to know."""
    if owner is None:
        return getattr(owner, field)  # following NULL, as the read itself would
    return owner.__dict__[field]
