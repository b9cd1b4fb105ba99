# SPDX-License-Identifier: GPL-2.0-only
"""Where a page's dirtiness is while the page moves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import Tasks
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.filemap import find_get_page
from kmm.mm.fs import AddressSpace
from kmm.mm.page_flags import PageDirty
from kmm.mm.swap import put_page
from kmm.scenario import World


def _dirty_page() -> World:
    """A page of a file that must be written some time, and that no pte maps."""
    w = World(nodes=2, cpus=2)
    w.file(writepage="ok").page(0, flags=("uptodate", "dirty"))
    return w


def looks(mapping: AddressSpace) -> int:
    """Whether the page is dirty, as somebody sees it who looks it up and does not lock it."""
    page = find_get_page(mapping, 0)
    assert page is not None
    dirty = PageDirty(page)
    put_page(page)
    return dirty


def _looks(w: World) -> Tasks:
    return {"migrate": partial(move, w["p0"]), "lookup": partial(looks, w.files["f0"].mapping)}


def _seen_clean(books: Books) -> Iterator[str]:
    if not books.returned["lookup"]:
        yield "the page was dirty all the time, and the lookup has found it clean"


SEEN_DIRTY = Invariant("dirtiness", "Whoever finds a dirty page finds it dirty.", _seen_clean)


def _uncounted(books: Books) -> Iterator[str]:
    for zone in books.machine.kernel.zones:
        dirty = sum(p.PG_dirty for p in books.pages if p.node == zone.nid and not p.PG_buddy)
        if dirty != zone.NR_FILE_DIRTY:
            yield f"{zone.name} counts {zone.NR_FILE_DIRTY} dirty pages, and has {dirty}"


NR_DIRTY = Invariant("NR_FILE_DIRTY", "Each zone counts its dirty pages of files.", _uncounted)

#: Flag and counter move while the count of the old page is frozen, before the new one is seen.
WHILE_FROZEN = (
    Edit(
        "migrate_page_move_mapping",
        "radix_tree_replace_slot(pslot, newpage)",
        "from kmm.mm.page_flags import ClearPageDirty, SetPageDirty\n"
        "from kmm.mm.vmstat import NR_FILE_DIRTY\n"
        "if PageDirty(page):\n"
        "    ClearPageDirty(page)\n"
        "    SetPageDirty(newpage)\n"
        "    if mapping.account_dirty:\n"
        "        __dec_zone_page_state(page, NR_FILE_DIRTY)\n"
        "        __inc_zone_page_state(newpage, NR_FILE_DIRTY)\n"
        "radix_tree_replace_slot(pslot, newpage)",
    ),
)

GAP = Claim(
    name="37 nowhere dirty",
    says="Between leaving the old page and reaching the new one a page's dirtiness is nowhere, and "
    "the new page, which is in the page cache already, is found clean.",
    source="mm/migrate.c: migrate_page_copy",
    actors=("migrate", "lookup"),
    breaks=Case("37 dirty afterwards", _dirty_page, _looks, (*ALWAYS, NR_DIRTY, SEEN_DIRTY)),
    holds=Case(
        "37 dirty while frozen", _dirty_page, _looks, (*ALWAYS, NR_DIRTY, SEEN_DIRTY),
        WHILE_FROZEN, fixes=("the dirty bit moves while the count is frozen",),
    ),
    note="The model shows the gap, not a harm: who writes pages back locks them first, and waits. "
    "The mend of 4.4 (42cb14b110a5) is recorded as that of CVE-2016-3070 too, a crash in a "
    "tracepoint.  What only a pte knows of dirtiness goes to the page when it is unmapped; that "
    "is why a page is unmapped before anybody asks whether it is dirty.",
)  # fmt: skip
