# SPDX-License-Identifier: GPL-2.0-only
"""The page lock, and the page cache (mm/filemap.c, include/linux/pagemap.h).

PG_locked says that somebody works on the page and wants nobody beside him.  Waiting for it is one
step that cannot happen before the bit is clear.

A page is looked up in its file's tree without a lock: whoever finds one takes a reference, unless
its count is 0, and then looks whether it is still there.  Into the tree and out of it pages come
with tree_lock held, and page lock.
"""

from __future__ import annotations

from errno import EEXIST, EIO, ENOMEM

from kmm.mm.fs import AddressSpace, mapping_cap_account_dirty
from kmm.mm.memcontrol import charge_page, mem_cgroup_uncharge_cache_page
from kmm.mm.page import Page, get_page, get_page_unless_zero, page_mapped
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, alloc_pages_node
from kmm.mm.page_flags import PageDirty, PageLocked
from kmm.mm.radix_tree import (
    radix_tree_delete,
    radix_tree_deref_slot,
    radix_tree_insert,
    radix_tree_lookup_slot,
    slot_pointer,
)
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.sched import might_sleep
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.swap import lru_cache_add_lru, page_kind, put_page
from kmm.mm.vmstat import NR_FILE_DIRTY, NR_FILE_PAGES, __dec_zone_page_state, __inc_zone_page_state
from kmm.sim import BUG_ON, VM_BUG_ON, current, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "mm/filemap.c"


def _unlocked(page: Page) -> bool:
    return not page.PG_locked


@primitive(source="include/linux/pagemap.h")
def trylock_page(page: Page) -> int:
    """1 and the running task has the page lock, if nobody had it; else 0."""
    if page.PG_locked:
        return 0
    page.PG_locked = 1
    page.lock_owner = current()
    return 1


@primitive(until=_unlocked, held_by=lambda page: page.lock_owner)
def __lock_page(page: Page) -> None:
    """The running task has the page lock; waits until it is free."""
    page.PG_locked = 1
    page.lock_owner = current()


@kernel_function(source="include/linux/pagemap.h")
def lock_page(page: Page) -> None:
    """The running task has the page lock; may sleep."""
    might_sleep()
    if not trylock_page(page):
        __lock_page(page)


@primitive
def unlock_page(page: Page) -> None:
    """The page lock is free; who waits for it goes on.

    Only a kernel with CONFIG_DEBUG_VM notices that it was not locked.
    """
    VM_BUG_ON(lambda: not PageLocked(page), f"{page.name} is not locked")
    if page.lock_owner not in (None, current()):
        oops("unlock of a page locked by another", f"{page.name}: {page.lock_owner.name}")
    page.PG_locked = 0
    page.lock_owner = None


@primitive(until=_unlocked, held_by=lambda page: page.lock_owner)
def wait_on_page_lock_bit(page: Page) -> None:
    """Nobody had the page lock; waits for that.  Somebody may have it again by now."""


@kernel_function(source="include/linux/pagemap.h")
def wait_on_page_locked(page: Page) -> None:
    """Nobody had the page lock at some moment; may sleep.  The caller holds a reference."""
    might_sleep()
    if PageLocked(page):
        wait_on_page_lock_bit(page)


@primitive(source="include/linux/pagemap.h")
def __set_page_locked(page: Page) -> None:
    """The running task has the page lock of a page that nobody else knows yet."""
    page.PG_locked = 1
    page.lock_owner = current()


def _thawed(pslot: slot_pointer, page: Page) -> bool:
    return page._count != 0 or pslot.tree[pslot.at] is not page


@primitive(until=_thawed)
def lookup_again(pslot: slot_pointer, page: Page) -> None:
    """The page that could not be had can be, or another is in its slot; waits for that.

    Simplified: C looks again at once, and again, until this is so.
    """


@kernel_function
def find_get_page(mapping: AddressSpace, offset: int) -> Page | None:
    """The page at that index of the mapping, with a reference, or None.  Takes no lock.

    `offset`: in pages.
    """
    rcu_read_lock()
    while True:
        page = None
        pagep = radix_tree_lookup_slot(mapping.page_tree, offset)
        if pagep:
            page = radix_tree_deref_slot(pagep)
            if not page:
                continue
            # page_cache_get_speculative: a page whose count is 0 is on its way out, or moving.
            if not get_page_unless_zero(page):
                lookup_again(pagep, page)
                continue
            # The reference may have come too late: then it is on a page that has left.
            if page is not pagep.tree[pagep.at]:
                put_page(page)
                continue
        break
    rcu_read_unlock()
    return page


@kernel_function
def find_lock_page(mapping: AddressSpace, offset: int) -> Page | None:
    """The page at that index, locked and with a reference, or None; may sleep."""
    while True:
        page = find_get_page(mapping, offset)
        if page is None:
            return None
        lock_page(page)
        if page.mapping is mapping:
            break
        # While we waited for the lock, truncate took the page out, or migration moved it.
        unlock_page(page)
        put_page(page)
    VM_BUG_ON(lambda: page.index != offset)
    return page


