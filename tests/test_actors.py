# SPDX-License-Identifier: GPL-2.0-only
"""Each actor of the VM by itself: what it leaves, counted by hand.

The books (kmm.explore.books) are balanced after each, and the numbers here are told from the side
of who holds what: a pte, the page cache, a pagevec.
"""

from __future__ import annotations

from errno import EFAULT, EINVAL

import pytest
from actors import SIZE, alone, contents

import kmm
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.disk import complete_write
from kmm.mm.exec import setup_arg_pages
from kmm.mm.exit import exit_mm, release_task
from kmm.mm.filemap import find_get_page, find_lock_page, grab_cache_page, lock_page, unlock_page
from kmm.mm.fork import dup_mm
from kmm.mm.gup import get_user_pages, set_page_dirty_lock
from kmm.mm.madvise import sys_madvise
from kmm.mm.mmap import VM_READ, VM_WRITE
from kmm.mm.mprotect import sys_mprotect
from kmm.mm.mremap import sys_mremap
from kmm.mm.page import Page
from kmm.mm.page_writeback import LLONG_MAX, WritebackControl
from kmm.mm.pgtable import pte_t
from kmm.mm.reclaim import shrink_inactive_list
from kmm.mm.swap import lru_add_drain_all, put_page
from kmm.mm.swap_state import add_to_swap, lookup_swap_cache
from kmm.mm.swapops import swp_entry_t
from kmm.mm.vma import sys_munmap
from kmm.mm.vmtruncate import vmtruncate
from kmm.mm.writeback import unwritten, write_cache_pages, write_one_page
from kmm.sim import KernelBug

SHARED = ("READ", "WRITE", "SHARED")


def pte(mm: kmm.scenario.handles.Mm, address: int) -> pte_t:
    found: pte_t = mm.struct.page_table.cells[address]
    return found


def free_frames(world: kmm.World) -> list[int]:
    return [zone.free for zone in world.kernel.zones]


def cache(file: kmm.scenario.handles.File, index: int) -> Page | None:
    return file.mapping.page_tree.cells.get(index)


# Faults.


def test_the_first_touch_maps_a_new_page() -> None:
    """One reference has the pte, one the pagevec of the CPU."""
    w = kmm.World()
    mm = w.mm()
    at = mm.mmap(pages=1).address(0)
    alone(w, lambda: write_memory(mm.struct, at, "w1"))
    page = pte(mm, at).page
    assert (page._count, page._mapcount + 1, page.data) == (2, 1, "zero+w1")
    assert (mm.struct.anon_rss, mm.struct.file_rss) == (1, 0)
    assert (pte(mm, at).write, pte(mm, at).dirty, pte(mm, at).young) == (1, 1, 1)
    assert w.kernel.zones[0].NR_ANON_PAGES == 1
    assert free_frames(w) == [99, 100]
    assert w.machine.objects["na0"].head.first.owner is mm.struct.mmap


def test_reading_a_file_brings_its_page_into_the_cache() -> None:
    """References: the cache, the pte, the pagevec."""
    w = kmm.World(disk=True)
    file, mm = w.file(), w.mm()
    at = mm.mmap(pages=1, file=file, pgoff=3).address(0)
    assert alone(w, lambda: read_memory(mm.struct, at)) == "f0:3"
    page = cache(file, 3)
    assert page is pte(mm, at).page
    assert (page._count, page._mapcount + 1, page.PG_uptodate) == (3, 1, 1)
    assert (mm.struct.anon_rss, mm.struct.file_rss) == (0, 1)
    assert (pte(mm, at).write, page.PG_dirty) == (0, 0)
    zone = w.kernel.zones[0]
    assert (zone.NR_FILE_PAGES, zone.NR_FILE_MAPPED, zone.NR_FILE_DIRTY) == (1, 1, 0)


def test_the_first_write_to_a_shared_file_makes_its_page_dirty() -> None:
    """Read first: the pte is not writable, so that the write is seen."""
    w = kmm.World()
    file, mm = w.file(), w.mm()
    vma = mm.mmap(pages=1, file=file, flags=SHARED)
    page = vma.touch(0, write=False)
    alone(w, lambda: write_memory(mm.struct, vma.address(0), "w1"))
    assert pte(mm, vma.address(0)).page is page
    assert (page.data, page.PG_dirty, w.kernel.zones[0].NR_FILE_DIRTY) == ("p0+w1", 1, 1)


