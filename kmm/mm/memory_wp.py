# SPDX-License-Identifier: GPL-2.0-only
"""A write where only reading is allowed: copy on write (mm/memory.c)."""

from __future__ import annotations

from typing import Any

from kmm.mm.anon_vma import anon_vma_prepare, page_add_new_anon_rmap
from kmm.mm.filemap import trylock_page, unlock_page, wait_on_page_locked
from kmm.mm.highmem import copy_highpage
from kmm.mm.memcontrol import mem_cgroup_charge, mem_cgroup_uncharge_page
from kmm.mm.memory import VM_FAULT_OOM, VM_FAULT_WRITE, vm_normal_page
from kmm.mm.mmap import VM_SHARED, VM_WRITE, MmStruct, VmAreaStruct
from kmm.mm.page import Page, PageAnon, get_page
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, GFP_KERNEL, alloc_pages_node
from kmm.mm.page_flags import SetPageSwapBacked, SetPageUptodate
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.pgtable import (
    flush_cache_page,
    mk_pte,
    pte_mkdirty,
    pte_mkyoung,
    pte_offset_map_lock,
    pte_pointer,
    pte_t,
    pte_unmap_unlock,
    ptep_clear_flush,
    set_pte_at,
    table_pointer,
    update_mmu_cache,
)
from kmm.mm.pgtable_ops import maybe_mkwrite, pte_same, ptep_set_access_flags
from kmm.mm.rmap import dec_mm_counter, inc_mm_counter, page_remove_rmap
from kmm.mm.spinlock import SpinLock
from kmm.mm.swap import lru_cache_add_lru, put_page
from kmm.mm.swapfile import can_share_swap_page
from kmm.sim import Cell, kernel_function

KERNEL_FILE = "mm/memory.c"


def new_anon_page(page: Page, vma: VmAreaStruct, address: int) -> None:
    """The three steps that make a new page an anonymous one of the vma."""
    SetPageSwapBacked(page)
    lru_cache_add_lru(page, "active_anon")
    page_add_new_anon_rmap(page, vma, address)


@kernel_function
def do_wp_page(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    page_table: pte_pointer,
    pmd: table_pointer,
    ptl: SpinLock,
    orig_pte: pte_t,
) -> int:
    """A write to a pte that may only be read: it may be written, or maps a copy; VM_FAULT_WRITE.

    The pte lock is held, and free afterwards.  An anonymous page is copied unless we are its only
    user, and also where its lock is not to be had at once, as while it is being migrated.
    Simplified: no vm_ops->page_mkwrite.
    """
    ret = 0
    reuse = 0
    dirty_page: Page | None = None
    old_page = vm_normal_page(vma, orig_pte)
    if old_page and PageAnon(old_page):
        if trylock_page(old_page):
            reuse = can_share_swap_page(old_page)
            unlock_page(old_page)
    elif vma.vm_flags & (VM_WRITE | VM_SHARED) == (VM_WRITE | VM_SHARED):
        reuse = 1
        if old_page:
            dirty_page = old_page
            get_page(dirty_page)
    if reuse:
        flush_cache_page(vma, address, orig_pte.page)
        entry = maybe_mkwrite(pte_mkdirty(pte_mkyoung(orig_pte)), vma)
        if ptep_set_access_flags(vma, address, page_table, entry, 1):
            update_mmu_cache(vma, address, entry)
        pte_unmap_unlock(page_table, ptl)
        if dirty_page:
            # clear_page_dirty_for_io may be between taking the ptes' dirty bits and the page's.
            wait_on_page_locked(dirty_page)
            set_page_dirty(dirty_page)
            put_page(dirty_page)
        return VM_FAULT_WRITE
    if old_page:
        get_page(old_page)
    pte_unmap_unlock(page_table, ptl)
    new_page = None if anon_vma_prepare(vma) else alloc_pages_node(-1, GFP_HIGHUSER_MOVABLE, 0)
    if not new_page:
        if old_page:
            put_page(old_page)
        return VM_FAULT_OOM
    if old_page:
        copy_highpage(new_page, old_page)
    SetPageUptodate(new_page)
    mem_cgroup_charge(new_page, mm, GFP_KERNEL)
    cell: Cell[Any] = Cell(None)
    page_table = pte_offset_map_lock(mm, pmd, address, cell)
    unused: Page | None = new_page
    if pte_same(page_table.value, orig_pte):
        if not old_page:
            inc_mm_counter(mm, "anon_rss")
        elif not PageAnon(old_page):
            dec_mm_counter(mm, "file_rss")
            inc_mm_counter(mm, "anon_rss")
        flush_cache_page(vma, address, orig_pte.page)
        entry = maybe_mkwrite(pte_mkdirty(mk_pte(new_page, vma.vm_page_prot)), vma)
        # No CPU may go on reading the old page when another has begun to write the new one.
        ptep_clear_flush(vma, address, page_table)
        new_anon_page(new_page, vma, address)
        set_pte_at(mm, address, page_table, entry)
        update_mmu_cache(vma, address, entry)
        if old_page:
            page_remove_rmap(old_page, vma)
        unused = old_page  # the reference of its pte
        ret |= VM_FAULT_WRITE
    else:
        mem_cgroup_uncharge_page(new_page)
    if unused:
        put_page(unused)
    if old_page:
        put_page(old_page)
    pte_unmap_unlock(page_table, cell.value)
    return ret
