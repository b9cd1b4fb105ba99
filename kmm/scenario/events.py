# SPDX-License-Identifier: GPL-2.0-only
"""What another CPU can do in a scenario, each as one step.

These are shortcuts: munmap, truncate or a pin are done at once and without the locks that the
kernel's own functions take, for a scenario places them where it wants.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import ENOMEM

from kmm.mm.buffer import BufferHead, buffers_of
from kmm.mm.fs import AddressSpace
from kmm.mm.memcontrol import uncharge_page
from kmm.mm.mmap import MmStruct
from kmm.mm.page import Page, PageAnon, page_mapping
from kmm.mm.page_writeback import account_page_dirtied, end_page_writeback, set_page_writeback
from kmm.mm.pgtable import PTE_NONE
from kmm.mm.rmap import dec_mm_counter, page_remove_rmap
from kmm.mm.swap import lru_add_drain, put_page
from kmm.mm.swapfile import swap_free
from kmm.mm.swapops import SWP_MIGRATION_READ, swp_entry_t
from kmm.mm.truncate import cancel_dirty_page
from kmm.mm.vmstat import page_zone
from kmm.sim import current, primitive

KERNEL_FILE = "another CPU"


def _dirty(page: Page) -> None:
    """set_page_dirty without its locks."""
    mapping = page_mapping(page)
    if mapping is not None:
        for bh in buffers_of(page):
            bh.BH_Dirty = 1
    if not page.PG_dirty:
        page.PG_dirty = 1
        if mapping is not None:
            account_page_dirtied(page, mapping)


def _zap_pte(mm: MmStruct, address: int) -> None:
    """The pte is empty, and what it held is accounted for."""
    pte = mm.page_table[address]
    if pte == PTE_NONE:
        return
    mm.page_table.put(address, PTE_NONE)
    page: Page | None = pte.page
    if page is not None:
        anonymous = PageAnon(page)
        if pte.dirty and not anonymous:
            _dirty(page)
        dec_mm_counter(mm, "anon_rss" if anonymous else "file_rss")
        page_remove_rmap(page, None)
        put_page(page)
    elif pte.entry is not None and pte.entry.type < SWP_MIGRATION_READ:
        swap_free(pte.entry)


def _zap_everywhere(page: Page) -> None:
    """No pte maps the page."""
    for mm in [o for o in page.machine.objects.values() if isinstance(o, MmStruct)]:
        for address, pte in mm.page_table.items():
            if pte.page is page:
                _zap_pte(mm, address)


def _drop_private(page: Page) -> None:
    """The page has no private data, except buffers that somebody still uses."""
    ring = list(buffers_of(page))
    for bh in ring:
        bh.BH_Dirty = 0
    if any(bh.b_count or bh.BH_Lock for bh in ring):
        return
    for bh in ring:
        bh.b_this_page = None
        bh.freed = 1
    page.PG_private = 0
    page.private = 0
    put_page(page)


def _leave_cache(page: Page, mapping: AddressSpace, index: int) -> None:
    mapping.page_tree.put(index, None)
    page_zone(page).NR_FILE_PAGES -= 1


def _truncate(page: Page) -> None:
    """The page leaves its file, unless it is locked or being written."""
    _zap_everywhere(page)
    if page.PG_locked or page.PG_writeback:
        return
    if page.PG_private:
        _drop_private(page)
    mapping = page.mapping
    if isinstance(mapping, AddressSpace):
        cancel_dirty_page(page)
        if page.PG_mlocked:
            page.PG_mlocked = 0
            page_zone(page).NR_MLOCK -= 1
        _leave_cache(page, mapping, page.index)
        page.mapping = None
        page.PG_mappedtodisk = 0
        uncharge_page(page)
        put_page(page)


@primitive
def another_cpu_pins(page: Page) -> None:
    """Somebody takes a reference, if the count is not zero."""
    if page._count > 0:
        page._count += 1
        page.pins += 1


@primitive
def another_cpu_unpins(page: Page) -> None:
    """Somebody drops a reference that he had."""
    if page.pins > 0:
        page.pins -= 1
        put_page(page)


@primitive
def another_cpu_locks(page: Page) -> None:
    """Somebody locks the page, if nobody has."""
    if not page.PG_locked:
        page.PG_locked = 1
        page.lock_owner = current()


@primitive
def another_cpu_unlocks(page: Page) -> None:
    """Whoever else has locked the page unlocks it."""
    if page.PG_locked and page.lock_owner is current():
        page.PG_locked = 0
        page.lock_owner = None


@primitive
def another_cpu_starts_writeback(page: Page) -> None:
    """The page is being written."""
    set_page_writeback(page)


@primitive
def another_cpu_ends_writeback(page: Page) -> None:
    """The page has been written."""
    end_page_writeback(page)


@primitive
def another_cpu_dirties(page: Page) -> None:
    """The page is dirty again, and so is each of its buffers."""
    _dirty(page)


@primitive
def another_cpu_cleans(page: Page) -> None:
    """The page is clean."""
    cancel_dirty_page(page)


@primitive
def another_cpu_releases_buffers(page: Page) -> None:
    """Others have let go of the page's buffers, which are clean and unlocked."""
    for bh in buffers_of(page):
        _release_buffer(bh)