def test_a_write_to_a_private_file_goes_to_a_copy() -> None:
    w = kmm.World()
    file, mm = w.file(), w.mm()
    vma = mm.mmap(pages=1, file=file)
    page = vma.touch(0, write=False)
    alone(w, lambda: write_memory(mm.struct, vma.address(0), "w1"))
    copy = pte(mm, vma.address(0)).page
    assert (page.data, copy.data) == ("p0", "p0+w1")
    assert (page._count, page._mapcount) == (1, -1)
    assert (mm.struct.anon_rss, mm.struct.file_rss) == (1, 0)
    assert (page.PG_dirty, w.kernel.zones[0].NR_FILE_MAPPED) == (0, 0)


def test_an_access_without_a_vma_or_a_right_is_refused() -> None:
    w = kmm.World()
    mm = w.mm()
    at = mm.mmap(pages=1, flags=("READ",)).address(0)
    assert alone(w, lambda: write_memory(mm.struct, at, "w1")) == 0
    assert alone(w, lambda: read_memory(mm.struct, at + 5 * SIZE)) is None
    assert w.kernel.zones[0].free == 100


def test_behind_the_end_of_a_file_there_is_nothing() -> None:
    w = kmm.World()
    file, mm = w.file(size=1), w.mm()
    vma = mm.mmap(pages=2, file=file)
    assert alone(w, lambda: read_memory(mm.struct, vma.address(0))) == "f0:0"
    assert alone(w, lambda: read_memory(mm.struct, vma.address(1))) is None


# fork and copy on write.


def test_after_fork_a_write_copies_and_the_last_one_does_not() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page, at = vma.touch(0), vma.address(0)
    task = w.task("parent", mm=mm)
    child = alone(w, lambda: dup_mm(task))
    assert (page._count, page._mapcount + 1) == (2, 2)
    assert [m.page_table.cells[at].write for m in (mm.struct, child)] == [0, 0]
    assert (mm.struct.anon_rss, child.anon_rss) == (1, 1)
    vmas = [v.vm_mm for v in page.mapping.anon_vma.head]
    assert vmas == [mm.struct, child]
    alone(w, lambda: write_memory(mm.struct, at, "parent"))
    assert (contents(mm.struct, at), contents(child, at)) == ("p0+parent", "p0")
    assert (page._count, page._mapcount + 1) == (1, 1)
    # One pte is left, and the page is on the LRU without a pagevec: no copy is needed.
    alone(w, lambda: write_memory(child, at, "child"))
    assert (child.page_table.cells[at].page, contents(child, at)) == (page, "p0+child")


def test_fork_makes_a_migration_entry_one_that_may_only_be_read() -> None:
    """Here and there; the entry holds no reference, and adds nothing to the child's rss."""
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page = vma.touch(0)
    with w.machine:
        w.lock(page)
    mm.put_migration_entry(vma.address(0), page, write=True)
    task = w.task("parent", mm=mm)
    with w.machine:
        child = dup_mm(task)
    entries = [m.page_table.cells[vma.address(0)].entry for m in (mm.struct, child)]
    assert [str(entry) for entry in entries] == ["migration p0 r"] * 2
    assert (page._count, child.anon_rss) == (1, 0)


# The end of mappings.


@pytest.mark.parametrize("how", ["munmap", "exit", "dontneed"])
def test_what_is_unmapped_gives_its_frames_back(how: str) -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=2)
    task = w.task("program", mm=mm)

    def use_and_leave() -> None:
        for i in (0, 1):
            write_memory(mm.struct, vma.address(i), "w1")
        assert w.kernel.zones[0].free == 98
        {
            "munmap": lambda: sys_munmap(mm.struct, vma.address(0), 2 * SIZE),
            "exit": lambda: exit_mm(task),
            "dontneed": lambda: sys_madvise(mm.struct, vma.address(0), 2 * SIZE),
        }[how]()

    alone(w, use_and_leave)
    assert free_frames(w) == [100, 100]
    assert (mm.struct.anon_rss, w.kernel.zones[0].NR_ANON_PAGES) == (0, 0)
    anon_vma = w["na0"]
    assert (anon_vma.freed, mm.struct.mmap is None) == (
        (0, False) if how == "dontneed" else (1, True)
    )


