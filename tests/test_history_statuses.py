# SPDX-License-Identifier: GPL-2.0-only
"""Real bugs of the system call, reckoned by hand: what is told, and what is so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from errno import EAGAIN, EBUSY, EFAULT, EIO, ENOENT, ENOMEM
from typing import Any

import pytest
from told import answer, both, broken, calls, ends

import kmm
from kmm.explore.books import Books
from kmm.explore.history import HISTORY
from kmm.explore.history.answers import Answer, ask
from kmm.explore.invariants import Invariant
from kmm.explore.verdict import explore
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.fork import dup_mm
from kmm.scenario.driver import ask_vmas


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
