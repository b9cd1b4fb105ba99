# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that need nobody else: a lock of one's own, what is left behind, and who puts back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import Tasks
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.filemap import add_to_page_cache_lru
from kmm.mm.filesystem import readpage
from kmm.mm.fs import AddressSpace
from kmm.mm.list import LIST_HEAD, list_add_tail
from kmm.mm.migrate import putback_lru_pages, unmap_and_move
from kmm.mm.page import Page
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, alloc_pages_node
from kmm.mm.swap import lru_add_drain, put_page
from kmm.mm.vmscan import isolate_lru_page
from kmm.scenario import World
from kmm.scenario.driver import isolate_and_migrate
from kmm.sim import Cell, ListHead, current

#: The task is freeing memory already.
PF_MEMALLOC = 0x00000800


def _empty_file() -> World:
    w = World(nodes=2)
    w.file()
    return w


def reads_ahead(mapping: AddressSpace) -> int:
    """Before its page is read, the task needs memory, and migrates pages to get it."""
    page = alloc_pages_node(-1, GFP_HIGHUSER_MOVABLE, 0)
    assert page is not None
    add_to_page_cache_lru(page, mapping, 0, GFP_HIGHUSER_MOVABLE)
    lru_add_drain()
    current().flags |= PF_MEMALLOC
    rc = move(page, 1, force=1)
    current().flags &= ~PF_MEMALLOC
    readpage(mapping, page)
    put_page(page)
    return rc


def _reads_ahead(w: World) -> Tasks:
    return {"readahead": partial(reads_ahead, w.files["f0"].mapping)}


#: Who is freeing memory does not wait for page locks, for it may hold some.
NO_WAIT = Edit(
    "unmap_and_move", "not force", f"not force or current().flags & {PF_MEMALLOC:#x}", nth=0
)

OWN_LOCK = Claim(
    name="36 a lock of one's own",
    says="A task that holds a page's lock to read it needs memory, migrates, and waits for "
    "that lock.",
    source="mm/migrate.c: unmap_and_move",
    actors=("readahead",),
    breaks=Case("36 waits for itself", _empty_file, _reads_ahead),
    holds=Case(
        "36 does not wait", _empty_file, _reads_ahead, edits=(NO_WAIT,),
        fixes=("no waiting for a page lock while freeing memory",),
    ),
    scope="one forced unmap_and_move",
    note="Nobody migrates to get memory in this version; compaction, of 2.6.35, does.  Mended in "
    "2.6.38-rc1 (3e7d3449706).",
)  # fmt: skip


def _pinned_and_file() -> World:
    w = World(nodes=2)
    w.pin(w.mm().mmap(pages=1).touch(0))
    w.file().page(0)
    return w


def _one_after_the_other(pages: list[Page]) -> None:
    """Who takes back a new page that was not used, and gives it out for the next."""
    unused: list[Page] = []

    def get_new_page(page: Page, private: Any, result: Cell[Any]) -> Page | None:
        return unused.pop() if unused else alloc_pages_node(1, GFP_HIGHUSER_MOVABLE, 0)

    pagelist: ListHead[Page] = LIST_HEAD("pagelist")
    for page in pages:
        isolate_lru_page(page)
        list_add_tail(page.lru, pagelist)
    for page in pages:
        unmap_and_move(get_new_page, unused, page, 0)
    putback_lru_pages(pagelist)


def _compacts(w: World) -> Tasks:
    return {"migrate": partial(_one_after_the_other, [w["p0"], w["p1"]])}


