# SPDX-License-Identifier: GPL-2.0-only
"""struct page and its counts (include/linux/mm_types.h, mm.h, page-flags.h).

`_count` is the number of references: each pte, cache slot, ring of buffers, pagevec and holder in
between has one.  A page whose count is 0 is free, or frozen for a moment by who moves or frees it.
`_mapcount` starts at -1 and counts the ptes; `page_mapcount` adds the one.

`mapping` is two things.  Of a page of a file it is the file's address_space.  Of an anonymous page
it is the anon_vma with bit 0 set (`anon_vma + PAGE_MAPPING_ANON`); the bit is what PageAnon tests.

Each flag is a field of its own, as each bit is a place of its own to an atomic operation.

Simplified: there are no compound pages, whose count and flags the kernel looks up in the first.

Next: page_flags.py (testing and setting bits), swap.py (put_page, LRU), rmap.py (who maps a page).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.sim import (
    VM_BUG_ON,
    Entry,
    Machine,
    Tracked,
    atomic_add_return,
    current_machine,
    peek,
    primitive,
)
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.fs import AddressSpace
    from kmm.mm.rmap import AnonVma

KERNEL_FILE = "include/linux/mm.h"

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
PAGE_CACHE_SHIFT = PAGE_SHIFT

#: The _count of a page that is free or frozen, the _mapcount of one that no pte maps.
FREE, UNMAPPED = 0, -1

#: Bit 0 of page->mapping: the rest is an anon_vma.
PAGE_MAPPING_ANON = 1


@value
class anon_mapping(NamedTuple):
    """What page->mapping holds of an anonymous page: an anon_vma with bit 0 set."""

    anon_vma: Any

    def __and__(self, bit: int) -> int:
        return bit & PAGE_MAPPING_ANON

    def __sub__(self, bit: int) -> Any:
        return self.anon_vma

    def __str__(self) -> str:
        return f"anon:{self.anon_vma}"


class Page(Tracked):
    """struct page: one frame of memory.

    Beyond the kernel's fields: `node` is where the frame is (page_to_nid has it in the flags),
    `data` its contents, `charged` whether the memory control group has it (page_cgroup),
    `lock_owner` who holds PG_locked and `pins` how many references are held by nobody we model.
    """

    __slots__ = ("lru",)

    _count: int = 0
    _mapcount: int = -1
    mapping: Any = None
    index: int = 0
    private: Any = 0
    PG_locked: int = 0
    PG_error: int = 0
    PG_referenced: int = 0
    PG_uptodate: int = 0
    PG_dirty: int = 0
    PG_lru: int = 0
    PG_active: int = 0
    PG_slab: int = 0
    PG_checked: int = 0
    PG_reserved: int = 0
    PG_private: int = 0
    PG_writeback: int = 0
    PG_swapcache: int = 0
    PG_mappedtodisk: int = 0
    PG_reclaim: int = 0
    PG_buddy: int = 0
    PG_swapbacked: int = 0
    PG_unevictable: int = 0
    PG_mlocked: int = 0
    node: int = 0
    data: str | None = None
    charged: int = 0
    lock_owner: Any = None
    pins: int = 0

    lru: Entry[Page]

    def __init__(self, machine: Machine, name: str, **fields: Any) -> None:
        object.__setattr__(self, "lru", Entry(self))
        super().__init__(machine, name, **fields)


#: The flags by their short names, in the order of the bits.
PAGE_FLAGS = tuple(field.removeprefix("PG_") for field in Page.FIELDS if field.startswith("PG_"))


@primitive
def page_count(page: Page) -> int:
    """The number of references to the page; 0 if it is free or frozen."""
    return page._count


@primitive
def get_page(page: Page) -> None:
    """One reference more; the caller must already have one, or know who keeps the page."""
    count = peek(page, "_count")
    VM_BUG_ON(lambda: count == 0)
    atomic_add_return(page, "_count", 1, FREE)


@primitive
def get_page_unless_zero(page: Page) -> int:
    """1 with one reference more; 0 and nothing done if the count is 0 (free or frozen)."""
    if peek(page, "_count") == 0:
        return page._count
    atomic_add_return(page, "_count", 1, FREE)
    return 1


@primitive
def put_page_testzero(page: Page) -> int:
    """One reference less; 1 if it was the last."""
    count = peek(page, "_count")
    VM_BUG_ON(lambda: count == 0)
    count = atomic_add_return(page, "_count", -1, FREE)
    if count < 0:
        page.machine.kernel.warn(f"refcount of {page.name} below zero")
    return int(count == 0)


@primitive(source="mm/internal.h")
def __put_page(page: Page) -> None:
    """One reference less, which the caller knows is not the last: nothing is freed."""
    count = atomic_add_return(page, "_count", -1, FREE)
    if count < 0:
        page.machine.kernel.warn(f"refcount of {page.name} below zero")


@primitive(source="include/linux/pagemap.h")
def page_freeze_refs(page: Page, count: int) -> int:
    """1 and the count is 0, if it was exactly `count`; else 0 and nothing done.

    A frozen page can be found (in a radix tree, through a pte) but nobody can take a reference.
    """
    if page._count != count:
        return 0
    page._count = 0
    return 1


@primitive(source="include/linux/pagemap.h")
def page_unfreeze_refs(page: Page, count: int) -> None:
    """The count of a page that the caller has frozen is `count` again."""
    VM_BUG_ON(lambda: page._count != 0)
    VM_BUG_ON(lambda: count == 0)
    page._count = count


@primitive
def page_mapcount(page: Page) -> int:
    """The number of ptes that map the page."""
    return page._mapcount + 1


@primitive
def page_mapped(page: Page) -> int:
    """1 if at least one pte maps the page."""
    return int(page._mapcount >= 0)


@primitive
def page_to_nid(page: Page) -> int:
    """The node that the page's frame is on."""
    return page.node


@primitive
def page_private(page: Page) -> Any:
    """page->private: a swap slot, the first buffer head, a file system's own data, or 0."""
    return page.private


@primitive
def set_page_private(page: Page, private: Any) -> None:
    """page->private is `private`."""
    page.private = private


@primitive
def PageAnon(page: Page) -> int:
    """1 if page->mapping is an anon_vma (bit 0 is set)."""
    mapping = page.mapping
    return 0 if mapping is None else int(mapping & PAGE_MAPPING_ANON)


@primitive
def page_mapping(page: Page) -> AddressSpace | None:
    """The address_space that the page is in: swapper_space, a file, or None if anonymous."""
    if page.PG_swapcache:
        swapper: AddressSpace = page.machine.kernel.swapper_space
        return swapper
    mapping: AddressSpace | None = page.mapping
    return None if mapping is None or mapping & PAGE_MAPPING_ANON else mapping


@primitive
def page_index(page: Page) -> int:
    """Where the page is in page_mapping(page): its swap slot, or its index in the file."""
    return int(page.private) if page.PG_swapcache else page.index


@primitive(source="arch/x86/include/asm/pgtable.h")
def ZERO_PAGE(vaddr: int) -> Page:
    """The page of zeroes, which belongs to nobody and never moves."""
    zero: Page = current_machine().kernel.zero_page
    return zero


def anon_vma_of(page: Page) -> AnonVma | None:
    """The anon_vma of an anonymous page, None of any other."""
    mapping = page.mapping
    return mapping.anon_vma if isinstance(mapping, anon_mapping) else None
