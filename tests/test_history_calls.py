# SPDX-License-Identifier: GPL-2.0-only
"""Real bugs of the system call: found, replayed, mended; the first seven reckoned by hand."""

from __future__ import annotations

import dataclasses
from errno import EACCES, EFAULT, EINVAL, EIO, ENODEV, EPERM, ESRCH
from functools import partial
from typing import Any

import pytest
from told import answer, both, broken, calls, ends

import kmm
from kmm.explore.actors import move
from kmm.explore.case import Case
from kmm.explore.claim import judge
from kmm.explore.history import HISTORY, LEFT_OUT
from kmm.explore.history.answers import Answer, ask
from kmm.explore.verdict import explore

OURS = [*range(1, 16), 24, 26]


@pytest.mark.parametrize("number", OURS)
def test_the_bug_is_found_and_replayed_and_the_fix_is_proved(number: int) -> None:
    claim = HISTORY[number]
    judged = judge(claim)
    assert judged.right, f"{judged.holds}\n{judged.breaks}"
    assert claim.name.startswith(f"{number:02} ")
    assert claim.holds.fixes
    assert not claim.breaks.fixes
    violation = judged.breaks.violation
    assert violation is not None
    assert violation.fewest
    trace = judged.breaks.trace
    shown = trace.bug or trace.about["broken"]
    assert violation.sentence in shown or shown in violation.sentence


def test_what_is_left_out_is_not_shown() -> None:
    assert not HISTORY.keys() & LEFT_OUT.keys()
    assert {16, 17} <= LEFT_OUT.keys()


def test_1_writepage_has_unlocked_the_page_and_a_debug_kernel_sees_the_second_time() -> None:
    """Locked by the migration, unlocked by writepage, unlocked by the migration."""
    claim = HISTORY[1]

    def alone(case: Case, debug_vm: bool) -> Case:
        def world() -> kmm.World:
            w = case.world()
            w.machine.debug_vm = debug_vm
            return w

        return dataclasses.replace(
            case, world=world, tasks=lambda w: {"migrate": partial(move, w["p0"])}
        )

    trace = alone(claim.breaks, True).replay("migrate")
    assert trace.bug == "VM_BUG_ON(!PageLocked(page)) in unlock_page"
    locks = [s.primitive for s in trace if s.args[:1] == ("p0",) and "lock_page" in s.primitive]
    assert locks == ["trylock_page", "unlock_page", "unlock_page"]
    # Without CONFIG_DEBUG_VM nobody sees it; mended, there is nothing to see.
    assert answer(alone(claim.breaks, False)) == -EIO
    assert answer(alone(claim.holds, True)) == -EIO


def test_2_four_wait_in_a_circle() -> None:
    """The migrator for the worker, that for the mutex, its holder for the writer, that for him."""
    found = explore(HISTORY[2].breaks).violation
    assert found is not None
    for waits in (
        "migrate waits in flush_work(nw0) for events/0",
        "events/0 waits in __mutex_lock(rtnl) for ioctl",
        "ioctl waits in wait_for_rwsem(m0.mmap_sem, ioctl) for mmap",
        "mmap waits in wait_for_rwsem(m0.mmap_sem, mmap) for migrate",
    ):
        assert waits in found.sentence


def test_3_the_writer_waits_for_the_reader_who_waits_behind_it() -> None:
    found = explore(HISTORY[3].breaks).violation
    assert found is not None
    assert "stat waits in wait_for_rwsem(m0.mmap_sem, stat) for mmap" in found.sentence
    assert "mmap waits in wait_for_rwsem(m0.mmap_sem, mmap) for stat" in found.sentence
    trace = broken(3)
    # It is the status that faults, with mmap_sem held; the page itself was found.
    [fault] = calls(trace, "do_page_fault")
    before = [step for step in trace if step.task == "stat" and step.index < fault.first]
    assert (before[-1].primitive, before[-1].result) == ("put_user", 1)


def test_3_a_status_array_that_cannot_be_written_is_not_noticed_either() -> None:
    def act(w: kmm.World) -> Any:
        return ask([w.mms["m0"].vmas[0].address(0)], fault_status=[0])

    assert both(3, act) == (Answer(0, (None,)), Answer(-EFAULT, (None,)))


def test_4_what_is_mended_says_that_there_is_no_memory() -> None:
    claim = HISTORY[4]
    assert answer(claim.holds) == Answer(0, (0, -EFAULT))
    assert answer(claim.breaks) == Answer(0, (0, "uninit"))


@pytest.mark.parametrize(("bits", "rc"), [((0, 0), -ENODEV), ((0, 1), -ENODEV), ((1, 0), -EACCES)])
def test_5_the_error_code_tells_the_bit_behind_the_bitmap(bits: tuple[int, int], rc: int) -> None:
    def world() -> kmm.World:
        w = kmm.World(oob=bits)
        w.mm().mmap(pages=1).touch(0)
        w.task("move", mm=w.mms["m0"])
        return w

    told = both(5, lambda w: ask([w.mms["m0"].vmas[0].address(0)], [1000]).rc, world)
    assert told == (rc, -ENODEV)


def test_5_the_end_marker_as_a_node_ends_the_array_and_minus_one_is_the_node_of_the_cpu() -> None:
    def act(node: int, w: kmm.World) -> Any:
        return ask([w.mms["m0"].vmas[0].address(0)], [node])

    # Nothing was looked at, so the status is what vmalloc gave.
    assert both(5, partial(act, 64)) == (Answer(0, ("uninit",)), Answer(-ENODEV, (None,)))
    assert both(5, partial(act, -1)) == (Answer(0, (0,)), Answer(-ENODEV, (None,)))


@pytest.mark.parametrize(
    ("ids", "rc3", "ptrace"),
    [
        ((1000, 1000, 1000), 0, 0),  # another program of the same user
        ((1000, 0, 0), 0, -EPERM),  # set-uid root: the real id is the caller's
        ((1000, 1000, 0), 0, -EPERM),  # it has given up its rights for a while
        ((0, 0, 0), -EPERM, -EPERM),  # root's own
        ((1001, 1001, 1001), -EPERM, -EPERM),  # another user's
        ((0, 0, 1000), 0, -EPERM),
    ],
)
def test_6_who_may_ask_about_a_program(ids: tuple[int, int, int], rc3: int, ptrace: int) -> None:
    """uid, euid, suid of the program; the caller has 1000 three times."""

    def world() -> kmm.World:
        w = kmm.World()
        w.mm().mmap(pages=1).touch(0)
        w.task("probe", uid=1000)
        uid, euid, suid = ids
        w.task("passwd", mm=w.mms["m0"], pid=7, uid=uid, euid=euid, suid=suid)
        return w

    def act(w: kmm.World) -> int:
        return ask([w.mms["m0"].vmas[0].address(0)], pid=7).rc

    assert both(6, act, world) == (rc3, ptrace)


def test_7_a_task_is_found_or_not_and_has_memory_or_not() -> None:
    """Reaped before: -ESRCH.  Between its exit and that: -EINVAL.  Else its page is on node 0."""
    found = ends(HISTORY[7].holds, lambda books: books.returned["ask"])
    assert found == {Answer(-ESRCH, (None,)), Answer(-EINVAL, (None,)), Answer(0, (0,))}
    trace = broken(7)
    assert trace.bug == "use after free in sys_move_pages"
    [freed] = [step.index for step in trace if step.primitive == "free_task"]
    [unlocked] = [step.index for step in trace if step.primitive == "read_unlock"]
    assert freed > unlocked
