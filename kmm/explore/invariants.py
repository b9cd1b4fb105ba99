# SPDX-License-Identifier: GPL-2.0-only
"""Invariants: what must hold when all tasks are done, each as one sentence.

That the kernel does not stop, and that every task ends, is judged of every run anyway.  Each says
*when* it holds: all of these once no task is inside a kernel function, for in between, correct code
breaks them too (between set_pte_at and page_add_file_rmap no mapcount agrees with the ptes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kmm.explore.books import Books
from kmm.scenario import World


@dataclass(frozen=True)
class Invariant:
    """`wrong(books)` gives in words what is wrong, nothing if nothing is."""

    name: str
    sentence: str
    wrong: Callable[[Books], Iterator[str]]


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
            elif refers.lists:
                yield f"{page.name} is free, and still on {refers.lists[0].name}"


def _entries(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mm, address in refers.entries:
            yield (
                f"pte {address:#x} of {mm.name} holds a migration entry for {page.name}, "
                "which nobody migrates"
            )


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


REFERENCES = Invariant(
    "references",
    "No reference on a page is left unaccounted for, and none is missing.",
    _references,
)
MAPCOUNT = Invariant("mapcount", "page_mapcount says how many ptes map the page.", _mapcounts)
FREED = Invariant(
    "freed pages", "No pte, slot of a page cache, pagevec or list points to a freed page.", _freed
)
ENTRIES = Invariant("migration entries", "No migration entry is left.", _entries)
RSS = Invariant("rss", "rss counts the present ptes and migration entries of an mm.", _rss)
LOCKS = Invariant("locks", "No page is left locked.", _locks)

#: What holds whatever the tasks do.
ALWAYS = (ENTRIES, FREED, MAPCOUNT, REFERENCES, LOCKS)


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
