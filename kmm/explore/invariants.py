# SPDX-License-Identifier: GPL-2.0-only
"""Invariants: what must hold, each as one sentence, and when.

Most hold once no task is inside a kernel function, and are judged at the end of each run: in
between, correct code breaks them too (between set_pte_at and page_add_file_rmap no mapcount agrees
with the ptes).  What holds at every step is looked at by the primitives that could break it, as
part of their steps: then what it reads counts among what the step touches, and the reduction of the
search stays right.  A case that has none of these pays nothing for them.

The kernel itself judges some at every step, in every run: see JUDGED_ANYWAY.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kmm.explore.books import Books, dirty_somewhere, held, on_disk, says, vma_of
from kmm.explore.each_step import Look, an_entry_is_put, the_lock_is_left
from kmm.mm.buffer import buffers_of
from kmm.mm.fs import AddressSpace
from kmm.mm.mmap import VM_SHARED, VM_WRITE
from kmm.mm.page import anon_vma_of
from kmm.scenario import World

#: When an invariant holds.
EVERY_STEP, OUTSIDE, AT_END = "at every step", "outside kernel functions", "at the end"


def _nothing(books: Books) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True)
class Invariant:
    """`wrong(books)` gives in words what is wrong at the end, nothing if nothing is.

    `when` it holds.  `steps`: the primitives that could break it at any time, and who looks then.
    """

    name: str
    sentence: str
    wrong: Callable[[Books], Iterator[str]] = _nothing
    when: str = OUTSIDE
    steps: tuple[tuple[str, Look], ...] = ()


def _references(books: Books) -> Iterator[str]:
    for page in books.pages:
        if page.PG_buddy:
            continue
        expected = books.expected(page)
        if page._count != expected:
            yield (
                f"{page.name} has count {page._count}, and {expected} are accounted for: "
                f"{books.holders(page)}"
            )


def _mapcounts(books: Books) -> Iterator[str]:
    for page in books.pages:
        ptes = len(books.refers[page].ptes)
        if page._mapcount + 1 != ptes and not page.PG_reserved:
            yield f"{page.name} has page_mapcount {page._mapcount + 1}, and {ptes} ptes map it"


def _freed(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        if page.PG_buddy:
            if refers.ptes or refers.entries or refers.caches or refers.pagevecs:
                yield f"{page.name} is free, and {books.holders(page)} still points to it"
            elif refers.buffers:
                yield f"{page.name} is free, and {refers.buffers[0].name} is still part of it"
            elif refers.lists:
                yield f"{page.name} is free, and still on {refers.lists[0].name}"


def _caches(books: Books) -> Iterator[str]:
    for page in books.pages:
        mapping, index = says(page)
        caches = books.refers[page].caches
        for cache in caches:
            if cache is not mapping or cache.page_tree.cells.get(index) is not page:
                yield f"{page.name} is in the cache of {cache.name}, and does not say so"
        if mapping is not None and mapping not in caches and not page.PG_buddy:
            yield f"{page.name} says that it is in the cache of {mapping.name}, and is not"


def _frames(books: Books) -> Iterator[str]:
    kernel, there = books.machine.kernel, set(books.world.pages.values()) | {books.zero_page}
    for node, zone in enumerate(kernel.zones):
        pages = [page for page in books.pages if page.node == node]
        taken = sum(page not in there for page in pages)
        given_back = sum(page.PG_buddy for page in pages)
        if zone.free != kernel.frames[node] - taken + given_back:
            yield (
                f"node {node} has {zone.free} free frames: of {kernel.frames[node]} {taken} were "
                f"taken, and {given_back} are free now"
            )


def _entries(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mm, address in refers.entries:
            yield (
                f"pte {address:#x} of {mm.name} holds a migration entry for {page.name}, "
                "which nobody migrates"
            )


def _mapped(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        mapping = page.mapping
        if not refers.ptes or page.PG_reserved or page.PG_buddy or anon_vma_of(page) is not None:
            continue
        if mapping is None or mapping.page_tree.cells.get(page.index) is not page:
            mm, address = refers.ptes[0]
            yield f"pte {address:#x} of {mm.name} maps {page.name}, which no cache has (any more)"


def _rss(books: Books) -> Iterator[str]:
    present = Counter(mm for refers in books.refers.values() for mm, _ in refers.ptes)
    entries = Counter(mm for refers in books.refers.values() for mm, _ in refers.entries)
    for mm in books.mms:
        counted = mm.anon_rss + mm.file_rss
        if counted != present[mm] + entries[mm]:
            yield (
                f"{mm.name} counts {counted} pages of rss, and has {present[mm]} present ptes "
                f"and {entries[mm]} migration entries"
            )


def _locks(books: Books) -> Iterator[str]:
    for page in books.pages:
        if page.PG_locked:
            owner = page.lock_owner
            yield f"{page.name} is still locked{f' by {owner.name}' if owner else ''}"
    kernel = books.machine.kernel
    for bh in books.buffers:
        if bh.BH_Lock and bh.lock_owner is not kernel.others:
            yield f"{bh.name} is still locked"
    for task in kernel.tasks:
        if task.preempt_count or task.rcu_depth:
            what = "a spinlock" if task.preempt_count else "rcu_read_lock"
            yield f"{task.name} is done, and still holds {what}"


def _writes(books: Books) -> Iterator[str]:
    for place, what in books.machine.kernel.writes:
        data = held(books, place) if what else None
        if data is not None and what not in data.split("+"):
            kind, *where = place
            at = [f"{x:#x}" if kind == "memory" and type(x) is int else str(x) for x in where]
            yield f"{what} was written to {kind} {' '.join(at)}, and there is {data}"


def _dirtiness(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mapping in refers.caches:
            if mapping.disk is None or dirty_somewhere(page, refers):
                continue
            index = int(page.private) if page.PG_swapcache else page.index
            if mapping.disk.flight.cells.get(index) is None:
                there = on_disk(mapping, index)
                if there != page.data:
                    yield (
                        f"{page.name} holds {page.data} and the disk {there}, and nothing says "
                        "that the page is dirty"
                    )


def _buffers(books: Books) -> Iterator[str]:
    written = {write.place for write in books.machine.kernel.writes}
    for page in books.pages:
        for bh in buffers_of(page):
            if bh.BH_Dirty and not {("buffer", bh), ("file", page.mapping, page.index)} & written:
                yield f"{bh.name} is dirty, and nobody has written to it"


def _permission(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mm, address in refers.ptes:
            if not mm.page_table.cells[address].write:
                continue
            vma = vma_of(mm, address)
            where = f"pte {address:#x} of {mm.name} may be written, and"
            if vma is None:
                yield f"{where} no vma is there"
            elif not vma.vm_flags & VM_WRITE:
                yield f"{where} {vma.name} may not"
            elif vma.vm_flags & VM_SHARED:
                continue
            elif isinstance(page.mapping, AddressSpace):
                yield f"{where} {vma.name} is private: {page.name} of the file must be copied"
            elif len(refers.ptes) > 1:
                yield f"{where} {page.name} is mapped {len(refers.ptes)} times: it must be copied"


def _tlbs(books: Books) -> Iterator[str]:
    for mm in books.mms:
        for tlb in mm.tlbs:
            for address, known in tlb.cells.items():
                pte = mm.page_table.cells.get(address)
                if known is None or known.page is None:
                    continue
                if pte is None or pte.page is not known.page:
                    yield f"{tlb.name} knows {known} at {address:#x}, and the pte is {pte}"
                elif (known.write and not pte.write) or (known.dirty and not pte.dirty):
                    yield f"{tlb.name} knows {known} at {address:#x}, which is more than {pte}"


def _warnings(books: Books) -> Iterator[str]:
    yield from books.machine.kernel.warnings


REFERENCES = Invariant(
    "references",
    "No reference on a page is left unaccounted for, and none is missing.",
    _references,
)
MAPCOUNT = Invariant("mapcount", "page_mapcount says how many ptes map the page.", _mapcounts)
FREED = Invariant(
    "freed pages",
    "No pte, slot of a page cache, pagevec, list or buffer points to a freed page.",
    _freed,
)
CACHES = Invariant(
    "caches", "A page says which cache it is in, and at which index: there it is.", _caches
)
FRAMES = Invariant("frames", "A frame is in use, or free, and freed only once.", _frames)
MAPPED = Invariant(
    "mapped pages", "A pte maps an anonymous page, or the one that its file's cache has.", _mapped
)
ENTRIES = Invariant("migration entries", "No migration entry is left.", _entries, AT_END)
RSS = Invariant("rss", "rss counts the present ptes and migration entries of an mm.", _rss)
LOCKS = Invariant("locks", "No page, buffer or spinlock is left locked.", _locks, AT_END)
WRITES = Invariant("writes", "What was written is where it was written.", _writes, AT_END)
DIRTINESS = Invariant(
    "dirtiness",
    "What is not on the disk is dirty in a pte, the page or a buffer, or is being written.",
    _dirtiness,
)
BUFFERS = Invariant("buffers", "No buffer is dirty that nobody has written to.", _buffers)
PERMISSION = Invariant(
    "permission",
    "No pte may be written where the vma may not, or where a copy would have to be made first.",
    _permission,
)
TLBS = Invariant("TLBs", "No TLB allows what the ptes do not.", _tlbs)
WARNINGS = Invariant("warnings", "The kernel has complained of nothing.", _warnings, EVERY_STEP)
LOCKED_ENTRIES = Invariant(
    "entries without lock",
    "While there is a migration entry, the page that it stands for is locked.",
    when=EVERY_STEP,
    steps=(("set_pte_at", an_entry_is_put), ("unlock_page", the_lock_is_left)),
)

#: What holds whatever the tasks do.  rss is not among them: this version's is wrong after an entry
#: has been zapped or copied.
ALWAYS = (
    ENTRIES, FREED, MAPCOUNT, MAPPED, REFERENCES, LOCKS, WRITES, DIRTINESS, BUFFERS, PERMISSION,
    TLBS, CACHES, FRAMES, WARNINGS,
)  # fmt: skip

#: What every run is judged by anyway, by the kernel or by the search.
JUDGED_ANYWAY = (
    Invariant("the kernel goes on", "No BUG, no oops, no use of freed memory.", when=EVERY_STEP),
    Invariant("every task ends", "No task waits for ever.", when=AT_END),
    Invariant(
        "owners unlock",
        "A page or a lock is locked by one task, and only that task unlocks it.",
        when=EVERY_STEP,
    ),
)


def first_wrong(
    invariants: tuple[Invariant, ...], world: World, returned: Mapping[str, Any] | None = None
) -> tuple[Invariant, str] | None:
    """The first of the invariants that does not hold of a world at rest, and what is wrong.

    `returned`: what the tasks have returned, by their names.
    """
    books = Books(world, returned or {})
    for invariant in invariants:
        for wrong in invariant.wrong(books):
            return invariant, wrong
    return None
