# SPDX-License-Identifier: GPL-2.0-only
"""Reading and writing user memory (arch/x86/include/asm/uaccess.h).

The arrays that a program hands to move_pages(2) lie in its own memory, where any element may fault.
Beyond their end there is nothing to be read or written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from errno import EFAULT
from typing import Any, NamedTuple

from kmm.mm.sched import might_sleep
from kmm.sim import Cell, Cells, Machine, primitive
from kmm.sim.values import value

KERNEL_FILE = "arch/x86/include/asm/uaccess.h"


class UserArray(Cells[int, Any]):
    """An array in user memory of `length` elements; those in `faults` cannot be accessed."""

    __slots__ = ("faults", "length", "what")

    def __init__(
        self,
        machine: Machine,
        what: str,
        length: int,
        values: Sequence[Any],
        faults: Collection[int],
    ) -> None:
        self.what = what
        self.length = length
        self.faults = frozenset(faults)
        super().__init__(machine, f"user {what}", None, dict(enumerate(values)))

    def __add__(self, i: int) -> user_pointer:
        return user_pointer(self, i)


@value
class user_pointer(NamedTuple):
    """A pointer into user memory: `pages + i`."""

    array: Any
    i: int

    def __str__(self) -> str:
        return f"{self.array} + {self.i}"

    @property
    def accessible(self) -> bool:
        """Whether an access succeeds."""
        return self.i < self.array.length and self.i not in self.array.faults


@primitive
def get_user(x: Cell[Any], ptr: user_pointer) -> int:
    """0 and `x` holds what the pointer points to; -EFAULT if that cannot be read.  May sleep.

    Simplified: after a fault `x` is as it was, where the kernel sets it to 0.
    """
    might_sleep(rcu=False)
    if not ptr.accessible:
        return -EFAULT
    x.value = ptr.array.cells[ptr.i]
    return 0


@primitive
def put_user(x: Any, ptr: user_pointer) -> int:
    """0 and `x` is where the pointer points to; -EFAULT if that cannot be written.  May sleep."""
    might_sleep(rcu=False)
    if not ptr.accessible:
        return -EFAULT
    ptr.array.put(ptr.i, x)
    return 0
