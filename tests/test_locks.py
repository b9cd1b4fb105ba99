# SPDX-License-Identifier: GPL-2.0-only
"""Locks: who holds and who waits, against the states of the trace, one by one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import kmm
from kmm.explain.locks import RCU, Lock
from kmm.mm.buffer import lock_buffer, unlock_buffer
from kmm.mm.filemap import lock_page, unlock_page
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.spinlock import read_lock, read_unlock, spin_lock, spin_unlock
from kmm.scenario import library
from kmm.sim import State, Trace


def owners(state: State) -> dict[str, str]:
    """The locks that have one owner, and the owner, as the state says."""
    held: dict[str, str] = {}
    for name in state.of_type("SpinLock"):
        if state[name]["owner"] is not None:
            held[name] = str(state[name]["owner"])
    for kind, bit in (("Page", "PG_locked"), ("BufferHead", "BH_Lock")):
        for name in state.of_type(kind):
            if state[name][bit]:
                held[f"{name} {bit}"] = str(state[name]["lock_owner"] or "somebody")
    return held


def counts(state: State) -> Counter[str]:
    """How many are inside the locks that let several in."""
    found: Counter[str] = Counter()
    for kind in ("RwSemaphore", "RwLock"):
        for name in state.of_type(kind):
            found[name] += state[name]["readers"]
    for name in state.of_type("TaskStruct"):
        found[RCU] += state[name]["rcu_depth"] > 0
    return +found


@pytest.mark.parametrize("name", library.names())
def test_a_lock_is_held_in_just_those_states_that_say_so(name: str) -> None:
    trace = kmm.load(name).run().trace
    for k in range(0, len(trace) + 1, 1 if len(trace) < 200 else 7):
        state = trace.state(k)
        now = {lock.name: lock.held_by(k) for lock in trace.locks() if lock.held_by(k)}
        assert {name: who for name, (who, *_) in now.items() if name in owners(state)} == owners(
            state
        )
        assert {n: len(who) for n, who in now.items() if n not in owners(state)} == counts(state)


def two_tasks() -> Trace:
    """Two tasks inside the same locks, one of them in a page lock before the other."""
    w = kmm.World(nodes=2)
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0)
    (bh,) = w.add_buffers(page, 1)
    t0, t1 = w.task("t0", mm=mm), w.task("t1", mm=mm)
    machine, sem, ptl = w.machine, mm.struct.mmap_sem, mm.struct.page_table_lock

    def operation() -> None:
        down_read(sem)  # step 0
        with machine.as_task(t1):
            down_read(sem)  # 1
            rcu_read_lock()  # 2
            rcu_read_lock()
            rcu_read_unlock()
        up_read(sem)  # 5: t0 leaves first, although it came first
        with machine.as_task(t1):
            read_lock(w.kernel.tasklist_lock)  # 6
            read_unlock(w.kernel.tasklist_lock)
            rcu_read_unlock()  # 8
            up_read(sem)  # 9
        spin_lock(ptl)  # 10
        spin_unlock(ptl)  # 11
        lock_buffer(bh)  # 12
        unlock_buffer(bh)  # 13
        lock_page(page)  # 14
        unlock_page(page)  # 15
        down_read(sem)  # 16
        with machine.as_task(t1):
            down_read(sem)  # 17
            up_read(sem)  # 18: who came last leaves first
        up_read(sem)  # 19

    assert w.current is t0
    return w.run(operation).trace


def of(trace: Trace) -> dict[str, Lock]:
    return {lock.name: lock for lock in trace.locks()}


def holds(lock: Lock) -> list[tuple[str, str, int, int]]:
    return [tuple(hold) for hold in lock.holds]  # type: ignore[misc]


def test_readers_are_told_apart_by_whose_steps_count_them() -> None:
    """Counted by hand from the comments of `two_tasks`: state k + 1 is the one after step k."""
    locks = of(two_tasks())
    assert holds(locks["m0.mmap_sem"]) == [
        ("t0", "read", 1, 6), ("t1", "read", 2, 10), ("t0", "read", 17, 20), ("t1", "read", 18, 19),
    ]  # fmt: skip
    assert holds(locks[RCU]) == [("t1", "read", 3, 9)]
    assert holds(locks["kernel.tasklist_lock"]) == [("t1", "read", 7, 8)]
    assert holds(locks["m0.ptl"]) == [("t0", "held", 11, 12)]
    assert holds(locks["p0/bh0 BH_Lock"]) == [("t0", "held", 13, 14)]
    assert holds(locks["p0 PG_locked"]) == [("t0", "held", 15, 16)]


def test_locks_come_from_the_outermost_kind_inwards() -> None:
    kinds = [lock.kind for lock in two_tasks().locks()]
    assert kinds == ["mmap_sem", "PG_locked", "BH_Lock", RCU, "ptl", "tasklist_lock"]


def test_who_must_wait_waits_from_its_last_step_until_the_lock_is_free() -> None:
    """Step 63 finds the page locked, in step 64 it is let go, and step 65 gets it."""
    trace = kmm.load("locked-until-pass-3").run().trace
    lock = of(trace)["p0 PG_locked"]
    primitives = [step.primitive for step in trace]
    assert primitives[63:66] == ["trylock_page", "unlock_page", "__lock_page"]
    assert [tuple(wait) for wait in lock.waits] == [("t0", 64, 65, 65, False)]
    failed = [
        k
        for k, step in enumerate(trace)
        if step.primitive == "trylock_page" and step.args == ("p0",) and step.result == 0
    ]
    assert list(lock.tries) == failed
    assert len(failed) == 5


def test_nobody_waits_where_the_lock_is_free() -> None:
    trace = kmm.load("anon-shared").run().trace
    assert all(lock.waits == lock.tries == () for lock in trace.locks())


def test_a_wait_without_end_is_one_in_vain() -> None:
    w = kmm.World(nodes=2)
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    ptl: Any = mm.struct.page_table_lock

    def operation() -> None:
        spin_lock(ptl)
        spin_lock(ptl)

    run = w.run(operation)
    (lock,) = run.trace.locks()
    assert str(run.trace.bug).startswith("deadlock")
    assert holds(lock) == [("t0", "held", 1, 3)]
    assert [tuple(wait) for wait in lock.waits] == [("t0", 1, 3, 1, True)]


def test_a_saved_trace_tells_the_same(tmp_path: Any) -> None:
    trace = kmm.load("file-buffer-locked").run().trace
    trace.save(tmp_path / "t.json")
    assert Trace.load(tmp_path / "t.json").locks() == trace.locks()
