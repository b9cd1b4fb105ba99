# SPDX-License-Identifier: GPL-2.0-only
"""Swap entries and migration entries (include/linux/swapops.h, swap.h).

A pte that is not present can hold a swp_entry_t: a type and an offset.  Types below 30 are swap
areas, the offset is the slot.  The last two types are migration entries: the offset is the frame
of the page that is being moved, the type says whether the pte was writable.

A migration entry holds no reference on its page; the page lock keeps it meaningful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.mm.page_flags import PageLocked
from kmm.sim import BUG_ON, primitive
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.page import Page
    from kmm.mm.pgtable import pte_t

KERNEL_FILE = "include/linux/swapops.h"

SWP_MIGRATION_READ = 30
SWP_MIGRATION_WRITE = 31


@value
class swp_entry_t(NamedTuple):
    """swp_entry_t: `offset` is a slot of swap area `type`, or the page that is being moved."""

    type: int
    offset: Any

    def __str__(self) -> str:
        if self.type == SWP_MIGRATION_READ:
            return f"migration {self.offset} r"
        if self.type == SWP_MIGRATION_WRITE:
            return f"migration {self.offset} w"
        return f"swap {self.offset}"


def make_migration_entry(page: Page, write: int) -> swp_entry_t:
    """The entry that stands for `page` while it moves; `write`: the pte was writable."""
    return swp_entry_t(SWP_MIGRATION_WRITE if write else SWP_MIGRATION_READ, page)


@primitive
def pte_to_swp_entry(pte: pte_t) -> swp_entry_t:
    """The entry in a pte for which is_swap_pte holds."""
    entry: swp_entry_t = pte.entry
    return entry


@primitive
def is_migration_entry(entry: swp_entry_t) -> int:
    """1 if the entry stands for a page that is being moved."""
    return int(entry.type in (SWP_MIGRATION_READ, SWP_MIGRATION_WRITE))


@primitive
def is_write_migration_entry(entry: swp_entry_t) -> int:
    """1 if the pte was writable before."""
    return int(entry.type == SWP_MIGRATION_WRITE)


@primitive
def migration_entry_to_page(entry: swp_entry_t) -> Page:
    """The page that is being moved, which must be locked: else the entry is a leftover."""
    p: Page = entry.offset
    BUG_ON(not PageLocked(p), f"{p.name} is not locked, so nobody is migrating it")
    return p
