# SPDX-License-Identifier: GPL-2.0-only
"""Races that really happened around a migration: as it was it breaks, mended it holds.

And half a mend is none: where a mend is easily done too early, too late or too little, that breaks.
"""

from __future__ import annotations

from collections import Counter
from errno import EAGAIN
from functools import partial
from typing import Any

import pytest
from histories import PREEMPTIONS, judged

from kmm.explore.case import Case
from kmm.explore.edit import Edit
from kmm.explore.history import HISTORY, LEFT_OUT, buffers, counts, mapped, missed_ptes
from kmm.explore.history import moved_ptes as moved
from kmm.explore.search import Search
from kmm.explore.verdict import explore
from kmm.mm.vmtruncate import vmtruncate
from kmm.scenario import World


@pytest.mark.parametrize("number", PREEMPTIONS)
def test_as_it_was_it_breaks_and_mended_it_holds(number: int) -> None:
    assert judged(number).right
    violation = judged(number).broken.violation
    assert violation is not None
    assert violation.preemptions == PREEMPTIONS[number]


@pytest.mark.parametrize("number", PREEMPTIONS)
def test_the_run_can_be_played_again(number: int) -> None:
    """The same sentence in the end, from the text of the schedule alone."""
    violation = judged(number).broken.violation
    assert violation is not None
    again = HISTORY[number].breaks.replay(str(violation.schedule))
    if again.bug is not None:
        assert violation.sentence.startswith(str(again.bug))
    else:
        assert again.about["broken"] == f"{violation.invariant}: {violation.sentence}"


@pytest.mark.parametrize("number", PREEMPTIONS)
def test_the_two_cases_differ_in_the_mend_alone(number: int) -> None:
    claim = HISTORY[number]
    was, is_ = claim.breaks, claim.holds
    assert (was.world, was.tasks, was.invariants) == (is_.world, is_.tasks, is_.invariants)
    assert was.edits != is_.edits
    assert is_.fixes
    assert not was.fixes
    assert claim.name.split()[0] == str(number)
    assert tuple(is_.tasks(is_.world())) == claim.actors


def test_what_is_left_out_is_not_shown() -> None:
    assert not LEFT_OUT.keys() & HISTORY.keys()
    assert PREEMPTIONS.keys() <= HISTORY.keys()


def test_18_to_look_before_rcu_is_entered_is_no_mend() -> None:
    """The owner exits between the look and RCU, and the migration sees nothing of it."""
    early = Edit(
        "unmap_and_move", "rcu_read_lock()", "if not page_mapped(page):\n    goto(unlock)\n"
        "rcu_read_lock()",
    )  # fmt: skip
    verdict = explore(HISTORY[18].breaks.without(early))
    assert verdict.violation is not None
    assert verdict.violation.sentence.startswith("use after free")
    assert str(verdict.violation.schedule).startswith("migrate ")


def test_19_with_rcu_a_stranger_is_locked_and_nothing_happens() -> None:
    """The memory of the page's anon_vma is another's, one generation on, when it is locked."""
    case = HISTORY[19].holds
    with case.changed():
        world, tasks = case.build()
        search = Search(world.machine, tasks)
        strange = sum(world["a0"].generation for _ in search.ends())
    assert strange > 0
    # So it is when the owner goes, and another comes, between the entry and its way back.
    run = case.replay("migrate 80, exit, another, migrate")
    taken = [step.index for step in run if step.primitive == "anon_vma_alloc"]
    locked = [step.index for step in run if step.task == "migrate" and "a0.lock" in step.args]
    assert run[taken[0]].result == "a0"
    assert locked[-1] > taken[0]
    assert run.about.get("broken") is None
    assert run.bug is None


def test_20_to_mark_the_stack_when_it_begins_to_move_is_too_late() -> None:
    """The mark must be older than any entry."""
    mark = f"vma.vm_flags |= {moved.VM_STACK_INCOMPLETE_SETUP:#x}"
    held = "down_write(mm.mmap_sem)"
    late = Edit("setup_arg_pages", held, f"{held}\n{mark}")
    case = HISTORY[20].holds
    marked_late = Case("20 marked late", mapped.anonymous, case.tasks, edits=(*case.edits, late))
    assert explore(marked_late, max_preemptions=0).violation is not None


