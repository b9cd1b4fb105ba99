# SPDX-License-Identifier: GPL-2.0-only
"""Loops and copies: the last vma that is not asked, and an entry that fork makes too strong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import EBUSY
from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.fork import dup_mm
from kmm.mm.mmap import find_vma
from kmm.mm.pgtable_ops import is_cow_mapping
from kmm.mm.rwsem import down_read, up_read
from kmm.scenario import World
from kmm.scenario.driver import ask_vmas

Tasks = dict[str, Callable[[], Any]]

# 9: the loop ends one vma too early.


def _last_is_busy() -> World:
    """Three vmas that are asked before their pages move; the last says no."""
    w = World()
    mm = w.mm()
    for rc in (0, 0, -EBUSY):
        mm.mmap(pages=1, vm_ops_migrate=rc)
    return w


def _ask_all(w: World) -> Tasks:
    mm = w["m0"]

    def migrate() -> int:
        down_read(mm.mmap_sem)
        err = ask_vmas(mm, 2, 1, 0)
        up_read(mm.mmap_sem)
        return err

    return {"migrate": migrate}


def _unasked(books: Books) -> Iterator[str]:
    if books.returned["migrate"] != -EBUSY:
        yield f"v2 says -EBUSY, and migrate_vmas returns {books.returned['migrate']}"


_ALL_ASKED = Invariant("vmas", "What any vma says against it is returned.", _unasked)

_EVERY_VMA = Edit("migrate_vmas", "vma.vm_next and not err", "vma and not err")

_three = Case("09 three vmas", _last_is_busy, _ask_all, (*ALWAYS, _ALL_ASKED))

LAST = Claim(
    name="09 the last vma is never asked",
    says="The loop over the vmas goes on while there is a next one, so the last is left out, and "
    "without any vma it follows NULL.",
    source="mm/migrate.c: migrate_vmas",
    actors=("migrate",),
    holds=_three.mended("the loop goes on while there is a vma", _EVERY_VMA),
    breaks=_three,
    scope="one call",
    note="Mended in 2.6.29-rc5 (1001c9fb872).",
)

# 24: a number that is true.


def _parent() -> World:
    """A program that has written to its memory, and is about to fork."""
    w = World(cpus=2)
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    w.task("fork", mm=mm)
    return w


def _move_and_fork(w: World) -> Tasks:
    return {"migrate": partial(move, w["p0"]), "fork": partial(dup_mm, w["fork"])}


def _writable(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mm, address in refers.ptes if len(refers.ptes) > 1 else ():
            vma = find_vma(mm, address)
            if vma and is_cow_mapping(vma.vm_flags) and mm.page_table.cells[address].write:
                others = " and ".join(other.name for other, _ in refers.ptes if other is not mm)
                yield f"{mm.name} may write to {page.name}, which {others} maps too"


_COPY_ON_WRITE = Invariant(
    "copy on write",
    "A private page that two address spaces map is writable in neither.",
    _writable,
)

#: SWP_MIGRATION_READ, a type, where make_migration_entry wants to know whether to write.
_TYPE_AS_BOOLEAN = Edit(
    "copy_one_pte",
    "pte = swp_entry_to_pte(make_migration_entry_read(entry))",
    "from kmm.mm.swapops import SWP_MIGRATION_READ, make_migration_entry\n"
    "pte = swp_entry_to_pte(make_migration_entry(entry.offset, SWP_MIGRATION_READ))",
)

_forks = Case("24 fork copies an entry", _parent, _move_and_fork, (*ALWAYS, _COPY_ON_WRITE))

BOOLEAN = Claim(
    name="24 a type for a boolean",
    says="fork makes the entry anew and hands over the type for reading where a boolean is wanted; "
    "any number but 0 is true, and parent and child may both write to one page.",
    source="mm/memory.c: copy_one_pte",
    actors=("migrate", "fork"),
    holds=_forks.mended("the entry allows reading only"),
    breaks=_forks.without(_TYPE_AS_BOOLEAN),
    note="Mended before it was merged in 2.6.18-rc1 (0697212a411), whose text tells of it.",
)
