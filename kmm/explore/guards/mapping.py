# SPDX-License-Identifier: GPL-2.0-only
"""Guards where the new page takes the place of the old one: its lock, and the count of the old."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.guards.before import ANY_COUNT, MIGRATE, NO_COUNT_1, NO_LOCK, memory_is_written
from kmm.explore.guards.worlds import (
    against,
    at,
    buffered,
    cached,
    file_is_written,
    guard,
    isolated,
    looked_up_and_written,
    mapped,
    mm,
    pinned,
    private,
    truncated,
    world,
    written_by_device,
)
from kmm.scenario import World
from kmm.scenario.driver import fault_on_entry

NO_FREEZE = (
    Edit("migrate_page_move_mapping", "not page_freeze_refs(page, expected_count)", "False"),
    Edit("migrate_page_move_mapping", "page_unfreeze_refs(page, expected_count)"),
)

_BOTH_TESTS = "page_count(page) != expected_count or radix_tree_deref_slot(pslot) is not page"


def faults(w: World) -> Callable[[], None]:
    """A page fault that finds a migration entry, if there is one."""
    return lambda: fault_on_entry(mm(w).struct, at(w))


def _in_swap_cache() -> World:
    """An anonymous page that has a slot, and was written to again."""
    w = world(disk=True)
    vma = w.mm("m").mmap(pages=1)
    vma.link(w.anon_vma())
    page = w.page(anon_vma=w["a0"], swap=1, flags=("uptodate",))
    w.map(page, mm(w), at(w), write=True, dirty=True, young=True)
    isolated(w, page)
    return w


GUARDS: tuple[Claim, ...] = (
    guard(
        against("page-lock-new", cached, writer=file_is_written),
        "The new page can be found before it holds anything; what is written then is overwritten.",
        MIGRATE + "move_to_new_page",
        "write(2)",
        Edit("move_to_new_page", "if not trylock_page(newpage):\n    BUG()"),
        Edit("move_to_new_page", "unlock_page(newpage)"),
    ),
    guard(
        against("expected-count-1", pinned(private), device=written_by_device),
        "Somebody who holds a reference goes on using the old page.",
        MIGRATE + "migrate_page_move_mapping",
        "direct I/O",
        NO_COUNT_1,
    ),
    guard(
        against("expected-count-2", pinned(cached), device=written_by_device),
        "Somebody besides the page cache holds a reference, and goes on using the old page.",
        MIGRATE + "migrate_page_move_mapping",
        "direct I/O",
        ANY_COUNT,
    ),
    guard(
        against("expected-count-3", pinned(buffered), device=written_by_device),
        "Somebody besides the page cache and the buffers goes on using the old page.",
        MIGRATE + "migrate_page_move_mapping",
        "direct I/O",
        ANY_COUNT,
        note="References to a buffer (b_count) are none to the page, and are not looked at.",
    ),
    guard(
        against("count-test-before-freeze", cached, lookup=looked_up_and_written),
        "A look at the count saves the attempt to freeze it.",
        MIGRATE + "migrate_page_move_mapping",
        "lookup",
        Edit("migrate_page_move_mapping", _BOTH_TESTS, "radix_tree_deref_slot(pslot) is not page"),
        backed_by=("freeze-not-only-check",),
        and_without=NO_FREEZE,
        note="The freeze itself compares the count.",
    ),
    guard(
        against("slot-still-holds-page", cached, truncate=truncated),
        "The page has left the tree, and its count happens to be right.",
        MIGRATE + "migrate_page_move_mapping",
        "truncate",
        Edit("migrate_page_move_mapping", _BOTH_TESTS, "page_count(page) != expected_count"),
        backed_by=("page-lock-old",),
        and_without=NO_LOCK,
        note="Nobody takes a page out of its tree without the page lock, which is held here; and "
        "without that lock other things break first, with this test or without it.",
    ),
    guard(
        against("freeze-not-only-check", cached, lookup=looked_up_and_written),
        "A lookup finds the old page between the test of its count and the new page in its slot.",
        MIGRATE + "migrate_page_move_mapping",
        "lookup",
        *NO_FREEZE,
    ),
    guard(
        against(
            "get_page_unless_zero-in-migration_entry_wait",
            partial(mapped, debug_vm=False),
            fault=faults,
        ),
        "A reference that is taken while the count is frozen is gone when it is set again.",
        MIGRATE + "migration_entry_wait",
        "page fault",
        Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)"),
        note="With CONFIG_DEBUG_VM get_page would stop the kernel.  A fault that does get its "
        "reference makes the attempt fail, in this version.",
    ),
    guard(
        against("swap-slot-moved", _in_swap_cache, program=memory_is_written),
        "The new page is in the swap cache and does not know it, nor which slot it has.",
        MIGRATE + "migrate_page_move_mapping",
        "a program that writes",
        Edit(
            "migrate_page_move_mapping",
            "if PageSwapCache(page):\n"
            "    SetPageSwapCache(newpage)\n"
            "    set_page_private(newpage, page_private(page))",
        ),
        note="Its ptes hold swap entries meanwhile, which nobody has to bring back.",
    ),
)
