# SPDX-License-Identifier: GPL-2.0-only
"""A file system, as far as migration meets it: its writepage, readpage and releasepage.

One file system stands for many: `mapping.writes` and `mapping.releases` say how its operations
end.  The rule for writepage: called with the page locked, it unlocks the page, except where it
returns AOP_WRITEPAGE_ACTIVATE.

    writes    "ok"            the page is written when writepage returns
              "async"         it is under writeback when writepage returns
              "error"         the write fails; the page is unlocked, as the rule says
              "error_locked"  the write fails; the page stays locked, against the rule
              "activate"      not now: the page is dirty again and stays locked
    releases  "ok", "busy"    private data is given up, or needed
"""

from __future__ import annotations

from errno import EIO

from kmm.mm.buffer import (
    BufferHead,
    buffers_of,
    clear_buffer_dirty,
    try_to_free_buffers,
)
from kmm.mm.disk import complete_write, disk_read, submit_write
from kmm.mm.filemap import unlock_page
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE, AddressSpace
from kmm.mm.mmap import VmAreaStruct
from kmm.mm.page import Page, set_page_private
from kmm.mm.page_flags import ClearPagePrivate, SetPageError, SetPageUptodate
from kmm.mm.page_writeback import (
    WritebackControl,
    end_page_writeback,
    set_page_dirty,
    set_page_writeback,
)
from kmm.mm.swap import put_page
from kmm.sim import kernel_function

KERNEL_FILE = "the file system"


@kernel_function
def writepage(page: Page, wbc: WritebackControl) -> int:
    """The page's contents are on their way to the disk, or the error says why not.

    Needs the page lock and gives it up, except with AOP_WRITEPAGE_ACTIVATE.
    """
    how = page.mapping.writes
    if how == "activate":
        set_page_dirty(page)
        return AOP_WRITEPAGE_ACTIVATE
    if how == "error_locked":
        SetPageError(page)
        return -EIO
    if how == "error":
        SetPageError(page)
        unlock_page(page)
        return -EIO
    mapping = page.mapping
    for bh in buffers_of(page):
        clear_buffer_dirty(bh)
    was_written = set_page_writeback(page)
    if mapping.disk is not None:
        submit_write(mapping, page.index, page)
    unlock_page(page)
    if how == "ok" and not was_written:
        if mapping.disk is None:
            end_page_writeback(page)
        else:
            complete_write(mapping, page.index)
    return 0


@kernel_function
def readpage(mapping: AddressSpace, page: Page) -> int:
    """0; the page has its contents from the disk, and is unlocked.  Needs the page lock."""
    disk_read(mapping, page.index, page)
    SetPageUptodate(page)
    unlock_page(page)
    return 0


@kernel_function
def releasepage(page: Page, gfp_mask: int) -> int:
    """1 and the page has no private data, or 0.  Needs the page lock."""
    if page.mapping.releases == "busy":
        return 0
    if isinstance(page.private, BufferHead):
        return try_to_free_buffers(page)
    ClearPagePrivate(page)
    set_page_private(page, 0)
    put_page(page)
    return 1


@kernel_function
def vma_migrate(vma: VmAreaStruct, to: int, from_: int, flags: int) -> int:
    """vm_ops->migrate of a vma that prepares or does its own migration; 0 or an error."""
    return vma.ops_rc
