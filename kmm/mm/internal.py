# SPDX-License-Identifier: GPL-2.0-only
"""What mm/ keeps to itself: moving two flags that migration must not lose (mm/internal.h)."""

from __future__ import annotations

from kmm.mm.page import Page
from kmm.mm.page_flags import (
    SetPageMlocked,
    SetPageUnevictable,
    TestClearPageMlocked,
    TestClearPageUnevictable,
)
from kmm.mm.vmstat import NR_MLOCK, __dec_zone_page_state, __inc_zone_page_state
from kmm.sim import kernel_function

KERNEL_FILE = "mm/internal.h"


@kernel_function
def unevictable_migrate_page(new: Page, old: Page) -> None:
    """`new` is unevictable if `old` was; `old` is not."""
    if TestClearPageUnevictable(old):
        SetPageUnevictable(new)


@kernel_function
def mlock_migrate_page(newpage: Page, page: Page) -> None:
    """`newpage` is mlocked if `page` was, and counted so; `page` is not."""
    if TestClearPageMlocked(page):
        __dec_zone_page_state(page, NR_MLOCK)
        SetPageMlocked(newpage)
        __inc_zone_page_state(newpage, NR_MLOCK)
