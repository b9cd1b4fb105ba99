# SPDX-License-Identifier: GPL-2.0-only
"""The contents of pages (include/linux/highmem.h)."""

from __future__ import annotations

from kmm.mm.page import Page
from kmm.sim import primitive

KERNEL_FILE = "include/linux/highmem.h"


@primitive
def copy_highpage(to: Page, from_: Page) -> None:
    """`to` has the contents of `from_`.

    Simplified: 4096 bytes are one value and are copied at once.
    """
    to.data = from_.data
