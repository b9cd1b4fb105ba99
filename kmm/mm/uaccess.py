# SPDX-License-Identifier: GPL-2.0-only
"""Reading and writing user memory (arch/x86/include/asm/uaccess.h).

The arrays that a program hands to move_pages(2) lie in its own memory, where any element may fault.
Beyond their end there is nothing to be read or written.

An array that lies at an address of an mm is read and written through its ptes.  Where none allows
the access there is a page fault, which takes mmap_sem, and then the access is made again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from errno import EFAULT
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kmm.mm.page import PAGE_SHIFT
from kmm.mm.sched import might_sleep
from kmm.sim import Cell, Cells, Machine, primitive
from kmm.sim.recorder import LOOK_THROUGH
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.mmap import MmStruct

KERNEL_FILE = "arch/x86/include/asm/uaccess.h"


T = TypeVar("T")

#: What an access returns that no pte allows: a page fault comes next.
PAGE_FAULT = 1


class UserArray(Cells[int, Any]):
    """An array in user memory of `length` elements; those in `faults` cannot be accessed.

    `mm`, `at`: the address space and the address where it lies, its elements `size` bytes apart;
    without an mm it is there at any time.
    Simplified: what it holds is kept beside the contents of the pages that it lies in.
    """

    __slots__ = ("at", "faults", "length", "mm", "size", "what")

    def __init__(
        self,
        machine: Machine,
        what: str,
        length: int,
        values: Sequence[Any],
        faults: Collection[int],
        *,
        mm: MmStruct | None = None,
        at: int = 0,
        size: int = 8,
    ) -> None:
        self.mm = mm
        self.at = at
        self.size = size
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

    def __add__(self, n: Any) -> user_pointer:
        return user_pointer(self.array, self.i + n)

    def __str__(self) -> str:
        return f"{self.array} + {self.i}"

    @property
    def accessible(self) -> bool:
        """Whether an access succeeds."""
        return self.i < self.array.length and self.i not in self.array.faults

    @property
    def address(self) -> int:
        """Where it points to in the mm."""
        return int(self.array.at + self.i * self.array.size)

    def mapped(self, write: int) -> bool:
        """Whether a pte allows the access, if the array lies in an mm."""
        mm = self.array.mm
        if mm is None:
            return True
        pte = mm.page_table[self.address >> PAGE_SHIFT << PAGE_SHIFT]
        return pte.page is not None and (not write or bool(pte.write))


def _faulting(write: int) -> Callable[[Callable[[T, user_pointer], int]], Any]:
    """The access is made again after each page fault, until the fault finds nothing there."""

    def around(access: Callable[[T, user_pointer], int]) -> Callable[[T, user_pointer], int]:
        @functools.wraps(access)
        def call(x: T, ptr: user_pointer) -> int:
            while (rc := access(x, ptr)) == PAGE_FAULT:
                from kmm.mm.cpu import do_page_fault

                address = ptr.address >> PAGE_SHIFT << PAGE_SHIFT
                if do_page_fault(ptr.array.mm, address, write):
                    return -EFAULT
            return rc

        LOOK_THROUGH[call.__code__] = 1  # type: ignore[attr-defined]
        return call

    return around


@_faulting(write=0)
@primitive
def get_user(x: Cell[Any], ptr: user_pointer) -> int:
    """0 and `x` holds what the pointer points to; -EFAULT if that cannot be read.  May sleep.

    Simplified: after a fault `x` is as it was, where the kernel sets it to 0.
    """
    might_sleep(rcu=False)
    if not ptr.accessible:
        return -EFAULT
    if not ptr.mapped(0):
        return PAGE_FAULT
    x.value = ptr.array.cells[ptr.i]
    return 0


@_faulting(write=1)
@primitive
def put_user(x: Any, ptr: user_pointer) -> int:
    """0 and `x` is where the pointer points to; -EFAULT if that cannot be written.  May sleep."""
    might_sleep(rcu=False)
    if not ptr.accessible:
        return -EFAULT
    if not ptr.mapped(1):
        return PAGE_FAULT
    ptr.array.put(ptr.i, x)
    return 0
