# SPDX-License-Identifier: GPL-2.0-only
"""Off the LRU and back on it (mm/vmscan.c)."""

from __future__ import annotations

from errno import EBUSY

from kmm.mm.fs import mapping_unevictable
from kmm.mm.page import Page, get_page_unless_zero, page_mapping
from kmm.mm.page_flags import (
    ClearPageLRU,
    ClearPageUnevictable,
    PageLRU,
    TestClearPageActive,
)
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.swap import (
    add_page_to_unevictable_list,
    del_page_from_lru_list,
    lru_cache_add_lru,
    page_kind,
    page_lru,
    put_page,
)
from kmm.mm.vmstat import page_zone
from kmm.sim import VM_BUG_ON, kernel_function, primitive

KERNEL_FILE = "mm/vmscan.c"


@kernel_function
def isolate_lru_page(page: Page) -> int:
    """0 and the caller has the page off its list, with one reference more; -EBUSY if it is on none.

    The caller already holds a reference.  Takes zone->lru_lock.
    """
    ret = -EBUSY
    if PageLRU(page):
        zone = page_zone(page)
        spin_lock_irq(zone.lru_lock)
        if PageLRU(page) and get_page_unless_zero(page):
            ret = 0
            ClearPageLRU(page)
            del_page_from_lru_list(zone, page, page_lru(page))
        spin_unlock_irq(zone.lru_lock)
    return ret


@primitive
def page_evictable(page: Page) -> int:
    """1 if reclaim may take the page: not mlocked, and its mapping does not forbid it."""
    return int(not page.PG_mlocked and not mapping_unevictable(page_mapping(page)))


@kernel_function
def putback_lru_page(page: Page) -> None:
    """The page is on its way to its LRU list, and the reference from isolating it is dropped.

    An evictable page waits in a pagevec first; the other kind goes straight to its list.
    May free the page.
    Simplified: no second look at whether the page has become evictable meanwhile, and no counting
    of such events.
    """
    VM_BUG_ON(lambda: PageLRU(page))
    active = TestClearPageActive(page)
    ClearPageUnevictable(page)
    if page_evictable(page):
        age = "active" if active else "inactive"
        lru_cache_add_lru(page, f"{age}_{page_kind(page)}")
    else:
        add_page_to_unevictable_list(page)
    put_page(page)
