# SPDX-License-Identifier: GPL-2.0-only
"""Write: migrate_page_copy, first as it is, then in an order that keeps two rules at every step."""

from __future__ import annotations

from kmm.learn.given.copies import FLAGS, kept, rules_broken, worlds
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Conforms, Explored, Keeps
from kmm.learn.checks.values import Table
from kmm.learn.checks.worlds import Alike, Leaves

FUNCTION = "migrate_page_copy"

#: Active and referenced, mlocked, dirty, in the swap cache, with a read error, awaited already.
SCENARIOS = (
    "anon-active-referenced",
    "anon-mlocked",
    "file-dirty-migrate-page",
    "swap-cache",
    "read-error",
    "new-page-under-writeback",
)

#: What is said to a mistake, whichever of the two functions it is made in.
SLIPS = (
    Slip(
        "lacks copy_highpage",
        "The new page has the flags of the old one, and not its contents.",
    ),
    Slip(
        "lacks SetPageUptodate",
        "The new page holds what the old one held, and nobody believes it: the next who wants it "
        "reads it from the disk again, over what has not been written yet.",
    ),
    Slip(
        "lacks clear_page_dirty_for_io",
        "The old page stays dirty. It will be freed, and its zone counts it as dirty for ever.",
    ),
    Slip(
        "lacks TestClearPageActive",
        "Active moves: the old page loses the flag in the same step in which it is tested.",
    ),
    Slip(
        "broken: dirtiness",
        "What is on the page is not on the disk, and nothing says that it has to be written.",
    ),
    Slip(
        "broken: buffers",
        "set_page_dirty() says that all of the page is dirty, and makes every buffer so. Only "
        "__set_page_dirty_nobuffers() leaves them as they are.",
    ),
    Slip(
        "adds SetPageDirty",
        "A bare flag is not enough: dirty pages are counted (NR_FILE_DIRTY), and "
        "__set_page_dirty_nobuffers() does that too.",
    ),
    Slip(
        "lacks ClearPageSwapCache",
        "The old page has left the swap cache and still says that it is there.",
    ),
    Slip(
        "lacks assign",
        "The old page still says that it belongs to a file, whose cache has the new one by now.",
    ),
    Slip(
        "assign before PageAnon",
        "PageAnon() looks at page.mapping, and you ask when it is gone: every page seems to be of "
        "a file then.",
    ),
    Slip(
        "adds mem_cgroup_uncharge_cache_page",
        "Only a page that was in the cache is uncharged here. An anonymous one is not.",
    ),
    Slip(
        "lacks mlock_migrate_page",
        "A page that must stay in memory (mlocked) is not so any more when it has moved.",
    ),
    Slip(
        "adds unevictable_migrate_page",
        "An active page cannot be unevictable: only one that was not active is asked.",
    ),
    Slip(
        "lacks set_page_private",
        "page->private of the old page still points to what has left it.",
    ),
    Slip(
        "ends with another NR_FILE_DIRTY",
        "clear_page_dirty_for_io() counts one dirty page less, but only for a page that has its "
        "mapping still. Afterwards nobody can.",
    ),
    Slip(
        "lacks PageWriteback",
        "The end is missing, or not reached: who waits for a write of the new page is not woken.",
    ),
    Slip(
        "lacks mem_cgroup_uncharge_cache_page",
        "A page that has left the page cache is no longer charged for it. Ask PageAnon() before "
        "page.mapping is gone: it is kept there.",
    ),
)

