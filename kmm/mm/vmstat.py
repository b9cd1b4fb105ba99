# SPDX-License-Identifier: GPL-2.0-only
"""Zones and their counters (include/linux/mmzone.h, mm/vmstat.c).

Simplified: a node has one zone, and the counters are exact; the kernel keeps part of each in
per-CPU differences that are folded in now and then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmm.mm.spinlock import SpinLock
from kmm.sim import ListHead, Machine, Tracked, atomic_add_return, primitive

if TYPE_CHECKING:
    from kmm.mm.page import Page

KERNEL_FILE = "mm/vmstat.c"

#: The counters that migration and its neighbours touch.
ZONE_ITEMS = (
    "NR_FILE_PAGES",
    "NR_FILE_DIRTY",
    "NR_ANON_PAGES",
    "NR_FILE_MAPPED",
    "NR_MLOCK",
    "NR_WRITEBACK",
)

#: The LRU lists, in the order of the kernel's numbers (enum lru_list).
LRU_LISTS = ("inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable")

NR_FILE_PAGES, NR_FILE_DIRTY, NR_ANON_PAGES, NR_FILE_MAPPED, NR_MLOCK, NR_WRITEBACK = ZONE_ITEMS


class Zone(Tracked):
    """struct zone: the memory of one node, with its free frames, counters and LRU lists."""

    __slots__ = ("lru", "lru_lock", "nid")

    free: int = 0
    NR_FILE_PAGES: int = 0
    NR_FILE_DIRTY: int = 0
    NR_ANON_PAGES: int = 0
    NR_FILE_MAPPED: int = 0
    NR_MLOCK: int = 0
    NR_WRITEBACK: int = 0

    nid: int
    lru: dict[str, ListHead[Page]]
    lru_lock: SpinLock

    def __init__(self, machine: Machine, nid: int, free: int) -> None:
        super().__init__(machine, f"node[{nid}]", free=free)
        put = object.__setattr__
        put(self, "nid", nid)
        put(self, "lru_lock", SpinLock(machine, f"{self.name}.lru_lock"))
        put(self, "lru", {name: ListHead(machine, f"{self.name}.{name}") for name in LRU_LISTS})


def page_zone(page: Page) -> Zone:
    """The zone that the page's frame is in."""
    zone: Zone = page.machine.kernel.zones[page.node]
    return zone


@primitive
def __inc_zone_page_state(page: Page, item: str) -> None:
    """The counter of the page's zone is one higher."""
    atomic_add_return(page_zone(page), item, 1)


@primitive
def __dec_zone_page_state(page: Page, item: str) -> None:
    """The counter of the page's zone is one lower."""
    atomic_add_return(page_zone(page), item, -1)