def _astray(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        if refers.caches and page.PG_swapbacked and not page.PG_swapcache:
            yield f"{page.name} is a page of {refers.caches[0].name}, and PG_swapbacked"


KIND = Invariant("kind", "No page of a file counts as backed by swap.", _astray)

#: A new page that was not used goes back to who allocated it (3.16).
GIVEN_BACK = Edit(
    "unmap_and_move",
    "putback_lru_page(newpage)",
    "if rc:\n    private.append(newpage)\nelse:\n    putback_lru_page(newpage)",
)
GIVEN_BACK_CLEAN = Edit(
    "unmap_and_move",
    "putback_lru_page(newpage)",
    "if rc:\n    from kmm.mm.page_flags import ClearPageSwapBacked\n"
    "    ClearPageSwapBacked(newpage)\n    private.append(newpage)\n"
    "else:\n    putback_lru_page(newpage)",
)

LEFTOVER = Claim(
    name="38 PG_swapbacked left over",
    says="A new page is prepared for an anonymous one, not used, and given out again for a page of "
    "a file, which then counts as anonymous.",
    source="mm/migrate.c: move_to_new_page",
    actors=("migrate",),
    breaks=Case("38 used again", _pinned_and_file, _compacts, (*ALWAYS, KIND), (GIVEN_BACK,)),
    holds=Case(
        "38 used again, clean", _pinned_and_file, _compacts, (*ALWAYS, KIND),
        (GIVEN_BACK_CLEAN,), fixes=("a page that is given back has no PG_swapbacked",),
    ),
    scope="two unmap_and_moves",
    note="This version leaves the bit too, and frees the page, so that nobody sees it.  Mended in "
    "3.16 (8bdd63809160).",
)  # fmt: skip


def _page_of_a_file() -> World:
    w = World(nodes=2)
    w.file().page(0)
    return w


def _moves(w: World) -> Tasks:
    return {"migrate": partial(move, w["p0"])}


def _miscounted(books: Books) -> Iterator[str]:
    for zone in books.machine.kernel.zones:
        pages = [page for page in books.pages if page.node == zone.nid]
        cached = sum(len(books.refers[page].caches) for page in pages)
        if cached != zone.NR_FILE_PAGES:
            yield f"{zone.name} counts {zone.NR_FILE_PAGES} pages in caches, and has {cached}"


NR_CACHED = Invariant("NR_FILE_PAGES", "Each zone counts its pages in page caches.", _miscounted)

ZONES = Claim(
    name="39 counted in the old zone",
    says="A page that has moved to another node is still counted where it was.",
    source="mm/migrate.c: migrate_page_move_mapping",
    actors=("migrate",),
    breaks=Case(
        "39 not counted", _page_of_a_file, _moves, (*ALWAYS, NR_CACHED),
        (
            Edit("migrate_page_move_mapping", "__dec_zone_page_state(page, NR_FILE_PAGES)"),
            Edit("migrate_page_move_mapping", "__inc_zone_page_state(newpage, NR_FILE_PAGES)"),
        ),
    ),
    holds=Case(
        "39 counted", _page_of_a_file, _moves, (*ALWAYS, NR_CACHED),
        fixes=("NR_FILE_PAGES moves with the page",),
    ),
    note="This version is right, since 2.6.21 (0e8c7d0fd5b).",
)  # fmt: skip


def _pinned() -> World:
    w = World(nodes=2)
    w.pin(w.mm().mmap(pages=1).touch(0))
    return w


def _migrates(w: World) -> Tasks:
    return {"migrate": partial(isolate_and_migrate, [w["p0"]], 1, True)}


def _isolated(books: Books) -> Iterator[str]:
    for page in sorted(books.isolated, key=lambda page: page.name):
        yield f"{page.name} is still isolated, on {books.refers[page].lists[0].name}"


PUT_BACK = Invariant("isolated pages", "No page stays isolated.", _isolated)

#: Of 2.6.37: to put back what could not be moved is the caller's business.
LEFT_TO_THE_CALLER = Edit("migrate_pages", "putback_lru_pages(from_)")
CALLER_PUTS_BACK = Edit(
    "isolate_and_migrate",
    "return migrate_pages(pagelist, get_new_page, to_node)",
    "rc = migrate_pages(pagelist, get_new_page, to_node)\nputback_lru_pages(pagelist)\nreturn rc",
)

OWNER = Claim(
    name="40 who puts the pages back",
    says="migrate_pages leaves what it could not move to its caller, the caller does not put it "
    "back, and the page is on no LRU list for ever.",
    source="mm/migrate.c: migrate_pages",
    actors=("migrate",),
    breaks=Case(
        "40 nobody", _pinned, _migrates, (*ALWAYS, PUT_BACK), (LEFT_TO_THE_CALLER,)
    ),
    holds=Case(
        "40 the caller", _pinned, _migrates, (*ALWAYS, PUT_BACK),
        (LEFT_TO_THE_CALLER, CALLER_PUTS_BACK), fixes=("the caller puts the pages back",),
    ),
    scope="ten passes",
    note="In this version migrate_pages puts back everything itself; its callers do since "
    "2.6.37-rc1 (cf608ac19c9), and one forgot.  The other mistake of that time was to put a page "
    "back twice (48db54ee2f4).",
)  # fmt: skip
