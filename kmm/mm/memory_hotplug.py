# SPDX-License-Identifier: GPL-2.0-only
"""Memory is taken out of the machine while it runs (mm/memory_hotplug.c, mm/sparse.c)."""

from __future__ import annotations

from kmm.mm.page import Page
from kmm.mm.vmstat import page_zone
from kmm.sim import poison, primitive

KERNEL_FILE = "mm/sparse.c"

#: What invariants and pictures ask of every page: this one is free, and was where it was.
_KEPT = frozenset({"PG_buddy", "PG_locked"})


@primitive
def sparse_remove_one_section(page: Page) -> int:
    """1 and the frame, and the memory that its struct page was in, are gone; 0 if it is in use.

    Simplified: a section of memory is one page, and the node of its frame, which the kernel keeps
    in page->flags, is still known; the flags are poison.
    """
    if not page.PG_buddy:
        return 0
    page_zone(page).free -= 1
    others = {field for field in Page.FIELDS if not field.startswith("PG_")}
    poison(page, keep=_KEPT | others)
    return 1
