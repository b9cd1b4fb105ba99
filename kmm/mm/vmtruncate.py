# SPDX-License-Identifier: GPL-2.0-only
"""A file becomes shorter (mm/memory.c: vmtruncate, mm/truncate.c).

First the size, then the ptes, then the pages, then the ptes again.  A fault that has found its page
before the size changed holds the page lock until its pte is there; truncate, which takes the page
lock for each page, unmaps it then.
"""

from __future__ import annotations

from kmm.mm.buffer import try_to_release_page
from kmm.mm.filemap import (
    find_get_pages,
    lock_page,
    remove_from_page_cache,
    trylock_page,
    unlock_page,
)
from kmm.mm.fs import AddressSpace
from kmm.mm.memory_zap import unmap_mapping_range
from kmm.mm.page import Page, page_mapped
from kmm.mm.page_flags import ClearPageMappedToDisk, PagePrivate, PageWriteback
from kmm.mm.page_writeback import wait_on_page_writeback
from kmm.mm.sched import cond_resched
from kmm.mm.swap import PAGEVEC_SIZE, put_page, release_pages
from kmm.mm.truncate import cancel_dirty_page
from kmm.mm.writes import file_gone
from kmm.sim import kernel_function, peek

KERNEL_FILE = "mm/truncate.c"


@kernel_function
def do_invalidatepage(page: Page, offset: int) -> None:
    """The page's private data is given up, if its file system can do without.

    Simplified: a_ops->invalidatepage is block_invalidatepage, which forgets that buffers are dirty.
    """
    try_to_release_page(page, 0)


@kernel_function
def truncate_complete_page(mapping: AddressSpace, page: Page) -> None:
    """The page is clean and in no mapping.  Needs the page lock; no pte maps it.

    Nothing is done if it is in another mapping by now, or in none.
    """
    if page.mapping is not mapping:
        return
    if PagePrivate(page):
        do_invalidatepage(page, 0)
    cancel_dirty_page(page)
    remove_from_page_cache(page)
    file_gone(mapping, peek(page, "index"))
    ClearPageMappedToDisk(page)
    put_page(page)  # the reference of the cache


def _truncate(mapping: AddressSpace, page: Page) -> None:
    """Both rounds do this with a page that they have locked."""
    if page_mapped(page):
        unmap_mapping_range(mapping, page.index, 1, 0)
    truncate_complete_page(mapping, page)
    unlock_page(page)


@kernel_function
def truncate_inode_pages(mapping: AddressSpace, lstart: int) -> None:
    """The mapping has no page from index `lstart` on; may sleep.

    A first round takes what can be had at once, the second waits for locks and for writeback.
    Simplified: a file ends at the end of a page, so none is cleared in part.
    """
    next_ = lstart
    while pvec := find_get_pages(mapping, next_, PAGEVEC_SIZE):
        for page in pvec:
            next_ = max(next_, page.index) + 1
            if not trylock_page(page):
                continue
            if PageWriteback(page):
                unlock_page(page)
                continue
            _truncate(mapping, page)
        release_pages(pvec)
        cond_resched()
    next_ = lstart
    while True:
        cond_resched()
        pvec = find_get_pages(mapping, next_, PAGEVEC_SIZE)
        if not pvec:
            if next_ == lstart:
                break
            next_ = lstart
            continue
        for page in pvec:
            lock_page(page)
            wait_on_page_writeback(page)
            next_ = max(next_, page.index) + 1
            _truncate(mapping, page)
        release_pages(pvec)


@kernel_function(source="mm/memory.c")
def vmtruncate(mapping: AddressSpace, offset: int) -> int:
    """0 and the file is `offset` pages long; what lay behind is neither cached nor mapped.

    May sleep.
    Simplified: i_mutex, which the caller holds, is not modelled.
    """
    if mapping.i_size < offset:
        mapping.i_size = offset
        return 0
    mapping.i_size = offset
    # The first time for speed, the second for private copies that were made meanwhile.
    unmap_mapping_range(mapping, offset, 0, 1)
    truncate_inode_pages(mapping, offset)
    unmap_mapping_range(mapping, offset, 0, 1)
    return 0
