# SPDX-License-Identifier: GPL-2.0-only
"""Real bugs of the system call: found, replayed, mended; and what the C gives, reckoned by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from errno import EACCES, EAGAIN, EBUSY, EFAULT, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, EPERM, ESRCH
from functools import partial
from typing import Any

import pytest

import kmm
from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import judge
from kmm.explore.history import HISTORY, LEFT_OUT
from kmm.explore.history.answers import Answer, ask
from kmm.explore.invariants import Invariant
from kmm.explore.verdict import explore
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.fork import dup_mm
from kmm.scenario.driver import ask_vmas
from kmm.sim import Trace
from kmm.sim.calls import Call

OURS = [*range(1, 16), 24, 26]
PAGE = 4096


def ends(case: Case, look: Callable[[Books], Any]) -> set[Any]:
    """What is found at the end of each run; none may stop the kernel."""
    seen = set()

    def wrong(books: Books) -> Iterator[str]:
        seen.add(look(books))
        yield from ()

    verdict = explore(dataclasses.replace(case, invariants=(Invariant("look", "", wrong),)))
    assert verdict.holds, verdict
    return seen


def answer(case: Case) -> Any:
    """What the one task of a case returns."""
    [only] = ends(case, lambda books: next(iter(books.returned.values())))
    return only


def both(number: int, act: Callable[[kmm.World], Any], world: Any = None) -> tuple[Any, Any]:
    """What one task returns that does this, as the kernel was, and mended."""
    claim = HISTORY[number]

    def told(case: Case) -> Any:
        name = next(iter(case.tasks(case.world())))
        return answer(
            dataclasses.replace(
                case, world=world or case.world, tasks=lambda w: {name: partial(act, w)}
            )
        )

    return told(claim.breaks), told(claim.holds)


def calls(trace: Trace, fn: str) -> list[Call]:
    """All calls of a function, in order."""

    def among(some: Any) -> Iterator[Call]:
        for call in some:
            if call.fn == fn:
                yield call
            yield from among(call.children)

    return list(among(trace.calls))


def broken(number: int) -> Trace:
    """The run that shows the bug."""
    return explore(HISTORY[number].breaks).trace


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


def test_8_five_addresses_asked_and_moved() -> None:
    """Below both vmas, in one, between, in the other, behind: find_vma has none only behind."""
    claim = HISTORY[8]
    asked = Answer(0, (-ENOENT, 0, -ENOENT, 0, -EFAULT))
    moved = Answer(0, (-ENOENT, 1, -ENOENT, 1, -EFAULT))
    assert answer(claim.breaks) == (asked, moved)
    asked = Answer(0, (-EFAULT, 0, -EFAULT, 0, -EFAULT))
    moved = Answer(0, (-EFAULT, 1, -EFAULT, 1, -EFAULT))
    assert answer(claim.holds) == (asked, moved)


def test_9_one_vma_is_not_asked_at_all_and_without_any_the_kernel_follows_null() -> None:
    claim = HISTORY[9]

    def vmas(*says: int) -> Callable[[], kmm.World]:
        def world() -> kmm.World:
            w = kmm.World()
            w.mm()
            for rc in says:
                w.mms["m0"].mmap(pages=1, vm_ops_migrate=rc)
            return w

        return world

    def act(w: kmm.World) -> int:
        return ask_vmas(w["m0"], 2, 1, 0)

    assert both(9, act, vmas(-EBUSY)) == (0, -EBUSY)
    assert both(9, act, vmas(-EBUSY, 0, -EIO)) == (-EBUSY, -EBUSY)
    assert answer(dataclasses.replace(claim.holds, world=vmas())) == 0
    trace = dataclasses.replace(claim.breaks, world=vmas()).replay("migrate")
    assert trace.bug == "oops: bad pointer dereference"


def test_10_both_status_arrays() -> None:
    """First to stay and then to go: it is copied to the node it is on.  Both to go: one is busy."""
    assert (answer(HISTORY[10].breaks), answer(HISTORY[10].holds)) == (
        Answer(0, (0, 0)),
        Answer(0, (0, 1)),
    )
    # The page has been copied all the same, and the first entry told of it.
    trace = HISTORY[10].breaks.replay("move")
    [new] = [step.result for step in trace if step.primitive == "alloc_pages_node"]
    assert trace.state(len(trace))[new]["node"] == 0
    assert trace.state(len(trace))[new]["data"] == "p0"

    def act(w: kmm.World) -> Any:
        return ask([w.mms["m0"].vmas[0].address(0)] * 2, [1, 1])

    assert both(10, act) == (Answer(0, (1, -EBUSY)), Answer(0, (1, -EBUSY)))


def test_11_a_page_that_fails_for_good_counts_as_one_that_was_busy() -> None:
    told = Answer(1, (1, -EAGAIN))
    assert answer(HISTORY[11].holds) == told
    assert answer(HISTORY[11].breaks) == told._replace(rc=0)

    def world() -> kmm.World:
        w = kmm.World()
        vma = w.mm().mmap(pages=2, file=w.file(migratepage="fail_migrate_page"))
        vma.touch(0, write=False)
        vma.touch(1, write=False)
        w.task("move", mm=w.mms["m0"])
        return w

    def act(w: kmm.World) -> Any:
        [vma] = w.mms["m0"].vmas
        return ask([vma.address(0), vma.address(1)], [1, 1])

    assert both(11, act, world) == (Answer(0, (-EIO, -EIO)), Answer(2, (-EIO, -EIO)))


def test_12_one_page_has_moved_and_the_kernel_kept_that_to_itself() -> None:
    claim = HISTORY[12]
    assert answer(claim.breaks) == Answer(-ENOMEM, (None, None, None))
    assert answer(claim.holds) == Answer(-ENOMEM, (1, -ENOMEM, -EAGAIN))
    # In the kernel's own array the page that found no frame has the status of one isolated.
    trace = claim.breaks.replay("move")
    own = [trace.state(len(trace))[f"pm[{i}]"]["status"] for i in range(3)]
    assert own == [1, 0, 0]


def test_13_the_zero_page_has_the_error_of_memory_without_a_page() -> None:
    assert answer(HISTORY[13].breaks) == Answer(0, (-ENOENT,))
    assert answer(HISTORY[13].holds) == Answer(0, (-EFAULT,))


def test_14_the_status_is_read_from_a_page_that_was_given_up_already() -> None:
    """The new page is asked for its node when only a pagevec has a reference on it."""
    trace = broken(14)
    [new] = [step.result for step in trace if step.primitive == "alloc_pages_node"]
    [asked] = [s.index for s in trace if (s.primitive, s.args) == ("page_to_nid", (new,))]
    assert trace.state(asked)[new]["_count"] == 1
    assert new in str(trace.holders(new, asked))
    assert "pagevec" in str(trace.holders(new, asked))
    moves = [call.result for call in calls(trace, "unmap_and_move")]
    assert moves == [0]
    told = ends(HISTORY[14].holds, lambda books: books.returned["move"])
    # Moved; gone before it was looked for or before it moved; still in the zapper's hands.
    assert {Answer(0, (1,)), Answer(0, (-ENOENT,))} <= told
    assert told <= {
        Answer(0, (1,)),
        Answer(0, (-ENOENT,)),
        Answer(1, (-EAGAIN,)),
        Answer(0, (-EBUSY,)),
    }


def test_14_a_page_that_is_gone_moves_again_in_each_pass() -> None:
    """It stays on the list, and another page that is busy asks for ten passes."""
    w = kmm.World()
    gone, busy = w.page(), w.page()
    w.pin(gone)
    w.pin(busy)
    w.meanwhile(gone, "unpin")
    trace = w.migrate_pages([gone, busy], 1).trace
    moves = [call.result for call in calls(trace, "unmap_and_move") if call.args["page"] == "p0"]
    assert moves == [0] * 10


def test_15_asked_while_it_moves_a_page_is_here_or_there_or_nowhere() -> None:
    found = ends(HISTORY[15].holds, lambda books: books.returned["ask"])
    assert found == {Answer(0, (0,)), Answer(0, (1,)), Answer(0, (-ENOENT,))}
    assert broken(15).bug == "use after free in do_pages_stat"


@pytest.mark.parametrize("mended", [False, True])
def test_24_what_the_child_writes_the_parent_reads(mended: bool) -> None:
    claim = HISTORY[24]
    schedule = explore(claim.breaks).violation
    assert schedule is not None

    def tasks(w: kmm.World) -> dict[str, Callable[[], Any]]:
        mm, at = w["m0"], w["v0"].vm_start

        def fork() -> Any:
            child = dup_mm(w["fork"])
            write_memory(child, at, "c1")
            return read_memory(mm, at), read_memory(child, at)

        return {**claim.breaks.tasks(w), "fork": fork}

    case = dataclasses.replace(claim.holds if mended else claim.breaks, tasks=tasks)
    seen: list[Any] = []

    def look(books: Books) -> Iterator[str]:
        seen.append(books.returned["fork"])
        yield from ()

    case = dataclasses.replace(case, invariants=(Invariant("look", "", look),))
    case.replay("migrate 93, fork 40, migrate")
    assert seen == [("p0", "p0+c1") if mended else ("p0+c1", "p0+c1")]


def test_26_pass_by_pass() -> None:
    """The page of the swap cache is given up ten times, the other without buffers is free.

    Mended, it moves in the first pass, and none is left.
    """
    for case, first, left in (
        (HISTORY[26].breaks, [-EAGAIN] * 10, 1),
        (HISTORY[26].holds, [0], 0),
    ):
        trace = case.replay("migrate")
        passes: dict[str, list[int]] = {"p0": [], "p1": []}
        for call in calls(trace, "unmap_and_move"):
            passes[call.args["page"]].append(call.result)
        assert passes["p0"] == first
        assert passes["p1"][:2] == [-EAGAIN, 0]
        assert answer(case) == left
