# SPDX-License-Identifier: GPL-2.0-only
"""Tasks that interrupt one another: what can be said of a few by counting on one's fingers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import kmm
from kmm.errors import KmmError
from kmm.explore.case import Case
from kmm.explore.edit import Edit, body, edited
from kmm.explore.invariants import Invariant
from kmm.explore.search import Search
from kmm.explore.verdict import explore
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.scenario.driver import fault_on_entry
from kmm.sim import Machine, Tracked, primitive
from kmm.sim.sched import Scheduler
from kmm.sim.schedule import Follow, Schedule
from kmm.sim.watch import reads_seen

KERNEL_FILE = "tests"


class Runner(Tracked):
    """A task."""


class Shelf(Tracked):
    """What the tasks share."""

    number: int = 0


@primitive
def add_one(shelf: Shelf) -> None:
    """All at once."""
    shelf.number += 1


def two_tasks(run: Callable[[Shelf], None]) -> tuple[Machine, Shelf, dict[Tracked, Any]]:
    """Two tasks that both run `run`."""
    machine = Machine()
    machine.current = Runner(machine, "nobody")
    shelf = Shelf(machine, "shelf")
    return machine, shelf, {Runner(machine, name): partial(run, shelf) for name in ("a", "b")}


def numbers(run: Callable[[Shelf], None]) -> tuple[set[int], int]:
    """What the shelf holds at the end of every run, and how many runs there were."""
    machine, shelf, tasks = two_tasks(run)
    search = Search(machine, tasks)
    found = {shelf.__dict__["number"] for _ in search.ends()}
    return found, search.counts.runs


def lose(shelf: Shelf) -> None:
    """Reads, adds, writes: another task may come in between."""
    shelf.number += 1


def test_an_addition_in_two_steps_can_be_lost() -> None:
    """r1 w1 r2 w2 gives 2, r1 r2 w1 w2 gives 1; both orders of each are the four runs there are."""
    assert numbers(lose) == ({1, 2}, 4)


def test_an_addition_in_one_step_cannot() -> None:
    """The step reads and writes, so its two orders are two runs."""
    assert numbers(add_one) == ({2}, 2)


def test_steps_of_a_schedule_are_made_as_it_says() -> None:
    """a reads, b reads and writes, a writes what it knew: one addition is lost."""
    machine, shelf, tasks = two_tasks(lose)
    machine.record()
    with machine, reads_seen():
        machine.saw = bool
        scheduler = Scheduler(machine, tasks)
        assert scheduler.run(Follow(Schedule.parse("a 1, b, a"))) is None
        assert shelf.number == 1
    # The reads are no steps of the trace.
    trace = machine.end_record()
    assert [(step.task, step.primitive, step.args) for step in trace] == [
        ("b", "assign", ("shelf.number", 1)),
        ("a", "assign", ("shelf.number", 1)),
    ]
    assert [scheduler.tasks[n].name for n in scheduler.taken] == ["a", "b", "b", "a"]


@pytest.mark.parametrize(
    ("taken", "text"),
    [("", ""), ("a", "a"), ("aab", "a 2, b"), ("abba", "a 1, b 2, a"), ("aaa", "a")],
)
def test_schedules_are_written_as_they_are_read(taken: str, text: str) -> None:
    assert str(Schedule.of(taken)) == text
    if text:
        assert Schedule.parse(text) == Schedule.of(taken)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a 1, , b", "part 2 is empty"),
        ("a 1, c", "there is no task c; there are a, b"),
        ("a 7", "part 1 (a 7) asks for a step of a after 2 steps, but a is done"),
    ],
)
def test_a_schedule_that_cannot_be_followed_says_where(text: str, complaint: str) -> None:
    machine, _, tasks = two_tasks(lose)
    machine.saw = bool
    with machine, reads_seen(), pytest.raises(KmmError) as error:
        Scheduler(machine, tasks).run(Follow(Schedule.parse(text)))
    assert complaint in str(error.value)


def test_what_a_task_raises_is_told_and_nothing_is_left_running() -> None:
    def wrong(shelf: Shelf) -> None:
        add_one(shelf)
        raise ValueError("mine")

    machine, shelf, tasks = two_tasks(wrong)
    sentence = r"^task a has raised ValueError: mine \(test_sched.py, line \d+\)$"
    with machine, pytest.raises(KmmError, match=sentence):
        Scheduler(machine, tasks).run(lambda scheduler, able: able[0])
    assert shelf.number == 1
    assert not machine.hooked


# Locks.


def locks_in_both_orders(world: kmm.World) -> dict[str, Callable[[], None]]:
    """Two tasks that take the same two locks, each in its own order."""
    first, second = world.mms["m0"].struct.page_table_lock, world.kernel.zones[0].lru_lock

    def both(a: Any, b: Any) -> None:
        spin_lock(a)
        spin_lock(b)
        spin_unlock(b)
        spin_unlock(a)

    return {"one": partial(both, first, second), "two": partial(both, second, first)}


def one_page() -> kmm.World:
    """A page of a file that one pte maps."""
    world = kmm.World(nodes=2)
    world.mm().mmap(pages=1, file=world.file()).touch(0, write=False)
    return world


def test_two_locks_in_two_orders_are_a_deadlock() -> None:
    """One preemption after one step, and then each waits for the other."""
    verdict = explore(Case("two orders", one_page, locks_in_both_orders))
    found = verdict.violation
    assert found is not None
    assert (found.preemptions, found.steps, found.fewest) == (1, 2, True)
    assert str(found.schedule) == "one 1, two"
    assert found.invariant == "every task ends"
    trace = verdict.trace
    assert trace.bug == "deadlock"
    assert [step.failed for step in trace] == [False, False, True, True]
    assert [str(wait) for wait in trace.waits()] == [
        "one waits in spin_lock for node[0].lru_lock, which two has",
        "two waits in spin_lock for m0.ptl, which one has",
    ]


# A guard, and the model without it.


def migrator_and_fault(world: kmm.World) -> dict[str, Callable[[], Any]]:
    """One attempt to move the page, and a fault that finds its migration entry."""
    from kmm.mm.migrate import unmap_and_move
    from kmm.mm.vmscan import isolate_lru_page
    from kmm.scenario.driver import get_new_page

    mm = world.mms["m0"]
    page = world["p0"]

    def migrate() -> None:
        from kmm.mm.list import LIST_HEAD, list_add_tail
        from kmm.mm.migrate import putback_lru_pages

        pagelist: Any = LIST_HEAD("pagelist")
        if not isolate_lru_page(page):
            list_add_tail(page.lru, pagelist)
        unmap_and_move(get_new_page, 1, page, 0)
        putback_lru_pages(pagelist)

    return {
        "migrate": migrate,
        "fault": lambda: fault_on_entry(mm.struct, mm.vmas[0].address(0)),
    }


UNLESS_ZERO = Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)")


def test_get_page_unless_zero_guards_a_frozen_page() -> None:
    """With it every interleaving ends well; without it the fault takes a page that is frozen."""
    case = Case("fault", one_page, migrator_and_fault)
    verdict = explore(case)
    assert verdict.holds
    assert verdict.counts.runs > 10
    verdict = explore(case.without(UNLESS_ZERO))
    found = verdict.violation
    assert found is not None
    assert (found.invariant, found.preemptions) == ("the kernel goes on", 1)
    assert verdict.trace.bug == "VM_BUG_ON(count == 0) in get_page"


def test_a_replay_is_the_same_trace_each_time() -> None:
    case = Case("fault", one_page, migrator_and_fault).without(UNLESS_ZERO)
    found = explore(case).violation
    assert found is not None
    assert case.replay(str(found.schedule)) == case.replay(found.schedule)


def test_a_bound_is_said() -> None:
    """Nothing was found, and nothing is claimed."""
    verdict = explore(Case("fault", one_page, migrator_and_fault), runs=3)
    assert (verdict.violation, verdict.complete, verdict.holds) == (None, False, False)
    assert "not complete: stopped after 3 runs" in str(verdict)


def test_an_invariant_is_judged_at_the_end_of_every_run() -> None:
    """The page moves in some runs, and in others the fault's reference keeps it where it is."""
    moved = Invariant("moved", "p0 is free.", lambda books: iter(["p0 is still there"]))
    stays = Invariant("stays", "Something is said of p0.", lambda books: iter(()))
    case = Case("fault", one_page, migrator_and_fault, (stays, moved))
    verdict = explore(case, runs=5)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "moved"
    assert verdict.violation.preemptions == 0