@kernel_function
def find_get_pages(mapping: AddressSpace, start: int, nr_pages: int) -> list[Page]:
    """Up to so many pages of the mapping from index `start` on, each with a reference.

    Simplified: the tree is searched in one step, and each page then looked up by its index.
    """
    pages: list[Page] = []
    for index in indices_from(mapping, start):
        page = find_get_page(mapping, index)
        if page is not None:
            pages.append(page)
        if len(pages) == nr_pages:
            break
    return pages


@primitive
def indices_from(mapping: AddressSpace, start: int) -> tuple[int, ...]:
    """Where the mapping has pages, from index `start` on."""
    tree = mapping.page_tree
    return tuple(sorted(i for i, page in tree.items() if page is not None and i >= start))


@primitive(source="mm/memcontrol.c")
def mem_cgroup_cache_charge(page: Page) -> int:
    """The page is charged, for it enters the page cache.  Returns 0.

    Simplified: the group has no limit, so there is always room.
    """
    charge_page(page)
    return 0


@kernel_function
def add_to_page_cache_locked(page: Page, mapping: AddressSpace, offset: int, gfp_mask: int) -> int:
    """0 and the locked page is in the mapping, which has a reference; -EEXIST: another is there."""
    VM_BUG_ON(lambda: not PageLocked(page), f"{page.name} is not locked")
    error = mem_cgroup_cache_charge(page)
    if error:
        return error
    get_page(page)
    page.mapping = mapping
    page.index = offset
    spin_lock_irq(mapping.tree_lock)
    error = radix_tree_insert(mapping.page_tree, offset, page)
    if not error:
        __inc_zone_page_state(page, NR_FILE_PAGES)
    else:
        page.mapping = None
        mem_cgroup_uncharge_cache_page(page)
        put_page(page)
    spin_unlock_irq(mapping.tree_lock)
    return error


@kernel_function
def add_to_page_cache_lru(page: Page, mapping: AddressSpace, offset: int, gfp_mask: int) -> int:
    """0 and the new page is in the mapping, locked, and on its way to its LRU list; -EEXIST."""
    __set_page_locked(page)
    ret = add_to_page_cache_locked(page, mapping, offset, gfp_mask)
    if ret:
        unlock_page(page)
    else:
        lru_cache_add_lru(page, f"inactive_{page_kind(page)}")
    return ret


@kernel_function
def __remove_from_page_cache(page: Page) -> None:
    """The page is in no mapping; the cache's reference is the caller's.

    Needs the page lock and tree_lock.
    """
    mapping = page.mapping
    radix_tree_delete(mapping.page_tree, page.index)
    page.mapping = None
    __dec_zone_page_state(page, NR_FILE_PAGES)
    BUG_ON(page_mapped(page))
    mem_cgroup_uncharge_cache_page(page)
    # Some file systems dirty a page again whose dirtiness has been given up.
    if PageDirty(page) and mapping_cap_account_dirty(mapping):
        __dec_zone_page_state(page, NR_FILE_DIRTY)


@kernel_function
def remove_from_page_cache(page: Page) -> None:
    """The page is in no mapping; the cache's reference is the caller's.  Needs the page lock."""
    mapping = page.mapping
    BUG_ON(not PageLocked(page), f"{page.name} is not locked")
    spin_lock_irq(mapping.tree_lock)
    __remove_from_page_cache(page)
    spin_unlock_irq(mapping.tree_lock)


@kernel_function
def page_cache_read(mapping: AddressSpace, offset: int) -> int:
    """0 and the page is in the mapping, read or being read; else an error.  May sleep."""
    page = alloc_pages_node(-1, GFP_HIGHUSER_MOVABLE, 0)
    if not page:
        return -ENOMEM
    ret = add_to_page_cache_lru(page, mapping, offset, GFP_HIGHUSER_MOVABLE)
    if ret == 0:
        ret = mapping.a_ops.readpage(mapping, page) if mapping.a_ops.readpage else -EIO
    elif ret == -EEXIST:
        ret = 0  # somebody else was faster
    put_page(page)
    return ret


@kernel_function
def find_or_create_page(mapping: AddressSpace, index: int, gfp_mask: int) -> Page | None:
    """The page at that index, locked and with a reference, a new one if need be; None: no memory.

    May sleep.
    """
    while True:
        page = find_lock_page(mapping, index)
        if page:
            return page
        page = alloc_pages_node(-1, gfp_mask, 0)
        if not page:
            return None
        err = add_to_page_cache_lru(page, mapping, index, gfp_mask)
        if not err:
            return page
        put_page(page)
        if err != -EEXIST:
            return None


@kernel_function(source="include/linux/pagemap.h")
def grab_cache_page(mapping: AddressSpace, index: int) -> Page | None:
    """find_or_create_page, with memory as the mapping wants it."""
    return find_or_create_page(mapping, index, GFP_HIGHUSER_MOVABLE)
