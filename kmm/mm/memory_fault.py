# SPDX-License-Identifier: GPL-2.0-only
"""The page fault (mm/memory.c): what happens when a CPU finds no pte that allows its access.

handle_pte_fault looks at the pte without its lock and decides; each way takes the lock at the end
and looks whether the pte is still what it was.  If not, the fault is over, and the access, which is
made again, finds out what there is now.

Each of these needs mmap_sem, for reading, and may sleep.
"""

from __future__ import annotations

from typing import Any

from kmm.mm.anon_vma import anon_vma_prepare
from kmm.mm.filemap import lock_page, unlock_page
from kmm.mm.filemap_fault import filemap_fault
from kmm.mm.highmem import copy_highpage
from kmm.mm.memcontrol import mem_cgroup_charge, mem_cgroup_uncharge_page
from kmm.mm.memory import (
    VM_FAULT_ERROR,
    VM_FAULT_MAJOR,
    VM_FAULT_OOM,
    VM_FAULT_SIGBUS,
)
from kmm.mm.memory_wp import do_wp_page, new_anon_page
from kmm.mm.migrate import migration_entry_wait
from kmm.mm.mmap import VM_SHARED, MmStruct, VmAreaStruct
from kmm.mm.page import Page, get_page
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, GFP_KERNEL, alloc_pages_node
from kmm.mm.page_flags import PageUptodate, SetPageUptodate
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.pgtable import (
    mk_pte,
    pte_lockptr,
    pte_mkdirty,
    pte_mkyoung,
    pte_offset_map_lock,
    pte_pointer,
    pte_present,
    pte_t,
    pte_unmap_unlock,
    set_pte_at,
    table_pointer,
    update_mmu_cache,
)
from kmm.mm.pgtable_ops import (
    flush_tlb_page,
    maybe_mkwrite,
    pmd_of,
    pte_alloc_map,
    pte_file,
    pte_none,
    pte_same,
    ptep_set_access_flags,
)
from kmm.mm.rmap import (
    inc_mm_counter,
    linear_page_index,
    page_add_anon_rmap,
    page_add_file_rmap,
)
from kmm.mm.spinlock import spin_lock
from kmm.mm.swap import put_page
from kmm.mm.swap_state import lookup_swap_cache, read_swap_cache_async
from kmm.mm.swapfile import can_share_swap_page, swap_free
from kmm.mm.swapops import is_migration_entry, pte_to_swp_entry
from kmm.sim import Cell, goto, kernel_function, label

KERNEL_FILE = "mm/memory.c"


@kernel_function
def handle_mm_fault(mm: MmStruct, vma: VmAreaStruct, address: int, write_access: int) -> int:
    """The access can be tried again (0, or bits that say how it went), or bits of VM_FAULT_ERROR.

    Needs mmap_sem; may sleep.
    """
    pte = pte_alloc_map(mm, address)
    return handle_pte_fault(mm, vma, address, pte, pmd_of(mm, address), write_access)


@kernel_function
def handle_pte_fault(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    pte: pte_pointer,
    pmd: table_pointer,
    write_access: int,
) -> int:
    """handle_mm_fault, with the pte at hand.

    Simplified: a vma of a file has filemap_fault; nonlinear file ptes are not faulted in.
    """
    entry = pte.value
    if not pte_present(entry):
        if pte_none(entry):
            if vma.vm_file:
                return do_linear_fault(mm, vma, address, pte, pmd, write_access, entry)
            return do_anonymous_page(mm, vma, address, pte, pmd, write_access)
        if pte_file(entry):
            return VM_FAULT_SIGBUS
        return do_swap_page(mm, vma, address, pte, pmd, write_access, entry)
    ptl = pte_lockptr(mm, pmd)
    spin_lock(ptl)
    with label() as unlock:
        if not pte_same(pte.value, entry):
            goto(unlock)
        if write_access:
            if not entry.write:
                return do_wp_page(mm, vma, address, pte, pmd, ptl, entry)
            entry = pte_mkdirty(entry)
        entry = pte_mkyoung(entry)
        if ptep_set_access_flags(vma, address, pte, entry, write_access):
            update_mmu_cache(vma, address, entry)
        elif write_access:
            # Another CPU was faster, and ours still knows the pte as it was.
            flush_tlb_page(vma, address)
    pte_unmap_unlock(pte, ptl)
    return 0


@kernel_function
def do_anonymous_page(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    page_table: pte_pointer,
    pmd: table_pointer,
    write_access: int,
) -> int:
    """0 and a new page of zeroes is mapped; VM_FAULT_OOM.

    Simplified: its contents are "zero"; pages of locked vmas are not put on the unevictable list.
    """
    ptl: Cell[Any] = Cell(None)
    if anon_vma_prepare(vma):
        return VM_FAULT_OOM
    page = alloc_pages_node(-1, GFP_HIGHUSER_MOVABLE, 0)
    if not page:
        return VM_FAULT_OOM
    page.data = "zero"
    SetPageUptodate(page)
    if mem_cgroup_charge(page, mm, GFP_KERNEL):
        put_page(page)
        return VM_FAULT_OOM
    entry = maybe_mkwrite(pte_mkdirty(mk_pte(page, vma.vm_page_prot)), vma)
    page_table = pte_offset_map_lock(mm, pmd, address, ptl)
    if not pte_none(page_table.value):
        # Another thread was faster.
        mem_cgroup_uncharge_page(page)
        put_page(page)
    else:
        inc_mm_counter(mm, "anon_rss")
        new_anon_page(page, vma, address)
        set_pte_at(mm, address, page_table, entry)
        update_mmu_cache(vma, address, entry)
    pte_unmap_unlock(page_table, ptl.value)
    return 0


