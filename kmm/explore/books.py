# SPDX-License-Identifier: GPL-2.0-only
"""The books of a machine at rest: who refers to each page, found by looking everywhere.

Nobody's word is taken: not the counts', which are what is checked, but the page tables, the page
caches, the buffers, the pagevecs and the LRU lists themselves.  The machine must be at rest: no
task is inside a kernel function, so none holds a reference of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kmm.mm.buffer import BufferHead, buffers_of
from kmm.mm.fs import AddressSpace
from kmm.mm.mmap import MmStruct, VmAreaStruct
from kmm.mm.page import Page, anon_vma_of
from kmm.mm.pgtable import PTE_NONE, pte_t
from kmm.mm.rmap import AnonVma
from kmm.mm.swap import Pagevec
from kmm.mm.swapops import SWP_MIGRATION_READ
from kmm.mm.writes import Place
from kmm.scenario import World
from kmm.sim import ListHead, Poison

#: A pte, by its mm and address.
Where = tuple[MmStruct, int]


@dataclass
class Refers:
    """Who refers to one page."""

    ptes: list[Where] = field(default_factory=list)
    entries: list[Where] = field(default_factory=list)
    caches: list[AddressSpace] = field(default_factory=list)
    pagevecs: list[Pagevec] = field(default_factory=list)
    lists: list[ListHead[Page]] = field(default_factory=list)
    buffers: list[BufferHead] = field(default_factory=list)


class Books:
    """Everything in the world that refers to a page, and what its tasks have `returned`."""

    def __init__(self, world: World, returned: Mapping[str, Any]) -> None:
        self.world = world
        self.returned = returned
        self.machine = machine = world.machine
        self.pages: list[Page] = []
        self.mms: list[MmStruct] = []
        self.buffers: list[BufferHead] = []
        self.refers: dict[Page, Refers] = defaultdict(Refers)
        for thing in machine.objects.values():
            match thing:
                case Page():
                    # Of memory that has been taken out of the machine nothing can be asked.
                    if not isinstance(thing.__dict__["PG_private"], Poison):
                        self.pages.append(thing)
                case MmStruct():
                    self.mms.append(thing)
                    self._look_at_ptes(thing)
                case AddressSpace():
                    for page in thing.page_tree.cells.values():
                        if page is not None:
                            self.refers[page].caches.append(thing)
                case Pagevec():
                    for page in thing.pages:
                        self.refers[page].pagevecs.append(thing)
                case BufferHead() if thing.b_page is not None and not thing.freed:
                    self.buffers.append(thing)
                    self.refers[thing.b_page].buffers.append(thing)
                case ListHead():
                    for entry in thing._place:
                        if isinstance(entry.owner, Page):
                            self.refers[entry.owner].lists.append(thing)

    def _look_at_ptes(self, mm: MmStruct) -> None:
        for address, pte in mm.page_table.cells.items():
            if pte.page is not None:
                self.refers[pte.page].ptes.append((mm, address))
            elif is_migration(pte):
                self.refers[pte.entry.offset].entries.append((mm, address))

    @property
    def zero_page(self) -> Page:
        """The page of zeroes, which was never allocated."""
        zero: Page = self.machine.kernel.zero_page
        return zero

    @cached_property
    def isolated(self) -> set[Page]:
        """Pages on a list that is no LRU list: whoever isolated them has a reference."""
        lru = {head for zone in self.machine.kernel.zones for head in zone.lru.values()}
        return {p for p, r in self.refers.items() if any(head not in lru for head in r.lists)}

    def expected(self, page: Page) -> int:
        """The references that are accounted for."""
        refers = self.refers[page]
        return (
            len(refers.ptes)
            + len(refers.caches)
            + len(refers.pagevecs)
            + page.PG_private
            + page.pins
            + (page in self.isolated)
            + page.PG_reserved
        )

    def holders(self, page: Page) -> str:
        """The same in words."""
        refers = self.refers[page]
        told = [f"pte {address:#x} of {mm.name}" for mm, address in refers.ptes]
        told += [f"the page cache of {mapping.name}" for mapping in refers.caches]
        told += [pagevec.name for pagevec in refers.pagevecs]
        told += ["its buffers" if any(buffers_of(page)) else "its private data"] * page.PG_private
        told += [f"{page.pins} pins"] if page.pins else []
        told += ["who isolated it"] if page in self.isolated else []
        return ", ".join(told) or "nobody"


def is_migration(pte: pte_t) -> bool:
    """The pte holds a migration entry."""
    return pte.entry is not None and pte.entry.type >= SWP_MIGRATION_READ


def vma_of(mm: MmStruct, address: int) -> VmAreaStruct | None:
    """The vma in which the address is."""
    vma = mm.mmap
    while vma is not None and vma.vm_end <= address:
        vma = vma.vm_next
    return vma if vma is not None and vma.vm_start <= address else None


def says(page: Page) -> tuple[AddressSpace | None, int]:
    """The cache in which the page says that it is (None: in none), and its index there."""
    if page.PG_swapcache:
        return page.machine.kernel.swapper_space, int(page.private)
    mapping = page.mapping
    return (mapping, page.index) if isinstance(mapping, AddressSpace) else (None, 0)


def dirty_somewhere(page: Page, refers: Refers) -> bool:
    """Something says that the page must still be written, or it is being written."""
    return bool(
        page.PG_dirty
        or page.PG_writeback
        or any(mm.page_table.cells[address].dirty for mm, address in refers.ptes)
        or any(bh.BH_Dirty for bh in refers.buffers)
    )


def held(books: Books, place: Place) -> str | None:
    """What the place holds, wherever it is now; None if it is gone, or nobody keeps it."""
    match place:
        case ("buffer", BufferHead() as bh):
            return None if bh.freed or bh.b_page is None else str(bh.b_page.data)
        case ("file", AddressSpace() as mapping, int(index)):
            return _cached(mapping, index)
        case ("anonymous", AnonVma() as anon_vma, int(index)):
            known = [p for p in books.pages if anon_vma_of(p) is anon_vma and p.index == index]
            return "+".join(str(p.data) for p in known if not p.PG_buddy) or None
    _, mm, address = place
    pte: pte_t = mm.page_table.cells.get(address, PTE_NONE)
    if pte.page is not None:
        return str(pte.page.data)
    if pte.entry is None:
        return "nothing"
    if is_migration(pte):
        return str(pte.entry.offset.data)
    return _cached(books.machine.kernel.swapper_space, pte.entry.offset)


def _cached(mapping: AddressSpace, index: int) -> str | None:
    """What the cache or else the disk has."""
    page = mapping.page_tree.cells.get(index)
    if page is not None:
        return str(page.data)
    return None if mapping.disk is None else on_disk(mapping, index)


def on_disk(mapping: AddressSpace, index: int) -> str:
    """What reading that page from the disk would bring."""
    known = None if mapping.disk is None else mapping.disk.cells.get(index)
    return f"{mapping.name}:{index}" if known is None else known