def test_a_vma_that_is_unmapped_in_part_stays() -> None:
    w = kmm.World()
    vma = w.mm().mmap(pages=2)
    assert alone(w, lambda: sys_munmap(w["m0"], vma.address(0), SIZE)) == -EINVAL


def test_the_dirty_bit_of_a_zapped_pte_goes_to_the_page() -> None:
    w = kmm.World()
    file, mm = w.file(), w.mm()
    vma = mm.mmap(pages=1, file=file, flags=SHARED)
    page = vma.touch(0)
    assert (pte(mm, vma.address(0)).dirty, page.PG_dirty) == (1, 0)
    alone(w, lambda: sys_madvise(mm.struct, vma.address(0), SIZE))
    assert (page.PG_dirty, page._count, mm.struct.file_rss) == (1, 1, 0)


def test_zapping_a_migration_entry_leaves_rss_too_high() -> None:
    """The entry holds no reference; that it has kept its place in rss is forgotten."""
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page = vma.touch(0)
    mm.put_migration_entry(vma.address(0), page, write=True)
    w.task("program", mm=mm)
    with w.machine:
        sys_madvise(mm.struct, vma.address(0), SIZE)
    assert (pte(mm, vma.address(0)), mm.struct.anon_rss, page._count) == (pte_t(), 1, 1)


def test_truncate_leaves_neither_page_nor_pte_behind_the_end() -> None:
    w = kmm.World()
    file, mm = w.file(), w.mm()
    vma = mm.mmap(pages=3, file=file, flags=SHARED)
    for i in range(3):
        vma.touch(i)
    alone(w, lambda: vmtruncate(file.mapping, 1))
    assert [cache(file, i) is not None for i in range(3)] == [True, False, False]
    assert [pte(mm, vma.address(i)).page is not None for i in range(3)] == [True, False, False]
    zone = w.kernel.zones[0]
    assert (zone.NR_FILE_PAGES, zone.NR_FILE_DIRTY, zone.free) == (1, 0, 102)
    assert alone(w, lambda: read_memory(mm.struct, vma.address(1))) is None


def test_truncate_with_buffers_takes_the_ring_too() -> None:
    w = kmm.World()
    file = w.file()
    page = file.page(0)
    w.add_buffers(page, 2)
    alone(w, lambda: vmtruncate(file.mapping, 0))
    assert (page.PG_buddy, page.PG_private) == (1, 0)


# Moving and protecting.


@pytest.mark.parametrize("anonymous", [True, False])
def test_mremap_moves_pages_and_their_reverse_map(anonymous: bool) -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=2, file=None if anonymous else w.file(), pgoff=5)
    page, at = vma.touch(1, write=anonymous), vma.address(0)
    there = at + 0x400000
    assert alone(w, lambda: sys_mremap(mm.struct, at, 2 * SIZE, 2 * SIZE, there)) == there
    assert (pte(mm, at + SIZE), pte(mm, there + SIZE).page) == (pte_t(), page)
    new = mm.struct.mmap
    assert (new.vm_start, new.vm_end, new.vm_pgoff) == (there, there + 2 * SIZE, 5)
    assert new.vm_next is None
    linked = page.mapping.anon_vma.head if anonymous else page.mapping.i_mmap
    assert list(linked) == [new]
    assert (page._count, page._mapcount + 1) == (1, 1) if anonymous else (2, 1)


def test_mremap_of_what_is_not_there_fails() -> None:
    w = kmm.World()
    at = w.mm().mmap(pages=1).address(0)
    assert (
        alone(w, lambda: sys_mremap(w["m0"], at + 0x100000, SIZE, SIZE, at + 0x400000)) == -EFAULT
    )
    assert alone(w, lambda: sys_mremap(w["m0"], at, SIZE, SIZE, at)) == -EINVAL


def test_the_stack_of_exec_moves_down() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page, at = vma.touch(0), vma.address(0)
    assert alone(w, lambda: setup_arg_pages(vma.struct, 0x100000)) == 0
    assert (vma.struct.vm_start, vma.struct.vm_end) == (at - 0x100000, at - 0x100000 + SIZE)
    assert (pte(mm, at), pte(mm, at - 0x100000).page) == (pte_t(), page)
    assert (page.index, vma.struct.vm_pgoff) == (0, 0)


