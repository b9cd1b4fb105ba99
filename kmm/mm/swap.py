# SPDX-License-Identifier: GPL-2.0-only
"""The last reference, and the way onto the LRU lists (mm/swap.c, include/linux/mm_inline.h).

A page does not go onto its LRU list at once: it waits with others in a pagevec of the CPU, which
holds one reference on each.  Up to 14 pages gather there before the zone's lock is taken; until
then they are on no list, have no PG_lru, and cannot be isolated.  lru_add_drain_all() empties the
pagevecs, and that is what migrate_prep() is for.
"""

from __future__ import annotations

from kmm.mm.page import Page, get_page, put_page_testzero
from kmm.mm.page_alloc import free_hot_page
from kmm.mm.page_flags import (
    ClearPageLRU,
    PageActive,
    PageLRU,
    PageUnevictable,
    SetPageActive,
    SetPageLRU,
    SetPageUnevictable,
)
from kmm.mm.sched import might_sleep
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.vmstat import Zone, page_zone
from kmm.mm.workqueue import schedule_on_each_cpu
from kmm.sim import (
    VM_BUG_ON,
    Cells,
    Machine,
    current,
    current_machine,
    kernel_function,
    primitive,
)

KERNEL_FILE = "mm/swap.c"

PAGEVEC_SIZE = 14


class Pagevec(Cells[int, "Page | None"]):
    """struct pagevec: up to PAGEVEC_SIZE pages on their way to one LRU list."""

    __slots__ = ("lru", "size")

    def __init__(self, machine: Machine, cpu: int, lru: str, size: int) -> None:
        self.lru = lru
        self.size = size
        super().__init__(machine, f"cpu{cpu}.pagevec[{lru}]", None)

    @property
    def pages(self) -> list[Page]:
        """The pages, in the order in which they came."""
        return [page for page in self.cells.values() if page is not None]


def page_lru(page: Page) -> str:
    """The LRU list that the page belongs on, by its flags."""
    if page.PG_unevictable:
        return "unevictable"
    age = "active" if page.PG_active else "inactive"
    return f"{age}_{page_kind(page)}"


def page_kind(page: Page) -> str:
    """page_is_file_cache: "file", or "anon" for what is backed by swap."""
    return "anon" if page.PG_swapbacked else "file"


@primitive(source="include/linux/mm_inline.h")
def add_page_to_lru_list(zone: Zone, page: Page, lru: str) -> None:
    """The page is the first of the list.  Needs zone->lru_lock."""
    zone.lru[lru].add(page.lru)


@primitive(source="include/linux/mm_inline.h")
def del_page_from_lru_list(zone: Zone, page: Page, lru: str) -> None:
    """The page is not on the list; its flags are as they were.  Needs zone->lru_lock."""
    if page.lru.list is not None:
        page.lru.list.remove(page.lru)


@primitive(source="include/linux/mm_inline.h")
def del_page_from_lru(zone: Zone, page: Page) -> None:
    """The page is not on its list and its age is forgotten.  Needs zone->lru_lock."""
    if page.lru.list is not None:
        page.lru.list.remove(page.lru)
    if page.PG_unevictable:
        page.PG_unevictable = 0
    else:
        page.PG_active = 0


@kernel_function
def put_page(page: Page) -> None:
    """One reference less; the page is freed if it was the last."""
    if put_page_testzero(page):
        __page_cache_release(page)


@kernel_function
def __page_cache_release(page: Page) -> None:
    """A page whose last reference has gone is free, and off its LRU list before."""
    if PageLRU(page):
        zone = page_zone(page)
        spin_lock_irq(zone.lru_lock)
        ClearPageLRU(page)
        del_page_from_lru(zone, page)
        spin_unlock_irq(zone.lru_lock)
    free_hot_page(page)


@primitive(source="include/linux/pagevec.h")
def pagevec_add(pvec: Pagevec, page: Page) -> int:
    """The page is in the pagevec; returns how many more there is room for."""
    pvec.put(len(pvec), page)
    return pvec.size - len(pvec)


