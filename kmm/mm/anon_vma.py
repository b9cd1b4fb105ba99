# SPDX-License-Identifier: GPL-2.0-only
"""The life of an anon_vma, and pages that get their first or one more pte (mm/rmap.c).

A vma gets an anon_vma with its first anonymous page, a child of fork shares its parent's; the last
vma that leaves frees it.  Its memory is a slab's with SLAB_DESTROY_BY_RCU (slab.py): who finds it
through a page, without a lock, must be inside rcu_read_lock and look whether the page is mapped.
"""

from __future__ import annotations

from kmm.mm.list import list_add_tail, list_del, list_empty
from kmm.mm.mmap import VM_SHARED, VmAreaStruct
from kmm.mm.page import PAGE_MAPPING_ANON, UNMAPPED, Page, page_mapped, page_mapping
from kmm.mm.page_flags import PageLocked
from kmm.mm.pgtable import (
    flush_cache_page,
    pte_mkclean,
    pte_unmap_unlock,
    pte_wrprotect,
    ptep_clear_flush,
    set_pte_at,
)
from kmm.mm.rmap import (
    AnonVma,
    linear_page_index,
    page_check_address,
    vma_address,
    vma_prio_tree_foreach,
)
from kmm.mm.sched import might_sleep
from kmm.mm.slab import hand_out, take_back
from kmm.mm.spinlock import SpinLock, spin_lock, spin_unlock
from kmm.mm.vmstat import NR_ANON_PAGES, page_zone
from kmm.sim import BUG_ON, Cell, atomic_add_return, current_machine, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "mm/rmap.c"


@primitive
def anon_vma_alloc() -> AnonVma:
    """A new anon_vma: memory of one that was freed just now, or other memory."""
    kernel = current_machine().kernel
    anon_vma: AnonVma | None = hand_out(kernel.anon_vma_cachep)
    if anon_vma is None:
        return AnonVma(kernel.machine, kernel.next_name("a"))
    anon_vma.generation += 1
    anon_vma.freed = 0
    return anon_vma


@primitive
def anon_vma_free(anon_vma: AnonVma) -> None:
    """The anon_vma is given back; its memory stays one as long as its readers are inside RCU."""
    if anon_vma.freed:
        oops("double free", f"{anon_vma.name} (generation {anon_vma.generation})")
    anon_vma.freed = 1
    take_back(current_machine().kernel.anon_vma_cachep, anon_vma, (anon_vma.lock,))


@kernel_function
def anon_vma_prepare(vma: VmAreaStruct) -> int:
    """0 and the vma has an anon_vma.  The caller holds mmap_sem; may sleep.

    Simplified: a neighbouring vma's anon_vma is not taken over (find_mergeable_anon_vma).
    """
    might_sleep()
    if not vma.anon_vma:
        mm = vma.vm_mm
        allocated: AnonVma | None = anon_vma_alloc()
        anon_vma = allocated
        assert anon_vma is not None
        spin_lock(anon_vma.lock)
        # Another thread may be doing the same for the same vma.
        spin_lock(mm.page_table_lock)
        if not vma.anon_vma:
            vma.anon_vma = anon_vma
            list_add_tail(vma.anon_vma_node, anon_vma.head)
            allocated = None
        spin_unlock(mm.page_table_lock)
        spin_unlock(anon_vma.lock)
        if allocated:
            anon_vma_free(allocated)
    return 0


@kernel_function
def __anon_vma_link(vma: VmAreaStruct) -> None:
    """The vma is the last of its anon_vma's.  Needs the anon_vma's lock."""
    anon_vma = vma.anon_vma
    if anon_vma:
        list_add_tail(vma.anon_vma_node, anon_vma.head)


@kernel_function
def anon_vma_link(vma: VmAreaStruct) -> None:
    """The vma, a copy of its parent's, is the last of its anon_vma's: parent before child."""
    anon_vma = vma.anon_vma
    if anon_vma:
        spin_lock(anon_vma.lock)
        list_add_tail(vma.anon_vma_node, anon_vma.head)
        spin_unlock(anon_vma.lock)


@kernel_function
def anon_vma_unlink(vma: VmAreaStruct) -> None:
    """The vma is none of its anon_vma's; the last one to leave frees it."""
    anon_vma = vma.anon_vma
    if not anon_vma:
        return
    spin_lock(anon_vma.lock)
    list_del(vma.anon_vma_node)
    empty = list_empty(anon_vma.head)
    spin_unlock(anon_vma.lock)
    if empty:
        anon_vma_free(anon_vma)


@primitive
def page_add_new_anon_rmap(page: Page, vma: VmAreaStruct, address: int) -> None:
    """The first pte maps the page, which nobody else knows yet.  Needs the pte lock."""
    BUG_ON(not vma.vm_start <= address < vma.vm_end, f"{address:#x} is outside {vma.name}")
    anon_vma: AnonVma = vma.anon_vma  # type: ignore[assignment]
    page._mapcount = 0
    page.mapping = anon_vma + PAGE_MAPPING_ANON
    page.index = linear_page_index(vma, address)
    atomic_add_return(page_zone(page), NR_ANON_PAGES, 1)


@primitive
def page_dup_rmap(page: Page, vma: VmAreaStruct, address: int) -> None:
    """One pte more maps the page, copied by fork.  Needs the locks of both ptes.

    Simplified: the first pte of a page is not looked out for; fork copies one that is there.
    """
    atomic_add_return(page, "_mapcount", 1, UNMAPPED)


@kernel_function
def page_mkclean_one(page: Page, vma: VmAreaStruct) -> int:
    """1 if the pte of the page in the vma was writable or dirty; it is neither now."""
    mm = vma.vm_mm
    address = vma_address(page, vma)
    if address < 0:
        return 0
    ptl: Cell[SpinLock | None] = Cell(None)
    ptep = page_check_address(page, mm, address, ptl, 1)
    if ptep is None:
        return 0
    ret = 0
    pte = ptep.value
    if pte.dirty or pte.write:
        flush_cache_page(vma, address, page)
        entry = ptep_clear_flush(vma, address, ptep)
        set_pte_at(mm, address, ptep, pte_mkclean(pte_wrprotect(entry)))
        ret = 1
    assert ptl.value is not None
    pte_unmap_unlock(ptep, ptl.value)
    return ret


@kernel_function
def page_mkclean(page: Page) -> int:
    """No pte of a shared mapping is writable or dirty any more; returns how many were.

    The next write will fault, and say so.  Needs the page lock; takes i_mmap_lock.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    ret = 0
    if page_mapped(page):
        mapping = page_mapping(page)
        if mapping:
            spin_lock(mapping.i_mmap_lock)
            for vma in vma_prio_tree_foreach(mapping.i_mmap, page.index, page.index):
                if vma.vm_flags & VM_SHARED:
                    ret += page_mkclean_one(page, vma)
            spin_unlock(mapping.i_mmap_lock)
    return ret
