# SPDX-License-Identifier: GPL-2.0-only
"""Memory moves to other addresses, with its pages (mm/mremap.c).

A second vma is linked, the ptes go over to it one by one, and the first is unmapped.  Both pte
locks are held for the ptes, and i_mmap_lock for those of a file, but not the anon_vma's lock: who
comes from a page and looks without the pte lock can find nothing in either place.
"""

from __future__ import annotations

from errno import EFAULT, EINVAL

from kmm.mm.mmap import MmStruct, VmAreaStruct, find_vma
from kmm.mm.page import PAGE_SHIFT, PAGE_SIZE
from kmm.mm.pgtable import (
    pte_offset_map_lock,
    pte_pointer,
    pte_unmap_unlock,
    ptep_clear_flush,
    set_pte_at,
    table_pointer,
)
from kmm.mm.pgtable_ops import pmds, pte_alloc_map, pte_none
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.sched import cond_resched
from kmm.mm.spinlock import SpinLock, spin_lock, spin_unlock
from kmm.mm.vma import copy_of_vma, do_munmap, vma_adjust, vma_link
from kmm.mm.writes import memory_moved
from kmm.sim import Cell, kernel_function

KERNEL_FILE = "mm/mremap.c"


@kernel_function
def move_ptes(
    vma: VmAreaStruct,
    old_pmd: table_pointer,
    old_addr: int,
    old_end: int,
    new_vma: VmAreaStruct,
    new_addr: int,
) -> None:
    """The ptes of the range are at `new_addr`.  Needs mmap_sem for writing; takes the pte locks.

    Simplified: one lock guards both, for a mm has one; the protection of the new vma is the same.
    """
    mm = vma.vm_mm
    mapping = vma.vm_file
    if mapping:
        # Truncate must not have passed the new place when a pte is still at the old one.
        spin_lock(mapping.i_mmap_lock)
    ptl: Cell[SpinLock | None] = Cell(None)
    old_pte = pte_offset_map_lock(mm, old_pmd, old_addr, ptl)
    for address in range(old_addr, old_end, PAGE_SIZE):
        old_pte = old_pte._replace(address=address)
        if not pte_none(old_pte.value):
            pte = ptep_clear_flush(vma, address, old_pte)
            there = new_addr + address - old_addr
            set_pte_at(mm, there, pte_pointer(mm, there), pte)
            memory_moved(mm, address, there)
    assert ptl.value is not None
    pte_unmap_unlock(old_pte, ptl.value)
    if mapping:
        spin_unlock(mapping.i_mmap_lock)


@kernel_function
def move_page_tables(
    vma: VmAreaStruct, old_addr: int, new_vma: VmAreaStruct, new_addr: int, len_: int
) -> int:
    """The ptes of the vma in the range are at `new_addr`, in `new_vma`; returns how many bytes."""
    for pmd, start, stop in pmds(vma.vm_mm, old_addr, old_addr + len_):
        cond_resched()
        there = new_addr + start - old_addr
        for address in range(there, there + stop - start, PAGE_SIZE):
            pte_alloc_map(vma.vm_mm, address)
        move_ptes(vma, pmd, start, stop, new_vma, there)
    return len_


@kernel_function(source="mm/mmap.c")
def copy_vma(vma: VmAreaStruct, addr: int, len_: int, pgoff: int) -> VmAreaStruct:
    """A vma like this one at another address, linked everywhere, the last of its anon_vma's.

    A vma that ends where the new one would begin, and is of the same kind, grows instead
    (vma_merge): then it stands wherever it stood, perhaps before the one that is copied.
    Simplified: of the ways to merge only this one.
    """
    mm = vma.vm_mm
    if not vma.vm_file and not vma.anon_vma:
        pgoff = addr >> PAGE_SHIFT
    prev = find_vma(mm, addr - 1)
    if prev and prev is not vma and _continues(prev, vma, addr, pgoff):
        vma_adjust(prev, prev.vm_start, addr + len_, prev.vm_pgoff)
        return prev
    new_vma = copy_of_vma(vma, mm)
    new_vma.vm_start = addr
    new_vma.vm_end = addr + len_
    new_vma.vm_pgoff = pgoff
    vma_link(mm, new_vma)
    return new_vma


def _continues(prev: VmAreaStruct, vma: VmAreaStruct, addr: int, pgoff: int) -> bool:
    return (
        prev.vm_end == addr
        and prev.vm_flags == vma.vm_flags
        and prev.vm_file is vma.vm_file
        and prev.anon_vma is vma.anon_vma
        and prev.vm_pgoff + ((addr - prev.vm_start) >> PAGE_SHIFT) == pgoff
    )


@kernel_function
def move_vma(vma: VmAreaStruct, old_addr: int, old_len: int, new_len: int, new_addr: int) -> int:
    """The memory of the vma is at `new_addr`, which is returned.  Needs mmap_sem for writing.

    Simplified: there is always memory, so nothing has to be moved back.
    """
    mm = vma.vm_mm
    new_pgoff = vma.vm_pgoff + ((old_addr - vma.vm_start) >> PAGE_SHIFT)
    new_vma = copy_vma(vma, new_addr, new_len, new_pgoff)
    move_page_tables(vma, old_addr, new_vma, new_addr, old_len)
    do_munmap(mm, old_addr, old_len)
    return new_addr


@kernel_function
def do_mremap(mm: MmStruct, addr: int, old_len: int, new_len: int, new_addr: int) -> int:
    """mremap(2) with MREMAP_FIXED: the memory is at `new_addr`, which is returned, or an error.

    Lengths are in bytes.  Needs mmap_sem for writing.
    Simplified: a whole vma, to a place where nothing is.
    """
    if addr < new_addr + new_len and new_addr < addr + old_len:
        return -EINVAL
    do_munmap(mm, new_addr, new_len)
    vma = find_vma(mm, addr)
    if not vma or vma.vm_start != addr or vma.vm_end != addr + old_len:
        return -EFAULT
    return move_vma(vma, addr, old_len, new_len, new_addr)


@kernel_function
def sys_mremap(mm: MmStruct, addr: int, old_len: int, new_len: int, new_addr: int) -> int:
    """do_mremap with mmap_sem held for writing; may sleep."""
    down_write(mm.mmap_sem)
    ret = do_mremap(mm, addr, old_len, new_len, new_addr)
    up_write(mm.mmap_sem)
    return ret
