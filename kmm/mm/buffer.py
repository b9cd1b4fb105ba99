# SPDX-License-Identifier: GPL-2.0-only
"""Buffer heads: the blocks of a page as the file system sees them (fs/buffer.c).

The buffers of a page form a ring through b_this_page; page->private points to the first, PG_private
says that it does, and the ring holds one reference on the page.  `b_count` counts who uses a buffer
(it is not part of the page's count).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kmm.mm.page import Page, set_page_private
from kmm.mm.page_flags import ClearPagePrivate, PageLocked, PagePrivate, PageWriteback
from kmm.mm.sched import might_sleep
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.swap import put_page
from kmm.mm.truncate import cancel_dirty_page
from kmm.sim import BUG_ON, Tracked, atomic_add_return, current, kernel_function, poison, primitive

KERNEL_FILE = "fs/buffer.c"


class BufferHead(Tracked):
    """struct buffer_head: `b_data` is the offset in the page, BH_Lock and BH_Dirty bits of b_state.

    `lock_owner`: who has BH_Lock.  `others_count`: how much of b_count is held by nobody we model.
    `freed`: the buffer head is gone.
    """

    b_count: int = 0
    BH_Lock: int = 0
    BH_Dirty: int = 0
    b_page: Page | None = None
    b_this_page: BufferHead | None = None
    b_data: int = 0
    lock_owner: Any = None
    others_count: int = 0
    freed: int = 0


def buffers_of(page: Page) -> Iterator[BufferHead]:
    """The buffers of the page in the order of the ring; none if its private data is no ring."""
    head = page.private if page.PG_private else None
    if isinstance(head, BufferHead):
        bh: BufferHead | None = head
        while bh is not None:
            yield bh
            bh = bh.b_this_page if bh.b_this_page is not head else None


@primitive(source="include/linux/buffer_head.h")
def page_has_buffers(page: Page) -> int:
    """1 if the page has private data."""
    return page.PG_private


@primitive(source="include/linux/buffer_head.h")
def page_buffers(page: Page) -> BufferHead:
    """The first buffer of the page, which must have some."""
    BUG_ON(not PagePrivate(page), f"{page.name} has no buffers")
    head: BufferHead = page.private
    return head


@primitive(source="include/linux/buffer_head.h")
def get_bh(bh: BufferHead) -> None:
    """One user of the buffer more."""
    atomic_add_return(bh, "b_count", 1)


@primitive(source="include/linux/buffer_head.h")
def put_bh(bh: BufferHead) -> None:
    """One user of the buffer less."""
    atomic_add_return(bh, "b_count", -1)


@primitive(source="include/linux/buffer_head.h")
def bh_offset(bh: BufferHead) -> int:
    """Where the buffer begins in its page, in bytes."""
    return bh.b_data


@primitive(source="include/linux/buffer_head.h")
def trylock_buffer(bh: BufferHead) -> int:
    """1 and the running task has locked the buffer, if nobody had; else 0."""
    if bh.BH_Lock:
        return 0
    bh.BH_Lock = 1
    bh.lock_owner = current()
    return 1


@primitive(until=lambda bh: not bh.BH_Lock, held_by=lambda bh: bh.lock_owner)
def __lock_buffer(bh: BufferHead) -> None:
    """The running task has locked the buffer; waits until it is free."""
    bh.BH_Lock = 1
    bh.lock_owner = current()


@kernel_function(source="include/linux/buffer_head.h")
def lock_buffer(bh: BufferHead) -> None:
    """The running task has locked the buffer; may sleep."""
    might_sleep()
    if not trylock_buffer(bh):
        __lock_buffer(bh)


@primitive
def unlock_buffer(bh: BufferHead) -> None:
    """The buffer is not locked."""
    bh.BH_Lock = 0
    bh.lock_owner = None


@primitive
def set_bh_page(bh: BufferHead, page: Page, offset: int) -> None:
    """The buffer is the part of `page` that begins at `offset`."""
    bh.b_page = page
    bh.b_data = offset


@primitive(source="include/linux/buffer_head.h")
def set_buffer_dirty(bh: BufferHead) -> None:
    """The buffer is dirty."""
    bh.BH_Dirty = 1


@primitive(source="include/linux/buffer_head.h")
def clear_buffer_dirty(bh: BufferHead) -> None:
    """The buffer is clean."""
    bh.BH_Dirty = 0


@primitive
def buffer_busy(bh: BufferHead) -> int:
    """1 if somebody uses the buffer, has locked it, or must still write it."""
    return int(bool(bh.b_count or bh.BH_Lock or bh.BH_Dirty))


@primitive
def free_buffer_head(bh: BufferHead) -> None:
    """The buffer head is gone."""
    bh.b_this_page = None
    bh.freed = 1
    # One task alone cannot come upon it again, and its record need not tell of poison.
    if bh.machine.environment.several:
        poison(bh, keep=frozenset({"freed"}))


@kernel_function
def drop_buffers(page: Page) -> tuple[BufferHead, ...] | None:
    """The ring, taken off the page with its reference; None and nothing done if one is busy.

    Needs mapping->private_lock or a page without mapping.
    Simplified: write errors of the buffers are not handed on to the file (AS_EIO), and buffers are
    on no list of an inode.
    """
    ring = tuple(buffers_of(page))
    for bh in ring:
        if buffer_busy(bh):
            return None
    ClearPagePrivate(page)
    set_page_private(page, 0)
    put_page(page)
    return ring


@kernel_function
def try_to_free_buffers(page: Page) -> int:
    """1 and the page has no buffers and is clean; 0 if a buffer is busy or the page is written.

    Needs the page lock.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    if PageWriteback(page):
        return 0
    mapping = page.mapping
    if mapping is None:
        ring = drop_buffers(page)
    else:
        spin_lock(mapping.private_lock)
        ring = drop_buffers(page)
        # Clean buffers are the last word: the page had nothing left to write.
        if ring is not None:
            cancel_dirty_page(page)
        spin_unlock(mapping.private_lock)
    for bh in ring or ():
        free_buffer_head(bh)
    return int(ring is not None)


@kernel_function(source="mm/filemap.c")
def try_to_release_page(page: Page, gfp_mask: int) -> int:
    """1 and the page has no private data; 0 if its file system needs it.

    Needs the page lock; may sleep.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    might_sleep()
    if PageWriteback(page):
        return 0
    mapping = page.mapping
    if mapping is not None and mapping.a_ops.releasepage:
        released: int = mapping.a_ops.releasepage(page, gfp_mask)
        return released
    return try_to_free_buffers(page)
