# SPDX-License-Identifier: GPL-2.0-only
"""Ptes that the second walk misses: those that fork copies, and those that truncate empties."""

from __future__ import annotations

from functools import partial

from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import Tasks, anonymous, beside, of_a_file
from kmm.mm.fork import dup_mm
from kmm.mm.vmtruncate import truncate_inode_pages
from kmm.scenario import World


def forks(w: World) -> Tasks:
    """The address space of the page is copied."""
    parent = w.tasks.get("fork") or w.task("fork", mm=w.mms["m0"])
    return beside(w, "fork", partial(dup_mm, parent))


#: The child's vma before its parent's.
AT_THE_HEAD = Edit(
    "anon_vma_link",
    "list_add_tail(vma.anon_vma_node, anon_vma.head)",
    "from kmm.mm.list import list_add\nlist_add(vma.anon_vma_node, anon_vma.head)",
)

CHILD_FIRST = Claim(
    name="23 a child that was visited too early",
    says="fork copies a migration entry into a vma that stands before its parent's and has been "
    "visited already, and there it stays.",
    source="mm/rmap.c: anon_vma_link",
    actors=("migrate", "fork"),
    breaks=Case("23 the child first", anonymous, forks, edits=(AT_THE_HEAD,)),
    holds=Case(
        "23 the parent first", anonymous, forks, fixes=("a child's vma goes to the tail",)
    ),
    note="Order does the work of a lock.  If fork comes before the migration has mended the "
    "parent's pte, the child is still to be visited; if after, it copies a pte that maps the "
    "page.  This version is right, since 2.6.18-rc1 (0697212a411).",
)  # fmt: skip


def _truncates(w: World) -> Tasks:
    return beside(w, "truncate", partial(truncate_inode_pages, w.files["f0"].mapping, 0))


#: The new page is unlocked first, and mapped then.
UNLOCKED_BEFORE_MAPPED = (
    Edit("move_to_new_page", "remove_migration_ptes(page, newpage)"),
    Edit(
        "move_to_new_page",
        "unlock_page(newpage)",
        "unlock_page(newpage)\nif not rc:\n    remove_migration_ptes(page, newpage)",
    ),
)

TRUNCATE = Claim(
    name="31 truncate passes over entries",
    says="Truncate finds the new page unlocked and unmapped, and takes it out of the file while "
    "the migration is about to map it.",
    source="mm/migrate.c: move_to_new_page, mm/memory.c: zap_pte_range",
    actors=("migrate", "truncate"),
    breaks=Case("31 unlocked before mapped", of_a_file, _truncates, edits=UNLOCKED_BEFORE_MAPPED),
    holds=Case(
        "31 mapped before unlocked", of_a_file, _truncates,
        fixes=("the new page is mapped before it is unlocked",),
    ),
    note="A proof for this version.  A zap that means only the file's own pages passes over "
    "entries; page by page it is done under the page lock, when there are none.  vmtruncate "
    "begins with a zap that means private copies too, and so empties entries with the rest: "
    "after it nothing is left to be mapped again, and it is safe in either order.",
)  # fmt: skip
