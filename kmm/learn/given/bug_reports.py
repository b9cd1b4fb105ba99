# SPDX-License-Identifier: GPL-2.0-only
"""Bug reports of exercise e06: what somebody saw, and what was behind it.

The bugs happened; they stand here in plain sight, and reading on spoils the search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.edit import Edit
from kmm.learn.checks.reports import Report
from kmm.scenario import Run

FREE_BUFFERS = "if not PageAnon(page) and PagePrivate(page):\n    try_to_free_buffers(page)"


def pages(run: Run, model: Run) -> list[tuple[Any, Any]]:
    """The pages that both runs end with, each as its two states."""
    ends = [one.trace.state(len(one.trace)) for one in (run, model)]
    names = [name for name in ends[0].of_type("Page") if name in ends[1]]
    return [(ends[0][name], ends[1][name]) for name in names]


def stops(text: str) -> Callable[[Run, Run], bool]:
    """The kernel stops, and says so; the model goes on."""
    return lambda run, model: text in (run.bug or "") and model.bug is None


def not_dirty(run: Run, model: Run) -> bool:
    """A page is clean that should be dirty, though all else has gone well."""
    if run.bug or run.rc != model.rc:
        return False
    return any(mine["PG_dirty"] < right["PG_dirty"] for mine, right in pages(run, model))


def may_write(run: Run, model: Run) -> bool:
    """A pte may write to a page that the model's may only read."""
    ends = [one.trace.state(len(one.trace)) for one in (run, model)]
    for table in ends[1].of_type("PageTable"):
        for address, pte in ends[1][table].items():
            mine = ends[0][table].get(address) if table in ends[0] else None
            if mine is not None and mine.page and mine.write and not pte.write and pte.page:
                return True
    return False


def stays(run: Run, model: Run) -> bool:
    """A page is left where it is that is freed or moved in the model."""
    return run.bug is None and model.rc == 0 and bool(run.rc)


def miscounted(run: Run, model: Run) -> bool:
    """A node counts other pages in caches than it has."""
    ends = [one.trace.state(len(one.trace)) for one in (run, model)]
    field = "NR_FILE_PAGES"
    return any(ends[0][n][field] != ends[1][n][field] for n in ("node[0]", "node[1]"))


def lost_to_the_lru(run: Run, model: Run) -> bool:
    """A page is on its isolator's list still, when the isolator has gone."""

    def kept(one: Run) -> int:
        end = len(one.trace)
        names = one.trace.state(end).of_type("Page")
        return sum(h.kind == "isolator" for name in names for h in one.trace.holders(name, end))

    return run.bug is None and kept(run) > kept(model)


FIRST = (
    Report(
        "sleeping",
        "Since last week's kernel our test machine stops, now and then, when files' pages are "
        "moved. Anonymous memory has never done it. The console says:\n"
        "    sleeping function called inside rcu_read_lock",
        "unmap_and_move",
        ("PageAnon", "rcu-anon"),
        "file-buffers",
        stops("sleeping function called inside rcu_read_lock"),
        (Edit("unmap_and_move", "PageAnon(page)", "True", nth=0),),
        "For a few weeks every migration held rcu_read_lock; 989f89c57e6 (2.6.23-rc5) takes it "
        "for anonymous pages only, since moving a page of a file may sleep.",
    ),
    Report(
        "count 0",
        "A program uses its memory-mapped file while we move it to another node. With "
        "CONFIG_DEBUG_VM the machine stops, not often:\n"
        "    VM_BUG_ON(count == 0) in get_page\n"
        "Without CONFIG_DEBUG_VM a page is freed that is still in use.",
        "migration_entry_wait",
        ("get_page_unless_zero", "get_page_unless_zero-in-migration_entry_wait"),
        "entry-wait-frozen",
        stops("VM_BUG_ON(count == 0) in get_page"),
        (Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)"),),
        "When counts began to be frozen, in e286781d5f2 (2.6.27-rc1), who waits for a migration "
        "could meet a count of 0, and had to ask first.",
    ),
)

SECOND = (
    Report(
        "lost",
        "A program writes to its memory; its pages are moved to another node; memory gets tight "
        "later. Some of what was written before the move is gone. Nothing in the log: pages that "
        "were written to are thrown away as if they were clean.",
        "try_to_unmap_one",
        ("set_page_dirty", "dirty", "pteval.dirty"),
        "file-dirty-migrate-page",
        not_dirty,
        (Edit("try_to_unmap_one", "if pteval.dirty:\n    set_page_dirty(page)"),),
        "Whether a page was written to may stand in its ptes alone. 4c28f81193b (2.6.17-rc4) mends "
        "the same harm, made in another way: the page was asked before its ptes were taken away.",
    ),
    Report(
        "shared",
        "A process forks. Both read a buffer that neither has written to since; its page is moved. "
        "Then the child writes to the buffer, and the parent reads what the child has written. "
        "Memory that is private is not private any more.",
        "remove_migration_pte",
        ("is_write_migration_entry", "write-bit-only-then", "is_write"),
        "anon-shared",
        may_write,
        (Edit("remove_migration_pte", "is_write_migration_entry(entry)", "True"),),
        "The same harm came from fork while the code was being written: it made an entry anew and "
        "gave its type, 30, for whether it may write, which counts as yes. The commit 0697212a411 "
        "(2.6.18-rc1) tells the story.",
    ),
)

THIRD = (
    Report(
        "stays",
        "We take memory out of a running machine: all pages of a node are moved away, again and "
        "again until none is left. It never ends. What is left are pages of files that were "
        "truncated long ago. Nobody maps them, no file has them, and yet migrate_pages() says "
        "that they could not be moved.",
        "unmap_and_move",
        ("try_to_free_buffers",),
        "orphaned-with-buffers",
        stays,
        (Edit("unmap_and_move", FREE_BUFFERS),),
        "A page that truncate has left because its buffers were busy was refused for ever, and "
        "memory could not be taken out; 62e1c55300f (2.6.25-rc1) drops the buffers instead.",
    ),
    Report(
        "zones",
        "After a day of moving jobs between nodes /proc/zoneinfo makes no sense: one node has more "
        "nr_file_pages than it has pages, and the other has a negative number of them. Nothing "
        "stops, no data is lost.",
        "migrate_page_move_mapping",
        ("__dec_zone_page_state", "__inc_zone_page_state"),
        "file-clean",
        miscounted,
        (
            Edit("migrate_page_move_mapping", "__dec_zone_page_state(page, NR_FILE_PAGES)"),
            Edit("migrate_page_move_mapping", "__inc_zone_page_state(newpage, NR_FILE_PAGES)"),
        ),
        "So it was until 0e8c7d0fd5b (2.6.21): NR_FILE_PAGES stayed with the old zone.",
    ),
    Report(
        "once",
        "A page that is pinned cannot be moved, and we do not mind: the pin goes, and we try "
        "again. But a page that has failed once can never be moved any more, nor is it ever "
        "reclaimed: isolate_lru_page() says -EBUSY for it, days later.",
        "migrate_pages",
        ("putback_lru_pages",),
        "pinned-for-ever",
        lost_to_the_lru,
        (Edit("migrate_pages", "putback_lru_pages(from_)"),),
        "When the duty to put pages back moved to the callers, in cf608ac19c9 (2.6.37-rc1), one "
        "of them forgot; 57fc4a5ee32 (2.6.38-rc4) mends another page that stayed on the list.",
    ),
)
