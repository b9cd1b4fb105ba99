# SPDX-License-Identifier: GPL-2.0-only
"""Reverse mapping: from a page to the ptes that map it (mm/rmap.c).

An anonymous page finds its vmas through its anon_vma, a file's page through i_mmap; where in the
vma it must be follows from `page.index`.  try_to_unmap takes the page out of every pte it finds
and leaves an entry in its place; page_add_*_rmap are called when a pte maps the page again.

Order of locks: page lock, mapping->i_mmap_lock or anon_vma->lock, pte lock, mapping->tree_lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from errno import EFAULT
from typing import TYPE_CHECKING, Any

from kmm.mm.memcontrol import mem_cgroup_uncharge_page
from kmm.mm.mmap import VM_LOCKED, VM_NONLINEAR, VmAreaStruct
from kmm.mm.page import (
    PAGE_MAPPING_ANON,
    PAGE_SHIFT,
    PAGE_SIZE,
    UNMAPPED,
    Page,
    PageAnon,
    anon_mapping,
    anon_vma_of,
    page_mapped,
    page_private,
)
from kmm.mm.page_flags import PageLocked, PageSwapCache
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.pgtable import (
    flush_cache_page,
    pgd_offset,
    pgd_present,
    pgoff_to_pte,
    pmd_offset,
    pmd_present,
    pte_lockptr,
    pte_offset_map,
    pte_pfn,
    pte_pointer,
    pte_present,
    pte_t,
    pte_unmap,
    pte_unmap_unlock,
    ptep_clear_flush,
    ptep_clear_flush_young,
    pud_offset,
    pud_present,
    set_pte_at,
    swp_entry_to_pte,
)
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.spinlock import SpinLock, spin_lock, spin_unlock
from kmm.mm.swap import put_page
from kmm.mm.swapfile import swap_duplicate
from kmm.mm.swapops import make_migration_entry, swp_entry_t
from kmm.mm.vmstat import NR_ANON_PAGES, NR_FILE_MAPPED, page_zone
from kmm.sim import (
    BUG_ON,
    VM_BUG_ON,
    Cell,
    ListHead,
    Machine,
    Tracked,
    atomic_add_return,
    kernel_function,
    primitive,
)

if TYPE_CHECKING:
    from kmm.mm.fs import AddressSpace
    from kmm.mm.mmap import MmStruct

KERNEL_FILE = "mm/rmap.c"

SWAP_SUCCESS, SWAP_AGAIN, SWAP_FAIL = 0, 1, 2


class AnonVma(Tracked):
    """struct anon_vma: the vmas that may map the same anonymous pages, parent before child.

    `generation`: how often its memory has been another anon_vma before; `freed`: it is none now.
    """

    __slots__ = ("head", "lock")

    generation: int = 0
    freed: int = 0

    lock: SpinLock
    head: ListHead[VmAreaStruct]

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name)
        object.__setattr__(self, "lock", SpinLock(machine, f"{self.name}.lock"))
        object.__setattr__(self, "head", ListHead(machine, f"{self.name}.head"))

    def __add__(self, bit: int) -> anon_mapping:
        return anon_mapping(self)


def linear_page_index(vma: VmAreaStruct, address: int) -> int:
    """The index of the page that belongs at the address, were the vma linear."""
    return ((address - vma.vm_start) >> PAGE_SHIFT) + vma.vm_pgoff


def vma_address(page: Page, vma: VmAreaStruct) -> int:
    """Where the page belongs in the vma, -EFAULT if outside."""
    address = vma.vm_start + ((page.index - vma.vm_pgoff) << PAGE_SHIFT)
    return address if vma.vm_start <= address < vma.vm_end else -EFAULT


@primitive
def page_address_in_vma(page: Page, vma: VmAreaStruct) -> int:
    """Where the page belongs in the vma; -EFAULT if the vma is not one of the page's."""
    if page.mapping is not None and page.mapping & PAGE_MAPPING_ANON:
        if vma.anon_vma is not anon_vma_of(page):
            return -EFAULT
    elif page.mapping is None or vma.vm_flags & VM_NONLINEAR or vma.vm_file is not page.mapping:
        return -EFAULT
    return vma_address(page, vma)


@kernel_function
def page_lock_anon_vma(page: Page) -> AnonVma | None:
    """The page's anon_vma with its lock held, inside rcu_read_lock; None if nothing maps it."""
    rcu_read_lock()
    anon_vma = anon_vma_of(page)
    if anon_vma is None or not page_mapped(page):
        rcu_read_unlock()
        return None
    spin_lock(anon_vma.lock)
    return anon_vma


