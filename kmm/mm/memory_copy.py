# SPDX-License-Identifier: GPL-2.0-only
"""fork copies page tables (mm/memory.c).

Private pages are shared from now on, and no longer writable in either address space.  What is not
present is copied as it stands: a migration entry that allowed writing allows only reading
afterwards, here and there.
"""

from __future__ import annotations

from kmm.mm.anon_vma import page_dup_rmap
from kmm.mm.memory import vm_normal_page
from kmm.mm.memory_zap import add_mm_rss
from kmm.mm.mmap import VM_HUGETLB, VM_NONLINEAR, VM_PFNMAP, VM_SHARED, MmStruct, VmAreaStruct
from kmm.mm.page import PAGE_SIZE, PageAnon, get_page
from kmm.mm.pgtable import (
    pte_mkclean,
    pte_mkold,
    pte_pointer,
    pte_present,
    pte_t,
    pte_unmap_unlock,
    pte_wrprotect,
    set_pte_at,
    swp_entry_to_pte,
    table_pointer,
)
from kmm.mm.pgtable_ops import (
    is_cow_mapping,
    make_migration_entry_read,
    pmds,
    pte_alloc_map,
    pte_file,
    pte_none,
    ptep_set_wrprotect,
)
from kmm.mm.sched import cond_resched
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.swapfile import swap_duplicate
from kmm.mm.swapops import is_write_migration_entry, pte_to_swp_entry
from kmm.sim import kernel_function

KERNEL_FILE = "mm/memory.c"


@kernel_function
def copy_one_pte(
    dst_mm: MmStruct,
    src_mm: MmStruct,
    dst_pte: pte_pointer,
    src_pte: pte_pointer,
    vma: VmAreaStruct,
    addr: int,
    rss: list[int],
) -> None:
    """The child has what the parent's pte holds, as far as both may have it.

    `rss`: counts the child's pages, of files and anonymous.  Needs the locks of both ptes.
    An entry that is copied adds nothing to rss.
    """
    vm_flags = vma.vm_flags
    pte: pte_t = src_pte.value
    if not pte_present(pte):
        if not pte_file(pte):
            entry = pte_to_swp_entry(pte)
            swap_duplicate(entry)
            if is_write_migration_entry(entry) and is_cow_mapping(vm_flags):
                # When the page is there again, neither may write to it before it is copied.
                pte = swp_entry_to_pte(make_migration_entry_read(entry))
                set_pte_at(src_mm, addr, src_pte, pte)
        set_pte_at(dst_mm, addr, dst_pte, pte)
        return
    if is_cow_mapping(vm_flags):
        ptep_set_wrprotect(src_mm, addr, src_pte)
        pte = pte_wrprotect(pte)
    if vm_flags & VM_SHARED:
        pte = pte_mkclean(pte)  # the parent's pte knows
    pte = pte_mkold(pte)
    page = vm_normal_page(vma, pte)
    if page:
        get_page(page)
        page_dup_rmap(page, vma, addr)
        rss[PageAnon(page)] += 1
    set_pte_at(dst_mm, addr, dst_pte, pte)


@kernel_function
def copy_pte_range(
    dst_mm: MmStruct,
    src_mm: MmStruct,
    src_pmd: table_pointer,
    vma: VmAreaStruct,
    addr: int,
    end: int,
) -> int:
    """0 and the child has the ptes of the range; takes both pte locks, the child's first.

    Simplified: the locks are not given up in between.
    """
    rss = [0, 0]
    dst_pte = pte_alloc_map(dst_mm, addr)
    spin_lock(dst_mm.page_table_lock)
    src_pte = pte_pointer(src_mm, addr)
    spin_lock(src_mm.page_table_lock)
    for address in range(addr, end, PAGE_SIZE):
        src_pte = src_pte._replace(address=address)
        dst_pte = dst_pte._replace(address=address)
        if not pte_none(src_pte.value):
            copy_one_pte(dst_mm, src_mm, dst_pte, src_pte, vma, address, rss)
    spin_unlock(src_mm.page_table_lock)
    add_mm_rss(dst_mm, rss[0], rss[1])
    pte_unmap_unlock(dst_pte, dst_mm.page_table_lock)
    cond_resched()
    return 0


@kernel_function
def copy_page_range(dst_mm: MmStruct, src_mm: MmStruct, vma: VmAreaStruct) -> int:
    """0 and the child has the parent's ptes of the vma, where a fault would not make them anew.

    Needs both mmap_sems for writing.
    """
    if not vma.vm_flags & (VM_HUGETLB | VM_NONLINEAR | VM_PFNMAP) and not vma.anon_vma:
        return 0
    for pmd, start, stop in pmds(src_mm, vma.vm_start, vma.vm_end):
        copy_pte_range(dst_mm, src_mm, pmd, vma, start, stop)
    return 0
