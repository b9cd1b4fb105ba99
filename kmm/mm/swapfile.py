# SPDX-License-Identifier: GPL-2.0-only
"""Swap slots and who uses them (mm/swapfile.c).

Simplified: one swap area, type 0; a slot can have any number of users (no SWAP_MAP_MAX), and an
entry for a slot that does not exist is not looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmm.sim import Cells, current_machine, primitive

if TYPE_CHECKING:
    from kmm.mm.swapops import swp_entry_t

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
    """The slot has one user more.  Returns 1."""
    users = swap_map()
    users.put(entry.offset, users[entry.offset] + 1)
    return 1


@primitive
def swap_free(entry: swp_entry_t) -> None:
    """The slot has one user less."""
    users = swap_map()
    left = users[entry.offset] - 1
    if left > 0:
        users.put(entry.offset, left)
    else:
        users.drop(entry.offset)