@primitive(source="include/linux/pagevec.h")
def pagevec_reinit(pvec: Pagevec) -> None:
    """The pagevec is empty; the references that it held are the caller's."""
    for place in list(pvec):
        pvec.drop(place)


@primitive(source="include/linux/pagevec.h")
def pagevec_take(pvec: Pagevec) -> list[Page]:
    """The pages of the pagevec, which is empty; its references are the caller's."""
    pages = pvec.pages
    for place in list(pvec):
        pvec.drop(place)
    return pages


@kernel_function
def lru_cache_add_lru(page: Page, lru: str) -> None:
    """The page waits in this CPU's pagevec for that list, which has a reference on it."""
    VM_BUG_ON(lambda: PageLRU(page) or PageUnevictable(page) or PageActive(page))
    pvec = this_cpu_pagevec(lru)
    get_page(page)
    if not pagevec_add(pvec, page):
        pagevec_lru_add(pvec)


def this_cpu_pagevec(lru: str) -> Pagevec:
    """The pagevec of the running CPU for the list."""
    pvec: Pagevec = current_machine().kernel.cpu_pvecs[current().cpu][lru]
    return pvec


@kernel_function
def pagevec_lru_add(pvec: Pagevec) -> None:
    """The pages of the pagevec are on its list, and the pagevec is empty (____pagevec_lru_add).

    Takes zone->lru_lock.
    Simplified: the lock is taken for each page, not once for a run of pages of one zone, and what
    reclaim wants to know about rotation is not counted.
    """
    # While several tasks run, the pages are taken out at once: in C the task has the CPU for
    # itself as long as it works on the pagevec.
    several = pvec.machine.environment.several
    pages = pagevec_take(pvec) if several else pvec.pages
    for page in pages:
        zone = page_zone(page)
        spin_lock_irq(zone.lru_lock)
        SetPageLRU(page)
        if pvec.lru.startswith("active"):
            SetPageActive(page)
        add_page_to_lru_list(zone, page, pvec.lru)
        spin_unlock_irq(zone.lru_lock)
    if not several:
        pagevec_reinit(pvec)
    release_pages(pages)


@kernel_function
def release_pages(pages: list[Page]) -> None:
    """One reference less on each of the pages, in order.

    Simplified: the pages that become free are freed one by one, not in pagevecs.
    """
    for page in pages:
        put_page(page)


@kernel_function
def add_page_to_unevictable_list(page: Page) -> None:
    """The page is on the unevictable list, without waiting in a pagevec."""
    zone = page_zone(page)
    spin_lock_irq(zone.lru_lock)
    SetPageUnevictable(page)
    SetPageLRU(page)
    add_page_to_lru_list(zone, page, "unevictable")
    spin_unlock_irq(zone.lru_lock)


@kernel_function
def lru_add_drain() -> None:
    """This CPU's pagevecs are empty, their pages on the lists.

    Simplified: there are no pages that writeback wants to have moved to the end of their lists.
    """
    _drain(current_machine().kernel.cpu_pvecs[current().cpu])


def _drain(pvecs: dict[str, Pagevec]) -> None:
    for pvec in pvecs.values():
        if len(pvec):
            pagevec_lru_add(pvec)


@kernel_function
def drain_cpu_pagevecs(cpu: int) -> None:
    """The pagevecs of that CPU are empty, their pages on the lists."""
    _drain(current_machine().kernel.cpu_pvecs[cpu])


@kernel_function
def lru_add_drain_all() -> int:
    """The pagevecs of all CPUs are empty; may sleep.  Returns 0.

    Simplified: done here and at once, where the kernel lets each CPU do its own and waits for all;
    so it is on a machine that has somebody for such work.
    """
    might_sleep()
    kernel = current_machine().kernel
    if kernel.keventd_wq:
        return schedule_on_each_cpu(drain_cpu_pagevecs)
    if len(kernel.cpu_pvecs) == 1:
        lru_add_drain()
    else:
        for cpu in range(len(kernel.cpu_pvecs)):
            drain_cpu_pagevecs(cpu)
    return 0
