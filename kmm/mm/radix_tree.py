# SPDX-License-Identifier: GPL-2.0-only
"""The radix tree of an address_space: which page is at which index (lib/radix-tree.c).

Simplified: a table instead of nodes of 64 slots; tags are not kept (the dirty tag follows
PG_dirty).  A slot is pointed to, as in C, so that its page can be exchanged in place.
"""

from __future__ import annotations

from errno import EEXIST
from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.sim import Cells, primitive
from kmm.sim.bug import oops
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.page import Page

KERNEL_FILE = "lib/radix-tree.c"


class RadixTree(Cells[int, "Page | None"]):
    """struct radix_tree_root: index -> page."""

    __slots__ = ()


@value
class slot_pointer(NamedTuple):
    """`void **pslot`: a pointer to the slot of a tree."""

    tree: Any
    at: int

    def __str__(self) -> str:
        return f"&{self.tree}[{self.at}]"


@primitive
def radix_tree_lookup_slot(root: RadixTree, index: int) -> slot_pointer | None:
    """A pointer to the slot at `index`, None if the tree has no page there."""
    return slot_pointer(root, index) if root[index] is not None else None


@primitive(source="include/linux/radix-tree.h")
def radix_tree_deref_slot(pslot: slot_pointer | None) -> Page | None:
    """The page in the slot.  Needs tree_lock, or RCU and a second look."""
    if pslot is None:
        oops("oops: NULL slot", "the tree has nothing at that index")
    page: Page | None = pslot.tree[pslot.at]
    return page


@primitive(source="include/linux/radix-tree.h")
def radix_tree_replace_slot(pslot: slot_pointer | None, item: Page) -> None:
    """`item` is in the slot, in the place of what was there.  Needs tree_lock."""
    if pslot is None:
        oops("oops: NULL slot", "the tree has nothing at that index")
    pslot.tree.put(pslot.at, item)


@primitive
def radix_tree_insert(root: RadixTree, index: int, item: Page) -> int:
    """0 and `item` is at `index`; -EEXIST if something is there already.  Needs tree_lock."""
    if root[index] is not None:
        return -EEXIST
    root.put(index, item)
    return 0


@primitive
def radix_tree_delete(root: RadixTree, index: int) -> Page | None:
    """Nothing is at `index`; returns what was.  Needs tree_lock."""
    item = root[index]
    root.put(index, None)
    return item
