# SPDX-License-Identifier: GPL-2.0-only
"""What a trace remembers of a value.

A trace outlives its machine.  It keeps numbers and texts as they are, and of a kernel object its
name (`Name`, a text that knows which kind of object it names).  Small values of the kernel that
are compared by content (a pte, a swap entry, a pointer to a slot) are named tuples, declared with
`@value`; a trace keeps them with names in the place of the objects inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from sys import intern
from typing import Any, TypeVar

T = TypeVar("T", bound=type)

#: Every declared value type by its name, so that a saved trace can be read back.
VALUE_TYPES: dict[str, Any] = {}


def value(cls: T) -> T:
    """Declare the NamedTuple `cls` as a value of the kernel."""
    VALUE_TYPES[cls.__name__] = cls
    return cls


class Name(str):
    """The name of a kernel object: equal to the plain text, and it knows the object's type."""

    __slots__ = ("type",)
    type: str

    def __new__(cls, name: str, type: str) -> Name:
        self = str.__new__(cls, name)
        self.type = type
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Name, (str(self), self.type)


_PLAIN = frozenset({type(None), int, str, float, bool, Name})


def plain(value: Any) -> Any:
    """`value` with every kernel object replaced by its name."""
    if value is None or isinstance(value, (int, str, float)):
        return value
    if isinstance(value, tuple):
        return _like(value, map(plain, value))
    name = getattr(value, "name", None)
    if isinstance(name, str) and hasattr(value, "machine"):
        return Name(name, type(value).__name__)
    if isinstance(value, (frozenset, set)):
        return tuple(sorted(map(plain, value)))
    if isinstance(value, list):
        return tuple(map(plain, value))
    if hasattr(value, "__name__") and callable(value):
        return Name(value.__name__, "function")
    return intern(repr(value))  # many are alike


def _like(value: tuple[Any, ...], parts: Iterable[Any]) -> Any:
    """A tuple of the same kind."""
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)


class ValueTable(dict[Any, int]):
    """Numbers for values: equal values have one number, None is 0.

    `table[v]` gives the number of v and makes one up if v is new; `table.plain[number]` is what
    the trace keeps.  Small integers come first, so that 1 is never shown as True.
    """

    def __init__(self) -> None:
        self.plain: list[Any] = [None, *range(-1, 65)]
        super().__init__(zip(self.plain, range(len(self.plain)), strict=True))

    def __missing__(self, key: Any) -> int:
        if isinstance(key, tuple):
            kept = self.kept
            parts = [part if type(part) in _PLAIN else kept(part) for part in key]
            self.plain.append(_like(key, parts))
        else:
            self.plain.append(plain(key))
        number = self[key] = len(self.plain) - 1
        return number

    def number(self, value: Any) -> int:
        """The number of any value, also of one that has no hash (a list)."""
        try:
            return self[value]
        except TypeError:
            return self[plain(value)]

    def numbers(self, values: Collection[Any]) -> list[int]:
        """The numbers of all of them."""
        try:
            return [self[value] for value in values]
        except TypeError:
            return [self.number(value) for value in values]

    def kept(self, value: Any) -> Any:
        """What the trace keeps of `value`: an object has one Name, wherever it is mentioned."""
        return value if type(value) in _PLAIN else self.plain[self.number(value)]