# Edits.


def test_an_edit_changes_the_function_and_nothing_else() -> None:
    edit = Edit("move_to_new_page", "unlock_page(newpage)")
    before = kmm.load("file-clean").run()
    with edited([edit]):
        run = kmm.load("file-clean").run()
    after = kmm.load("file-clean").run()
    assert before.trace == after.trace

    def unlocked(trace: kmm.Trace) -> list[Any]:
        return [step.args[0] for step in trace if step.primitive == "unlock_page"]

    assert unlocked(before.trace) == ["n0", "p0"]
    assert unlocked(run.trace) == ["p0"]
    # The trace shows the edited source, comments and all.
    source = body("move_to_new_page", (edit,)).__code__.co_filename
    assert source == "<move_to_new_page: without 'unlock_page(newpage)'>"


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (Edit("no_such_function", "x"), "the model has no function no_such_function"),
        (Edit("move_to_new_page", "unlock_page(page)"), "it was found nowhere"),
        (Edit("unmap_and_move", "rc = -EAGAIN"), None),
        (Edit("unmap_and_move", "not force"), "it was found 2 times"),
        (Edit("unmap_and_move", "a; b"), "one statement or one expression"),
    ],
)
def test_an_edit_must_find_what_it_says(edit: Edit, complaint: str | None) -> None:
    if complaint is None:
        with edited([edit]):
            pass
        return
    with pytest.raises(KmmError) as error, edited([edit]):
        pass
    assert complaint in str(error.value)