EXERCISE = Exercise(
    "e08",
    "Write migrate_page_copy",
    parameters={"flags": FLAGS, "buffers": (2, 1, 4)},
    problems=(
        Problem(
            "q1",
            "which flags the old page still has when everything has been copied",
            (Table(kept, label="the five flags of p0"),),
            slips=(
                Slip(
                    "active is 1",
                    "Active is tested and cleared in one step: the flag moves.",
                ),
                Slip(
                    "dirty is 1",
                    "Two dirty pages for one piece of data would be counted twice. The old page is "
                    "made clean.",
                ),
                Slip(
                    "uptodate is 0",
                    "This flag is copied, not moved: nobody will look at the old page again.",
                ),
                Slip(
                    "referenced is 0",
                    "Only the new page gets something here; the old one keeps what it had.",
                ),
                Slip(
                    "referenced is 1",
                    "This page was not referenced to begin with: look at p.flags.",
                ),
                Slip(
                    "mappedtodisk is 0",
                    "Copied, not moved: PG_mappedtodisk of the old page is just left there.",
                ),
                Slip(
                    "mappedtodisk is 1",
                    "This page did not have the flag to begin with: look at p.flags.",
                ),
            ),
            hints=(
                "Two kinds of flags: those that are only read on the old page, and those that are "
                "taken from it because somebody counts them or keeps lists by them.",
                'The lists and the counters: who is active? who is dirty? `run.trace.history("p0.'
                'PG_active")` shows what became of one.',
            ),
            why="What is counted or sorted by moves (active, unevictable, mlocked, dirty). The "
            "rest is copied, and what is left on the old page goes when it is freed.",
        ),
        Problem(
            "q2",
            "migrate_page_copy(newpage, page), as the model has it",
            (
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in six scenarios"),
                Alike(FUNCTION, worlds, label="the model's steps in worlds of your numbers"),
                Keeps(FUNCTION, SCENARIOS[:4], label="what must hold holds at the end"),
                Explored(FUNCTION, "dirty-flag-moved", label="write(2) at the same time is kept"),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "SetPageUptodate before copy_highpage",
                    "Uptodate says: the contents are here. They are not yet.",
                ),
            ),
            hints=(
                "Contents first. Then flag by flag: error, referenced, uptodate, active or else "
                "unevictable, checked, mappedtodisk, dirty, mlocked.",
                "Dirty takes two calls: clear_page_dirty_for_io(page), then "
                "__set_page_dirty_nobuffers(newpage).",
                "At the end the old page leaves: swap cache, private flag, page->private, "
                "page->mapping (look at PageAnon before), the charge of a page that was cached; "
                "and who waits for the writeback of newpage is woken.",
            ),
            why="The old page must not look like a page of the file any more: whoever frees it "
            "would complain, and whoever finds it through an old pointer would believe it.",
        ),
        Problem(
            "q3",
            "a variant that keeps two rules at every step",
            (
                Leaves(FUNCTION, worlds, rules_broken, label="both rules, in six worlds"),
                Alike(
                    FUNCTION, worlds, order=False, label="the same end in worlds of your numbers"
                ),
                Conforms(FUNCTION, SCENARIOS, order=False, label="the same end in six scenarios"),
                Explored(FUNCTION, "nobuffers-dirty", label="only what was written to is dirty"),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "nowhere dirty",
                    "Between the two steps the data is dirty nowhere. Who looks just then finds "
                    "nothing to write. Which of the two steps can come first?",
                ),
                Slip(
                    "empty and uptodate",
                    "Who reads without the page lock trusts PG_uptodate, and gets what happens to "
                    "be in the new frame.",
                ),
                Slip(
                    "not dirty yet",
                    "Whoever finds the page uptodate may use it at once, and finds it clean, "
                    "though it must be written.",
                ),
                Slip(
                    "incomplete",
                    "PG_uptodate is the sign that the page is ready. It has to be the last flag "
                    "that the new page gets, after all that the other calls set, too.",
                ),
            ),
            hints=(
                "Nothing forbids that both pages are dirty for a moment. Nobody counts wrongly for "
                "long: each has its own zone.",
                "Three calls set flags of the new page besides those that begin with SetPage: for "
                "unevictable, for mlocked, and for dirty.",
            ),
            why="Later kernels close the first gap further up: since 4.4 (42cb14b110a5) the dirty "
            "flag moves while the count of the old page is frozen, before the new page can be "
            "found. That commit is also the recorded fix of CVE-2016-3070.",
        ),
    ),
)