@kernel_function
def page_unlock_anon_vma(anon_vma: AnonVma) -> None:
    """The anon_vma's lock is free and the read section ended."""
    spin_unlock(anon_vma.lock)
    rcu_read_unlock()


@kernel_function
def page_check_address(
    page: Page, mm: MmStruct, address: int, ptlp: Cell[SpinLock | None], sync: int
) -> pte_pointer | None:
    """A pointer to the present pte that maps the page there, with its lock held, or None.

    `address`: in bytes.  `ptlp` gets the lock.  `sync`: do not look without the lock first.
    """
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
    # A first look without the lock: most ptes are not the one.  `sync` does without it.
    if not sync and not pte_present(ptep.value):
        pte_unmap(ptep)
        return None
    ptl = pte_lockptr(mm, pmd)
    spin_lock(ptl)
    pte = ptep.value
    if pte_present(pte) and pte_pfn(pte) is page:
        ptlp.value = ptl
        return ptep
    pte_unmap_unlock(ptep, ptl)
    return None


@primitive
def inc_mm_counter(mm: MmStruct, member: str) -> None:
    """One page more in the address space's `anon_rss` or `file_rss`."""
    atomic_add_return(mm, member, 1)


@primitive
def dec_mm_counter(mm: MmStruct, member: str) -> None:
    """One page less in the address space's `anon_rss` or `file_rss`."""
    atomic_add_return(mm, member, -1)


@primitive
def page_remove_rmap(page: Page, vma: VmAreaStruct | None) -> None:
    """One pte less maps the page; the counters of mapped pages follow the last.

    Needs the lock of that pte.
    Simplified: a count below -1 goes unnoticed, and the dirty bit that s390 keeps with the page is
    not looked at.
    """
    if atomic_add_return(page, "_mapcount", -1, UNMAPPED) < 0:
        if PageAnon(page):
            mem_cgroup_uncharge_page(page)
        item = NR_ANON_PAGES if PageAnon(page) else NR_FILE_MAPPED
        atomic_add_return(page_zone(page), item, -1)


@primitive
def page_add_anon_rmap(page: Page, vma: VmAreaStruct, address: int) -> None:
    """One pte more maps the anonymous page; the first says where it belongs.

    Needs the pte lock, and the page lock.
    Simplified: the address, and of a page that is mapped already its anon_vma and index, are not
    checked as CONFIG_DEBUG_VM does.
    """
    VM_BUG_ON(lambda: not PageLocked(page), f"{page.name} is not locked")
    if atomic_add_return(page, "_mapcount", 1, UNMAPPED) == 0:
        anon_vma: AnonVma = vma.anon_vma  # type: ignore[assignment]
        page.mapping = anon_vma + PAGE_MAPPING_ANON
        page.index = linear_page_index(vma, address)
        atomic_add_return(page_zone(page), NR_ANON_PAGES, 1)


@primitive
def page_add_file_rmap(page: Page) -> None:
    """One pte more maps the page of a file.  Needs the pte lock."""
    if atomic_add_return(page, "_mapcount", 1, UNMAPPED) == 0:
        atomic_add_return(page_zone(page), NR_FILE_MAPPED, 1)


@kernel_function
def try_to_unmap_one(page: Page, vma: VmAreaStruct, migration: int) -> int:
    """The pte of the page in the vma, if there is one, holds an entry instead.

    An anonymous page in the swap cache leaves a swap entry, every other page a migration entry; for
    reclaim (`migration` 0) a file's page leaves nothing, and a young pte or a locked vma keeps it.
    Needs the page lock, and anon_vma->lock or mapping->i_mmap_lock.  Returns SWAP_AGAIN: there may
    be more ptes; SWAP_FAIL: it is kept.
    Simplified: no MMU notifiers, no peak of rss, the mm is not put on the list of those with swap
    entries, and locked vmas do not make the page mlocked.
    """
    mm = vma.vm_mm
    address = vma_address(page, vma)
    if address == -EFAULT:
        return SWAP_AGAIN
    ptl: Cell[Any] = Cell(None)
    ptep = page_check_address(page, mm, address, ptl, 0)
    if ptep is None:
        return SWAP_AGAIN
    if not migration and (vma.vm_flags & VM_LOCKED or ptep_clear_flush_young(vma, address, ptep)):
        pte_unmap_unlock(ptep, ptl.value)
        return SWAP_FAIL
    flush_cache_page(vma, address, page)
    pteval = ptep_clear_flush(vma, address, ptep)
    # The dirty bit goes to the page now that no CPU can set it again.
    if pteval.dirty:
        set_page_dirty(page)
    if PageAnon(page) and PageSwapCache(page):
        entry = swp_entry_t(0, page_private(page))
        swap_duplicate(entry)
        dec_mm_counter(mm, "anon_rss")
        set_pte_at(mm, address, ptep, swp_entry_to_pte(entry))
    elif migration:
        entry = make_migration_entry(page, pteval.write)
        set_pte_at(mm, address, ptep, swp_entry_to_pte(entry))
    else:
        BUG_ON(PageAnon(page), f"{page.name} has no slot to leave an entry for")
        dec_mm_counter(mm, "file_rss")
    page_remove_rmap(page, vma)
    put_page(page)
    pte_unmap_unlock(ptep, ptl.value)
    return SWAP_AGAIN


