# SPDX-License-Identifier: GPL-2.0-only
"""What "Be the kernel" calls safe is safe in every interleaving, and what it calls harm does some.

The judgement sees one CPU alone and goes by rules.  Here the same orders of moves meet a lookup, a
truncate and a writer in the explorer, whose invariants know nothing of those rules.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EAGAIN
from typing import Any

import pytest

from kmm.explore.guards.before import memory_is_written
from kmm.explore.guards.worlds import (
    Acts,
    against,
    file_is_written,
    looked_up_and_written,
    mapped,
    truncated,
)
from kmm.explore.verdict import explore
from kmm.learn.bekernel.judgement import judged
from kmm.learn.bekernel.moves import forget, into_the_slot, prepare
from kmm.learn.bekernel.play import Setting
from kmm.mm.filemap import trylock_page, unlock_page
from kmm.mm.list import list_del
from kmm.mm.migrate import migrate_page_copy, remove_migration_pte
from kmm.mm.page import (
    __put_page,
    get_page,
    page_count,
    page_freeze_refs,
    page_mapped,
    page_unfreeze_refs,
)
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, GFP_THISNODE, alloc_pages_node
from kmm.mm.rmap import try_to_unmap_one
from kmm.mm.spinlock import spin_lock_irq, spin_unlock_irq
from kmm.mm.vmscan import putback_lru_page
from kmm.scenario import World

pytest.importorskip("greenlet")

BEGIN = (
    "isolate_lru_page p0",
    "alloc_pages_node 1",
    "trylock_page p0",
    "try_to_unmap_one p0 v0",
    "trylock_page n0",
    "n0.mapping = p0.mapping",
)
LOCK, UNLOCK = "spin_lock_irq f0.tree_lock", "spin_unlock_irq f0.tree_lock"
FREEZE, THAW = "page_freeze_refs p0 2", "page_unfreeze_refs p0 2"
GET, PUT = "get_page n0", "__put_page p0"
SLOT, COPY = "radix_tree_replace_slot p0 n0", "migrate_page_copy n0 p0"
MAP = "remove_migration_pte v0 p0 n0"
NEW, OLD = "unlock_page n0", "unlock_page p0"
BACK = ("putback_lru_page p0", "putback_lru_page n0")
RIGHT = (LOCK, FREEZE, GET, SLOT, THAW, PUT, UNLOCK, COPY, MAP, NEW, OLD, *BACK)


def moved(text: str, before: str) -> tuple[str, ...]:
    rest = [move for move in RIGHT if move != text]
    at = rest.index(before)
    return (*rest[:at], text, *rest[at:])


def program(order: tuple[str, ...]) -> Acts:
    """A migration of p0 by these moves, which gives up where somebody is in the way."""

    def act(w: World) -> Callable[[], int]:
        page, mapping = w["p0"], w.files["f0"].mapping
        vma = w.mms["m"].vmas[0].struct

        def migrate() -> int:
            new = alloc_pages_node(1, GFP_HIGHUSER_MOVABLE | GFP_THISNODE, 0)
            assert new is not None
            does: dict[str, Callable[[], Any]] = {
                LOCK: lambda: spin_lock_irq(mapping.tree_lock),
                UNLOCK: lambda: spin_unlock_irq(mapping.tree_lock),
                FREEZE: lambda: page_freeze_refs(page, 2),
                "page_count p0": lambda: page_count(page) == 2,
                THAW: lambda: page_unfreeze_refs(page, 2),
                GET: lambda: get_page(new),
                PUT: lambda: __put_page(page),
                SLOT: lambda: into_the_slot(mapping, new, page),
                COPY: lambda: migrate_page_copy(new, page),
                MAP: lambda: remove_migration_pte(vma, page, new),
                NEW: lambda: unlock_page(new),
                OLD: lambda: unlock_page(page),
                BACK[0]: lambda: (list_del(page.lru), putback_lru_page(page)),
                BACK[1]: lambda: putback_lru_page(new),
            }
            if not trylock_page(page):
                does[BACK[0]](), does[BACK[1]]()
                return -EAGAIN
            if page.mapping is not None:
                try_to_unmap_one(page, vma, 1)
                trylock_page(new)
                prepare(new, page)
                locked = False
                for text in order:
                    locked = (locked or text == LOCK) and text != UNLOCK
                    if not does[text]() and text in (FREEZE, "page_count p0"):
                        break
                else:
                    return 0
                if locked:
                    does[UNLOCK]()
                forget(new)
                does[NEW]()
                if not page_mapped(page):
                    remove_migration_pte(vma, page, page)
            for text in (OLD, *BACK):
                does[text]()
            return -EAGAIN

        return migrate

    return act


OTHERS: dict[str, Acts] = {
    "lookup": looked_up_and_written,
    "truncate": truncated,
    "writer": file_is_written,
    "program": memory_is_written,
}


def broken(order: tuple[str, ...], other: str, preemptions: int = 1) -> str | None:
    """What breaks in some interleaving with the other, None if nothing does."""
    case = against("moves", mapped, migrate=program(order), **{other: OTHERS[other]})
    verdict = explore(case, seconds=60, max_preemptions=preemptions)
    assert verdict.complete or verdict.violation, verdict.bound
    return verdict.violation.invariant if verdict.violation else None


SAFE = {
    "as the kernel": RIGHT,
    "freeze, then the lock": moved(FREEZE, LOCK),
    "the cache's reference late": moved(GET, THAW),
    "the lock goes before the old reference": moved(UNLOCK, PUT),
    "the lock goes before the thaw": moved(UNLOCK, THAW),
    "the old page is unlocked first": moved(OLD, NEW),
}
#: Orders that a lookup could mind, which is interrupted itself.
ABOUT_LOOKUPS = ("freeze, then the lock", "the lock goes before the thaw")

HARM = {
    "a look for a freeze": (tuple("page_count p0" if m == FREEZE else m for m in RIGHT), "lookup"),
    "the thaw before the slot": (moved(THAW, SLOT), "lookup"),
    "the copy before the freeze": (moved(COPY, LOCK), "lookup"),
    "unlocked before it is mapped": (moved(NEW, MAP), "truncate"),
    "unlocked before it is copied": (moved(NEW, COPY), "writer"),
    "the old page unlocked before the ptes": (moved(OLD, MAP), "program"),
    "mapped before it is copied": (moved(MAP, COPY), "program"),
}


@pytest.mark.parametrize("name", SAFE)
def test_what_is_judged_safe_is_safe(name: str) -> None:
    assert judged(Setting("file"), [*BEGIN, *SAFE[name]]).wrong == ""
    both = 2 if name in ABOUT_LOOKUPS else 1
    assert broken(SAFE[name], "lookup", both) is None
    assert broken(SAFE[name], "truncate") is None


@pytest.mark.parametrize("name", HARM)
def test_what_is_judged_harm_does_harm(name: str) -> None:
    order, other = HARM[name]
    sequence = [move for move in (*BEGIN, *order) if "page_count" not in move or FREEZE in order]
    if FREEZE not in order:  # without a freeze there is nothing to thaw
        sequence = [move for move in sequence if move != THAW]
    assert judged(Setting("file"), sequence).wrong
    # Of a lookup both have to be interrupted: the move, and the lookup before it writes.
    assert broken(order, other, 2 if other == "lookup" else 1) is not None