def test_21_then_the_pte_lock_is_all_that_keeps_them_apart() -> None:
    """Without the look, and with a mremap that does not take the lock, it is broken again."""
    no_lock = (
        Edit(
            "move_ptes",
            "old_pte = pte_offset_map_lock(mm, old_pmd, old_addr, ptl)",
            "old_pte = pte_pointer(mm, old_addr)\nptl.value = mm.page_table_lock",
        ),
        Edit("move_ptes", "pte_unmap_unlock(old_pte, ptl.value)"),
    )
    verdict = explore(HISTORY[21].holds.without(*no_lock), max_preemptions=0)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "migration entries"


def test_22_the_order_is_no_help_against_the_peek() -> None:
    case = HISTORY[22].holds
    with_peek = Case("22 the vma behind", case.world, case.tasks, edits=(moved.TO_THE_TAIL,))
    assert explore(with_peek, max_preemptions=0).violation is not None


def test_23_the_lock_of_the_childs_ptes_is_no_help() -> None:
    """Without the peek of 21 the visit comes before fork has the lock, and finds nothing."""
    verdict = explore(HISTORY[23].breaks.without(moved.NO_PEEK), max_preemptions=0)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "migration entries"


def ends(case: Case) -> Counter[Any]:
    """What the migration returns, in how many of the runs."""
    with case.changed():
        world, tasks = case.build()
        search = Search(world.machine, tasks)
        return Counter(end.returned["migrate"] for end in search.ends())


def test_28_dropping_the_reference_before_sleeping_is_half_a_mend() -> None:
    """The moment between taking and dropping is left; without a reference nothing is."""
    was = HISTORY[28].breaks
    assert set(ends(was)) == set(ends(was.without(*counts.PUT_AND_WAIT))) == {0, -EAGAIN}
    assert set(ends(was.without(*counts.NO_REFERENCE))) == {0}
    # One preemption was enough, for the waiter kept its reference while it slept; now it takes two.
    half = explore(was.without(*counts.PUT_AND_WAIT))
    assert half.violation is not None
    assert half.violation.preemptions == 2


def test_30_fork_errs_the_other_way_and_the_same_mend_holds() -> None:
    was = HISTORY[30].breaks
    forking = Case("30 fork", was.world, missed_ptes.forks, was.invariants)
    verdict = explore(forking, max_preemptions=0)
    assert verdict.violation is not None
    assert verdict.violation.sentence.startswith("nm0 counts 0 pages of rss")
    assert explore(forking.without(*counts.COUNTED_ENTRIES)).holds


def test_31_vmtruncate_is_safe_in_either_order() -> None:
    """Its first zap means private copies too, and leaves no entry: the first 1500 of 10385 runs."""

    def tasks(w: World) -> dict[str, Any]:
        return mapped.beside(w, "truncate", partial(vmtruncate, w.files["f0"].mapping, 0))

    case = Case("31 vmtruncate", mapped.of_a_file, tasks, edits=HISTORY[31].breaks.edits)
    verdict = explore(case, runs=1500)
    assert verdict.violation is None
    assert verdict.counts.runs == 1500


def test_32_a_second_look_at_the_vma_changes_nothing() -> None:
    """What 2014 added: a write entry is writable again only where the vma allows it."""
    look = Edit(
        "remove_migration_pte",
        "pte = pte_mkwrite(pte)",
        "from kmm.mm.pgtable_ops import maybe_mkwrite\npte = maybe_mkwrite(pte, vma)",
    )
    assert explore(HISTORY[32].holds.without(look)).holds
    assert explore(HISTORY[32].breaks.without(look), max_preemptions=0).violation is not None


def test_34_to_look_for_users_and_let_them_in_again_is_no_mend() -> None:
    verdict = explore(HISTORY[34].breaks.without(*buffers.LOOK_FOR_USERS), max_preemptions=1)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "writes"
