# SPDX-License-Identifier: GPL-2.0-only
"""Write: migrate_page_move_mapping, first as it is, then in a way that saves two steps."""

from __future__ import annotations

from kmm.learn.given.counts import found, slot_taken, slots, worlds
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Calls, Conforms, Explored, Keeps
from kmm.learn.checks.values import Table
from kmm.learn.checks.worlds import Alike, Leaves

FUNCTION = "migrate_page_move_mapping"

#: With a mapping and without, with buffers, in the swap cache, with a reference too many.
SCENARIOS = ("anon-simple", "file-clean", "file-buffers", "swap-cache", "pinned-for-ever")

#: What is said to a mistake, whichever of the two it is made in.
SLIPS = (
    Slip(
        "lacks get_page", "The new page is in the cache without the reference that the cache has."
    ),
    Slip(
        "lacks page_freeze_refs",
        "The count is only looked at. Between the look and the new page in its slot somebody can "
        "take a reference: only a frozen count keeps everybody away.",
    ),
    Slip(
        "lacks PagePrivate",
        "The buffers of a page hold one reference more, and PG_private tells of them.",
    ),
    Slip(
        "lacks radix_tree_deref_slot",
        "Does the slot still hold `page`? If not, the place that you want to give away is "
        "another's.",
    ),
    Slip(
        "lacks page_unfreeze_refs",
        "The old page's count stays frozen: nobody can ever take or drop a reference again.",
    ),
    Slip(
        "lacks spin_unlock_irq",
        "A way out of the function leaves the tree_lock held; look at each return.",
    ),
    Slip(
        "lacks set_page_private",
        "A page in the swap cache keeps its slot in page->private, which the new page needs too.",
    ),
    Slip(
        "lacks __inc_zone_page_state",
        "The new page is in another zone: NR_FILE_PAGES goes down here and up there.",
    ),
    Slip(
        "page_unfreeze_refs before radix_tree_replace_slot",
        "The count is thawed before the slot has the new page: a lookup can still get the old one.",
    ),
    Slip(
        "stops in get_page",
        "A count has fallen to 0 though somebody still holds the page: it was thawed to too low a "
        "number, or the page did not get a reference that it should have.",
    ),
    Slip(
        "lacks page_count",
        "Without a mapping nothing can be frozen, and the count has to be looked at.",
    ),
)

EXERCISE = Exercise(
    "e03",
    "Write migrate_page_move_mapping",
    parameters={"processes": (2, 1, 3), "buffers": (4, 2, 3), "pins": (1, 2)},
    problems=(
        Problem(
            "q0",
            "what page_count() tells the function of each of four pages",
            (Table(found, label="the four counts"),),
            slips=(
                Slip(
                    lambda p: f"anonymous is {p.processes + 1}",
                    "The ptes have become migration entries by then, and those hold nothing.",
                ),
                Slip(
                    "anonymous is 0",
                    "A page without any reference is free. Who has isolated it holds one.",
                ),
                Slip(
                    "anonymous is 2",
                    "This page has no mapping: no cache holds it, only who has isolated it.",
                ),
                Slip(
                    "of a file is 1",
                    "The page cache holds a reference of its own, mapped or not.",
                ),
                Slip(
                    lambda p: f"with buffers is {p.buffers + 2}",
                    "All buffers of a page hold one reference together. PG_private tells of it.",
                ),
                Slip(
                    "with buffers is 2",
                    "The buffers hold a reference too, besides the cache and the isolator.",
                ),
                Slip(
                    "pinned is 3",
                    "Three is what the function expects. What it finds has the pins too.",
                ),
            ),
            hints=(
                "When the function runs, no pte maps the page any more. Who is left?",
                "In order: who has isolated it, the page cache, all buffers together, the pins.",
            ),
            why="1, 2 or 3 are expected, and each has an owner. The fourth page has one reference "
            "too many, so your function has to refuse it.",
        ),
        Problem(
            "q1",
            "migrate_page_move_mapping(mapping, newpage, page), as the model has it",
            (
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in five scenarios"),
                Keeps(FUNCTION, SCENARIOS[:4], label="every reference is accounted for"),
                Explored(FUNCTION, "expected-count-2", label="a pin is respected"),
                Explored(FUNCTION, "freeze-not-only-check", label="a lookup comes to no harm"),
                Alike(FUNCTION, worlds, label="the model's steps in worlds of your numbers"),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "lacks __put_page",
                    "The cache's reference on the old page has to go, by __put_page(); else the "
                    "page leaks.",
                ),
                Slip(
                    "adds put_page",
                    "put_page() also looks whether the page is to be freed. Here it never is: "
                    "whoever isolated it still has a reference.",
                ),
            ),
            hints=(
                "Expected: 1 without a mapping, 2 with one (isolator, cache), 3 with PG_private.",
                (
                    "In order: lock the tree, find the slot, compare, freeze, get_page(newpage), "
                    "replace the slot, thaw, drop the cache's reference, count the zones, unlock."
                ),
            ),
            why="Between freezing and thawing nobody gets hold of the page: its count is zero.",
        ),
        Problem(
            "q2",
            "a variant without the first look at the count, and without __put_page",
            (
                Conforms(FUNCTION, SCENARIOS, order=False, label="the same end in five scenarios"),
                Calls(
                    FUNCTION,
                    "file-clean",
                    always=(
                        *("page_freeze_refs", "page_unfreeze_refs"),
                        *("radix_tree_deref_slot", "radix_tree_replace_slot"),
                    ),
                    never=("page_count", "__put_page", "put_page_testzero"),
                    label="two steps are saved",
                ),
                Explored(FUNCTION, "expected-count-2", label="a pin is respected"),
                Explored(FUNCTION, "freeze-not-only-check", label="a lookup comes to no harm"),
                Leaves(FUNCTION, slots, slot_taken, (), label="only the page's own slot is taken"),
            ),
            slips=(
                *(slip for slip in SLIPS if slip.sign != "lacks page_count"),
                Slip(
                    "makes page_count",
                    "page_freeze_refs() compares the count itself: no look before it is needed.",
                ),
                Slip(
                    "makes __put_page",
                    "The count is about to be set again: it can be set to one less.",
                ),
                Slip(
                    "makes put_page_testzero",
                    "This still drops the cache's reference in a step of its own.",
                ),
                Slip(
                    "ends with another _count",
                    "The old page has another count than it should. Who holds it still, when the "
                    "cache does not? page_unfreeze_refs() sets the count.",
                ),
                Slip(
                    "another's slot",
                    "The look at the count can go, the look at the slot cannot: nothing else "
                    "compares it.",
                ),
                Slip(
                    "stays frozen",
                    "You ask about the slot when the count is frozen already. Ask before, or thaw "
                    "it on this way out too.",
                ),
            ),
            hints=(
                "What does page_freeze_refs(page, count) return if the count is another?",
                "page_unfreeze_refs(page, count) sets the count. Which count is right afterwards?",
            ),
            why="The freeze is a compare-and-exchange, and who thaws may choose the new count. "
            "Later kernels do both halves.",
        ),
    ),
)
