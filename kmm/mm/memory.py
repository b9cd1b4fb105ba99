# SPDX-License-Identifier: GPL-2.0-only
"""From an address to a page (mm/memory.c)."""

from __future__ import annotations

from errno import EFAULT

from kmm.mm.mmap import VM_PFNMAP, VmAreaStruct
from kmm.mm.page import Page, get_page
from kmm.mm.page_flags import PageDirty
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.pgtable import (
    pgd_offset,
    pgd_present,
    pmd_offset,
    pmd_present,
    pte_lockptr,
    pte_offset_map,
    pte_present,
    pte_t,
    pte_unmap_unlock,
    pud_offset,
    pud_present,
)
from kmm.mm.spinlock import spin_lock
from kmm.sim import goto, kernel_function, label

KERNEL_FILE = "mm/memory.c"

#: follow_page: only where the pte may be written, mark as accessed, take a reference.
FOLL_WRITE, FOLL_TOUCH, FOLL_GET = 1, 2, 4

#: What a fault returns: bits of failure, and how it went.
VM_FAULT_OOM, VM_FAULT_SIGBUS, VM_FAULT_MAJOR, VM_FAULT_WRITE = 1, 2, 4, 8
VM_FAULT_LOCKED = 0x200
VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS


def IS_ERR(page: Page | int | None) -> bool:
    """An error stands in the place of a pointer."""
    return isinstance(page, int)


def PTR_ERR(page: Page | int | None) -> int:
    """The error in the place of a pointer.

    Simplified: C reads a valid pointer as a number too, which means nothing; here that is 0.
    """
    return page if isinstance(page, int) else 0


def vm_normal_page(vma: VmAreaStruct, pte: pte_t) -> Page | None:
    """The page that a present pte maps, None if there is no struct page that belongs to the VM.

    Simplified: every pte of a VM_PFNMAP vma counts as special; all that remap_pfn_range makes are.
    """
    if vma.vm_flags & VM_PFNMAP or pte.special:
        return None
    page: Page = pte.page
    return page


@kernel_function
def follow_page(vma: VmAreaStruct, address: int, flags: int) -> Page | int | None:
    """The page mapped at the address, with a reference if FOLL_GET; None if nothing is present.

    -EFAULT (as ERR_PTR) where there is something without a struct page.  Needs mmap_sem.
    FOLL_WRITE: only where the pte may be written.
    Simplified: no huge pages; of marking as accessed only the dirty bit for a write is kept.
    """
    mm = vma.vm_mm
    pgd = pgd_offset(mm, address)
    if not pgd_present(pgd):
        return None
    pud = pud_offset(pgd, address)
    if not pud_present(pud):
        return None
    pmd = pmd_offset(pud, address)
    if not pmd_present(pmd):
        return None
    ptep = pte_offset_map(pmd, address)
    ptl = pte_lockptr(mm, pmd)
    spin_lock(ptl)
    page: Page | int | None = None
    with label() as unlock:
        pte = ptep.value
        if not pte_present(pte):
            goto(unlock)
        page = vm_normal_page(vma, pte)
        if page is None:
            page = -EFAULT
            goto(unlock)
        if flags & FOLL_WRITE and not pte.write:
            page = None
            goto(unlock)
        if flags & FOLL_GET:
            get_page(page)
        if flags & FOLL_TOUCH and flags & FOLL_WRITE and not pte.dirty and not PageDirty(page):
            set_page_dirty(page)
    pte_unmap_unlock(ptep, ptl)
    return page
