# SPDX-License-Identifier: GPL-2.0-only
"""Writing dirty pages of a file to its disk (mm/page-writeback.c).

Before a page is written its dirty bits are collected from the ptes, which lose their write bits
with them; then the page is clean, and its contents go.  Who writes to it afterwards faults, and
makes it dirty again.
"""

from __future__ import annotations

from errno import EIO

from kmm.mm.anon_vma import page_mkclean
from kmm.mm.filemap import find_get_pages, lock_page, unlock_page
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE, AddressSpace, mapping_cap_account_dirty
from kmm.mm.page import Page, get_page, page_mapping
from kmm.mm.page_flags import PageDirty, PageError, PageLocked, PageWriteback
from kmm.mm.page_writeback import (
    LLONG_MAX,
    WB_SYNC_NONE,
    WritebackControl,
    clear_page_dirty_for_io,
    set_page_dirty,
    wait_on_page_writeback,
)
from kmm.mm.swap import PAGEVEC_SIZE, put_page, release_pages
from kmm.sim import BUG_ON, kernel_function

KERNEL_FILE = "mm/page-writeback.c"

WB_SYNC_ALL = 1


@kernel_function
def clear_mapped_page_dirty_for_io(page: Page) -> int:
    """1 and the page, which was dirty or had a dirty pte, is clean, its ptes too.

    Needs the page lock.
    Simplified: in C this is clear_page_dirty_for_io itself; here that one is for pages without
    ptes, as migration has them.
    """
    mapping = page_mapping(page)
    if mapping and mapping_cap_account_dirty(mapping) and page_mkclean(page):
        set_page_dirty(page)
    return clear_page_dirty_for_io(page)


@kernel_function
def write_one_page(page: Page, wait: int) -> int:
    """0 and the page is written if it was dirty, or an error; it is unlocked.

    Needs the page lock.  `wait`: until it is on the disk.  May sleep.
    """
    mapping = page.mapping
    wbc = WritebackControl(WB_SYNC_ALL, 1, 0, LLONG_MAX, 0, 0)
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    if wait:
        wait_on_page_writeback(page)
    if not clear_mapped_page_dirty_for_io(page):
        unlock_page(page)
        return 0
    get_page(page)
    ret: int = mapping.a_ops.writepage(page, wbc)
    if ret == 0 and wait:
        wait_on_page_writeback(page)
        if PageError(page):
            ret = -EIO
    put_page(page)
    return ret


@kernel_function
def write_cache_pages(mapping: AddressSpace, wbc: WritebackControl) -> int:
    """0 and every dirty page of the mapping has been given to writepage; or the first error.

    `wbc.sync_mode`: WB_SYNC_NONE passes over pages that are being written.  May sleep.
    Simplified: all pages are looked at, not those with the dirty tag; no range.
    """
    ret = 0
    index = 0
    while pvec := find_get_pages(mapping, index, PAGEVEC_SIZE):
        for page in pvec:
            index = max(index, page.index) + 1
            lock_page(page)
            # Truncate or migration may have been faster.
            if page.mapping is not mapping:
                unlock_page(page)
                continue
            if wbc.sync_mode != WB_SYNC_NONE:
                wait_on_page_writeback(page)
            if PageWriteback(page) or not clear_mapped_page_dirty_for_io(page):
                unlock_page(page)
                continue
            assert mapping.a_ops.writepage is not None
            error = mapping.a_ops.writepage(page, wbc)
            if error == AOP_WRITEPAGE_ACTIVATE:
                unlock_page(page)
                error = 0
            ret = ret or error
        release_pages(pvec)
    return ret


def unwritten(mapping: AddressSpace) -> list[Page]:
    """Pages whose contents are not on the disk although nothing says that they are dirty.

    For a machine at rest whose worlds keep disks; a page under writeback is on its way.
    """
    disk = mapping.disk
    if disk is None:
        return []
    mms = {vma.vm_mm for vma in mapping.i_mmap}
    dirty = {pte.page for mm in mms for pte in mm.page_table.cells.values() if pte.dirty}
    return [
        page
        for index, page in mapping.page_tree.items()
        if page is not None
        and not (PageDirty(page) or PageWriteback(page) or page in dirty)
        and page.data != disk[index]
    ]
