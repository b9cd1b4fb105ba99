# SPDX-License-Identifier: GPL-2.0-only
"""Address spaces: struct mm_struct and struct vm_area_struct (include/linux/mm_types.h, mm/mmap.c).

`mm.mmap` is the first vma, `vma.vm_next` the next by address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.mm.pgtable import LEVELS, PTE_NONE, PageTable, TableLevel
from kmm.mm.rwsem import RwSemaphore
from kmm.mm.spinlock import SpinLock
from kmm.sim import Entry, Machine, Tracked, primitive
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.fs import AddressSpace
    from kmm.mm.rmap import AnonVma

KERNEL_FILE = "mm/mmap.c"

VM_READ, VM_WRITE, VM_EXEC, VM_SHARED = 0x1, 0x2, 0x4, 0x8
VM_PFNMAP = 0x00000400
VM_LOCKED = 0x00002000
VM_IO = 0x00004000
VM_RESERVED = 0x00080000
VM_HUGETLB = 0x00400000
VM_NONLINEAR = 0x00800000
VM_MIXEDMAP = 0x10000000

#: The flags of a vma by their short names.
VM_FLAGS = {
    "READ": VM_READ, "WRITE": VM_WRITE, "EXEC": VM_EXEC, "SHARED": VM_SHARED, "LOCKED": VM_LOCKED,
    "IO": VM_IO, "PFNMAP": VM_PFNMAP, "HUGETLB": VM_HUGETLB, "RESERVED": VM_RESERVED,
    "NONLINEAR": VM_NONLINEAR, "MIXEDMAP": VM_MIXEDMAP,
}  # fmt: skip


@value
class vm_operations_struct(NamedTuple):
    """struct vm_operations_struct, as far as migration calls it."""

    migrate: Callable[[VmAreaStruct, int, int, int], int] | None = None


class MmStruct(Tracked):
    """struct mm_struct: an address space.  Counts of pages: `anon_rss`, `file_rss`."""

    __slots__ = ("mmap_sem", "page_table", "page_table_lock", "tables", "tlbs")

    mm_users: int = 1
    mmap: VmAreaStruct | None = None
    anon_rss: int = 0
    file_rss: int = 0

    page_table: PageTable
    page_table_lock: SpinLock
    mmap_sem: RwSemaphore
    tables: dict[str, TableLevel]
    #: The TLBs of the CPUs that run the address space, where the machine has any.
    tlbs: tuple[Any, ...]

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        put = object.__setattr__
        put(self, "page_table", PageTable(machine, f"{self.name}.pte", PTE_NONE))
        put(self, "page_table_lock", SpinLock(machine, f"{self.name}.ptl"))
        put(self, "mmap_sem", RwSemaphore(machine, f"{self.name}.mmap_sem"))
        put(self, "tlbs", ())
        put(self, "tables", {n: TableLevel(machine, f"{self.name}.{n}", 0) for n in LEVELS})


class VmAreaStruct(Tracked):
    """struct vm_area_struct: the addresses from `vm_start` to `vm_end`, all of one kind.

    `vm_pgoff` is the index of the page at `vm_start`, in the file (`vm_file`) or, of an anonymous
    vma, among the indices that rmap counts with.  `vm_page_prot` is the write bit that a new pte
    gets.  `ops_rc` is what this vma's own vm_ops->migrate returns.
    Simplified: `vm_file` is the address_space itself, without struct file and inode between; of an
    anonymous vma of a world built in Python `vm_pgoff` begins at 0, in the kernel at its first
    address, counted in pages.
    """

    __slots__ = ("anon_vma_node", "shared")

    vm_mm: MmStruct
    vm_start: int = 0
    vm_end: int = 0
    vm_next: VmAreaStruct | None = None
    vm_page_prot: int = 0
    vm_flags: int = 0
    vm_pgoff: int = 0
    vm_file: AddressSpace | None = None
    anon_vma: AnonVma | None = None
    vm_ops: vm_operations_struct | None = None
    ops_rc: int = 0

    anon_vma_node: Entry[VmAreaStruct]
    shared: Entry[VmAreaStruct]

    def __init__(self, machine: Machine, name: str, **fields: object) -> None:
        object.__setattr__(self, "anon_vma_node", Entry(self))
        object.__setattr__(self, "shared", Entry(self))
        super().__init__(machine, name, **fields)


@primitive
def find_vma(mm: MmStruct, addr: int) -> VmAreaStruct | None:
    """The first vma that ends above the address, None behind the last.

    It need not contain the address: its start may be above it.  Needs mmap_sem.
    Simplified: a walk along the list, without the tree and without a cache of the last vma.
    """
    vma = mm.mmap
    while vma is not None and vma.vm_end <= addr:
        vma = vma.vm_next
    return vma


@primitive(source="include/linux/migrate.h")
def vma_migratable(vma: VmAreaStruct) -> int:
    """1 if the pages of the vma can be moved."""
    return int(not vma.vm_flags & (VM_IO | VM_HUGETLB | VM_PFNMAP | VM_RESERVED))
