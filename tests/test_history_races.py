# SPDX-License-Identifier: GPL-2.0-only
"""Races that really happened around a migration: as it was it breaks, mended it holds.

For each, what its shortest run shows is told by hand: who did what before whom.
"""

from __future__ import annotations

from collections import Counter
from errno import EAGAIN
from functools import cache, partial
from typing import Any

import pytest

from kmm.explore.case import Case
from kmm.explore.claim import Judged, judge
from kmm.explore.edit import Edit
from kmm.explore.history import HISTORY, LEFT_OUT, buffers, counts, mapped, missed_ptes
from kmm.explore.history import moved_ptes as moved
from kmm.explore.search import Search
from kmm.explore.verdict import explore
from kmm.mm.vmtruncate import vmtruncate
from kmm.scenario import World
from kmm.sim import Trace

#: The bugs of this file, and with how few preemptions they show.
PREEMPTIONS = {
    18: 1, 19: 1, 20: 2, 21: 2, 22: 1, 23: 2, 25: 1, 27: 1, 28: 1, 29: 1,
    30: 1, 31: 1, 32: 1, 33: 2, 34: 1, 36: 0, 37: 1, 38: 0, 39: 0, 40: 0,
}  # fmt: skip


@cache
def judged(number: int) -> Judged:
    """With a run that is short: all with 0 and with 1 preemption have been tried."""
    return judge(HISTORY[number], max_preemptions=1)


@cache
def trace(number: int) -> Trace:
    """The shortest run in which the bug shows."""
    found: Trace = judged(number).broken.trace
    return found


def steps(number: int, task: str, primitive: str, *args: Any, function: str = "") -> list[int]:
    """When the task called the primitive with these first arguments (from that function)."""
    return [
        step.index
        for step in trace(number)
        if step.task == task
        and step.primitive == primitive
        and step.args[: len(args)] == args
        and (not function or function in step.stack)
    ]


def when(number: int, task: str, primitive: str, *args: Any, function: str = "") -> int:
    """When it first did."""
    return steps(number, task, primitive, *args, function=function)[0]


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


# What the runs show.


def test_18_the_owner_frees_the_anon_vma_before_rcu_is_entered() -> None:
    freed = when(18, "exit", "anon_vma_free")
    entered = when(18, "migrate", "rcu_read_lock")
    lock = when(18, "migrate", "spin_lock", "a0.lock")
    assert freed < entered < lock == len(trace(18)) - 1
    # The page says so all the time: nothing maps it, and yet its mapping leads to the anon_vma.
    page = trace(18).state(entered)["p0"]
    assert (page["_mapcount"], str(page["mapping"])) == (-1, "anon:a0")


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


def test_19_without_rcu_the_memory_itself_is_gone() -> None:
    assert not steps(19, "migrate", "rcu_read_lock", function="unmap_and_move")[1:]
    assert when(19, "exit", "anon_vma_free") < when(19, "migrate", "spin_lock", "a0.lock")


def test_20_rmap_computes_the_new_place_when_the_entry_is_at_the_old() -> None:
    begins = next(s.index for s in trace(20) if s.args[:1] == ("v0.vm_start",))
    computed = trace(20)[when(20, "migrate", "page_address_in_vma", "n0", "v0")]
    carried = when(20, "exec", "set_pte_at", "m0", 0x300000)
    assert computed.result == 0x300000
    assert begins < computed.index < carried
    assert 0x300000 not in trace(20).state(computed.index)["m0.pte"]
    assert trace(20)[-1].args[0].offset == "p0"


def test_20_to_mark_the_stack_when_it_begins_to_move_is_too_late() -> None:
    """The mark must be older than any entry."""
    late = Edit("setup_arg_pages", "down_write(mm.mmap_sem)", "down_write(mm.mmap_sem)\n"
                f"vma.vm_flags |= {moved.VM_STACK_INCOMPLETE_SETUP:#x}")  # fmt: skip
    clean = Edit("setup_arg_pages", "mm = vma.vm_mm", "mm = vma.vm_mm")
    case = HISTORY[20].holds
    unmarked = Case("20 marked late", moved.anonymous, case.tasks, edits=(*case.edits, late, clean))
    assert explore(unmarked, max_preemptions=0).violation is not None


def test_21_the_peek_falls_between_the_two_halves_of_a_move() -> None:
    emptied = when(21, "mremap", "ptep_clear_flush")
    filled = when(21, "mremap", "set_pte_at")
    peeks = steps(21, "migrate", "pte_offset_map", function="remove_migration_pte")
    assert len(peeks) == 2  # the old place and the new
    assert all(emptied < peek < filled for peek in peeks)
    # mremap has the pte lock all the time; the migration does not ask for it.
    assert trace(21).state(peeks[1])["m0.ptl"]["owner"] == "mremap"


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


