# SPDX-License-Identifier: GPL-2.0-only
"""The fault of a mapped file: its page, from the page cache or from the disk (mm/filemap.c)."""

from __future__ import annotations

from errno import EIO, ENOMEM

from kmm.mm.filemap import find_lock_page, page_cache_read, unlock_page, wait_on_page_locked
from kmm.mm.memory import VM_FAULT_LOCKED, VM_FAULT_OOM, VM_FAULT_SIGBUS
from kmm.mm.mmap import VmAreaStruct
from kmm.mm.page import Page
from kmm.mm.page_flags import ClearPageError, PageUptodate
from kmm.mm.swap import put_page
from kmm.sim import Cell, kernel_function

KERNEL_FILE = "mm/filemap.c"


@kernel_function
def filemap_fault(vma: VmAreaStruct, pgoff: int, vmf_page: Cell[Page | None]) -> int:
    """VM_FAULT_LOCKED and `vmf_page` holds the page, locked and with a reference; or an error.

    VM_FAULT_SIGBUS beyond the end of the file, which is looked at again under the page lock, for
    truncate may have moved it.  May sleep.
    Simplified: nothing is read ahead.
    """
    mapping = vma.vm_file
    assert mapping is not None
    if pgoff >= mapping.i_size:
        return VM_FAULT_SIGBUS
    while True:
        page = find_lock_page(mapping, pgoff)
        if not page:
            error = page_cache_read(mapping, pgoff)
            if error == 0:
                continue
            return VM_FAULT_OOM if error == -ENOMEM else VM_FAULT_SIGBUS
        if PageUptodate(page):
            break
        ClearPageError(page)
        readpage = mapping.a_ops.readpage
        error = readpage(mapping, page) if readpage else -EIO
        if not error:
            wait_on_page_locked(page)
            if not PageUptodate(page):
                error = -EIO
        put_page(page)
        if error:
            return VM_FAULT_SIGBUS
    if pgoff >= mapping.i_size:
        unlock_page(page)
        put_page(page)
        return VM_FAULT_SIGBUS
    vmf_page.value = page
    return VM_FAULT_LOCKED
