# SPDX-License-Identifier: GPL-2.0-only
"""Pinning a program's pages, as direct I/O does (mm/memory.c: get_user_pages).

Whoever has pinned a page may let a device write to it, without any pte, and says afterwards that it
is dirty.  To others the pin is a reference like any other.
"""

from __future__ import annotations

from errno import EFAULT, ENOMEM

from kmm.mm.cpu import fault_again
from kmm.mm.filemap import lock_page, unlock_page
from kmm.mm.memory import (
    FOLL_GET,
    FOLL_TOUCH,
    FOLL_WRITE,
    VM_FAULT_ERROR,
    VM_FAULT_OOM,
    VM_FAULT_WRITE,
    follow_page,
)
from kmm.mm.memory_fault import handle_mm_fault
from kmm.mm.mmap import VM_IO, VM_PFNMAP, VM_READ, VM_WRITE, MmStruct, find_vma
from kmm.mm.page import PAGE_SIZE, Page
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.sched import cond_resched
from kmm.mm.writes import place_of, remember
from kmm.sim import kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "mm/memory.c"


@kernel_function
def get_user_pages(mm: MmStruct, start: int, len_: int, write: int, pages: list[Page]) -> int:
    """So many pages from the address on are in `pages`, each with a reference; returns how many.

    `len_`: in pages.  Less than all if one cannot be had; an error if the first cannot.
    Needs mmap_sem; may sleep.
    """
    for i in range(len_):
        address = start + i * PAGE_SIZE
        vma = find_vma(mm, address)
        wanted = VM_WRITE if write else VM_READ
        if not vma or vma.vm_start > address or vma.vm_flags & (VM_IO | VM_PFNMAP):
            return i or -EFAULT
        if not vma.vm_flags & wanted:
            return i or -EFAULT
        foll_flags = FOLL_TOUCH | FOLL_GET | (FOLL_WRITE if write else 0)
        cond_resched()
        while not (page := follow_page(vma, address, foll_flags)):
            ret = handle_mm_fault(mm, vma, address, foll_flags & FOLL_WRITE)
            if ret & VM_FAULT_ERROR:
                return i or (-ENOMEM if ret & VM_FAULT_OOM else -EFAULT)
            # It has been copied if it had to be, even where the pte may not be written.
            if ret & VM_FAULT_WRITE:
                foll_flags &= ~FOLL_WRITE
            fault_again(mm, address)
            cond_resched()
        if not isinstance(page, Page):
            return i or page
        pages.append(page)
    return len_


@primitive(source="the device")
def device_writes(page: Page, what: str) -> None:
    """A device has added `what` to the contents of a page that is pinned for it."""
    if page.PG_buddy:
        oops("use after free", f"{page.name} is free, and a device writes to it")
    page.data = f"{page.data}+{what}"
    place = place_of(page)
    if place is not None:
        remember(page.machine, place, what)


@kernel_function(source="mm/page-writeback.c")
def set_page_dirty_lock(page: Page) -> int:
    """The page is dirty, and its mapping cannot have gone meanwhile; may sleep."""
    lock_page(page)
    ret = set_page_dirty(page)
    unlock_page(page)
    return ret