@kernel_function
def try_to_unmap_anon(page: Page, migration: int) -> int:
    """try_to_unmap for an anonymous page: each vma of its anon_vma, until none maps it.

    Needs the page lock; takes anon_vma->lock.
    """
    ret = SWAP_AGAIN
    anon_vma = page_lock_anon_vma(page)
    if anon_vma is None:
        return ret
    for vma in anon_vma.head:
        ret = try_to_unmap_one(page, vma, migration)
        if ret == SWAP_FAIL or not page_mapped(page):
            break
    page_unlock_anon_vma(anon_vma)
    return ret


@kernel_function
def try_to_unmap_cluster(page: Page, vma: VmAreaStruct) -> None:
    """Every old pte of the nonlinear vma maps nothing; every young one is old now.

    The pages of a nonlinear vma are anywhere in it, so all ptes are tried, whichever page they map.
    Needs mapping->i_mmap_lock.
    Simplified: the whole vma in one go, without the kernel's cursor.
    """
    mm = vma.vm_mm
    for address in range(vma.vm_start, vma.vm_end, PAGE_SIZE):
        if not pte_present(mm.page_table[address]) or mm.page_table[address].special:
            continue
        spin_lock(mm.page_table_lock)
        ptep = pte_pointer(mm, address)
        mapped: Page = ptep.value.page
        if not ptep_clear_flush_young(vma, address, ptep):
            pteval: pte_t = ptep_clear_flush(vma, address, ptep)
            # Where the page is not in its linear place, the pte must remember which it was.
            if mapped.index != linear_page_index(vma, address):
                set_pte_at(mm, address, ptep, pgoff_to_pte(mapped.index))
            if pteval.dirty:
                set_page_dirty(mapped)
            page_remove_rmap(mapped, vma)
            put_page(mapped)
            dec_mm_counter(mm, "file_rss")
        spin_unlock(mm.page_table_lock)


@kernel_function
def try_to_unmap_file(page: Page, migration: int) -> int:
    """try_to_unmap for a page of a file: the vmas of i_mmap, then the nonlinear ones.

    Needs the page lock; takes mapping->i_mmap_lock.
    Simplified: locked nonlinear vmas are passed over, where the kernel would mlock their pages; and
    i_mmap_lock is never given up in between.
    """
    mapping: AddressSpace = page.mapping
    ret = SWAP_AGAIN
    spin_lock(mapping.i_mmap_lock)
    for vma in vma_prio_tree_foreach(mapping.i_mmap, page.index, page.index):
        ret = try_to_unmap_one(page, vma, migration)
        if ret == SWAP_FAIL or not page_mapped(page):
            break
    for vma in mapping.i_mmap_nonlinear:
        if ret == SWAP_FAIL or not page_mapped(page):
            break
        if not vma.vm_flags & VM_LOCKED:
            try_to_unmap_cluster(page, vma)
    spin_unlock(mapping.i_mmap_lock)
    return ret


@kernel_function
def try_to_unmap(page: Page, migration: int) -> int:
    """SWAP_SUCCESS and no pte maps the page; SWAP_AGAIN: some still do; SWAP_FAIL: it is in use.

    `migration`: 1, leave migration entries.  Needs the page lock.
    Simplified: SWAP_MLOCK does not occur.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    if PageAnon(page):
        ret = try_to_unmap_anon(page, migration)
    else:
        ret = try_to_unmap_file(page, migration)
    return ret if page_mapped(page) else SWAP_SUCCESS


def vma_prio_tree_foreach(
    i_mmap: ListHead[VmAreaStruct], first: int, last: int
) -> Iterator[VmAreaStruct]:
    """The vmas of a file that map any of the pages `first` to `last`.

    Simplified: a list in the order of mapping instead of the kernel's priority search tree.
    """
    for vma in i_mmap:
        end = vma.vm_pgoff + ((vma.vm_end - vma.vm_start) >> PAGE_SHIFT)
        if vma.vm_pgoff <= last and first < end:
            yield vma
