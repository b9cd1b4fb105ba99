# SPDX-License-Identifier: GPL-2.0-only
"""Reclaim: pages that nobody has used lately are written, unmapped and freed (mm/vmscan.c).

Reclaim takes pages off their LRU list as migration does.  The last word is __remove_mapping's: it
freezes a page that only its cache and reclaim itself still refer to, so that no lookup can bring it
back, and frees it then.
"""

from __future__ import annotations

from errno import EBUSY, EINVAL

from kmm.mm.buffer import try_to_release_page
from kmm.mm.filemap import __remove_from_page_cache, trylock_page, unlock_page
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE, AddressSpace
from kmm.mm.list import LIST_HEAD, list_add_tail, list_del
from kmm.mm.page import (
    Page,
    PageAnon,
    get_page_unless_zero,
    page_count,
    page_freeze_refs,
    page_mapped,
    page_mapping,
    page_private,
    page_unfreeze_refs,
)
from kmm.mm.page_alloc import GFP_ATOMIC, GFP_KERNEL, free_hot_page
from kmm.mm.page_flags import (
    ClearPageLRU,
    PageDirty,
    PageLocked,
    PageLRU,
    PagePrivate,
    PageSwapCache,
    PageUnevictable,
    PageWriteback,
    SetPageActive,
)
from kmm.mm.page_writeback import LLONG_MAX, WB_SYNC_NONE, WritebackControl
from kmm.mm.rmap import SWAP_SUCCESS, try_to_unmap
from kmm.mm.sched import cond_resched
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.swap import lru_add_drain
from kmm.mm.swap_state import __delete_from_swap_cache, add_to_swap
from kmm.mm.swapfile import swap_free
from kmm.mm.swapops import swp_entry_t
from kmm.mm.vmscan import page_evictable, putback_lru_page
from kmm.mm.vmstat import Zone
from kmm.mm.writeback import clear_mapped_page_dirty_for_io
from kmm.sim import BUG_ON, ListHead, kernel_function

KERNEL_FILE = "mm/vmscan.c"

#: What pageout says: kept, to be kept as active, on its way, had nothing to write.
PAGE_KEEP, PAGE_ACTIVATE, PAGE_SUCCESS, PAGE_CLEAN = range(4)


@kernel_function
def __isolate_lru_page(page: Page) -> int:
    """0 and the caller has the page, with a reference; -EBUSY if it is dying, -EINVAL if not meant.

    Needs zone->lru_lock.  Simplified: any age and kind will do.
    """
    if not PageLRU(page) or PageUnevictable(page):
        return -EINVAL
    if get_page_unless_zero(page):
        ClearPageLRU(page)
        return 0
    return -EBUSY


@kernel_function
def isolate_lru_pages(nr_to_scan: int, src: ListHead[Page], dst: ListHead[Page]) -> int:
    """Up to so many pages from the end of `src` are on `dst`; returns how many.

    Needs zone->lru_lock.  Simplified: a dying page is passed over, not moved to the other end.
    """
    nr_taken = 0
    for page in reversed(list(src)):
        if nr_taken == nr_to_scan:
            break
        if __isolate_lru_page(page) == 0:
            list_del(page.lru)
            list_add_tail(page.lru, dst)
            nr_taken += 1
    return nr_taken


@kernel_function
def pageout(page: Page, mapping: AddressSpace | None) -> int:
    """PAGE_SUCCESS and the page is on its way to its disk, and unlocked; or why not."""
    if page_count(page) - PagePrivate(page) != 2 or not mapping:
        return PAGE_KEEP  # somebody else is using it
    if not mapping.a_ops.writepage:
        return PAGE_ACTIVATE
    if not clear_mapped_page_dirty_for_io(page):
        return PAGE_CLEAN
    wbc = WritebackControl(WB_SYNC_NONE, 32, 0, LLONG_MAX, 1, 1)
    if mapping.a_ops.writepage(page, wbc) == AOP_WRITEPAGE_ACTIVATE:
        return PAGE_ACTIVATE
    return PAGE_SUCCESS


@kernel_function
def __remove_mapping(mapping: AddressSpace, page: Page) -> int:
    """1 and the page is in no mapping and its count is 0; 0 if somebody uses it, or it is dirty.

    Needs the page lock.
    """
    BUG_ON(not PageLocked(page))
    BUG_ON(mapping is not page_mapping(page))
    spin_lock_irq(mapping.tree_lock)
    if not page_freeze_refs(page, 2):
        spin_unlock_irq(mapping.tree_lock)
        return 0
    # A page can become dirty as long as somebody has a reference: look once nobody has.
    if PageDirty(page):
        page_unfreeze_refs(page, 2)
        spin_unlock_irq(mapping.tree_lock)
        return 0
    if PageSwapCache(page):
        swap = swp_entry_t(0, page_private(page))
        __delete_from_swap_cache(page)
        spin_unlock_irq(mapping.tree_lock)
        swap_free(swap)
    else:
        __remove_from_page_cache(page)
        spin_unlock_irq(mapping.tree_lock)
    return 1


@kernel_function
def shrink_page(page: Page) -> int:
    """1 and the isolated page has been freed; 0: it is to be put back.

    Simplified: the body of shrink_page_list's loop; whether a page was referenced is known only
    from the pte that keeps it, and an anonymous page without a slot is made one at once.
    """
    if not trylock_page(page):
        return 0
    if not page_evictable(page) or PageWriteback(page):
        unlock_page(page)
        return 0
    if PageAnon(page) and not PageSwapCache(page) and not add_to_swap(page, GFP_ATOMIC):
        SetPageActive(page)
        unlock_page(page)
        return 0
    mapping = page_mapping(page)
    if page_mapped(page) and mapping and try_to_unmap(page, 0) != SWAP_SUCCESS:
        unlock_page(page)
        return 0
    if PageDirty(page):
        how = pageout(page, mapping)
        if how in (PAGE_KEEP, PAGE_ACTIVATE):
            unlock_page(page)
            return 0
        if how == PAGE_SUCCESS:
            # It has been unlocked, and may have been written by now.
            if PageWriteback(page) or PageDirty(page) or not trylock_page(page):
                return 0
            if PageDirty(page) or PageWriteback(page):
                unlock_page(page)
                return 0
            mapping = page_mapping(page)
    if PagePrivate(page) and not try_to_release_page(page, GFP_KERNEL):
        unlock_page(page)
        return 0
    if not mapping or not __remove_mapping(mapping, page):
        unlock_page(page)
        return 0
    unlock_page(page)
    free_hot_page(page)
    return 1


@kernel_function
def shrink_page_list(page_list: ListHead[Page]) -> int:
    """The pages of the list have been freed or put back; returns how many were freed.

    May sleep.
    """
    nr_reclaimed = 0
    for page in list(page_list):
        cond_resched()
        list_del(page.lru)
        if shrink_page(page):
            nr_reclaimed += 1
        else:
            putback_lru_page(page)
    return nr_reclaimed


@kernel_function
def shrink_inactive_list(nr_to_scan: int, zone: Zone, lru: str) -> int:
    """Up to so many pages of the zone's list have been tried; returns how many were freed.

    May sleep.  Simplified: once over the list, and any list by its name.
    """
    page_list: ListHead[Page] = LIST_HEAD("page_list")
    lru_add_drain()
    spin_lock_irq(zone.lru_lock)
    isolate_lru_pages(nr_to_scan, zone.lru[lru], page_list)
    spin_unlock_irq(zone.lru_lock)
    return shrink_page_list(page_list)
