# SPDX-License-Identifier: GPL-2.0-only
"""C's pointers, as far as the model needs them.

`Cell` is a variable whose address is handed over (`int *result = NULL; f(&result)`), `FieldRef`
points at a field of a struct (`&pm->status`).  What C writes as `*p` is `p.value` for both.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from kmm.sim import values

T = TypeVar("T")


class Cell(Generic[T]):
    """A local variable that a callee may fill in: an out-parameter."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "&local"


@values.value
class FieldRef(NamedTuple):
    """The address of a field: `FieldRef(pm, "status")` is `&pm->status`."""

    owner: Any
    field: str

    @property
    def value(self) -> Any:
        """What the field holds; assigning to it writes the field."""
        return getattr(self.owner, self.field)

    @value.setter
    def value(self, new: Any) -> None:
        setattr(self.owner, self.field, new)

    def __str__(self) -> str:
        return f"&{self.owner}.{self.field}"
