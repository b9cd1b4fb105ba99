# SPDX-License-Identifier: GPL-2.0-only
"""The swap cache: pages that have a slot of the swap area (mm/swap_state.c, mm/swapfile.c).

`swapper_space` is their mapping, the slot their index; PG_swapcache says that a page is in it, and
page->private which slot it has.  Page lock and tree_lock are needed to come in and to go out.
"""

from __future__ import annotations

from errno import EEXIST, ENOMEM

from kmm.mm.disk import disk_read, submit_write
from kmm.mm.filemap import __set_page_locked, find_get_page, trylock_page, unlock_page
from kmm.mm.fs import AddressSpace
from kmm.mm.mmap import VmAreaStruct
from kmm.mm.page import Page, get_page, page_count, page_private, set_page_private
from kmm.mm.page_alloc import alloc_pages_node
from kmm.mm.page_flags import (
    ClearPageSwapBacked,
    ClearPageSwapCache,
    PageLocked,
    PagePrivate,
    PageSwapBacked,
    PageSwapCache,
    PageUptodate,
    PageWriteback,
    SetPageDirty,
    SetPageSwapBacked,
    SetPageSwapCache,
    SetPageUptodate,
)
from kmm.mm.page_writeback import WritebackControl, end_page_writeback, set_page_writeback
from kmm.mm.radix_tree import radix_tree_delete, radix_tree_insert
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.swap import lru_cache_add_lru, put_page
from kmm.mm.swapfile import get_swap_page, swap_duplicate, swap_entry_free, swap_free
from kmm.mm.swapops import is_migration_entry, swp_entry_t
from kmm.mm.vmstat import NR_FILE_PAGES, __dec_zone_page_state, __inc_zone_page_state
from kmm.sim import BUG_ON, current_machine, kernel_function

KERNEL_FILE = "mm/swap_state.c"


def swapper_space() -> AddressSpace:
    """The mapping of all pages in the swap cache."""
    swapper: AddressSpace = current_machine().kernel.swapper_space
    return swapper


@kernel_function
def add_to_swap_cache(page: Page, entry: swp_entry_t, gfp_mask: int) -> int:
    """0 and the page is in the swap cache, which has a reference; -EEXIST: another has the slot.

    Needs the page lock.
    """
    swapper = swapper_space()
    BUG_ON(not PageLocked(page))
    BUG_ON(PageSwapCache(page))
    BUG_ON(PagePrivate(page))
    BUG_ON(not PageSwapBacked(page))
    get_page(page)
    SetPageSwapCache(page)
    set_page_private(page, entry.offset)
    spin_lock_irq(swapper.tree_lock)
    error = radix_tree_insert(swapper.page_tree, entry.offset, page)
    if not error:
        __inc_zone_page_state(page, NR_FILE_PAGES)
    spin_unlock_irq(swapper.tree_lock)
    if error:
        set_page_private(page, 0)
        ClearPageSwapCache(page)
        put_page(page)
    return error


@kernel_function
def __delete_from_swap_cache(page: Page) -> None:
    """The page is not in the swap cache; its slot and the cache's reference are the caller's.

    Needs the page lock and tree_lock.
    """
    BUG_ON(not PageLocked(page))
    BUG_ON(not PageSwapCache(page))
    BUG_ON(PageWriteback(page))
    BUG_ON(PagePrivate(page))
    radix_tree_delete(swapper_space().page_tree, page_private(page))
    set_page_private(page, 0)
    ClearPageSwapCache(page)
    __dec_zone_page_state(page, NR_FILE_PAGES)


@kernel_function
def add_to_swap(page: Page, gfp_mask: int) -> int:
    """1 and the page has a slot, is in the swap cache and dirty; 0 if that cannot be.

    Needs the page lock.
    """
    BUG_ON(not PageLocked(page))
    BUG_ON(not PageUptodate(page))
    while True:
        entry = get_swap_page()
        err = add_to_swap_cache(page, entry, gfp_mask)
        if err == 0:
            SetPageDirty(page)
            return 1
        swap_free(entry)
        if err != -EEXIST:
            return 0


@kernel_function
def delete_from_swap_cache(page: Page) -> None:
    """The page is not in the swap cache, and the slot has one user less.  Needs the page lock."""
    swapper = swapper_space()
    entry = swp_entry_t(0, page_private(page))
    spin_lock_irq(swapper.tree_lock)
    __delete_from_swap_cache(page)
    spin_unlock_irq(swapper.tree_lock)
    swap_free(entry)
    put_page(page)


@kernel_function
def lookup_swap_cache(entry: swp_entry_t) -> Page | None:
    """The page that has the slot, with a reference, or None."""
    return find_get_page(swapper_space(), entry.offset)


@kernel_function
def read_swap_cache_async(
    entry: swp_entry_t, gfp_mask: int, vma: VmAreaStruct, addr: int
) -> Page | None:
    """The page that has the slot, with a reference; read in if it was not there.  May sleep.

    None if there is no memory, or nobody uses the slot any more.
    """
    new_page: Page | None = None
    found_page: Page | None = None
    while True:
        found_page = find_get_page(swapper_space(), entry.offset)
        if found_page:
            break
        if not new_page:
            new_page = alloc_pages_node(-1, gfp_mask, 0)
            if not new_page:
                break
        # The slot may have been freed since the caller saw it in a pte.
        if not swap_duplicate(entry):
            break
        __set_page_locked(new_page)
        SetPageSwapBacked(new_page)
        err = add_to_swap_cache(new_page, entry, gfp_mask)
        if not err:
            lru_cache_add_lru(new_page, "active_anon")
            swap_readpage(new_page)
            return new_page
        ClearPageSwapBacked(new_page)
        unlock_page(new_page)
        swap_free(entry)
        if err == -ENOMEM:
            break
    if new_page:
        put_page(new_page)
    return found_page


@kernel_function(source="mm/page_io.c")
def swap_readpage(page: Page) -> int:
    """0; the page has its contents from its slot and is unlocked.  Needs the page lock."""
    disk_read(swapper_space(), page_private(page), page)
    SetPageUptodate(page)
    unlock_page(page)
    return 0


@kernel_function(source="mm/page_io.c")
def swap_writepage(page: Page, wbc: WritebackControl) -> int:
    """0; the page's contents are on their way to its slot, and it is unlocked.

    Without a disk to keep them they are there at once.
    Simplified: a page of which nobody else has the slot is written all the same.
    """
    swapper = swapper_space()
    slot = page_private(page)
    set_page_writeback(page)
    unlock_page(page)
    if swapper.disk is not None:
        submit_write(swapper, slot, page)
    else:
        end_page_writeback(page)
    return 0


@kernel_function(source="mm/swapfile.c")
def free_swap_and_cache(entry: swp_entry_t) -> None:
    """The slot has one user less, and a page that only the cache still has leaves it.

    A migration entry has no slot and holds no reference: nothing is done.
    Simplified: swap_lock is not modelled, each use count changes in one step.
    """
    page: Page | None = None
    if is_migration_entry(entry):
        return
    if swap_entry_free(entry) == 1:
        page = find_get_page(swapper_space(), entry.offset)
        if page and not trylock_page(page):
            put_page(page)
            page = None
    if page:
        one_user = page_count(page) == 2
        # Only now, with the page lock, is it certain that it is still in the swap cache.
        if PageSwapCache(page) and not PageWriteback(page) and one_user:
            delete_from_swap_cache(page)
            SetPageDirty(page)
        unlock_page(page)
        put_page(page)
