# SPDX-License-Identifier: GPL-2.0-only
"""Testing, setting and clearing the bits of page->flags (include/linux/page-flags.h).

The kernel makes these functions with macros, one line a flag; so does this file.  Each is atomic.
PageAnon is not here: it looks at page->mapping.
"""

from __future__ import annotations

from collections.abc import Callable

from kmm.mm.page import Page
from kmm.sim import primitive

KERNEL_FILE = "include/linux/page-flags.h"

Test = Callable[[Page], int]
Act = Callable[[Page], None]


def TESTPAGEFLAG(name: str, bit: str) -> Test:
    """PageNAME: the bit, 0 or 1."""

    def test(page: Page) -> int:
        return getattr(page, bit)  # type: ignore[no-any-return]

    test.__doc__ = f"1 if {bit} is set."
    test.__name__ = test.__qualname__ = f"Page{name}"
    return primitive(test)


def SETPAGEFLAG(name: str, bit: str) -> Act:
    """SetPageNAME: the bit is set."""

    def put(page: Page) -> None:
        setattr(page, bit, 1)

    put.__doc__ = f"{bit} is set."
    put.__name__ = put.__qualname__ = f"SetPage{name}"
    return primitive(put)


def CLEARPAGEFLAG(name: str, bit: str) -> Act:
    """ClearPageNAME: the bit is clear."""

    def clear(page: Page) -> None:
        setattr(page, bit, 0)

    clear.__doc__ = f"{bit} is clear."
    clear.__name__ = clear.__qualname__ = f"ClearPage{name}"
    return primitive(clear)


def TESTSETFLAG(name: str, bit: str) -> Test:
    """TestSetPageNAME: the bit is set; returns what it was."""

    def test_and_set(page: Page) -> int:
        was: int = getattr(page, bit)
        setattr(page, bit, 1)
        return was

    test_and_set.__doc__ = f"{bit} is set; returns what it was."
    test_and_set.__name__ = test_and_set.__qualname__ = f"TestSetPage{name}"
    return primitive(test_and_set)


def TESTCLEARFLAG(name: str, bit: str) -> Test:
    """TestClearPageNAME: the bit is clear; returns what it was."""

    def test_and_clear(page: Page) -> int:
        was: int = getattr(page, bit)
        setattr(page, bit, 0)
        return was

    test_and_clear.__doc__ = f"{bit} is clear; returns what it was."
    test_and_clear.__name__ = test_and_clear.__qualname__ = f"TestClearPage{name}"
    return primitive(test_and_clear)


def PAGEFLAG(name: str, bit: str) -> tuple[Test, Act, Act]:
    """PageNAME, SetPageNAME, ClearPageNAME."""
    return TESTPAGEFLAG(name, bit), SETPAGEFLAG(name, bit), CLEARPAGEFLAG(name, bit)


PageLocked = TESTPAGEFLAG("Locked", "PG_locked")
PageError, SetPageError, ClearPageError = PAGEFLAG("Error", "PG_error")
PageReferenced, SetPageReferenced, ClearPageReferenced = PAGEFLAG("Referenced", "PG_referenced")
PageUptodate, SetPageUptodate, ClearPageUptodate = PAGEFLAG("Uptodate", "PG_uptodate")
PageDirty, SetPageDirty, ClearPageDirty = PAGEFLAG("Dirty", "PG_dirty")
TestSetPageDirty = TESTSETFLAG("Dirty", "PG_dirty")
TestClearPageDirty = TESTCLEARFLAG("Dirty", "PG_dirty")
PageLRU, SetPageLRU, ClearPageLRU = PAGEFLAG("LRU", "PG_lru")
PageActive, SetPageActive, ClearPageActive = PAGEFLAG("Active", "PG_active")
TestClearPageActive = TESTCLEARFLAG("Active", "PG_active")
PageSlab = TESTPAGEFLAG("Slab", "PG_slab")
PageChecked, SetPageChecked, ClearPageChecked = PAGEFLAG("Checked", "PG_checked")
PageReserved, SetPageReserved, ClearPageReserved = PAGEFLAG("Reserved", "PG_reserved")
PagePrivate, SetPagePrivate, ClearPagePrivate = PAGEFLAG("Private", "PG_private")
PageWriteback = TESTPAGEFLAG("Writeback", "PG_writeback")
PageSwapCache, SetPageSwapCache, ClearPageSwapCache = PAGEFLAG("SwapCache", "PG_swapcache")
PageMappedToDisk, SetPageMappedToDisk, ClearPageMappedToDisk = PAGEFLAG(
    "MappedToDisk", "PG_mappedtodisk"
)
PageReclaim, SetPageReclaim, ClearPageReclaim = PAGEFLAG("Reclaim", "PG_reclaim")
PageSwapBacked, SetPageSwapBacked, ClearPageSwapBacked = PAGEFLAG("SwapBacked", "PG_swapbacked")
PageUnevictable, SetPageUnevictable, ClearPageUnevictable = PAGEFLAG(
    "Unevictable", "PG_unevictable"
)
TestClearPageUnevictable = TESTCLEARFLAG("Unevictable", "PG_unevictable")
PageMlocked, SetPageMlocked, ClearPageMlocked = PAGEFLAG("Mlocked", "PG_mlocked")
TestClearPageMlocked = TESTCLEARFLAG("Mlocked", "PG_mlocked")