def _release_buffer(bh: BufferHead) -> None:
    bh.b_count -= bh.others_count
    bh.others_count = 0
    if bh.BH_Lock and bh.lock_owner is current():
        bh.BH_Lock = 0
        bh.lock_owner = None
    bh.BH_Dirty = 0


@primitive
def another_cpu_fills_the_group(page: Page) -> None:
    """The memory control group has no room for the next charge of a migration."""
    page.machine.kernel.memcg.refuses = -ENOMEM


@primitive
def another_cpu_breaks_the_group(page: Page, rc: int) -> None:
    """The memory control group answers the next charge with an error that it never gives."""
    page.machine.kernel.memcg.refuses = rc


@primitive
def another_cpu_zaps(page: Page, mm: str, addr: int) -> None:
    """munmap of one pte."""
    _zap_pte(page.machine[mm], addr)


@primitive
def another_cpu_truncates(page: Page) -> None:
    """The file is cut off before the page."""
    _truncate(page)


@primitive
def another_cpu_frees(page: Page) -> None:
    """Everybody else lets go of the page."""
    if page.PG_locked and page.lock_owner is not current():
        _zap_everywhere(page)
        return
    page.PG_locked = 0
    page.lock_owner = None
    if page.PG_writeback:
        end_page_writeback(page)
    _truncate(page)
    if page.PG_swapcache:
        slot = page.private
        _leave_cache(page, page.machine.kernel.swapper_space, slot)
        page.PG_swapcache = 0
        page.private = 0
        swap_free(swp_entry_t(0, slot))
        put_page(page)
    while page.pins > 0:
        page.pins -= 1
        put_page(page)


@primitive
def another_cpu_drains_pagevecs(page: Page) -> None:
    """The pages in the pagevecs are on their lists."""
    lru_add_drain()


@primitive
def another_cpu_takes_or_gives_frames(page: Page, node: int, n: int) -> None:
    """A node has more or fewer free frames."""
    zone = page.machine.kernel.zones[node]
    zone.free = max(0, zone.free + n)


#: What a scenario's `do` means.
EVENTS: dict[str, Callable[..., None]] = {
    "pin": another_cpu_pins,
    "unpin": another_cpu_unpins,
    "lock": another_cpu_locks,
    "unlock": another_cpu_unlocks,
    "start_writeback": another_cpu_starts_writeback,
    "end_writeback": another_cpu_ends_writeback,
    "redirty": another_cpu_dirties,
    "clean": another_cpu_cleans,
    "release_buffers": another_cpu_releases_buffers,
    "memcg_enomem": another_cpu_fills_the_group,
    "memcg_error": another_cpu_breaks_the_group,
    "zap": another_cpu_zaps,
    "truncate": another_cpu_truncates,
    "free": another_cpu_frees,
    "lru_drain": another_cpu_drains_pagevecs,
    "frames": another_cpu_takes_or_gives_frames,
}

#: What an event has to say besides the page, in the order of its function's arguments.
DETAILS = {"memcg_error": ("rc",), "zap": ("mm", "addr"), "frames": ("node", "n")}
