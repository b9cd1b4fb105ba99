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
from kmm.mm.mmap import MmStruct
from kmm.mm.page import Page
from kmm.mm.pgtable import pte_t
from kmm.mm.swap import Pagevec
from kmm.mm.swapops import SWP_MIGRATION_READ
from kmm.scenario import World
from kmm.sim import ListHead

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
        self.refers: dict[Page, Refers] = defaultdict(Refers)
        for thing in machine.objects.values():
            match thing:
                case Page():
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
