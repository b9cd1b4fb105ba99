# SPDX-License-Identifier: GPL-2.0-only
"""Each actor beside a migration that makes one attempt: every interleaving, and what may happen.

Where the kernel of this version has a bug, the test says which, and that nothing else goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from actors import SIZE, contents, ends, run

import kmm
from kmm.explore.actors import move
from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, RSS
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.disk import complete_write
from kmm.mm.exec import setup_arg_pages
from kmm.mm.exit import exit_mm, release_task
from kmm.mm.filemap import find_get_page
from kmm.mm.fork import dup_mm
from kmm.mm.gup import device_writes, get_user_pages, set_page_dirty_lock
from kmm.mm.madvise import sys_madvise
from kmm.mm.migrate import MPOL_MF_MOVE
from kmm.mm.mprotect import sys_mprotect
from kmm.mm.mremap import sys_mremap
from kmm.mm.page_writeback import LLONG_MAX, WritebackControl, set_page_dirty
from kmm.mm.reclaim import shrink_inactive_list
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.swap import put_page
from kmm.mm.vmtruncate import truncate_inode_pages, vmtruncate
from kmm.mm.writeback import unwritten, write_cache_pages
from kmm.scenario.driver import call_move_pages
from kmm.sim import peek

SHARED = ("READ", "WRITE", "SHARED")


class One:
    """A world with one mapped page, and who moves it."""

    def __init__(self, file: bool = False, **options: Any) -> None:
        self.w = kmm.World(nodes=2, cpus=2, **options)
        self.mm = self.w.mm()
        self.file = self.w.file(writepage="ok") if file else None
        flags = SHARED if file else ("READ", "WRITE")
        self.vma = self.mm.mmap(pages=1, file=self.file, flags=flags)
        self.page = self.vma.touch(0, write=not file)
        self.at = self.vma.address(0)
        self.struct = self.mm.struct

    def beside(self, name: str, act: Callable[[], Any], look: Any = None, **more: Any) -> Any:
        """All ends of one attempt to migrate the page beside `act`."""
        actors = {"migrate": partial(move, self.page), name: act}
        return ends(self.w, actors, look or (lambda: "fine"), **more)

    def held(self) -> str | None:
        """What a program would find at the address, None where no pte is present."""
        return contents(self.struct, self.at)


# What must go well.


@pytest.mark.parametrize(("file", "runs"), [(False, None), (True, 500)])
def test_a_write_is_never_lost(file: bool, runs: int | None) -> None:
    """Of a file, which is 3149 runs, the first 500."""
    one = One(file)
    found = one.beside("fault", lambda: write_memory(one.struct, one.at, "w1"), one.held, runs=runs)
    assert set(found) == {"p0+w1"}


def test_a_read_finds_the_file_whether_or_not_it_moves() -> None:
    one = One(file=True)
    found = one.beside("fault", lambda: read_memory(one.struct, one.at), one.held)
    assert set(found) == {"p0"}


def test_with_tlbs_a_write_is_not_lost_either() -> None:
    """The task has used the pte before, so that its TLB knows it."""

    def reads_and_writes() -> None:
        read_memory(one.struct, one.at)
        write_memory(one.struct, one.at, "w1")

    one = One(tlb=True)
    assert set(one.beside("fault", reads_and_writes, one.held)) == {"p0+w1"}


def test_a_flush_that_is_missing_loses_it() -> None:
    """BUGS 33: with the pte cleared and no TLB flushed, the CPU goes on writing the old page."""

    def reads_and_writes() -> None:
        write_memory(one.struct, one.at, "w1")
        write_memory(one.struct, one.at, "w2")

    one = One(tlb=True)
    no_flush = Edit(
        "try_to_unmap_one",
        "pteval = ptep_clear_flush(vma, address, ptep)",
        "pteval = ptep.value",
    )
    with edited([no_flush]):
        found = one.beside("fault", reads_and_writes, one.held)
    assert len(found) > 1


def test_a_copy_on_write_and_a_migration_of_the_page_that_is_copied() -> None:
    """Two address spaces share the page, one writes; the other keeps what it had.

    The first 600 runs: all of them take minutes.
    """
    one = One()
    child = one.mm.fork()

    def both() -> tuple[str | None, str | None]:
        return one.held(), contents(child.struct, one.at)

    found = one.beside("fault", lambda: write_memory(one.struct, one.at, "w1"), both, runs=600)
    assert set(found) == {("p0+w1", "p0")}


@pytest.mark.parametrize("file", [False, True])
def test_zapping_goes_well(file: bool) -> None:
    one = One(file)
    found = one.beside("zap", lambda: sys_madvise(one.struct, one.at, SIZE), one.held)
    assert set(found) == {None}


@pytest.mark.parametrize("file", [False, True])
def test_fork_goes_well(file: bool) -> None:
    one = One(file)
    if file:  # or there would be nothing that a fault does not bring back
        one.vma.link(one.w.anon_vma())
    parent = one.w.task("fork", mm=one.mm)

    def both() -> set[str | None]:
        return {contents(mm, one.at) for mm in (one.struct, one.w["nm0"])}

    found = one.beside("fork", lambda: dup_mm(parent), lambda: str(both()))
    assert set(found) == {"{'p0'}"}


def test_a_lookup_always_finds_the_page_of_the_file() -> None:
    one = One(file=True)

    def look_up() -> None:
        page = find_get_page(one.file.mapping, 0)
        assert page is not None
        # Who has a reference to the right page keeps it from being moved; looking is no step here.
        assert peek(page, "mapping") is one.file.mapping
        put_page(page)

    assert set(one.beside("lookup", look_up)) == {"fine"}


@pytest.mark.parametrize("runs", [500])
def test_truncate_leaves_nothing(runs: int) -> None:
    """BUGS 31: what it passes over in its first round it meets in the next.

    The first 500 of 5168 runs.
    """
    one = One(file=True)
    tree = one.file.mapping.page_tree

    def nothing() -> bool:
        return tree.cells[0] is None and one.held() is None

    found = one.beside("truncate", lambda: vmtruncate(one.file.mapping, 0), nothing, runs=runs)
    assert set(found) == {True}


def test_pages_that_nobody_maps_are_truncated() -> None:
    """All interleavings of this, the smallest truncate."""
    w = kmm.World(cpus=2)
    file = w.file()
    page = file.page(0)
    actors = {
        "migrate": partial(move, page),
        "truncate": partial(truncate_inode_pages, file.mapping, 0),
    }
    assert set(ends(w, actors, lambda: file.mapping.page_tree.cells[0])) == {None}


def test_mprotect_and_what_it_says_hold_for_what_moves() -> None:
    """BUGS 32: both are done under the pte lock, so no write slips through."""
    one = One()

    def protect_and_write() -> None:
        sys_mprotect(one.struct, one.at, SIZE, 1)
        assert write_memory(one.struct, one.at, "w1") == 0

    assert set(one.beside("mprotect", protect_and_write, one.held)) == {"p0"}


def test_mremap_of_a_file_holds_the_lock_that_migration_needs() -> None:
    one = One(file=True)
    there = one.at + 0x400000
    found = one.beside(
        "mremap",
        lambda: sys_mremap(one.struct, one.at, SIZE, SIZE, there),
        lambda: contents(one.struct, there),
    )
    assert set(found) == {"p0"}


def pins(one: One) -> None:
    """Direct I/O: pin, let the device write, say so, unpin."""
    pages: list[Any] = []
    down_read(one.struct.mmap_sem)
    assert get_user_pages(one.struct, one.at, 1, 1, pages) == 1
    up_read(one.struct.mmap_sem)
    device_writes(pages[0], "d1")
    set_page_dirty_lock(pages[0])
    put_page(pages[0])


def test_what_a_device_writes_to_a_pinned_page_is_not_lost() -> None:
    one = One()
    assert set(one.beside("pin", lambda: pins(one), one.held)) == {"p0+d1"}


def writes_back(one: One) -> None:
    write_cache_pages(one.file.mapping, WritebackControl(1, 1, 0, LLONG_MAX, 0, 0))


def test_dirtiness_is_not_lost_between_writeback_and_migration() -> None:
    one = One(file=True, disk=True)
    with one.w.machine:
        one.w.task("migrate")
        write_memory(one.struct, one.at, "w1")
    found = one.beside("write", lambda: writes_back(one), lambda: len(unwritten(one.file.mapping)))
    assert set(found) == {0}


def test_dirtiness_is_not_lost_between_writeback_and_a_program() -> None:
    """The disk takes its time; what the program writes meanwhile stays dirty or is written."""
    one = One(file=True, disk=True)
    one.file.mapping.writes = "async"
    with one.w.machine:
        one.w.task("program", mm=one.mm)
        write_memory(one.struct, one.at, "w1")
    actors = {
        "program": lambda: write_memory(one.struct, one.at, "w2"),
        "write": lambda: writes_back(one),
        "disk": lambda: complete_write(one.file.mapping, 0),
    }
    found = ends(one.w, actors, lambda: (len(unwritten(one.file.mapping)), one.held()))
    assert set(found) == {(0, "p0+w1+w2")}


def test_reclaim_and_a_program_that_writes() -> None:
    one = One(disk=True)
    one.mm.put_pte(one.at, one.struct.page_table.cells[one.at]._replace(young=0))
    zone = one.w.kernel.zones[0]

    def end() -> Any:
        pte = one.struct.page_table.cells[one.at]
        return pte.page.data if pte.page else str(pte.entry)

    actors = {
        "reclaim": lambda: shrink_inactive_list(1, zone, "inactive_anon"),
        "program": lambda: write_memory(one.struct, one.at, "w1"),
    }
    assert set(ends(one.w, actors, end)) <= {"p0+w1", "swap 1"}


def test_reclaim_looks_for_dirtiness_when_nobody_can_add_any() -> None:
    """A page that becomes dirty at the last moment stays, or has been written."""
    w = kmm.World(cpus=2, disk=True)
    file = w.file(writepage="ok")
    file.page(0)

    def writes() -> None:
        page = find_get_page(file.mapping, 0)
        if page is not None:
            written.append(1)
            device_writes(page, "d1")
            set_page_dirty(page)
            put_page(page)

    def kept() -> bool:
        page = file.mapping.page_tree.cells[0]
        was_written, written[:] = bool(written), []
        holds = page.data if page is not None else file.mapping.disk.cells[0]
        return holds == ("p0+d1" if was_written else "p0")

    written: list[int] = []
    actors = {
        "reclaim": lambda: shrink_inactive_list(1, w.kernel.zones[0], "inactive_file"),
        "program": writes,
    }
    assert set(ends(w, actors, kept)) == {True}


# The bugs of this version.


def test_bug_7_the_task_is_gone_when_its_uid_is_read() -> None:
    """Only its address space is held; the task_struct is freed when the task has been reaped."""
    one = One()
    one.w.task("migrate")
    one.w.task("reaper")
    target = one.w.task("target", mm=one.mm)

    def dies() -> None:
        exit_mm(target)
        release_task(target)

    actors = {
        "migrate": lambda: call_move_pages(target.pid, [one.at], [1], MPOL_MF_MOVE),
        "reaper": dies,
    }
    assert "use after free in sys_move_pages" in ends(one.w, actors, runs=200)


def test_bug_18_the_anon_vma_may_be_gone() -> None:
    """Who migrates without mmap_sem takes a lock in memory that has been freed."""
    one = One()
    task = one.w.task("exit", mm=one.mm)
    found = one.beside("exit", lambda: exit_mm(task))
    assert set(found) == {"fine", "use after free in spin_lock"}


def test_bug_20_the_stack_of_exec_moves_away_from_its_entries() -> None:
    one = One()

    def execs() -> None:
        setup_arg_pages(one.vma.struct, 0x100000)
        write_memory(one.struct, one.at - 0x100000, "w1")

    found = one.beside("exec", execs)
    assert set(found) == {"fine", "BUG_ON(!PageLocked(p)) in migration_entry_to_page"}


def test_bug_21_an_entry_slips_through_the_look_without_a_lock() -> None:
    there = One().at + 0x400000
    peek = Edit(
        "remove_migration_pte",
        "if not is_swap_pte(ptep.value):\n    pte_unmap(ptep)\n    return",
        "",
    )

    def found(edits: Sequence[Edit]) -> set[Any]:
        one = One()
        with edited(edits):
            moved = lambda: sys_mremap(one.struct, one.at, SIZE, SIZE, there)  # noqa: E731
            return set(one.beside("mremap", moved))

    assert found([]) == {"fine", "migration entries"}
    assert found([peek]) == {"fine"}


def test_bug_23_a_child_at_the_head_of_the_list_is_visited_too_early() -> None:
    one = One()
    parent = one.w.task("fork", mm=one.mm)
    at_head = Edit(
        "anon_vma_link",
        "list_add_tail(vma.anon_vma_node, anon_vma.head)",
        "anon_vma.head.add(vma.anon_vma_node)",
    )
    with edited([at_head]):
        found = one.beside("fork", lambda: dup_mm(parent))
    assert "migration entries" in found


def test_bug_30_rss_is_wrong_after_an_entry_was_zapped() -> None:
    one = One()
    found = one.beside(
        "zap", lambda: sys_madvise(one.struct, one.at, SIZE), invariants=(*ALWAYS, RSS)
    )
    assert set(found) == {"fine", "rss"}


def test_bug_27_a_reference_to_a_frozen_page_is_lost() -> None:
    one = One(file=True)
    plain = Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)")
    with edited([plain]):
        found = one.beside("fault", lambda: read_memory(one.struct, one.at))
    assert len(found) > 1


def test_a_schedule_shows_who_waits_for_the_migration() -> None:
    """The fault comes when the entry is in place, and waits for the page lock."""
    one = One()
    actors = {
        "migrate": partial(move, one.page),
        "fault": lambda: write_memory(one.struct, one.at, "w1"),
    }
    assert run(one.w, actors, "migrate 60, fault, migrate, fault") is None
    assert one.held() == "p0+w1"
