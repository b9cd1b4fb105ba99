# SPDX-License-Identifier: GPL-2.0-only
"""Pages whose contents nobody wants any more (mm/truncate.c)."""

from __future__ import annotations

from kmm.mm.fs import mapping_cap_account_dirty
from kmm.mm.page import Page, page_mapping
from kmm.mm.vmstat import NR_FILE_DIRTY, page_zone
from kmm.sim import atomic_add_return, primitive

KERNEL_FILE = "mm/truncate.c"


@primitive
def cancel_dirty_page(page: Page) -> None:
    """The page is clean: what it held need not be written any more."""
    if page.PG_dirty:
        page.PG_dirty = 0
        mapping = page_mapping(page)
        if mapping is not None and mapping_cap_account_dirty(mapping):
            atomic_add_return(page_zone(page), NR_FILE_DIRTY, -1)
