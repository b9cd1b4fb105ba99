# SPDX-License-Identifier: GPL-2.0-only
"""The guards of a migration: proved with each, broken without it.

The preemptions are counted by hand: how often a task must be left in the middle, so that the harm
comes about.  0: even one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from errno import EAGAIN, EIO
from functools import cache

import pytest

from kmm.explore.actors import move
from kmm.explore.claim import Claim, Judged, judge
from kmm.explore.edit import edited
from kmm.explore.guards import GUARDS
from kmm.explore.guards.before import UNMAPPED_ANON_STAYS
from kmm.explore.guards.worlds import against, buffered, world, writes
from kmm.explore.invariants import ALWAYS, RSS, first_wrong
from kmm.explore.search import Search
from kmm.explore.verdict import explore
from kmm.mm.buffer import get_bh, put_bh
from kmm.scenario import World
from kmm.sim import FUNCTIONS

#: Where a task has to be left, and how often.
PREEMPTIONS = {
    # Nobody drains, so the page stays where it is.
    "lru-drain-before-isolation": 0,
    # The owner is left when the count is 0 and the page still on its list: it is freed twice.
    "dying-page-not-isolated": 1,
    # Truncate needs the moment after the page was found to have a mapping, or before.
    "page-lock-old": 1,
    "wait-for-writeback": 0,
    # The owner unmaps between our look at the page and the lock of the anon_vma.
    "rcu-anon": 1,
    # Truncate is left with its reference in hand: without it the count of 1 ends the attempt.
    "mapping-is-there": 1,
    "unmap-before-copy": 0,
    "tlb-flush-at-unmapping": 0,
    "page_mapped-before-move_to_new_page": 0,
    # The writer comes between the new page in the slot and the copy.
    "page-lock-new": 1,
    "expected-count-1": 0,
    "expected-count-2": 0,
    "expected-count-3": 0,
    # The lookup is left with its reference in hand.
    "count-test-before-freeze": 1,
    "slot-still-holds-page": 1,
    # We are left behind the test of the count, the lookup with its reference in hand.
    "freeze-not-only-check": 2,
    # The fault takes its reference while the count is 0.
    "get_page_unless_zero-in-migration_entry_wait": 1,
    "swap-slot-moved": 0,
    # Between the new b_page and the copy, or before the one and after the other.
    "buffers-locked": 1,
    "buffer-references-moved": 0,
    "uptodate-flag-moved": 0,
    "dirty-flag-moved": 0,
    "nobuffers-dirty": 0,
    "clear-old-mapping": 0,
    # We have seen the entry, zap too; whoever comes second writes over the other.
    "pte-lock-in-remove_migration_pte": 2,
    # The other migration is left with its entry in place.
    "entry-is-for-this-page": 1,
    "write-bit-kept": 0,
    "write-bit-only-then": 0,
    # Truncate comes between the lock and the ptes.
    "restore-ptes-before-newpage-unlock": 1,
    # The lookup is left with its reference in hand, which makes the attempt fail.
    "clear-new-mapping-after-failure": 1,
    "restore-page-page-after-failure": 1,
}


@cache
def judged(name: str) -> Judged:
    return judge(GUARDS[name])


def test_all_are_counted() -> None:
    assert list(PREEMPTIONS) == list(GUARDS)


@pytest.mark.parametrize("name", GUARDS)
def test_it_holds_and_without_it_breaks(name: str) -> None:
    """The shortest run that breaks needs as many preemptions as a person needs, and replays."""
    found = judged(name)
    assert found.right, f"{found.holds}\n{found.breaks}\n{found.breaks_without_both}"
    violation = found.broken.violation
    assert violation is not None
    assert (violation.preemptions, violation.fewest) == (PREEMPTIONS[name], True)
    trace = found.broken.trace
    told = f"{violation.invariant}: {violation.sentence}"
    if trace.bug is not None:
        assert trace.bug in told
    else:
        assert trace.about["broken"] == told


@pytest.mark.parametrize("claim", GUARDS.values(), ids=GUARDS)
def test_its_words(claim: Claim) -> None:
    assert claim.name == claim.holds.name
    assert claim.says.endswith(".")
    file, _, function = claim.source.partition(": ")
    assert FUNCTIONS[function].file == file
    assert all(name in GUARDS for name in claim.backed_by)
    assert bool(claim.backed_by) == (claim.breaks_without_both is not None)


@pytest.mark.parametrize("name", [n for n in GUARDS if n != "page_mapped-before-move_to_new_page"])
def test_the_proof_is_not_empty(name: str) -> None:
    """With the guard in place there are runs in which the page moves."""
    case = GUARDS[name].holds
    with case.changed():
        built, tasks = case.build()
        ends = Search(built.machine, tasks).ends()
        assert any(end.returned["migrate"] == 0 for end in ends)
        ends.close()


def test_what_a_nonlinear_vma_has_just_used_never_moves() -> None:
    case = GUARDS["page_mapped-before-move_to_new_page"].holds
    with case.changed():
        built, tasks = case.build()
        ends = Search(built.machine, tasks).ends()
        assert {end.returned["migrate"] for end in ends} == {-EAGAIN}


# Where the guard of this version is not enough.


def test_bug_18_rcu_alone_is_too_late() -> None:
    """Without the later look at the mapcount the anon_vma may have gone before rcu_read_lock."""
    case = replace(GUARDS["rcu-anon"].holds, edits=())
    violation = explore(case).violation
    assert violation is not None
    assert "use after free in spin_lock" in violation.sentence
    assert violation.preemptions == 1


def test_bug_28_who_waits_makes_the_attempt_fail() -> None:
    """The reference with which a fault waits for the page lock is one too many."""
    case = GUARDS["get_page_unless_zero-in-migration_entry_wait"].holds
    with case.changed():
        built, tasks = case.build()
        ends = Search(built.machine, tasks).ends()
        assert {end.returned["migrate"] for end in ends} == {0, -EAGAIN}


def test_bug_30_rss_is_wrong_after_an_entry_has_been_zapped() -> None:
    case = GUARDS["pte-lock-in-remove_migration_pte"].holds
    violation = explore(replace(case, invariants=(*case.invariants, RSS))).violation
    assert violation is not None
    assert "m counts 1 pages of rss, and has 0 present ptes" in violation.sentence
    assert violation.preemptions == 1


def test_bug_34_a_reference_to_a_buffer_is_not_its_lock() -> None:
    """Who counts on b_count alone writes to a page that the buffer has left."""

    def user(w: World) -> Callable[[], None]:
        def act() -> None:
            bh = w.buffers["p0"][0]
            get_bh(bh)
            writes(bh.b_page, ("buffer", bh), "b1")
            put_bh(bh)

        return act

    violation = explore(against("b_count", buffered, user=user)).violation
    assert violation is not None
    assert violation.sentence == "b1 was written to buffer p0/bh0, and there is p0"
    assert violation.preemptions == 1


def test_a_page_that_cannot_be_moved_is_put_back_once() -> None:
    """It is on its LRU list again at once, a pagevec being full with one page."""
    w = world()
    page = w.file(migratepage="fail_migrate_page").page(0)
    with w.machine:
        assert move(page) == -EIO
    assert first_wrong(ALWAYS, w) is None
    assert (page._count, page.PG_lru, page.PG_buddy) == (1, 1, 0)


def test_in_every_run_the_same_things_have_the_same_slots() -> None:
    """Also the place on an LRU list of a page that each run allocates anew."""
    case = GUARDS["clear-old-mapping"].holds
    with case.changed():
        built, tasks = case.build()
        ends = Search(built.machine, tasks).ends()
        slots = [built.machine._slots for _ in ends]
    assert len(slots) == 75
    assert len(set(slots)) < 5


def test_the_edits_leave_nothing_behind() -> None:
    before = FUNCTIONS["unmap_and_move"].body
    with edited([UNMAPPED_ANON_STAYS]):
        assert FUNCTIONS["unmap_and_move"].body is not before
    assert FUNCTIONS["unmap_and_move"].body is before


def test_a_cell_shows_a_claim_and_what_was_found_of_it_in_words() -> None:
    """Not the fields of all the dataclasses that they are made of."""
    claim = GUARDS["rcu-anon"]
    assert repr(claim) == f"<Claim rcu-anon: {claim.says}>"
    assert repr(claim.holds) == "<Case rcu-anon>"
    judged = repr(judge(claim))
    assert judged.startswith("rcu-anon: holds in every interleaving (")
    assert "\nwithout rcu-anon: broken. " in judged
