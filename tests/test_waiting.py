# SPDX-License-Identifier: GPL-2.0-only
"""Who waits for whom, and what is left of memory that somebody still reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from actors import SIZE, ends, run

import kmm
from kmm.mm.anon_vma import anon_vma_alloc, anon_vma_free
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.rwsem import down_read, down_write, downgrade_write, up_read, up_write
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.swap import lru_add_drain_all, lru_cache_add_lru
from kmm.mm.workqueue import Mutex, mutex_lock, mutex_unlock, schedule_work_on, worker_thread
from kmm.sim import KernelBug


def two(world: kmm.World, **actors: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    return actors


# Semaphores.


def with_mm() -> tuple[kmm.World, Any]:
    w = kmm.World()
    return w, w.mm().struct.mmap_sem


def inside(sem: Any, order: list[str], name: str, kind: str) -> None:
    """Goes in, says so, comes out."""
    (down_write if kind == "write" else down_read)(sem)
    order.append(name)
    (up_write if kind == "write" else up_read)(sem)


def test_a_reader_behind_a_waiting_writer_waits() -> None:
    """`first` reads, `writer` queues, `late` could go in beside `first` but comes after."""
    w, sem = with_mm()
    order: list[str] = []
    actors = {
        "first": partial(inside, sem, order, "first", "read"),
        "writer": partial(inside, sem, order, "writer", "write"),
        "late": partial(inside, sem, order, "late", "read"),
    }
    assert run(w, actors, "first 1, writer 1, late 1, first, late, writer") is None
    assert order == ["first", "writer", "late"]
    assert (sem.readers, sem.writer, sem.queue, sem.inside) == (0, None, (), ())


def test_readers_go_in_together_and_a_writer_alone() -> None:
    w, sem = with_mm()
    order: list[str] = []
    actors = {
        "writer": partial(inside, sem, order, "writer", "write"),
        "r1": partial(inside, sem, order, "r1", "read"),
        "r2": partial(inside, sem, order, "r2", "read"),
    }
    assert run(w, actors, "writer 1, r1 1, r2 1, writer, r2, r1") is None
    assert order == ["writer", "r2", "r1"]


def test_reading_twice_around_a_waiting_writer_is_a_deadlock_that_names_both() -> None:
    """BUGS 3: a reader that comes back while a writer waits, waits for the writer."""
    w, sem = with_mm()

    def twice() -> None:
        down_read(sem)
        down_read(sem)

    bug = run(w, {"m": twice, "w": partial(inside, sem, [], "w", "write")}, "m 1, w, m")
    assert bug is not None
    assert bug.message == "deadlock"
    assert "m waits in wait_for_rwsem(m0.mmap_sem, m) for w" in bug.detail
    assert "w waits in wait_for_rwsem(m0.mmap_sem, w) for m" in bug.detail


def test_a_writer_that_becomes_a_reader_lets_readers_in() -> None:
    w, sem = with_mm()
    order: list[str] = []

    def downgrades() -> None:
        down_write(sem)
        downgrade_write(sem)
        order.append("downgraded")
        up_read(sem)

    reader = partial(inside, sem, order, "reader", "read")
    actors = {"w": downgrades, "r": reader}
    assert run(w, actors, "w 1, r 1, w 1, r, w") is None
    assert order[0] == "downgraded"


def test_every_order_of_readers_and_writers_ends() -> None:
    w, sem = with_mm()
    actors = {
        "a": partial(inside, sem, [], "a", "write"),
        "b": partial(inside, sem, [], "b", "read"),
        "c": partial(inside, sem, [], "c", "write"),
    }
    found = ends(w, actors, lambda: (sem.readers, sem.writer, sem.queue, sem.inside))
    assert set(found) == {(0, None, (), ())}


@pytest.mark.parametrize("leave", [up_write, up_read, downgrade_write])
def test_who_is_not_inside_cannot_leave(leave: Callable[[Any], None]) -> None:
    w, sem = with_mm()
    w.task("t")
    with w.machine, pytest.raises(KernelBug, match="unlock of a lock that is not held"):
        leave(sem)


# The memory of an anon_vma.


def reader(anon_vma: Any) -> None:
    """Looks at what it found before."""
    rcu_read_lock()
    spin_lock(anon_vma.lock)
    spin_unlock(anon_vma.lock)
    rcu_read_unlock()


def test_a_reader_from_before_finds_an_anon_vma_one_from_after_poison() -> None:
    w = kmm.World()
    anon_vma = w.anon_vma()
    actors = {"r": partial(reader, anon_vma), "f": partial(anon_vma_free, anon_vma)}
    assert run(w, actors, "r 1, f, r") is None
    assert anon_vma.freed == 1

    w = kmm.World()
    anon_vma = w.anon_vma()
    actors = {"r": partial(reader, anon_vma), "f": partial(anon_vma_free, anon_vma)}
    bug = run(w, actors, "f, r")
    assert bug.message == "use after free in spin_lock"
    assert bug.detail == "a0.lock (generation 0) has been freed"


def test_what_a_reader_keeps_is_gone_when_the_last_one_has_left() -> None:
    w = kmm.World()
    anon_vma = w.anon_vma()

    def reads() -> None:
        rcu_read_lock()
        rcu_read_unlock()

    actors = {"r1": reads, "r2": reads, "f": partial(anon_vma_free, anon_vma)}
    run(w, actors, "r1 1, r2 1, f, r1")
    assert repr(anon_vma.lock.owner) == "freed a0.lock"
    w.machine.objects.clear()


def test_memory_that_a_reader_keeps_can_be_another_anon_vma() -> None:
    """BUGS 19: the same memory, another generation; the reader cannot know."""
    w = kmm.World()
    anon_vma = w.anon_vma()
    got: list[Any] = []

    def frees_and_takes() -> None:
        anon_vma_free(anon_vma)
        got.append(anon_vma_alloc())

    actors = {"r": partial(reader, anon_vma), "f": frees_and_takes}
    assert run(w, actors, "r 1, f, r") is None
    assert got == [anon_vma]
    assert (anon_vma.generation, anon_vma.freed, anon_vma.lock.owner) == (1, 0, None)


def test_freeing_twice_is_a_bug() -> None:
    w = kmm.World()
    anon_vma = w.anon_vma()
    w.task("t")
    with w.machine:
        anon_vma_free(anon_vma)
        with pytest.raises(KernelBug, match="double free"):
            anon_vma_free(anon_vma)


# Pagevecs and works.


def test_each_task_fills_the_pagevecs_of_its_own_cpu() -> None:
    w = kmm.World(cpus=2)
    pages = [w.page(lru=None, flags=("swapbacked",)) for _ in range(2)]
    for page in pages:
        page._count = 1
        page.pins = 1
    actors = {
        f"t{i}": partial(lru_cache_add_lru, page, "active_anon") for i, page in enumerate(pages)
    }
    run(w, actors, "t0, t1")
    pvecs = [cpu["active_anon"].pages for cpu in w.kernel.cpu_pvecs]
    assert pvecs == [[pages[0]], [pages[1]]]
    with w.machine:
        lru_add_drain_all()
    assert [page.PG_lru for page in pages] == [1, 1]


def test_nothing_is_lost_where_two_tasks_share_a_cpu() -> None:
    """One empties the pagevec while the other adds to it."""
    w = kmm.World()
    first = w.page(lru="pagevec", flags=("swapbacked",))
    second = w.page(lru=None, flags=("swapbacked",))
    for page in (first, second):
        w.pin(page)
    actors = {
        "drains": lru_add_drain_all,
        "adds": partial(lru_cache_add_lru, second, "inactive_anon"),
    }
    found = ends(w, actors, lambda: (first.PG_lru, second._count - second.PG_lru))
    # The second page is on the list, or in the pagevec, which has a reference on it.
    assert set(found) == {(1, 2), (1, 0)}


def test_draining_all_waits_for_each_cpus_thread() -> None:
    """Nobody does the work of CPU 1: the task that drains waits for it."""
    w = kmm.World(cpus=2, workers=True)
    queues = w.kernel.keventd_wq
    workers = {f"events/{i}": partial(worker_thread, queues[i], 1) for i in (0, 1)}
    assert set(ends(w, {"m": lru_add_drain_all, **workers})) == {"fine"}

    w = kmm.World(cpus=2, workers=True)
    queues = w.kernel.keventd_wq
    actors = {"m": lru_add_drain_all, "events/0": partial(worker_thread, queues[0], 1)}
    assert set(ends(w, actors)) == {"deadlock"}


def test_a_drain_under_mmap_sem_closes_a_circle_of_three() -> None:
    """BUGS 2: the thread needs a mutex, whose holder needs mmap_sem, which the migrator has."""
    w = kmm.World(workers=True)
    sem = w.mm().struct.mmap_sem
    rtnl = Mutex(w.machine, "rtnl")
    [queue] = w.kernel.keventd_wq

    def link_watch(_: Any) -> None:
        mutex_lock(rtnl)
        mutex_unlock(rtnl)

    def migrates(early: bool) -> None:
        if early:
            lru_add_drain_all()
        down_read(sem)
        if not early:
            lru_add_drain_all()
        up_read(sem)

    def changes_memory() -> None:
        down_write(sem)
        up_write(sem)

    def ioctl() -> None:
        mutex_lock(rtnl)
        schedule_work_on(0, link_watch, None)
        down_read(sem)
        up_read(sem)
        mutex_unlock(rtnl)

    def actors(early: bool) -> dict[str, Callable[[], Any]]:
        return {
            "migrate": partial(migrates, early),
            "mmap": changes_memory,
            "ioctl": ioctl,
            "events/0": partial(worker_thread, queue, 2),
        }

    assert "deadlock" in ends(w, actors(early=False))
    assert set(ends(w, actors(early=True))) == {"fine"}


# TLBs.


def test_a_tlb_knows_a_pte_until_it_is_flushed() -> None:
    """What the table says after the first read is not asked for again."""
    w = kmm.World(tlb=True)
    mm = w.mm()
    vma = mm.mmap(pages=1)
    page, at = vma.touch(0), vma.address(0)
    task = w.task("t", mm=mm)
    with w.machine:
        assert read_memory(mm.struct, at) == "p0"
    assert task.tlb[at].page is page
    mm.put_pte(at)  # behind the back of the TLB
    with w.machine:
        assert read_memory(mm.struct, at) == "p0"
        assert write_memory(mm.struct, at, "w1") == 1
    assert page.data == "p0+w1"


def test_what_clears_and_flushes_a_pte_reaches_every_tlb_of_the_mm() -> None:
    from kmm.mm.pgtable import pte_pointer, ptep_clear_flush

    w = kmm.World(tlb=True)
    mm, other = w.mm(), w.mm()
    vma = mm.mmap(pages=1)
    at = vma.address(0)
    vma.touch(0)
    elsewhere = other.mmap(pages=1, start=at)
    elsewhere.touch(0)
    tasks = [w.task("t0", mm=mm), w.task("t1", mm=mm), w.task("t2", mm=other)]
    for task in tasks:
        with w.machine, w.machine.as_task(task):
            read_memory(task.mm, at)
    with w.machine:
        ptep_clear_flush(vma.struct, at, pte_pointer(mm.struct, at))
    assert [task.tlb[at] is None for task in tasks] == [True, True, False]
    assert at % SIZE == 0
