# SPDX-License-Identifier: GPL-2.0-only
"""mprotect: what a program may do with its memory from now on (mm/mprotect.c).

First the vma says so, then the ptes.  A migration entry that allowed writing allows it no more,
whatever the new protection: when the page is there again a write will fault, and find out.
"""

from __future__ import annotations

from errno import ENOMEM

from kmm.mm.mmap import VM_READ, VM_SHARED, VM_WRITE, MmStruct, VmAreaStruct, find_vma
from kmm.mm.page import PAGE_SIZE
from kmm.mm.pgtable import (
    pte_mkwrite,
    pte_offset_map_lock,
    pte_present,
    pte_unmap_unlock,
    set_pte_at,
    swp_entry_to_pte,
    table_pointer,
)
from kmm.mm.pgtable_ops import (
    flush_tlb_range,
    make_migration_entry_read,
    pmds,
    pte_modify,
    ptep_get_and_clear,
)
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.spinlock import SpinLock
from kmm.mm.swapops import is_write_migration_entry, pte_to_swp_entry
from kmm.sim import Cell, kernel_function

KERNEL_FILE = "mm/mprotect.c"


@kernel_function
def change_pte_range(
    mm: MmStruct,
    pmd: table_pointer,
    addr: int,
    end: int,
    newprot: int,
    dirty_accountable: int,
) -> None:
    """The ptes of the range allow what `newprot` (the write bit) says; takes the pte lock.

    `dirty_accountable`: a pte that is dirty already need not fault for the first write.
    """
    ptl: Cell[SpinLock | None] = Cell(None)
    pte = pte_offset_map_lock(mm, pmd, addr, ptl)
    for address in range(addr, end, PAGE_SIZE):
        pte = pte._replace(address=address)
        oldpte = pte.value
        if pte_present(oldpte):
            # Emptied first, so that no CPU sets the dirty bit of what is about to be overwritten.
            ptent = pte_modify(ptep_get_and_clear(mm, address, pte), newprot)
            if dirty_accountable and ptent.dirty:
                ptent = pte_mkwrite(ptent)
            set_pte_at(mm, address, pte, ptent)
        elif oldpte.entry is not None:
            entry = pte_to_swp_entry(oldpte)
            if is_write_migration_entry(entry):
                set_pte_at(mm, address, pte, swp_entry_to_pte(make_migration_entry_read(entry)))
    assert ptl.value is not None
    pte_unmap_unlock(pte, ptl.value)


@kernel_function
def change_protection(
    vma: VmAreaStruct, addr: int, end: int, newprot: int, dirty_accountable: int
) -> None:
    """The ptes of the vma in the range allow what `newprot` says, and no TLB knows better."""
    mm = vma.vm_mm
    for pmd, start, stop in pmds(mm, addr, end):
        change_pte_range(mm, pmd, start, stop, newprot, dirty_accountable)
    flush_tlb_range(vma, addr, end)


@kernel_function
def mprotect_fixup(vma: VmAreaStruct, start: int, end: int, newflags: int) -> int:
    """0; the vma has the new flags, and its ptes follow.  Needs mmap_sem for writing.

    Simplified: the whole vma, which is neither split nor merged; ptes know no protection against
    reading.
    """
    if newflags == vma.vm_flags:
        return 0
    dirty_accountable = 0
    shared_write = VM_SHARED | VM_WRITE
    prot = int(newflags & shared_write == shared_write)
    vma.vm_flags = newflags
    if prot and vma.vm_file and vma.vm_file.account_dirty:
        # The first write to each page is to be seen (vma_wants_writenotify).
        prot, dirty_accountable = 0, 1
    vma.vm_page_prot = prot
    change_protection(vma, start, end, prot, dirty_accountable)
    return 0


@kernel_function
def sys_mprotect(mm: MmStruct, start: int, len_: int, prot: int) -> int:
    """mprotect(2) for a whole vma, `prot` being VM_READ and VM_WRITE; may sleep."""
    down_write(mm.mmap_sem)
    vma = find_vma(mm, start)
    error = -ENOMEM
    if vma and vma.vm_start == start and vma.vm_end == start + len_:
        newflags = prot | vma.vm_flags & ~(VM_READ | VM_WRITE)
        error = mprotect_fixup(vma, start, start + len_, newflags)
    up_write(mm.mmap_sem)
    return error
