# SPDX-License-Identifier: GPL-2.0-only
"""Swap slots and who uses them (mm/swapfile.c).

Simplified: one swap area, type 0; a slot can have any number of users (no SWAP_MAP_MAX), and an
entry for a slot that does not exist is not looked for.
"""

from __future__ import annotations

from itertools import count

from kmm.mm.page import Page, page_mapcount
from kmm.mm.page_flags import PageLocked, PageSwapCache
from kmm.mm.swapops import SWP_MIGRATION_READ, swp_entry_t
from kmm.sim import BUG_ON, Cells, current_machine, kernel_function, primitive

KERNEL_FILE = "mm/swapfile.c"


class SwapMap(Cells[int, int]):
    """swap_info_struct.swap_map: how many users each slot has, ptes and the swap cache."""

    __slots__ = ()


def swap_map() -> SwapMap:
    """The use counts of the swap area."""
    users: SwapMap = current_machine().kernel.swap_map
    return users


@primitive
def swap_duplicate(entry: swp_entry_t) -> int:
    """1 and the slot has one user more; 0 if it has none, for then it is free.

    A migration entry has no users to count: 1, and nothing is done.
    """
    if entry.type >= SWP_MIGRATION_READ:
        return 1
    users = swap_map()
    if not users[entry.offset]:
        return 0
    users.put(entry.offset, users[entry.offset] + 1)
    return 1


@primitive
def get_swap_page() -> swp_entry_t:
    """A slot that was free and has one user now; there is always one."""
    users = swap_map()
    slot = next(n for n in count(1) if not users[n])
    users.put(slot, 1)
    return swp_entry_t(0, slot)


@primitive
def swap_entry_free(entry: swp_entry_t) -> int:
    """The slot has one user less; returns how many are left."""
    swap_free(entry)
    return swap_map()[entry.offset]


@primitive
def page_swapcount(page: Page) -> int:
    """How many ptes use the slot of a page in the swap cache."""
    return swap_map()[page.private] - 1


@kernel_function
def can_share_swap_page(page: Page) -> int:
    """1 if only one pte maps the page or has an entry for its slot: it need not be copied.

    Needs the page lock.
    """
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    users = page_mapcount(page)
    if users <= 1 and PageSwapCache(page):
        users += page_swapcount(page)
    return int(users == 1)


@primitive
def swap_free(entry: swp_entry_t) -> None:
    """The slot has one user less."""
    users = swap_map()
    left = users[entry.offset] - 1
    if left > 0:
        users.put(entry.offset, left)
    else:
        users.drop(entry.offset)
