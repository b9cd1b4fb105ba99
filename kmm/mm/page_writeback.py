# SPDX-License-Identifier: GPL-2.0-only
"""Dirty pages and writeback (mm/page-writeback.c, mm/filemap.c, fs/buffer.c).

A page that is dirtied through set_page_dirty is wholly dirty, its buffers with it.  The nobuffers
way only says that something of the page is.

Simplified: backing devices and tasks count nothing, inodes do not become dirty, and a page that is
dirtied is not checked for being up to date.
"""

from __future__ import annotations

from dataclasses import dataclass

from kmm.mm.buffer import buffers_of, page_has_buffers, set_buffer_dirty
from kmm.mm.fs import AddressSpace, mapping_cap_account_dirty
from kmm.mm.page import Page, page_mapping
from kmm.mm.page_flags import PageDirty, PageLocked, PageWriteback, TestSetPageDirty
from kmm.mm.sched import might_sleep
from kmm.mm.spinlock import spin_lock, spin_lock_irq, spin_unlock, spin_unlock_irq
from kmm.mm.vmstat import NR_FILE_DIRTY, NR_WRITEBACK, page_zone
from kmm.sim import BUG_ON, atomic_add_return, kernel_function, primitive

KERNEL_FILE = "mm/page-writeback.c"

WB_SYNC_NONE = 0
LLONG_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class WritebackControl:
    """struct writeback_control: what the caller of writepage wants."""

    sync_mode: int
    nr_to_write: int
    range_start: int
    range_end: int
    nonblocking: int
    for_reclaim: int

    def __str__(self) -> str:
        return "wbc"


@primitive
def account_page_dirtied(page: Page, mapping: AddressSpace) -> None:
    """A page that has become dirty is counted, if its file's pages are.  Needs tree_lock."""
    if mapping_cap_account_dirty(mapping):
        atomic_add_return(page_zone(page), NR_FILE_DIRTY, 1)


@kernel_function
def __set_page_dirty_nobuffers(page: Page) -> int:
    """The page is dirty, its buffers are as they were; 1 if it was clean."""
    if TestSetPageDirty(page):
        return 0
    mapping = page_mapping(page)
    if mapping is None:
        return 1
    spin_lock_irq(mapping.tree_lock)
    # Truncate may have taken the page out of its mapping before we held the lock.
    if page_mapping(page) is mapping:
        account_page_dirtied(page, mapping)
    spin_unlock_irq(mapping.tree_lock)
    return 1


@kernel_function(source="fs/buffer.c")
def __set_page_dirty(page: Page, mapping: AddressSpace, warn: int) -> int:
    """The page is dirty and counted so, if it is still in the mapping; 1 if it was clean."""
    if TestSetPageDirty(page):
        return 0
    spin_lock_irq(mapping.tree_lock)
    # Truncate may have taken the page out of its mapping before we held the lock.
    if page.mapping:
        account_page_dirtied(page, mapping)
    spin_unlock_irq(mapping.tree_lock)
    return 1


@kernel_function(source="fs/buffer.c")
def __set_page_dirty_buffers(page: Page) -> int:
    """The page is dirty, and so is each of its buffers; 1 if it was clean.

    Takes mapping->private_lock, so that the buffers stay, and mapping->tree_lock.
    """
    mapping = page_mapping(page)
    if mapping is None:
        return int(not TestSetPageDirty(page))
    spin_lock(mapping.private_lock)
    if page_has_buffers(page):
        for bh in buffers_of(page):
            set_buffer_dirty(bh)
    spin_unlock(mapping.private_lock)
    return __set_page_dirty(page, mapping, 1)


@kernel_function
def set_page_dirty(page: Page) -> int:
    """The page is dirty, in the way of its mapping (all of it, buffers too); 1 if it was clean."""
    mapping = page_mapping(page)
    if mapping is not None:
        dirty = mapping.a_ops.set_page_dirty or __set_page_dirty_buffers
        return dirty(page)
    if not PageDirty(page) and not TestSetPageDirty(page):
        return 1
    return 0


@primitive
def clear_page_dirty_for_io(page: Page) -> int:
    """The page is clean, for its contents are about to be written; 1 if it was dirty.

    Needs the page lock.
    Simplified: ptes are not searched for dirty bits; migration has unmapped the page before.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    page.PG_reclaim = 0
    if not page.PG_dirty:
        return 0
    page.PG_dirty = 0
    mapping = page_mapping(page)
    if mapping is not None and mapping_cap_account_dirty(mapping):
        atomic_add_return(page_zone(page), NR_FILE_DIRTY, -1)
    return 1


@primitive
def set_page_writeback(page: Page) -> int:
    """The page is being written; returns whether it was already."""
    was = page.PG_writeback
    if not was:
        page.PG_writeback = 1
        atomic_add_return(page_zone(page), NR_WRITEBACK, 1)
    return was


@primitive(source="mm/filemap.c")
def end_page_writeback(page: Page) -> None:
    """Writing the page has ended; who waits for that goes on.

    Simplified: a page that reclaim wanted next is not moved to the end of its LRU list.
    """
    page.PG_reclaim = 0
    if page.PG_writeback:
        page.PG_writeback = 0
        atomic_add_return(page_zone(page), NR_WRITEBACK, -1)


@primitive(until=lambda page: not page.PG_writeback, source="mm/filemap.c")
def wait_on_page_writeback_bit(page: Page) -> None:
    """Nobody is writing the page; waits for that."""


@kernel_function(source="include/linux/pagemap.h")
def wait_on_page_writeback(page: Page) -> None:
    """Nobody is writing the page; may sleep."""
    might_sleep()
    if PageWriteback(page):
        wait_on_page_writeback_bit(page)