def test_22_the_migration_has_passed_the_vma_that_the_entry_moves_to() -> None:
    to_first = when(22, "migrate", "page_address_in_vma", "n0", "v0")
    moved_at = when(22, "mremap", "set_pte_at", "m0", 0x401000)
    locked = steps(22, "migrate", "spin_lock", "m0.ptl", function="remove_migration_pte")
    assert to_first < moved_at < locked[-1]
    assert trace(22)[to_first].result < 0  # outside, for the vma had not grown yet


def test_23_the_child_is_filled_after_it_was_visited() -> None:
    visits = [
        step.args[1] for step in trace(23)
        if step.primitive == "page_address_in_vma" and step.task == "migrate"
    ]  # fmt: skip
    assert visits == ["nv0", "v0"]
    filled = when(23, "fork", "set_pte_at", "nm0")
    mended = steps(23, "migrate", "set_pte_at", "m0")[-1]
    assert when(23, "migrate", "page_address_in_vma", "n0", "nv0") < filled < mended


def test_23_the_lock_of_the_childs_ptes_is_no_help() -> None:
    """Without the peek of 21 the visit comes before fork has the lock, and finds nothing."""
    verdict = explore(HISTORY[23].breaks.without(moved.NO_PEEK), max_preemptions=0)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "migration entries"


def test_25_the_second_walk_visits_no_vma() -> None:
    nonlinear = when(25, "remap", "vma_prio_tree_remove")
    entry = when(25, "migrate", "set_pte_at", "m0")
    assert entry < nonlinear
    assert steps(25, "migrate", "page_address_in_vma") == []


def test_27_unfreezing_erases_the_reference() -> None:
    frozen = when(27, "migrate", "page_freeze_refs", "p0")
    got = when(27, "fault", "get_page", "p0")
    thawed = when(27, "migrate", "page_unfreeze_refs", "p0")
    assert frozen < got < thawed
    assert [trace(27).state(k)["p0"]["_count"] for k in (got + 1, thawed + 1)] == [1, 2]
    # Its drop is the last: the page is freed, and the pagevec still has it.
    assert when(27, "fault", "free_hot_page", "p0") > thawed


def test_28_the_waiters_reference_is_seen() -> None:
    got = when(28, "fault", "get_page_unless_zero", "p0")
    seen = [k for k in steps(28, "migrate", "page_count", "p0") if k > got]
    assert trace(28)[seen[0]].result == 2
    assert when(28, "fault", "wait_on_page_lock_bit", "p0") > seen[0]


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


def test_29_a_page_with_count_0_is_revived() -> None:
    last = when(29, "zap", "put_page_testzero", "p0")
    revived = when(29, "migrate", "get_page", "p0")
    assert last < revived
    assert trace(29).state(revived)["p0"]["_count"] == 0
    assert trace(29).state(revived)["p0"]["PG_lru"] == 1
    assert when(29, "zap", "free_hot_page", "p0") > revived


def test_30_the_entry_is_emptied_and_rss_stays() -> None:
    cleared = when(30, "zap", "pte_clear", "m0")
    assert when(30, "migrate", "set_pte_at", "m0") < cleared
    assert [trace(30).state(k)["m0"]["anon_rss"] for k in (0, len(trace(30)))] == [1, 1]


def test_30_fork_errs_the_other_way_and_the_same_mend_holds() -> None:
    was = HISTORY[30].breaks
    forking = Case("30 fork", was.world, missed_ptes.forks, was.invariants)
    verdict = explore(forking, max_preemptions=0)
    assert verdict.violation is not None
    assert verdict.violation.sentence.startswith("nm0 counts 0 pages of rss")
    assert explore(forking.without(*counts.COUNTED_ENTRIES)).holds


def test_31_truncate_finds_the_new_page_before_it_is_mapped() -> None:
    unlocked = when(31, "migrate", "unlock_page", "n0")
    looked = when(31, "truncate", "page_mapped", "n0")
    deleted = when(31, "truncate", "radix_tree_delete")
    walk = steps(31, "migrate", "page_mapping", "n0", function="remove_migration_ptes")
    assert unlocked < looked < deleted < walk[-1]
    # The new page is in no mapping by now, so there is nowhere to look for its entries.
    assert trace(31)[looked].result == 0
    assert trace(31)[walk[-1]].result is None