def test_mprotect_takes_and_gives_the_right_to_write() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page, at = vma.touch(0), vma.address(0)
    alone(w, lambda: sys_mprotect(mm.struct, at, SIZE, VM_READ))
    assert (pte(mm, at).write, pte(mm, at).dirty) == (0, 1)
    assert alone(w, lambda: write_memory(mm.struct, at, "w1")) == 0
    alone(w, lambda: sys_mprotect(mm.struct, at, SIZE, VM_READ | VM_WRITE))
    # The pte gets the bit back with the fault, and needs no copy.
    assert pte(mm, at).write == 0
    assert alone(w, lambda: write_memory(mm.struct, at, "w2")) == 1
    assert (pte(mm, at).page, page.data) == (page, "p0+w2")


def test_mprotect_makes_a_migration_entry_one_that_may_only_be_read() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page = vma.touch(0)
    mm.put_migration_entry(vma.address(0), page, write=True)
    w.task("program", mm=mm)
    with w.machine:
        sys_mprotect(mm.struct, vma.address(0), SIZE, VM_READ)
    assert str(pte(mm, vma.address(0)).entry) == "migration p0 r"


def test_a_pin_is_a_reference_until_it_is_given_back() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1, file=w.file(), flags=SHARED)
    page = vma.touch(0, write=False)
    w.task("io", mm=mm)
    pages: list[Page] = []
    with w.machine:
        assert get_user_pages(mm.struct, vma.address(0), 1, 1, pages) == 1
    assert (pages, page._count) == ([page], 3)  # cache, pte, pin
    assert pte(mm, vma.address(0)).write == 1
    with w.machine:
        assert get_user_pages(mm.struct, vma.address(0) + SIZE, 1, 0, []) == -EFAULT

    def unpin() -> None:
        set_page_dirty_lock(page)
        put_page(page)

    alone(w, unpin)
    assert (page._count, page.PG_dirty) == (2, 1)


# The page cache and the disk.


def test_lookups_have_a_reference_each() -> None:
    w = kmm.World()
    file = w.file()
    page = file.page(2)
    w.task("reader")
    with w.machine:
        assert find_get_page(file.mapping, 2) is page
        assert find_get_page(file.mapping, 3) is None
        assert page._count == 2
        assert find_lock_page(file.mapping, 2) is page
        assert (page._count, page.PG_locked) == (3, 1)
        unlock_page(page)
        put_page(page)
        put_page(page)
    assert page._count == 1
    with w.machine:
        new = grab_cache_page(file.mapping, 3)
        assert new is not None
        assert (new.PG_locked, new.mapping, new.index, new._count) == (1, file.mapping, 3, 3)


def test_what_is_written_is_on_the_disk_and_the_ptes_are_clean() -> None:
    w = kmm.World(disk=True)
    file, mm = w.file(writepage="async"), w.mm()
    vma = mm.mmap(pages=1, file=file, flags=SHARED)
    page, at = vma.touch(0, write=False), vma.address(0)
    alone(w, lambda: write_memory(mm.struct, at, "w1"))

    def write() -> None:
        lock_page(page)
        write_one_page(page, 0)

    alone(w, write)
    assert (page.PG_dirty, page.PG_writeback, pte(mm, at).write, pte(mm, at).dirty) == (0, 1, 0, 0)
    alone(w, lambda: write_memory(mm.struct, at, "w2"))
    assert (page.PG_dirty, page.data) == (1, "p0+w1+w2")
    alone(w, lambda: complete_write(file.mapping, 0))
    # What went to the disk is what the page held then; the second write is still to go.
    assert (file.mapping.disk[0], page.PG_writeback) == ("p0+w1", 0)
    assert unwritten(file.mapping) == []
    page.PG_dirty = 0
    mm.put_pte(at, pte(mm, at)._replace(dirty=0))
    assert unwritten(file.mapping) == [page]


def test_all_dirty_pages_of_a_file_are_written() -> None:
    w = kmm.World(disk=True)
    file, mm = w.file(writepage="ok"), w.mm()
    vma = mm.mmap(pages=2, file=file, flags=SHARED)
    for i in (0, 1):
        vma.touch(i, write=False)
        alone(w, lambda i=i: write_memory(mm.struct, vma.address(i), "w1"))  # type: ignore[misc]
    wbc = WritebackControl(1, 2, 0, LLONG_MAX, 0, 0)
    assert alone(w, lambda: write_cache_pages(file.mapping, wbc)) == 0
    assert [file.mapping.disk[i] for i in (0, 1)] == ["p0+w1", "p1+w1"]
    assert w.kernel.zones[0].NR_FILE_DIRTY == 0


