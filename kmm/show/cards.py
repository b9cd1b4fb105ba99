# SPDX-License-Identifier: GPL-2.0-only
"""Cards: the boxes of a picture, for everything that ever exists in a trace.

Left the address spaces with their ptes, in the middle the frames by node, right what else holds or
lists pages: page caches, the swap cache, rings of buffers, LRU lists, pagevecs, isolated pages, and
the locks.  What is never used in the whole trace has no card.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kmm.errors import KmmError
from kmm.mm.pgtable import pte_t
from kmm.mm.vmstat import LRU_LISTS
from kmm.show.frame_rows import ContentsRow, CountRow, FlagsRow, PlaceRow, SmallRow
from kmm.show.rows import BufferRow, CacheRow, ListRow, LockRow, PteRow, Row, slot_of
from kmm.show.spans import View
from kmm.sim import Name, Trace
from kmm.sim.recorder import ObjectEntry
from kmm.sim.step import path_of


@dataclass
class Card:
    """A box with rows.  `key` names it to lines, `base` is the slot that says whether it is there.

    `note` stands beside the title; `free` is the slot of PG_buddy of a frame.  A `small` frame is
    one line: it is one of many.
    """

    key: str
    title: str
    kind: str
    rows: list[Row] = field(default_factory=list)
    note: str = ""
    base: int = -1
    free: int = -1
    small: bool = False


@dataclass
class Node:
    """The frames of a node; `free` is the slot of its number of free frames."""

    name: str
    free: int
    frames: list[Card]


#: In a picture of more frames than MANY_FRAMES those are small that nothing ever points at, and if
#: something points at more than LARGE_FRAMES of them, all are.
MANY_FRAMES, LARGE_FRAMES = 6, 4
#: More than these nobody wants to see: the first of the old pages and of the new ones are drawn.
MOST_FRAMES = 64


@dataclass
class Cards:
    """All cards of a picture, by column."""

    spaces: list[Card]
    nodes: list[Node]
    caches: list[Card]
    #: How many pages there are, drawn or not.
    pages: int

    def __iter__(self) -> Iterator[Card]:
        yield from self.spaces
        for node in self.nodes:
            yield from node.frames
        yield from self.caches

    @property
    def frames(self) -> list[Card]:
        """The frames of all nodes."""
        return [frame for node in self.nodes for frame in node.frames]

    def shorten(self, targets: set[str], pages: dict[str, ObjectEntry]) -> None:
        """Many frames are drawn small, except the few that something points at."""
        frames = self.frames
        if len(frames) <= MANY_FRAMES:
            return
        few = {frame.key for frame in frames} & targets
        letters = max(len(frame.key) for frame in frames)
        for frame in frames:
            if len(few) > LARGE_FRAMES or frame.key not in few:
                frame.rows = [SmallRow(pages[frame.key], letters)]
                frame.small = True

    @property
    def rows(self) -> Iterator[Row]:
        """The rows of all cards."""
        return (row for card in self for row in card.rows)


def cards_of(trace: Trace, select: frozenset[str] | None) -> Cards:
    """The cards of a trace; `select`: of these pages and what has to do with them only.

    Raises KmmError for a name that is no page of the trace.
    """
    table = _Table(trace, select)
    cards = table.cards()
    cards.shorten(_targets(trace, cards), {page.name: page for page in table.of("Page")})
    return cards


def _targets(trace: Trace, cards: Cards) -> set[str]:
    """What the rows ever point at."""
    by_slot = {slot: row for row in cards.rows if row.framed for slot in row.slots}
    numbers = trace.state(0).numbers
    links = [row.link(View(trace.values, numbers, {})) for row in cards.rows]
    for slot, new in zip(trace.columns.slot, trace.columns.new, strict=True):
        numbers[slot] = new
        if slot in by_slot:
            links.append(by_slot[slot].link(View(trace.values, numbers, {})))
    return {link.target for link in links if link is not None}


class _Table:
    """The objects of a trace, sorted by what is made of them."""

    def __init__(self, trace: Trace, select: frozenset[str] | None) -> None:
        self.trace = trace
        self.columns = trace.columns
        self.select = select
        self.objects: dict[str, list[ObjectEntry]] = {}
        for entry in trace.objects:
            self.objects.setdefault(entry.type, []).append(entry)
        #: The numbers of the values that each slot ever got.
        self.changed: dict[int, set[int]] = defaultdict(set)
        for slot, new in zip(self.columns.slot, self.columns.new, strict=True):
            self.changed[slot].add(new)
        self.start = View(trace.values, self.columns.initial, {})
        if select is not None:
            self._must_be_pages(select)
        elif len(self.of("Page")) > MOST_FRAMES:
            self.select = self._first()

    def _first(self) -> frozenset[str]:
        """Half of MOST_FRAMES from the pages of the start, half from those that come later."""
        pages = [page for page in self.of("Page") if page.name != "ZERO"]
        old = [page.name for page in pages if self.start[page.base]]
        new = [page.name for page in pages if not self.start[page.base]]
        return frozenset(old[: MOST_FRAMES // 2] + new[: MOST_FRAMES // 2])

    def _must_be_pages(self, names: Iterable[str]) -> None:
        pages = [entry.name for entry in self.of("Page")]
        for name in names:
            if name not in pages:
                near = difflib.get_close_matches(name, pages, n=3, cutoff=0) or ["no page at all"]
                raise KmmError(f"{name}: this trace has no such page; there is {', '.join(near)}")

    def of(self, type: str) -> list[ObjectEntry]:
        """The objects of one type."""
        return self.objects.get(type, [])

    def cards(self) -> Cards:
        return Cards(
            [card for entry in self.of("MmStruct") if (card := self._space(entry))],
            [node for entry in self.of("Zone") if (node := self._node(entry)).frames],
            [card for card in self._caches() if card.rows],
            len(self.of("Page")),
        )

    # What a slot ever held.

    def _ever(self, slots: Iterable[int]) -> Iterator[Any]:
        """Every value that the slots ever held."""
        for slot in slots:
            yield self.start[slot]
            yield from (self.trace.values[number] for number in self.changed.get(slot, ()))

    def _wanted(self, *slots: int) -> bool:
        """The slots have to do with a selected page at some time."""
        if self.select is None:
            return True
        return any(page in self.select for value in self._ever(slots) for page in pages_in(value))

    # The columns.

    def _space(self, mm: ObjectEntry) -> Card | None:
        table = self.trace.slots.by_name[f"{mm.name}.pte"]
        ptes = {
            address: PteRow(path_of(table.name, f"[{address:#x}]"), slot, address)
            for address, slot in sorted((table.cells or {}).items())
            if self._wanted(slot)
        }
        if self.select is not None and not ptes:
            return None
        card = Card(mm.name, mm.name, "space", base=mm.base)
        for vma in self._vmas(mm):
            start, end = (self._value(vma, bound) for bound in ("vm_start", "vm_end"))
            inside = [ptes.pop(address) for address in list(ptes) if start <= address < end]
            if inside or self.select is None:
                card.rows += [Row(vma.name, label=self._vma_text(vma)), *inside]
        card.rows += ptes.values()
        return card

    def _vmas(self, mm: ObjectEntry) -> list[ObjectEntry]:
        mine = [vma for vma in self.of("VmAreaStruct") if self._value(vma, "vm_mm") == mm.name]
        return sorted(mine, key=lambda vma: self._value(vma, "vm_start"))

    def _vma_text(self, vma: ObjectEntry) -> str:
        file, anon = self._value(vma, "vm_file"), self._value(vma, "anon_vma")
        backed = [f"file {file}"] if file else []
        return " ".join([f"{vma.name}:", *backed, *([f"anon {anon}"] if anon else [])]).rstrip(":")

    def _value(self, entry: ObjectEntry, name: str) -> Any:
        return self.start[slot_of(entry, name)]

    def _node(self, zone: ObjectEntry) -> Node:
        number = int(zone.name.strip("node[]"))
        frames = [
            self._frame(page) for page in self.of("Page")
            if self._value(page, "node") == number and self._shown(page)
        ]  # fmt: skip
        return Node(f"node {number}", slot_of(zone, "free"), frames)

    def _shown(self, page: ObjectEntry) -> bool:
        """The zero page is shown where something is done to it."""
        if self.select is not None:
            return page.name in self.select
        if page.name != "ZERO":
            return True
        own = range(page.base, page.base + 1 + len(page.fields))
        tables = [slot for e in self.of("PageTable") for slot in (e.cells or {}).values()]
        return any(slot in self.changed for slot in own) or any(
            page.name in pages_in(value) for value in self._ever(tables)
        )

    def _frame(self, page: ObjectEntry) -> Card:
        rows = [CountRow(page), PlaceRow(page), ContentsRow(page), FlagsRow(page)]
        free = slot_of(page, "PG_buddy")
        return Card(page.name, page.name, "frame", rows, base=page.base, free=free)

    def _caches(self) -> Iterator[Card]:
        trees = {tree.name: tree.cells or {} for tree in self.of("RadixTree")}
        swap = trees.pop("swapper.page_tree", {})
        for name, cells in trees.items():
            file = name.removesuffix(".page_tree")
            rows: list[Row] = [
                CacheRow(path_of(name, f"[{index}]"), index, slot, None)
                for index, slot in sorted(cells.items())
                if self._wanted(slot)
            ]
            yield Card(name, file, "cache", rows, note="page cache")
        yield self._swap(swap)
        for first, ring in self._rings().items():
            page = first.rpartition("/")[0]
            wanted = [entry for entry in ring if self._wanted(slot_of(entry, "b_page"))]
            yield Card(first, page, "ring", list(map(BufferRow, wanted)), note="buffers")
        lru, isolated = self._lists()
        yield Card("lru", "LRU lists", "lists", lru)
        yield Card("pagevecs", "pagevecs", "lists", list(self._pagevecs()), note="+1 count each")
        yield Card("isolated", "isolated", "lists", isolated)
        locks = [
            entry for kind in ("SpinLock", "RwSemaphore", "RwLock") for entry in self.of(kind)
            if any(
                slot_of(entry, name) in self.changed or self._value(entry, name)
                for name in entry.fields
            )
        ]  # fmt: skip
        yield Card("locks", "locks", "locks", list(map(LockRow, locks)))

    def _swap(self, cells: dict[int, int]) -> Card:
        users = next((entry.cells or {} for entry in self.of("SwapMap")), {})
        tables = [slot for e in self.of("PageTable") for slot in (e.cells or {}).values()]
        seen = {
            pte.entry.offset for pte in self._ever(tables)
            if isinstance(pte, pte_t) and pte.entry and not pages_in(pte)
        }  # fmt: skip
        rows: list[Row] = [
            CacheRow(f"swap[{slot}]", slot, cells.get(slot), users.get(slot))
            for slot in sorted({*cells, *users, *seen})
            if self.select is None or (slot in cells and self._wanted(cells[slot]))
        ]
        return Card("swap", "swapper", "cache", rows, note="swap cache")

    def _rings(self) -> dict[str, list[ObjectEntry]]:
        rings: dict[str, list[ObjectEntry]] = {}
        for entry in self.of("BufferHead"):
            rings.setdefault(f"{entry.name.rpartition('/')[0]}/bh0", []).append(entry)
        return rings

    def _lists(self) -> tuple[list[Row], list[Row]]:
        lru: list[Row] = []
        isolated: list[Row] = []
        zones = {zone.name for zone in self.of("Zone")}
        for entry in self.of("ListHead"):
            members = entry.cells or {}
            zone, _, name = entry.name.rpartition(".")
            if not self._has_wanted(members):
                continue
            if zone in zones and name in LRU_LISTS:
                lru.append(ListRow(entry, f"{zone} {name}", self.select))
            else:
                isolated.append(ListRow(entry, entry.name, self.select))
        return lru, isolated

    def _has_wanted(self, members: Iterable[object]) -> bool:
        pages = [name for name in members if isinstance(name, Name) and name.type == "Page"]
        return any(self.select is None or name in self.select for name in pages)

    def _pagevecs(self) -> Iterator[Row]:
        for entry in self.of("Pagevec"):
            cells = entry.cells or {}
            if cells and self._wanted(*cells.values()):
                cpu, _, name = entry.name.partition(".pagevec")
                yield ListRow(entry, f"{cpu} {name.strip('[]')}", self.select)


def pages_in(value: object) -> tuple[str, ...]:
    """The pages that a value speaks of: a name of a page, a pte, a migration entry."""
    if isinstance(value, Name):
        return (value,) if value.type == "Page" else ()
    if isinstance(value, pte_t):
        return pages_in(value.page) or pages_in(value.entry and value.entry.offset)
    return ()
