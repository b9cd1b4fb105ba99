# SPDX-License-Identifier: GPL-2.0-only
"""The books of a world's pages: where a page is put, and what counts it from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kmm.mm.buffer import BufferHead
from kmm.mm.fs import AddressSpace
from kmm.mm.memcontrol import charge_page
from kmm.mm.mmap import MmStruct
from kmm.mm.page import PAGE_SIZE, Page
from kmm.mm.swap import page_kind, page_lru
from kmm.mm.vmstat import page_zone
from kmm.mm.writes import remember
from kmm.scenario import wanted

if TYPE_CHECKING:
    from kmm.scenario.world import World


def put_in_cache(page: Page, mapping: AddressSpace, index: int) -> None:
    """The page is in the page cache of a file, or in the swap cache."""
    mapping.page_tree.put(index, page)
    if mapping.disk is not None and not page.PG_dirty:
        mapping.disk.put(index, page.data)
    page._count += 1
    page_zone(page).NR_FILE_PAGES += 1


def require_free(mapping: AddressSpace, index: int, what: str) -> None:
    """There is no page in the cache at that index."""
    other = mapping.page_tree[index]
    if other is not None:
        raise wanted.wrong(f"{what} {index} of {mapping.name} is {other} already")


def put_on_lru(world: World, page: Page, lru: str | None) -> None:
    """The page is on its LRU list, or waits in a pagevec for it, or neither."""
    if lru == "list":
        page.PG_lru = 1
        page_zone(page).lru[page_lru(page)].add_tail(page.lru)
    elif lru == "pagevec":
        age = "active" if page.PG_active else "inactive"
        page.PG_active = 0
        pvec = world.kernel.lru_add_pvecs[f"{age}_{page_kind(page)}"]
        pvec.put(len(pvec), page)
        page._count += 1


def count_pte(page: Page, mm: MmStruct) -> None:
    """A pte of the mm maps the page."""
    page._count += 1
    page._mapcount += 1
    anonymous = isinstance(page.mapping, tuple)
    if page._mapcount == 0:
        item = "NR_ANON_PAGES" if anonymous else "NR_FILE_MAPPED"
        zone = page_zone(page)
        setattr(zone, item, getattr(zone, item) + 1)
        if anonymous:
            charge_page_of(page)
    if anonymous:
        mm.anon_rss += 1
    else:
        mm.file_rss += 1


def ring_of(world: World, page: Page, given: Sequence[Any]) -> list[BufferHead]:
    """The buffer heads of the page, each of which knows the next."""
    size = PAGE_SIZE // len(given)
    ring = [
        BufferHead(
            world.machine,
            f"{page.name}/bh{i}",
            b_page=page,
            b_data=i * size,
            b_count=one.get("busy", 0),
            others_count=one.get("busy", 0),
            BH_Lock=int(one.get("locked", False)),
            BH_Dirty=int(one.get("dirty", False)),
            lock_owner=world.kernel.others if one.get("locked", False) else None,
        )
        for i, one in enumerate(given)
    ]
    for bh, following in zip(ring, ring[1:] + ring[:1], strict=True):
        bh.b_this_page = following
    for bh in ring:
        if bh.BH_Dirty:
            remember(world.machine, ("buffer", bh))
    return ring


def wanted_buffers(buffers: Any) -> Sequence[Any]:
    """What each buffer is to be: busy, locked, dirty."""
    what = 'buffers, as in [{"busy": 1}, {}], or how many'
    if not isinstance(buffers, list | tuple):
        if not hasattr(buffers, "__index__") or isinstance(buffers, bool):
            buffers = wanted.members("buffers", buffers, what)
        else:
            return [{}] * wanted.whole("buffers", buffers, 1, PAGE_SIZE)
    for one in buffers:
        if not isinstance(one, dict):
            raise wanted.wrong(f"buffers must be a list of {what}; in it is {wanted.said(one)}")
        for key in one:
            wanted.among("a key of a buffer", key, ("busy", "locked", "dirty"))
        wanted.whole("busy", one.get("busy", 0), most=wanted.MOST)
        wanted.truths(locked=one.get("locked", False), dirty=one.get("dirty", False))
    wanted.whole("the number of buffers", len(buffers), 1, PAGE_SIZE)
    return tuple(buffers)


def charge_page_of(page: Page) -> None:
    """Charge the page to the memory control group of its machine."""
    with page.machine:
        charge_page(page)
