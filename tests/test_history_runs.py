# SPDX-License-Identifier: GPL-2.0-only
"""What the run that shows a historical race shows, told by hand: who did what before whom."""

from __future__ import annotations

from typing import Any

from histories import judged, steps, trace, when

from kmm.sim import Trace


def test_18_the_owner_frees_the_anon_vma_before_rcu_is_entered() -> None:
    freed = when(18, "exit", "anon_vma_free")
    entered = when(18, "migrate", "rcu_read_lock")
    lock = when(18, "migrate", "spin_lock", "a0.lock")
    assert freed < entered < lock == len(trace(18)) - 1
    # The page says so all the time: nothing maps it, and yet its mapping leads to the anon_vma.
    page = trace(18).state(entered)["p0"]
    assert (page["_mapcount"], str(page["mapping"])) == (-1, "anon:a0")


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


def test_21_the_peek_falls_between_the_two_halves_of_a_move() -> None:
    emptied = when(21, "mremap", "ptep_clear_flush")
    filled = when(21, "mremap", "set_pte_at")
    peeks = steps(21, "migrate", "pte_offset_map", function="remove_migration_pte")
    assert len(peeks) == 2  # the old place and the new
    assert all(emptied < peek < filled for peek in peeks)
    # mremap has the pte lock all the time; the migration does not ask for it.
    assert trace(21).state(peeks[1])["m0.ptl"]["owner"] == "mremap"


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


def test_31_truncate_finds_the_new_page_before_it_is_mapped() -> None:
    unlocked = when(31, "migrate", "unlock_page", "n0")
    looked = when(31, "truncate", "page_mapped", "n0")
    deleted = when(31, "truncate", "radix_tree_delete")
    walk = steps(31, "migrate", "page_mapping", "n0", function="remove_migration_ptes")
    assert unlocked < looked < deleted < walk[-1]
    # The new page is in no mapping by now, so there is nowhere to look for its entries.
    assert trace(31)[looked].result == 0
    assert trace(31)[walk[-1]].result is None


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