@kernel_function
def do_linear_fault(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    page_table: pte_pointer,
    pmd: table_pointer,
    write_access: int,
    orig_pte: pte_t,
) -> int:
    """__do_fault for the page of the file that belongs at the address."""
    pgoff = linear_page_index(vma, address)
    return __do_fault(mm, vma, address, pmd, pgoff, write_access, orig_pte)


@kernel_function
def __do_fault(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    pmd: table_pointer,
    pgoff: int,
    flags: int,
    orig_pte: pte_t,
) -> int:
    """0 and the file's page, or for a write to a private vma a copy of it, is mapped; or an error.

    `flags`: 1 for a write.  A page of a shared vma that is written to is dirty afterwards.
    Simplified: no vm_ops->page_mkwrite.
    """
    fault: Cell[Page | None] = Cell(None)
    ret = filemap_fault(vma, pgoff, fault)
    if ret & VM_FAULT_ERROR:
        return ret
    vmf_page = fault.value
    assert vmf_page is not None
    page = vmf_page
    anon = 0
    dirty_page: Page | None = None
    with label() as out:
        if flags and not vma.vm_flags & VM_SHARED:
            anon = 1
            if anon_vma_prepare(vma):
                ret = VM_FAULT_OOM
                goto(out)
            new = alloc_pages_node(-1, GFP_HIGHUSER_MOVABLE, 0)
            if not new:
                ret = VM_FAULT_OOM
                goto(out)
            page = new
            mem_cgroup_charge(page, mm, GFP_KERNEL)
            copy_highpage(page, vmf_page)
            SetPageUptodate(page)
        ptl: Cell[Any] = Cell(None)
        page_table = pte_offset_map_lock(mm, pmd, address, ptl)
        if pte_same(page_table.value, orig_pte):
            entry = mk_pte(page, vma.vm_page_prot)
            if flags:
                entry = maybe_mkwrite(pte_mkdirty(entry), vma)
            if anon:
                inc_mm_counter(mm, "anon_rss")
                new_anon_page(page, vma, address)
            else:
                inc_mm_counter(mm, "file_rss")
                page_add_file_rmap(page)
                if flags:
                    dirty_page = page
                    get_page(dirty_page)
            set_pte_at(mm, address, page_table, entry)
            update_mmu_cache(vma, address, entry)
        else:
            if anon:
                mem_cgroup_uncharge_page(page)
                put_page(page)
            else:
                anon = 1  # nothing anonymous, but the file's page is to be let go
        pte_unmap_unlock(page_table, ptl.value)
    unlock_page(vmf_page)
    if anon:
        put_page(vmf_page)
    elif dirty_page:
        set_page_dirty(dirty_page)
        put_page(dirty_page)
    return ret


@kernel_function
def do_swap_page(
    mm: MmStruct,
    vma: VmAreaStruct,
    address: int,
    page_table: pte_pointer,
    pmd: table_pointer,
    write_access: int,
    orig_pte: pte_t,
) -> int:
    """The page behind the entry is mapped, or its migration has ended (0); or an error.

    Simplified: one page is read, not its neighbours too; swap slots are not freed early.
    """
    ret = 0
    ptl: Cell[Any] = Cell(None)
    entry = pte_to_swp_entry(orig_pte)
    if is_migration_entry(entry):
        migration_entry_wait(mm, pmd, address)
        return ret
    page = lookup_swap_cache(entry)
    if not page:
        page = read_swap_cache_async(entry, GFP_HIGHUSER_MOVABLE, vma, address)
        if not page:
            # Somebody else may have brought it back meanwhile.
            page_table = pte_offset_map_lock(mm, pmd, address, ptl)
            if pte_same(page_table.value, orig_pte):
                ret = VM_FAULT_OOM
            pte_unmap_unlock(page_table, ptl.value)
            return ret
        ret = VM_FAULT_MAJOR
    lock_page(page)
    if mem_cgroup_charge(page, mm, GFP_KERNEL):
        unlock_page(page)
        return VM_FAULT_OOM
    page_table = pte_offset_map_lock(mm, pmd, address, ptl)
    with label() as out_nomap:
        if not pte_same(page_table.value, orig_pte):
            goto(out_nomap)
        if not PageUptodate(page):
            ret = VM_FAULT_SIGBUS
            goto(out_nomap)
        inc_mm_counter(mm, "anon_rss")
        pte = mk_pte(page, vma.vm_page_prot)
        if write_access and can_share_swap_page(page):
            pte = maybe_mkwrite(pte_mkdirty(pte), vma)
            write_access = 0
        set_pte_at(mm, address, page_table, pte)
        page_add_anon_rmap(page, vma, address)
        swap_free(entry)
        unlock_page(page)
        if write_access:
            ret |= do_wp_page(mm, vma, address, page_table, pmd, ptl.value, pte)
            return ret & VM_FAULT_ERROR or ret
        update_mmu_cache(vma, address, pte)
        pte_unmap_unlock(page_table, ptl.value)
        return ret
    mem_cgroup_uncharge_page(page)
    pte_unmap_unlock(page_table, ptl.value)
    unlock_page(page)
    put_page(page)
    return ret
