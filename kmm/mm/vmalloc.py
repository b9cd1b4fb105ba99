# SPDX-License-Identifier: GPL-2.0-only
"""Kernel memory by the array (mm/vmalloc.c).

What vmalloc gives has not been cleared: every field of every element reads "uninit" until it is
written, which is how a value that was never set shows itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from kmm.mm.sched import might_sleep
from kmm.sim import Machine, Tracked, atomic_add_return, current_machine, primitive

KERNEL_FILE = "mm/vmalloc.c"

#: What a field holds that was never set.
UNINIT = "uninit"

#: Where vmalloc begins to fail, in bytes.
VMALLOC_LIMIT = 64 << 20


class Struct(Protocol):
    """A struct that arrays can be made of: `SIZEOF` is its size in bytes."""

    SIZEOF: ClassVar[int]

    def __init__(self, machine: Machine, name: str) -> None: ...


S = TypeVar("S", bound=Struct)


class VmallocAreas(Tracked):
    """How many areas are in use."""

    areas: int = 0


class Memory(Generic[S]):
    """An array of structs; an element comes into the record when it is first touched."""

    __slots__ = ("_elements", "_struct", "count", "machine", "name")

    def __init__(self, machine: Machine, name: str, struct: type[S], count: int) -> None:
        self.machine = machine
        self.name = name
        self.count = count
        self._struct = struct
        self._elements: dict[int, S] = {}

    def __getitem__(self, i: int) -> S:
        element = self._elements.get(i)
        if element is None:
            if not 0 <= i < self.count:
                raise IndexError(f"{self.name} has no element {i}")
            element = self._elements[i] = self._struct(self.machine, f"{self.name}[{i}]")
        return element

    def __iter__(self) -> Iterator[S]:
        return (self[i] for i in range(self.count))

    def __len__(self) -> int:
        return self.count


@primitive
def vmalloc(size: int, struct: type[S]) -> Memory[S] | None:
    """Memory of `size` bytes, not cleared, or None.  May sleep.

    Simplified: C casts the pointer afterwards; here `struct` says what the memory will hold.  There
    is no memory to run out of: it fails from 64 MiB on, or where the scenario says so.
    """
    might_sleep()
    kernel = current_machine().kernel
    if kernel.vmalloc_fails or size >= VMALLOC_LIMIT:
        return None
    atomic_add_return(kernel.vmalloc_areas, "areas", 1)
    # The variable that C gives the array to: struct page_to_node *pm.
    return Memory(kernel.machine, "pm", struct, size // struct.SIZEOF)


@primitive
def vfree(memory: Memory[Any]) -> None:
    """The memory is given back."""
    atomic_add_return(current_machine().kernel.vmalloc_areas, "areas", -1)
