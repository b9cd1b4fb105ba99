# SPDX-License-Identifier: GPL-2.0-only
"""Why a move cannot be made in a state, in one sentence ("Be the kernel")."""

from __future__ import annotations

from kmm.learn.bekernel.moves import NAMES, NEW, OLD, SAYS, cache_of
from kmm.scenario import World

#: What the move would need, by what it is called.
NEEDS: dict[str, str] = {
    "isolate_lru_page": "{page} is on no LRU list",
    "alloc_pages_node": "one page is enough, and the machine has nodes 0 to 2",
    "trylock_page": "{page} is locked already",
    "unlock_page": "{page} is not locked",
    "try_to_unmap_one": "{page} is not mapped there",
    "remove_migration_pte": "{page} holds no migration entry for p0",
    "page_freeze_refs": "the count is frozen already, or it is another number that you may try",
    "page_unfreeze_refs": "the count is not frozen, or it is another number that you may set",
    "page_count": "the count is frozen",
    "__put_page": "the count is frozen, or there is no cache that has a reference",
    "spin_lock_irq": "you hold it already",
    "spin_unlock_irq": "you do not hold it",
    "radix_tree_replace_slot": "p0 is in no slot (any more)",
    "SetPageSwapCache": "n0 says so already, or p0 is not in the swap cache",
    "migrate_page_copy": "p0 has left its mapping already",
    "prepare": "n0 says so already, or p0 has no mapping any more",
    "forget": "n0 says of no mapping that it belongs there",
    "get_page": "its count is 0",
    "putback_lru_page": "{page} is on its LRU list, or nobody holds it",
}

#: What makes no sense without a mapping.
CACHES = ("page_freeze_refs", "page_unfreeze_refs", "radix_tree_replace_slot", "__put_page")


def why_not(world: World, text: str, can: str) -> str:
    """Why the text is no move that can be made; `can` lists the moves that can."""
    name, *args = text.split() or [""]
    name = NAMES.get(text, name)
    if name not in NEEDS:
        known = [name for name in SAYS if name not in NAMES.values()]
        return f"there is no such move; the moves are {', '.join([*known, *NAMES])}"
    if NEW in text and NEW not in world.machine.objects:
        return f"there is no {NEW} yet"
    if name in CACHES and cache_of(world) is None:
        return f"{OLD} is in no cache: there is no slot, and nothing to freeze"
    vmas = {"try_to_unmap_one": 1, "remove_migration_pte": 0}
    at = vmas.get(name, 0)
    if len(args) <= at:
        return f"something is missing; what can be done is {can}"
    page = args[at]
    if name == "try_to_unmap_one":
        return f"{page} does not map {OLD} (any more)"
    there = page in world.machine.objects or "tree_lock" in page or page.isdigit()
    if not there and name not in ("prepare", "forget"):
        return f"there is no {page} here; what can be done is {can}"
    return NEEDS[name].format(page=page)
