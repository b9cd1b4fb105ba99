# SPDX-License-Identifier: GPL-2.0-only
"""The search finds what trying everything finds, in parts of a migration with and without guards.

Each case is small enough for brute force: two or three tasks that call a few functions of the model
itself.  Compared is the whole final state, what the tasks return, and what the invariants say.
Tried on purpose, each time with tests of this file that failed: a dependency relation in which
writing and taking a reference commute; a slot that one task changes and another only reads taken
for one that nobody shares; a slot that becomes shared without a look at who touched it before, or
that stays among what is no news of a task; a wait that any value ends, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from actors import SIZE
from brute import by_brute_force, by_search, state

import kmm
from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, first_wrong
from kmm.mm.filemap import find_get_page, lock_page, trylock_page, unlock_page
from kmm.mm.memory_zap import tlb_gather_mmu, zap_pte_range
from kmm.mm.page import (
    Page,
    get_page,
    get_page_unless_zero,
    page_freeze_refs,
    page_unfreeze_refs,
    put_page_testzero,
)
from kmm.mm.pgtable import PTE_NONE, set_pte_at, table_pointer
from kmm.mm.pgtable import pte_pointer as pointer
from kmm.mm.radix_tree import radix_tree_lookup_slot, radix_tree_replace_slot
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.scenario.driver import fault_on_entry
from kmm.sim import Machine

Run = Callable[[], Any]

PLAIN = Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)")


class Parts:
    """A page of a file with the cache's reference and perhaps a pte's, and parts of actors."""

    def __init__(self, *, mapped: bool = False, entry: bool = False) -> None:
        self.w = kmm.World(debug_vm=False)
        file, mm = self.w.file(), self.w.mm()
        self.vma = mm.mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED"))
        self.mm, self.at = mm.struct, self.vma.address(0)
        self.page: Page = self.vma.touch(0, write=False) if mapped else file.page(0)
        self.mapping = file.mapping
        self.other = self.w.page("other")
        self.count = self.page._count
        if entry:
            mm.put_migration_entry(self.at, self.page)

    def freezes(self) -> int:
        """As migrate_page_move_mapping does."""
        if not page_freeze_refs(self.page, self.count):
            return 0
        page_unfreeze_refs(self.page, self.count)
        return 1

    def takes(self) -> int:
        """A reference, if there is one already; and gives it back."""
        if not get_page_unless_zero(self.page):
            return 0
        return 1 + put_page_testzero(self.page)

    def takes_plainly(self) -> int:
        """A reference, without a look."""
        get_page(self.page)
        return put_page_testzero(self.page)

    def replaces(self, *, freeze: bool) -> int:
        """Another page takes the place in the cache, the old one frozen meanwhile or not."""
        slot = radix_tree_lookup_slot(self.mapping.page_tree, 0)
        if freeze and not page_freeze_refs(self.page, self.count):
            return 0
        radix_tree_replace_slot(slot, self.other)
        if freeze:
            page_unfreeze_refs(self.page, self.count)
        return 1

    def looks_up(self) -> Any:
        """Which page it found, whose reference it drops."""
        page = find_get_page(self.mapping, 0)
        return page is not None and (page.name, put_page_testzero(page))

    def moves(self) -> int:
        """Locks the page, freezes it, unlocks it."""
        if not trylock_page(self.page):
            return 0
        rc = self.freezes()
        unlock_page(self.page)
        return 1 + rc

    def restores(self) -> None:
        """The entry is gone, and then the lock."""
        lock_page(self.page)
        self.sets(PTE_NONE)
        unlock_page(self.page)

    def sets(self, pte: Any) -> None:
        """The pte becomes another, under its lock."""
        spin_lock(self.mm.page_table_lock)
        set_pte_at(self.mm, self.at, pointer(self.mm, self.at), pte)
        spin_unlock(self.mm.page_table_lock)

    def faults(self) -> None:
        """A fault that finds the pte not present."""
        fault_on_entry(self.mm, self.at)

    def zaps(self) -> int:
        """The pte becomes empty; how many pages it held."""
        tlb = tlb_gather_mmu(self.mm)
        pmd = table_pointer("pmd", self.mm, self.at)
        zap_pte_range(tlb, self.vma.struct, pmd, self.at, self.at + SIZE, None)
        return len(tlb.pages)

    def tasks(self, *runs: Run) -> dict[Any, Run]:
        """A task for each."""
        return {self.w.task(f"task{n}"): run for n, run in enumerate(runs)}

    def look(self, machine: Machine, bug: object, returned: Any) -> Any:
        """The final state, what the tasks returned, and what the invariants say."""
        broken = None if bug else first_wrong(ALWAYS, self.w)
        return state(machine, bug), str(returned), None if broken is None else broken[1]


Made = tuple[Parts, tuple[Run, ...]]


def case(name: str) -> Made:
    """The parts that run beside one another."""
    free, mapped, entry = Parts(), Parts(mapped=True), Parts(entry=True)
    entry.count = free.count
    cases: dict[str, Made] = {
        "freeze beside try": (free, (free.freezes, free.takes)),
        "freeze beside two that try": (free, (free.freezes, free.takes, free.takes)),
        "freeze beside a plain get": (free, (free.freezes, free.takes_plainly)),
        "lookup, frozen": (free, (partial(free.replaces, freeze=True), free.looks_up)),
        "lookup, not frozen": (free, (partial(free.replaces, freeze=False), free.looks_up)),
        "fault beside freeze": (entry, (entry.moves, entry.faults)),
        "fault beside restore": (entry, (entry.restores, entry.faults)),
        "zap beside the entry": (mapped, (partial(mapped.sets, PTE_NONE), mapped.zaps)),
        "zap beside zap": (mapped, (mapped.zaps, mapped.zaps)),
        "zap beside fault": (entry, (entry.zaps, entry.faults)),
    }
    return cases[name]


CASES = [
    ("freeze beside try", ()),
    ("freeze beside two that try", ()),
    ("freeze beside a plain get", ()),
    ("lookup, frozen", ()),
    ("lookup, not frozen", ()),
    ("fault beside freeze", ()),
    ("fault beside freeze", (PLAIN,)),
    ("fault beside restore", ()),
    ("zap beside the entry", ()),
    ("zap beside zap", ()),
    ("zap beside fault", ()),
]


@pytest.mark.parametrize(("name", "edits"), CASES)
def test_guards_end_as_by_brute_force(name: str, edits: tuple[Edit, ...]) -> None:
    """The same final states, results and violations, and never more runs."""
    with edited(edits):
        parts, runs = case(name)
        every = list(by_brute_force(parts.w.machine, parts.tasks(*runs), parts.look))
        parts, runs = case(name)
        ends, made = by_search(parts.w.machine, parts.tasks(*runs), parts.look)
    assert ends == set(every)
    assert made <= len(every)
