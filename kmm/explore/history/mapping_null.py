# SPDX-License-Identifier: GPL-2.0-only
"""page->mapping is NULL: of a page just read from swap, and of one that truncate has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.scenario import World
from kmm.scenario.driver import isolate_and_migrate

Tasks = dict[str, Callable[[], Any]]


def _two_pages() -> World:
    """p0 is in the swap cache and no pte has mapped it yet; p1 has buffers and no file any more."""
    w = World()
    w.page(swap=5, flags=("uptodate",))
    w.add_buffers(w.page(flags=("uptodate",)), 2)
    return w


def _offline(w: World) -> Tasks:
    """Whoever takes a node out migrates all that is on its LRU lists."""
    return {"migrate": partial(isolate_and_migrate, [w["p0"], w["p1"]], 1, True)}


def _stays(books: Books) -> Iterator[str]:
    """A page that only a pagevec still holds is as good as free."""
    for page in books.pages:
        if page.node == 0 and (books.refers[page].caches or page.PG_private):
            yield f"{page.name} is still on node 0, and {books.returned['migrate']} is returned"


_EMPTY = Invariant("empty node", "After ten passes nothing is left on the node.", _stays)

#: Only the second kind of page ends here; the first has no pte to be taken out of.
_MOVE_UNMAPPED = (
    Edit("unmap_and_move", "goto(rcu_unlock)", ""),
    Edit(
        "unmap_and_move",
        "try_to_free_buffers(page)",
        "try_to_free_buffers(page)\ngoto(rcu_unlock)",
    ),
    Edit("unmap_and_move", "try_to_unmap(page, 1)", "if page.mapping:\n    try_to_unmap(page, 1)"),
    # page_mapping would give the swap cache, which has no vmas.
    Edit("remove_file_migration_ptes", "page_mapping(new)", "new.mapping"),
)

_unmovable = Case("26 two pages without mapping", _two_pages, _offline, (*ALWAYS, _EMPTY))

NO_MAPPING = Claim(
    name="26 two pages without a mapping",
    says="A page of the swap cache that no pte maps yet is given up in each of ten passes, as if "
    "it were one that truncate has left; so a node cannot be emptied.",
    source="mm/migrate.c: unmap_and_move",
    actors=("migrate",),
    holds=_unmovable.mended("a page without rmap moves without unmapping", *_MOVE_UNMAPPED),
    breaks=_unmovable,
    scope="ten passes",
    note="Mended in 2.6.32-rc1 (abfc3488118).  The page that truncate left loses its buffers in "
    "the first pass and is free in the second, as since 2.6.25-rc1 (62e1c55300f).",
)
