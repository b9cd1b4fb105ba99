# SPDX-License-Identifier: GPL-2.0-only
"""Out of the page tables: munmap, exit, madvise, truncate (mm/memory.c).

Present ptes are emptied under the pte lock, and the references that they held are gathered; they
are dropped when the TLBs have been flushed, with no pte lock held.  What is not present is emptied
too, but not where only the file's own pages are meant (`details` with a mapping to check, as
truncate passes it for one page): migration entries and swap entries then stay.

A migration entry holds no reference and has kept its place in rss; emptying one gives back neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kmm.mm.fs import AddressSpace
from kmm.mm.memory import vm_normal_page
from kmm.mm.mmap import MmStruct, VmAreaStruct
from kmm.mm.page import PAGE_SHIFT, PAGE_SIZE, Page, PageAnon
from kmm.mm.page_flags import SetPageReferenced
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.pgtable import (
    pgoff_to_pte,
    pte_offset_map_lock,
    pte_present,
    pte_unmap_unlock,
    set_pte_at,
    table_pointer,
)
from kmm.mm.pgtable_ops import (
    flush_tlb_mm,
    pmds,
    pte_clear,
    pte_file,
    pte_none,
    ptep_get_and_clear,
)
from kmm.mm.rmap import linear_page_index, page_remove_rmap, vma_prio_tree_foreach
from kmm.mm.spinlock import SpinLock, spin_lock, spin_unlock
from kmm.mm.swap import lru_add_drain, put_page
from kmm.mm.swap_state import free_swap_and_cache
from kmm.mm.swapops import pte_to_swp_entry
from kmm.mm.writes import memory_gone
from kmm.sim import Cell, atomic_add_return, kernel_function, primitive

KERNEL_FILE = "mm/memory.c"


@dataclass(frozen=True, repr=False)
class ZapDetails:
    """struct zap_details: which pages are meant, for those who do not mean all.

    `check_mapping`: only pages of it, None: private copies too.  The indices are those of the file.
    """

    check_mapping: AddressSpace | None
    first_index: int
    last_index: int
    nonlinear_vma: VmAreaStruct | None = None

    def __repr__(self) -> str:
        return f"details of pages {self.first_index} to {self.last_index}"


@dataclass(eq=False, repr=False)
class MmuGather:
    """struct mmu_gather: pages whose ptes are gone and whose references wait for the flush."""

    mm: MmStruct
    pages: list[Page] = field(default_factory=list)
    #: Private memory that a CPU may still write to until the flush.
    gone: list[int] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"gather of {self.mm.name}"


def tlb_gather_mmu(mm: MmStruct) -> MmuGather:
    """Nothing gathered yet."""
    return MmuGather(mm)


@kernel_function(source="include/asm-generic/tlb.h")
def tlb_finish_mmu(tlb: MmuGather) -> None:
    """No TLB knows the mm's old ptes, and the references that were gathered are dropped.

    Simplified: all pages wait for the end, however many; a page in the swap cache stays in it.
    """
    if tlb.pages:
        flush_tlb_mm(tlb.mm)
        for address in tlb.gone:
            memory_gone(tlb.mm, address)
        for page in tlb.pages:
            put_page(page)
        tlb.pages.clear()


@primitive
def add_mm_rss(mm: MmStruct, file_rss: int, anon_rss: int) -> None:
    """So many pages more (or less) in the address space's counters."""
    if file_rss:
        atomic_add_return(mm, "file_rss", file_rss)
    if anon_rss:
        atomic_add_return(mm, "anon_rss", anon_rss)


