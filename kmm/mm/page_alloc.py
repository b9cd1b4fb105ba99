# SPDX-License-Identifier: GPL-2.0-only
"""Taking and giving back frames (mm/page_alloc.c).

Simplified: frames are counted, not placed; a node without a free frame gives none, as with
GFP_THISNODE, and reclaim is not tried.  A freed frame becomes a new `struct page` when it is
allocated again: the old object stays in the record as what it was when it was freed.  On a machine
with `reuse_frames` it is the same object, one generation on, the frame freed last before others.
"""

from __future__ import annotations

from kmm.mm.page import PAGE_FLAGS, Page
from kmm.mm.sched import might_sleep
from kmm.mm.vmstat import NR_MLOCK, page_zone
from kmm.sim import Cells, Machine, atomic_add_return, current_machine, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "mm/page_alloc.c"

GFP_ATOMIC = 0x20
GFP_KERNEL = 0xD0
GFP_HIGHUSER_MOVABLE = 0x1200D2
GFP_THISNODE = 0x41200

#: The flags that a page must not have when it is freed, in the order in which they are reported.
_BAD_FLAGS = (
    "locked", "lru", "active", "slab", "reserved", "private", "writeback", "swapcache",
    "unevictable", "mlocked",
)  # fmt: skip
assert set(_BAD_FLAGS) <= set(PAGE_FLAGS)


@primitive(source="include/linux/gfp.h")
def alloc_pages_node(nid: int, gfp_mask: int, order: int) -> Page | None:
    """A page of that node with count 1, or None if the node has no free frame.  May sleep.

    A negative node means the one on which the running CPU is.  A node that does not exist is an
    oops: nothing checks it before the zone lists are read.
    """
    might_sleep()
    kernel = current_machine().kernel
    if nid < 0:
        nid = kernel.local_node
    if nid >= len(kernel.zones):
        oops("oops: NODE_DATA of a node that does not exist", f"node {nid}")
    zone = kernel.zones[nid]
    if zone.free <= 0:
        return None
    zone.free -= 1
    if kernel.free_frames is not None:
        page = _freed_last(kernel.free_frames, nid)
        if page is not None:
            return page
    return Page(zone.machine, kernel.next_page_name(), _count=1, node=nid)


class FreeFrames(Cells[Page, int]):
    """The frames that were freed: how often each; below 0 while it is in use again."""

    __slots__ = ()

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__(machine, name, 0)


def page_generation(page: Page) -> int:
    """How often the frame has been freed."""
    frames: FreeFrames | None = page.machine.kernel.free_frames
    return 0 if frames is None else abs(frames[page])


def _freed_last(frames: FreeFrames, nid: int) -> Page | None:
    """The frame of the node that was freed last, as a new page with count 1."""
    for page, times in reversed(frames.items()):
        if times > 0 and page.node == nid:
            frames.put(page, -times)
            for field, value in Page.FIELDS.items():
                if field != "node" and page.__dict__[field] != value:
                    setattr(page, field, value)
            page._count = 1
            return page
    return None


@primitive
def free_hot_page(page: Page) -> None:
    """The frame is free.  The page's count is 0 and it is on no LRU list.

    A page that still has something is reported as bad; a reserved one is never given back.
    """
    kernel = page.machine.kernel
    if page.mapping is not None and page.mapping & 1:
        page.mapping = None
    if page.PG_mlocked:
        page.PG_mlocked = 0
        atomic_add_return(page_zone(page), NR_MLOCK, -1)
    left = [flag for flag in _BAD_FLAGS if getattr(page, f"PG_{flag}")]
    if page._mapcount >= 0 or page.mapping is not None or left:
        kernel.warn(
            f"bad page state: {page.name} mapcount {page._mapcount + 1} count {page._count} "
            f"mapping {'null' if page.mapping is None else 'set'} flags {' '.join(left)}".rstrip()
        )
    if page.charged:
        kernel.warn(f"memcg: page {page.name} freed while charged")
    if page.PG_reserved:
        return
    page.PG_buddy = 1
    atomic_add_return(page_zone(page), "free", 1)
    if kernel.free_frames is not None:
        times = abs(kernel.free_frames[page]) + 1
        kernel.free_frames.drop(page)
        kernel.free_frames.put(page, times)
