# SPDX-License-Identifier: GPL-2.0-only
"""Each invariant is silent in a healthy world and speaks in one that is broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import kmm
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.invariants import (
    ALWAYS,
    AT_END,
    EVERY_STEP,
    JUDGED_ANYWAY,
    LOCKED_ENTRIES,
    OUTSIDE,
    PERMISSION,
    RSS,
    WRITES,
    Invariant,
    first_wrong,
)
from kmm.explore.verdict import explore
from kmm.mm.cpu import write_memory
from kmm.mm.filemap import unlock_page
from kmm.mm.gup import device_writes
from kmm.mm.madvise import sys_madvise
from kmm.mm.mremap import sys_mremap
from kmm.mm.pgtable import PTE_NONE, pte_pointer, set_pte_at, swp_entry_to_pte
from kmm.mm.swapops import make_migration_entry
from kmm.mm.vmtruncate import vmtruncate
from kmm.sim import FUNCTIONS

SIZE = 4096
SHARED = ("READ", "WRITE", "SHARED")


class Healthy:
    """p0 of a file with buffers, mapped and written to; p1, anonymous, written to; a TLB, disks."""

    def __init__(self) -> None:
        self.w = w = kmm.World(cpus=2, tlb=True, disk=True)
        self.mm = mm = w.mm("m")
        self.task = w.task("program", mm=mm)
        self.file = w.file(writepage="ok")
        shared, private = mm.mmap(file=self.file, flags=SHARED), mm.mmap()
        self.at = self.p0_at, self.p1_at = shared.address(0), private.address(0)
        self.p0, self.p1 = shared.touch(0, write=False), private.touch(0)
        self.vma, self.private = shared.struct, private.struct
        self.bh = w.add_buffers(self.p0, 2)[0]
        with w.machine:
            assert write_memory(mm.struct, self.p0_at, "w0")
            assert write_memory(mm.struct, self.p1_at, "w1")

    def wrong(self, invariant: Invariant) -> list[str]:
        return list(invariant.wrong(Books(self.w, {})))

    def change(self, address: int, **bits: Any) -> None:
        ptes = self.mm.struct.page_table
        ptes.put(address, ptes.cells[address]._replace(**bits))


def clean(h: Healthy) -> None:
    """The page and whatever could say that it is dirty, and not the disk."""
    h.p0.PG_dirty = 0
    for bh in h.w.buffers["p0"]:
        bh.BH_Dirty = 0
    h.change(h.p0_at, dirty=0)


def nobody_wrote(h: Healthy) -> None:
    """What is known of the file's page is forgotten, and one of its buffers is still dirty."""
    h.bh.BH_Dirty = 0
    h.w.kernel.writes.clear()


BREAKS: dict[str, Callable[[Healthy], Any]] = {
    "migration entries": lambda h: h.mm.put_migration_entry(h.p1_at, h.p1),
    "freed pages": lambda h: setattr(h.p1, "PG_buddy", 1),
    "mapcount": lambda h: setattr(h.p1, "_mapcount", 1),
    "mapped pages": lambda h: h.file.mapping.page_tree.put(0, None),
    "references": lambda h: setattr(h.p1, "_count", 2),
    "locks": lambda h: h.w.lock(h.p0),
    "writes": lambda h: setattr(h.p1, "data", "p1"),
    "dirtiness": clean,
    "buffers": nobody_wrote,
    "permission": lambda h: setattr(h.private, "vm_flags", 1),
    "TLBs": lambda h: h.change(h.p1_at, write=0),
    "caches": lambda h: setattr(h.p0, "index", 1),
    "frames": lambda h: setattr(h.w.kernel.zones[0], "free", 101),
    "warnings": lambda h: h.w.kernel.warn("bad page state"),
    "rss": lambda h: setattr(h.mm.struct, "anon_rss", 0),
}


def test_a_healthy_world_breaks_nothing() -> None:
    h = Healthy()
    assert first_wrong((*ALWAYS, RSS), h.w) is None
    assert [bh.BH_Dirty for bh in h.w.buffers["p0"]] == [1, 1]


@pytest.mark.parametrize("invariant", [*ALWAYS, RSS], ids=lambda one: one.name)
def test_each_speaks_when_it_is_broken(invariant: Invariant) -> None:
    h = Healthy()
    BREAKS[invariant.name](h)
    assert len(h.wrong(invariant)) == 1


def test_each_says_when_it_holds() -> None:
    everything = [*ALWAYS, RSS, LOCKED_ENTRIES, *JUDGED_ANYWAY]
    assert {one.when for one in everything} == {EVERY_STEP, OUTSIDE, AT_END}
    assert len({one.name for one in everything}) == len(everything)
    assert all(one.sentence.endswith(".") for one in everything)


def test_a_buffer_of_a_freed_page_is_told() -> None:
    h = Healthy()
    bh = h.w["p0/bh1"]
    bh.b_page = h.w.page(flags=("buddy",), lru=None)
    (told,) = h.wrong(ALWAYS[1])
    assert "p0/bh1 is still part of it" in told


# Permissions.


def test_a_private_page_of_a_file_must_not_be_written() -> None:
    h = Healthy()
    h.vma.vm_flags = 3
    assert "must be copied" in h.wrong(PERMISSION)[0]