@kernel_function
def zap_pte_range(
    tlb: MmuGather,
    vma: VmAreaStruct,
    pmd: table_pointer,
    addr: int,
    end: int,
    details: ZapDetails | None,
) -> None:
    """The ptes of the range are empty, but for what `details` exempts; takes the pte lock."""
    mm = tlb.mm
    ptl: Cell[SpinLock | None] = Cell(None)
    file_rss = anon_rss = 0
    pte = pte_offset_map_lock(mm, pmd, addr, ptl)
    for address in range(addr, end, PAGE_SIZE):
        pte = pte._replace(address=address)
        ptent = pte.value
        if pte_none(ptent):
            continue
        if pte_present(ptent):
            page = vm_normal_page(vma, ptent)
            if details and page and not _meant(page, details):
                continue
            ptent = ptep_get_and_clear(mm, address, pte)
            if not page:
                continue
            if details and details.nonlinear_vma:
                if linear_page_index(details.nonlinear_vma, address) != page.index:
                    set_pte_at(mm, address, pte, pgoff_to_pte(page.index))
            if PageAnon(page):
                _gone(tlb, address)
                anon_rss -= 1
            else:
                if ptent.dirty:
                    set_page_dirty(page)
                if ptent.young:
                    SetPageReferenced(page)
                file_rss -= 1
            page_remove_rmap(page, vma)
            tlb.pages.append(page)
            continue
        # Only pages of the file are meant, and what is not present does not say whose it is.
        if details:
            continue
        if not pte_file(ptent):
            free_swap_and_cache(pte_to_swp_entry(ptent))
        pte_clear(mm, address, pte)
        _gone(tlb, address)
    add_mm_rss(mm, file_rss, anon_rss)
    assert ptl.value is not None
    pte_unmap_unlock(pte, ptl.value)


def _gone(tlb: MmuGather, address: int) -> None:
    memory_gone(tlb.mm, address)
    if tlb.mm.tlbs:
        tlb.gone.append(address)


def _meant(page: Page, details: ZapDetails) -> bool:
    if details.check_mapping and details.check_mapping is not page.mapping:
        return False
    return not details.nonlinear_vma or details.first_index <= page.index <= details.last_index


@kernel_function
def unmap_page_range(
    tlb: MmuGather, vma: VmAreaStruct, addr: int, end: int, details: ZapDetails | None
) -> None:
    """The ptes of the vma from `addr` to `end` are empty, as zap_pte_range leaves them.

    Details that exempt nothing are no details.
    Simplified: the levels above the ptes are walked in one loop.
    """
    if details and not details.check_mapping and not details.nonlinear_vma:
        details = None
    for pmd, start, stop in pmds(vma.vm_mm, addr, end):
        zap_pte_range(tlb, vma, pmd, start, stop, details)


@kernel_function
def unmap_vmas(
    tlb: MmuGather,
    vma: VmAreaStruct | None,
    start_addr: int,
    end_addr: int,
    details: ZapDetails | None,
) -> int:
    """The ptes of the vmas from `vma` on, inside the range, are empty; returns the end.

    Simplified: the gathering is never interrupted to let others run.
    """
    while vma and vma.vm_start < end_addr:
        start = max(vma.vm_start, start_addr)
        end = min(vma.vm_end, end_addr)
        if start < end:
            unmap_page_range(tlb, vma, start, end, details)
        vma = vma.vm_next
    return end_addr


@kernel_function
def zap_page_range(vma: VmAreaStruct, address: int, size: int, details: ZapDetails | None) -> None:
    """The ptes of the vma in the range are empty, and their pages let go.  `size`: in bytes."""
    lru_add_drain()
    tlb = tlb_gather_mmu(vma.vm_mm)
    unmap_vmas(tlb, vma, address, address + size, details)
    tlb_finish_mmu(tlb)


@kernel_function
def unmap_mapping_range(
    mapping: AddressSpace, holebegin: int, holelen: int, even_cows: int
) -> None:
    """No pte of a linear vma maps those pages of the file; takes i_mmap_lock.

    `holebegin`, `holelen`: in pages, 0 pages: to the end.  `even_cows`: private copies too.
    Simplified: the lock is never given up in between, so there is no truncate_count.
    """
    hlen = holelen or (1 << 40)
    details = ZapDetails(None if even_cows else mapping, holebegin, holebegin + hlen - 1)
    spin_lock(mapping.i_mmap_lock)
    for vma in vma_prio_tree_foreach(mapping.i_mmap, details.first_index, details.last_index):
        pages = (vma.vm_end - vma.vm_start) >> PAGE_SHIFT
        first = max(details.first_index, vma.vm_pgoff) - vma.vm_pgoff
        last = min(details.last_index, vma.vm_pgoff + pages - 1) - vma.vm_pgoff
        start = vma.vm_start + (first << PAGE_SHIFT)
        zap_page_range(vma, start, (last - first + 1) << PAGE_SHIFT, details)
    spin_unlock(mapping.i_mmap_lock)
