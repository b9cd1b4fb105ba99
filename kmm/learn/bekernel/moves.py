# SPDX-License-Identifier: GPL-2.0-only
"""The moves of "Be the kernel": what can be done next, each one call of the model's own functions.

A move is named as it is written down, "trylock_page p0".  It is a primitive or a function of
kmm/mm, called with these arguments; only what the C writes as bare assignments is put together
here.  A move can be made if it means something in this state; that it can be made says nothing
about its being wise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from kmm.mm.filemap import trylock_page, unlock_page
from kmm.mm.fs import AddressSpace
from kmm.mm.migrate import migrate_page_copy, remove_migration_pte
from kmm.mm.mmap import VmAreaStruct
from kmm.mm.page import (
    Page,
    __put_page,
    get_page,
    page_count,
    page_freeze_refs,
    page_index,
    page_private,
    page_unfreeze_refs,
    set_page_private,
)
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, GFP_THISNODE, alloc_pages_node
from kmm.mm.page_flags import PageSwapBacked, SetPageSwapBacked, SetPageSwapCache
from kmm.mm.pgtable import pte_t
from kmm.mm.radix_tree import radix_tree_lookup_slot, radix_tree_replace_slot
from kmm.mm.rmap import try_to_unmap_one
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.swapops import SWP_MIGRATION_READ
from kmm.mm.vmscan import isolate_lru_page, putback_lru_page
from kmm.mm.vmstat import NR_FILE_PAGES, __dec_zone_page_state, __inc_zone_page_state
from kmm.scenario import World
from kmm.sim import kernel_function

KERNEL_FILE = "you"

#: The page that moves, and the one that is allocated for it.
OLD, NEW = "p0", "n0"


@dataclass(frozen=True)
class Move:
    """One move: how it is written, the name of what is called, and on what.

    `page`: the page that it is done to or with, by name, if any.
    """

    text: str
    name: str
    page: str
    make: Callable[[], Any]
    count: int = 0
    vma: str = ""
    onto: str = ""


@kernel_function
def prepare(newpage: Page, page: Page) -> None:
    """newpage says where `page` belongs, as move_to_new_page has it say."""
    newpage.index = page.index
    newpage.mapping = page.mapping
    if PageSwapBacked(page):
        SetPageSwapBacked(newpage)


@kernel_function
def forget(newpage: Page) -> None:
    """newpage belongs nowhere."""
    newpage.mapping = None


@kernel_function
def into_the_slot(mapping: AddressSpace, newpage: Page, page: Page) -> None:
    """newpage is in the slot of `page`, and counts in its zone."""
    pslot = radix_tree_lookup_slot(mapping.page_tree, page_index(page))
    radix_tree_replace_slot(pslot, newpage)
    __dec_zone_page_state(page, NR_FILE_PAGES)
    __inc_zone_page_state(newpage, NR_FILE_PAGES)


@kernel_function
def into_the_swap_cache(newpage: Page, page: Page) -> None:
    """newpage says that it is in the swap cache, and under which slot."""
    SetPageSwapCache(newpage)
    set_page_private(newpage, page_private(page))


def calling(function: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """To call the function with these arguments."""
    return partial(function, *args)


def pte_of(vma: VmAreaStruct) -> pte_t:
    """The vma's first pte: it is the page's."""
    found: pte_t = vma.vm_mm.page_table[vma.vm_start]
    return found


def is_entry_for(page: Page, pte: pte_t) -> bool:
    """The pte holds a migration entry for the page."""
    entry = pte.entry
    return entry is not None and entry.type >= SWP_MIGRATION_READ and entry.offset is page


def cache_of(world: World) -> AddressSpace | None:
    """The address space in which the page began: a file, the swap cache, or None."""
    mappings = [file.mapping for file in world.files.values()]
    of = (mapping for mapping in (*mappings, world.kernel.swapper_space) if pages_in(mapping))
    return next(of, None)


def pages_in(mapping: AddressSpace) -> list[Page]:
    """The pages in the slots of the address space."""
    return [page for _, page in mapping.page_tree.items() if page is not None]


def vmas_of(world: World) -> list[VmAreaStruct]:
    """The vmas of the world, each of one page."""
    return [vma.struct for mm in world.mms.values() for vma in mm.vmas]


def moves(world: World) -> Iterator[Move]:
    """What can be done in this state of the world."""
    old: Page = world[OLD]
    new: Page | None = world.machine.objects.get(NEW)
    mapping = cache_of(world)
    given = partial(Move, page=OLD)
    if old.PG_lru:
        yield given("isolate_lru_page p0", "isolate_lru_page", make=lambda: isolate_lru_page(old))
    if new is None:
        for node in range(len(world.kernel.zones)):
            flags = GFP_HIGHUSER_MOVABLE | GFP_THISNODE
            make = calling(alloc_pages_node, node, flags, 0)
            yield Move(f"alloc_pages_node {node}", "alloc_pages_node", "", make, node)
    for page in filter(None, (old, new)):
        if not page.PG_locked:
            make = calling(trylock_page, page)
            yield Move(f"trylock_page {page.name}", "trylock_page", page.name, make)
    for vma in vmas_of(world):
        yield from _on_vma(vma, old, new)
    if old._count:
        yield given("page_count p0", "page_count", make=lambda: page_count(old))
    if mapping is not None:
        yield from _in_the_cache(mapping, old, new)
    if new is not None:
        yield from _with_the_new(old, new)
    for page in filter(None, (old, new)):
        if page.PG_locked:
            make = calling(unlock_page, page)
            yield Move(f"unlock_page {page.name}", "unlock_page", page.name, make)
        if page._count and not page.PG_lru:
            make = calling(putback_lru_page, page)
            yield Move(f"putback_lru_page {page.name}", "putback_lru_page", page.name, make)


def _on_vma(vma: VmAreaStruct, old: Page, new: Page | None) -> Iterator[Move]:
    pte = pte_of(vma)
    if pte.page is old:
        text = f"try_to_unmap_one p0 {vma.name}"
        make = calling(try_to_unmap_one, old, vma, 1)
        yield Move(text, "try_to_unmap_one", OLD, make, vma=vma.name)
    elif is_entry_for(old, pte):
        for page in filter(None, (new, old)):
            text = f"remove_migration_pte {vma.name} p0 {page.name}"
            make = calling(remove_migration_pte, vma, old, page)
            yield Move(text, "remove_migration_pte", OLD, make, vma=vma.name, onto=page.name)


def _in_the_cache(mapping: AddressSpace, old: Page, new: Page | None) -> Iterator[Move]:
    lock = mapping.tree_lock
    owner = lock.owner
    name = "spin_lock_irq" if owner is None else "spin_unlock_irq"
    lock_it = calling(spin_lock_irq if owner is None else spin_unlock_irq, lock)
    yield Move(f"{name} {lock.name}", name, "", lock_it)
    if old._count:
        for count in (2, 3):
            make = calling(page_freeze_refs, old, count)
            yield Move(f"page_freeze_refs p0 {count}", "page_freeze_refs", OLD, make, count)
    else:
        for count in (1, 2):
            make = calling(page_unfreeze_refs, old, count)
            yield Move(f"page_unfreeze_refs p0 {count}", "page_unfreeze_refs", OLD, make, count)
    if old in pages_in(mapping) and new is not None:
        make = calling(into_the_slot, mapping, new, old)
        yield Move("radix_tree_replace_slot p0 n0", "radix_tree_replace_slot", NEW, make)
    if new is not None and old.PG_swapcache and not new.PG_swapcache:
        make = calling(into_the_swap_cache, new, old)
        yield Move("SetPageSwapCache n0", "SetPageSwapCache", NEW, make)
    if old._count:
        yield Move("__put_page p0", "__put_page", OLD, calling(__put_page, old))


def _with_the_new(old: Page, new: Page) -> Iterator[Move]:
    if new.mapping is None:
        if old.mapping is not None:
            text = "n0.mapping = p0.mapping"
            yield Move(text, "prepare", NEW, calling(prepare, new, old))
    else:
        yield Move("n0.mapping = NULL", "forget", NEW, calling(forget, new))
    if new._count:
        yield Move("get_page n0", "get_page", NEW, calling(get_page, new))
    if old.mapping is not None:
        make = calling(migrate_page_copy, new, old)
        yield Move("migrate_page_copy n0 p0", "migrate_page_copy", NEW, make)


#: What each move does, in a sentence; said when it has been made.
SAYS = {
    "isolate_lru_page": "Takes the page off its LRU list, with a reference of your own.",
    "alloc_pages_node": "A frame of that node, with one reference, which is yours.",
    "trylock_page": "Takes the page lock, if nobody has it.",
    "try_to_unmap_one": "Flushes the pte and leaves an entry in its place; its reference goes.",
    "remove_migration_pte": "Where the vma has a migration entry for the one page, it maps the "
    "other, with a reference.",
    "page_count": "Looks at the count, and changes nothing.",
    "spin_lock_irq": "Takes the spinlock.",
    "spin_unlock_irq": "Gives the spinlock back.",
    "page_freeze_refs": "Sets the count to 0 and gives 1, if it is exactly this; else gives 0.",
    "page_unfreeze_refs": "Sets the count to this.",
    "radix_tree_replace_slot": "The new page is in the old one's slot; NR_FILE_PAGES goes along.",
    "SetPageSwapCache": "The new page says that it is in the swap cache, and under which slot.",
    "__put_page": "Drops a reference that is known not to be the last.",
    "prepare": "The new page says where it belongs: mapping, index and PG_swapbacked.",
    "forget": "The new page belongs nowhere.",
    "get_page": "Takes one reference more.",
    "migrate_page_copy": "Contents and flags go to the new page; the old one leaves its mapping.",
    "unlock_page": "Gives the page lock back, and wakes who waits for it.",
    "putback_lru_page": "Puts the page into a pagevec, on its way to the LRU, and drops your "
    "reference.",
}

#: Moves that are written as assignments, and what they are called.
NAMES = {"n0.mapping = p0.mapping": "prepare", "n0.mapping = NULL": "forget"}


def says_of(text: str) -> str:
    """What the move of that text does, in a sentence."""
    return SAYS[NAMES.get(text, text.partition(" ")[0])]