def test_a_page_with_two_ptes_must_not_be_written_through_one() -> None:
    h = Healthy()
    h.mm.fork()
    assert h.wrong(PERMISSION) == []
    h.change(h.p1_at, write=1)
    assert "mapped 2 times" in h.wrong(PERMISSION)[0]


# Which writes are remembered, and for how long.


def test_memory_that_was_given_up_need_not_hold_anything() -> None:
    h = Healthy()
    with h.w.machine:
        sys_madvise(h.mm.struct, h.p1_at, SIZE)
        assert h.wrong(WRITES) == []
        assert [w.what for w in h.w.kernel.writes] == ["w0"]
        vmtruncate(h.file.mapping, 0)
    assert h.w.kernel.writes == []


def test_a_file_holds_what_was_written_to_it_when_nobody_maps_it_any_more() -> None:
    h = Healthy()
    with h.w.machine:
        sys_madvise(h.mm.struct, h.p0_at, SIZE)
    assert h.wrong(WRITES) == []
    h.p0.data = "p0"
    assert h.wrong(WRITES) == ["w0 was written to file f0 0, and there is p0"]


def test_a_write_moves_with_its_memory() -> None:
    h = Healthy()
    there = h.p1_at + 0x400000
    with h.w.machine:
        assert sys_mremap(h.mm.struct, h.p1_at, SIZE, SIZE, there) == there
    assert h.wrong(WRITES) == []
    h.p1.data = "p1"
    assert h.wrong(WRITES) == [f"w1 was written to memory m {there:#x}, and there is p1"]


def test_what_a_device_writes_is_looked_for_in_any_page_that_could_be_the_one() -> None:
    h = Healthy()
    with h.w.machine:
        device_writes(h.p1, "d1")
    assert h.wrong(WRITES) == []
    h.p1.data = "p1+w1"
    assert "d1 was written to anonymous" in h.wrong(WRITES)[0]


def test_a_second_run_of_a_search_remembers_nothing_of_the_first() -> None:
    def world() -> kmm.World:
        w = kmm.World(cpus=2)
        w.mm("m").mmap().touch(0)
        return w

    def tasks(w: kmm.World) -> Any:
        mm = w.mms["m"]
        at = mm.vmas[0].address(0)
        return {
            "one": lambda: write_memory(mm.struct, at, "w1"),
            "two": lambda: write_memory(mm.struct, at, "w2"),
        }

    most: list[int] = []

    def count(books: Books) -> Any:
        most.append(len(books.machine.kernel.writes))
        return iter(())

    counted = Invariant("count", "Counts.", count)
    verdict = explore(Case("two writers", world, tasks, (*ALWAYS, counted)))
    assert verdict.holds
    assert most == [2] * verdict.counts.runs
    assert verdict.counts.runs == 2


# At every step.


def one_page() -> kmm.World:
    w = kmm.World(cpus=2)
    page = w.file().page(0)
    w.mm("m")
    page.PG_locked = 1
    return w


def an_entry_and_its_lock(w: kmm.World) -> Any:
    """One puts an entry and takes it away again, the other unlocks the page."""
    mm, page = w.mms["m"].struct, w["p0"]

    def entry() -> None:
        pte = swp_entry_to_pte(make_migration_entry(page, 0))
        set_pte_at(mm, SIZE, pte_pointer(mm, SIZE), pte)
        set_pte_at(mm, SIZE, pte_pointer(mm, SIZE), PTE_NONE)

    return {"entry": entry, "lock": lambda: unlock_page(page)}


def test_what_is_looked_at_in_a_step_is_part_of_the_step() -> None:
    """Steps that touch nothing in common, but for the look: one order breaks, both are tried."""
    assert explore(Case("no look", one_page, an_entry_and_its_lock)).counts.runs == 1
    verdict = explore(Case("look", one_page, an_entry_and_its_lock, (LOCKED_ENTRIES,)))
    assert verdict.violation is not None
    found = verdict.violation
    assert (found.invariant, found.preemptions) == ("entries without lock", 0)
    assert found.sentence == "pte 0x1000 of m gets an entry for p0, which is not locked"
    assert str(found.schedule) == "lock 1, entry"
    assert verdict.trace.bug is not None


def test_an_entry_that_outlives_its_lock_is_seen_when_the_lock_goes() -> None:
    def tasks(w: kmm.World) -> Any:
        both = an_entry_and_its_lock(w)
        return {"entry": both["entry"]}

    def locked(w: kmm.World) -> Any:
        page = w["p0"]
        w.mms["m"].put_migration_entry(SIZE, page)
        return {"lock": lambda: unlock_page(page)}

    assert explore(Case("fine", one_page, tasks, (LOCKED_ENTRIES,))).holds
    violation = explore(Case("broken", one_page, locked, (LOCKED_ENTRIES,))).violation
    assert violation is not None
    assert "still holds an entry for p0" in violation.sentence


def test_without_them_the_primitives_are_as_they_were() -> None:
    bodies = {name: FUNCTIONS[name].body for name, _ in LOCKED_ENTRIES.steps}
    assert len(bodies) == 2
    with Case("none", one_page, an_entry_and_its_lock).changed():
        assert all(FUNCTIONS[name].body is body for name, body in bodies.items())
    with Case("some", one_page, an_entry_and_its_lock, (LOCKED_ENTRIES,)).changed():
        assert all(FUNCTIONS[name].body is not body for name, body in bodies.items())
    assert all(FUNCTIONS[name].body is body for name, body in bodies.items())