# Swap.


def test_a_page_goes_to_swap_and_comes_back_with_its_contents() -> None:
    """Slot 1 is the first free one; out: the entry has it; in: the cache and, at first, the pte."""
    w = kmm.World(disk=True)
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page, at = vma.touch(0), vma.address(0)
    page.data = "p0+w1"
    mm.put_pte(at, pte(mm, at)._replace(young=0))
    zone, swapper = w.kernel.zones[0], w.kernel.swapper_space
    # The first round writes it, the second frees it.
    assert alone(w, lambda: shrink_inactive_list(1, zone, "inactive_anon")) == 0
    alone(w, lambda: complete_write(swapper, 1))
    assert (str(pte(mm, at).entry), mm.struct.anon_rss, w.kernel.swap_map[1]) == ("swap 1", 0, 2)
    alone(w, lru_add_drain_all)
    assert alone(w, lambda: shrink_inactive_list(1, zone, "inactive_anon")) == 1
    assert (page.PG_buddy, w.kernel.swap_map[1], swapper.page_tree[1]) == (1, 1, None)
    assert alone(w, lambda: read_memory(mm.struct, at)) == "p0+w1"
    new = pte(mm, at).page
    assert (new is page, new.PG_swapcache, mm.struct.anon_rss, w.kernel.swap_map[1]) == (
        False, 1, 1, 1,
    )  # fmt: skip
    assert new._count == 3  # pte, swap cache, pagevec


def test_a_page_in_use_is_not_reclaimed() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1, file=w.file())
    page = vma.touch(0, write=False)
    assert pte(mm, vma.address(0)).young == 1
    zone = w.kernel.zones[0]
    assert alone(w, lambda: shrink_inactive_list(1, zone, "inactive_file")) == 0
    alone(w, lru_add_drain_all)
    assert alone(w, lambda: shrink_inactive_list(1, zone, "inactive_file")) == 1
    assert (page.PG_buddy, mm.struct.file_rss) == (1, 0)


def test_the_last_pte_with_a_slot_frees_it_and_the_cached_page() -> None:
    w = kmm.World()
    mm = w.mm()
    vma = mm.mmap(pages=1)
    vma.link(w.anon_vma())
    page = w.page(swap=7)
    mm.put_swap_entry(vma.address(0), 7)
    alone(w, lambda: sys_madvise(mm.struct, vma.address(0), SIZE))
    assert (page.PG_buddy, w.kernel.swap_map[7]) == (1, 0)


def test_a_page_in_the_swap_cache_has_its_slot() -> None:
    w = kmm.World()
    page = w.page(anon_vma=w.anon_vma(), flags=("uptodate",))
    w.pin(page)

    def swap() -> None:
        lock_page(page)
        assert add_to_swap(page, 0) == 1
        unlock_page(page)
        assert lookup_swap_cache(swp_entry_t(0, 1)) is page
        put_page(page)

    alone(w, swap)
    assert (page.private, page.PG_dirty, w.kernel.swap_map[1], page._count) == (1, 1, 1, 2)


# Memory that is gone.


def test_a_task_that_has_been_reaped_is_poison() -> None:
    w = kmm.World()
    w.task("reaper")
    gone = w.task("gone", mm=w.mm())
    with w.machine:
        exit_mm(gone)
        release_task(gone)
        with pytest.raises(KernelBug, match="use after free") as bug:
            assert gone.uid != 0
    assert "gone" in bug.value.detail


def test_a_freed_frame_is_handed_out_again_if_the_machine_does_so() -> None:
    w = kmm.World(reuse_frames=True)
    mm = w.mm()
    vma = mm.mmap(pages=1)
    at = vma.address(0)

    def twice() -> tuple[Page, Page]:
        write_memory(mm.struct, at, "w1")
        first = pte(mm, at).page
        sys_madvise(mm.struct, at, SIZE)
        assert first.PG_buddy == 1
        write_memory(mm.struct, at, "w2")
        return first, pte(mm, at).page

    first, second = alone(w, twice)
    assert first is second
    assert (second.data, second._count, second.PG_buddy) == ("zero+w2", 2, 0)
    assert kmm.mm.page_alloc.page_generation(second) == 1