def test_31_vmtruncate_is_safe_in_either_order() -> None:
    """Its first zap means private copies too, and leaves no entry: the first 1500 of 10385 runs."""

    def tasks(w: World) -> dict[str, Any]:
        return mapped.beside(w, "truncate", partial(vmtruncate, w.files["f0"].mapping, 0))

    case = Case("31 vmtruncate", mapped.of_a_file, tasks, edits=HISTORY[31].breaks.edits)
    verdict = explore(case, runs=1500)
    assert verdict.violation is None
    assert verdict.counts.runs == 1500


def test_32_the_page_is_mapped_with_what_the_vma_said() -> None:
    demoted = when(32, "mprotect", "set_pte_at")
    mapped = steps(32, "migrate", "set_pte_at")[-1]
    said = next(s.index for s in trace(32) if s.args[:1] == ("v0.vm_page_prot",))
    assert demoted < mapped < said
    assert trace(32)[demoted].args[3].write == 0
    assert trace(32)[mapped].args[3].write == 1


def test_33_the_second_write_goes_to_the_old_page() -> None:
    copied = when(33, "migrate", "copy_highpage")
    second = steps(33, "program", "cpu_writes")[-1]
    flushed = when(33, "migrate", "flush_tlb_page")
    assert copied < second < flushed
    state = trace(33).state(second + 1)
    assert (state["p0"]["data"], state["n0"]["data"]) == ("p0+w1+w2", "p0+w1")


def test_34_the_block_is_written_when_it_has_moved_and_its_contents_have_not() -> None:
    switched = when(34, "migrate", "set_bh_page", "p0/bh0", "n0")
    written = when(34, "journal", "device_writes", "n0")
    copied = when(34, "migrate", "copy_highpage", "n0", "p0")
    assert switched < written < copied


def test_34_to_look_for_users_and_let_them_in_again_is_no_mend() -> None:
    verdict = explore(HISTORY[34].breaks.without(*buffers.LOOK_FOR_USERS), max_preemptions=1)
    assert verdict.violation is not None
    assert verdict.violation.invariant == "blocks"


def test_36_who_waits_for_itself() -> None:
    violation = judged(36).broken.violation
    assert violation is not None
    assert violation.invariant == "every task ends"
    assert "readahead waits in __lock_page(n0) for readahead" in violation.sentence
    assert trace(36)[-1].task == when_locked(36)


def when_locked(number: int) -> str:
    """Who has locked the new page of the file."""
    found: str = trace(number).state(len(trace(number)))["n0"]["lock_owner"]
    return found


def test_37_there_are_steps_with_the_dirtiness_nowhere() -> None:
    def gaps(run: Trace) -> list[int]:
        return [
            k for k in range(len(run))
            if not any(page["PG_dirty"] for _, page in pages(run, k))
        ]  # fmt: skip

    def pages(run: Trace, k: int) -> list[tuple[str, Any]]:
        state = run.state(k)
        return [(name, state[name]) for name in ("p0", "n0") if name in state]

    gap = gaps(trace(37))
    assert gap
    # From taking the bit off the one page to putting it on the other.
    assert trace(37)[gap[0] - 1].primitive == "clear_page_dirty_for_io"
    assert trace(37)[gap[-1]].primitive == "TestSetPageDirty"
    # And the new page is found clean even before, from when it is in the page cache.
    seen = when(37, "lookup", "PageDirty", "n0")
    assert when(37, "migrate", "radix_tree_replace_slot") < seen


def test_38_the_bit_is_from_the_page_before() -> None:
    put = when(38, "migrate", "SetPageSwapBacked", "n0")
    into = when(38, "migrate", "radix_tree_replace_slot")
    assert put < into
    assert trace(38)[into].args[1] == "n0"
    waits = [s.args[0] for s in trace(38) if s.primitive == "pagevec_add" and s.args[1] == "n0"]
    assert waits == ["cpu0.pagevec[inactive_anon]"]


def test_39_the_sum_is_right_and_each_part_wrong() -> None:
    state = trace(39).state(len(trace(39)))
    assert [state[f"node[{n}]"]["NR_FILE_PAGES"] for n in (0, 1)] == [1, 0]
    assert str(state["f0.page_tree"][0]) == "n0"


def test_40_ten_passes_and_nobody_puts_back() -> None:
    assert (
        len(steps(40, "migrate", "page_freeze_refs") + steps(40, "migrate", "trylock_page", "p0"))
        == 10
    )
    assert not [s for s in trace(40) if s.primitive == "pagevec_add" and s.args[1] == "p0"]
