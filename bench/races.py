# SPDX-License-Identifier: GPL-2.0-only
"""Cases of the explorer: a mapped page of a file, somebody who moves it, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import kmm
from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.edit import Edit
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.cpu import read_memory
from kmm.mm.filemap import find_get_page
from kmm.mm.madvise import sys_madvise
from kmm.mm.swap import put_page
from kmm.mm.vmtruncate import truncate_inode_pages, vmtruncate
from kmm.scenario.driver import fault_on_entry, isolate_and_migrate

SIZE = 4096

Runs = Mapping[str, Callable[[], Any]]


def world() -> kmm.World:
    """A page of a file that one process has mapped; a kernel without CONFIG_DEBUG_VM."""
    w = kmm.World(nodes=2, cpus=2, debug_vm=False)
    flags = ("READ", "WRITE", "SHARED")
    w.mm("m").mmap(pages=1, file=w.file(), flags=flags).touch(0, write=False)
    return w


def _look_up(mapping: Any) -> None:
    page = find_get_page(mapping, 0)
    if page is not None:
        put_page(page)


def all_of(w: kmm.World) -> Runs:
    """What each actor runs.

    `once` is one attempt to migrate the page, `ten` the whole of migrate_pages.  `fault` has found
    the pte not present, `access` reads the memory and may fault on its way.  `cut` is truncate
    without its first look at the ptes.
    """
    page, mapping = w["p0"], w["p0"].mapping
    mm, at = w.mms["m"].struct, w.mms["m"].vmas[0].address(0)
    return {
        "once": partial(move, page),
        "ten": partial(isolate_and_migrate, [page], 1, True),
        "lookup": partial(_look_up, mapping),
        "zap": partial(sys_madvise, mm, at, SIZE),
        "fault": partial(fault_on_entry, mm, at),
        "access": partial(read_memory, mm, at),
        "truncate": partial(vmtruncate, mapping, 0),
        "cut": partial(truncate_inode_pages, mapping, 0),
    }


def case(*actors: str, edits: tuple[Edit, ...] = ()) -> Case:
    """These actors beside one another."""

    def tasks(w: kmm.World) -> Runs:
        runs = all_of(w)
        return {f"{name}{n}": runs[name] for n, name in enumerate(actors)}

    return Case(" beside ".join(actors), world, tasks, (*ALWAYS, OUTSIDE), edits)


def _outside(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        if refers.ptes and page.mapping is None:
            yield f"{page.name} is mapped, and of no file"


OUTSIDE = Invariant("end of file", "No pte maps a page that was cut off its file.", _outside)

_RESTORE = "if not rc:\n    remove_migration_ptes(page, newpage)\nelse:\n    newpage.mapping = None"

#: How to take away the guard of each race, which bench/models has in short.
UNGUARDED = {
    "freeze": (
        Edit("migrate_page_move_mapping", "not page_freeze_refs(page, expected_count)", "False"),
    ),
    "fault": (Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)"),),
    "truncate": (
        Edit("move_to_new_page", "unlock_page(newpage)"),
        Edit("move_to_new_page", _RESTORE, f"unlock_page(newpage)\n{_RESTORE}"),
    ),
}
ACTORS = {"freeze": ("once", "lookup"), "fault": ("once", "fault"), "truncate": ("once", "cut")}


def race(name: str, *, guarded: bool) -> Case:
    """The race with its guard or without."""
    return case(*ACTORS[name], edits=() if guarded else UNGUARDED[name])
