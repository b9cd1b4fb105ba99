# SPDX-License-Identifier: GPL-2.0-only
"""Choose what to isolate: which pages of a node to migrate, so that it costs little and helps."""

from __future__ import annotations

import random

from kmm.learn.checks.choices import Choice, Stuck, allowed, cheapest, frees, frees_most, tried
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.given.situation import Situation

#: Pages that free a frame at the first attempt.
EASY = ("plain", "shared", "file", "swap cache", "buffers", "dirty, migratepage")


def mixed(number: int, *kinds: str, easy: int) -> tuple[str, ...]:
    """The kinds and so many easy ones, in an order that the number decides."""
    draw = random.Random(f"e16 {number}")
    pages = [*kinds, *draw.sample(EASY, easy)]
    draw.shuffle(pages)
    return tuple(pages)


def shown(p: Parameters) -> Situation:
    """The pages of q1 and q2."""
    kinds = ("pagevec", "mlocked", "dirty, writepage", "locked", "pinned", "elsewhere")
    stuck = ("just read", "dirty, no writepage")
    return tried(Situation(mixed(p.shelf, *kinds, *stuck, easy=2), want=5, most=5))


def tight(p: Parameters) -> Situation:
    """The pages of q3: node 1 is nearly full."""
    kinds = ("dirty, writepage", "locked", "writeback", "pinned", "not movable", "just read")
    pages = mixed(p.shelf + 1, *kinds, "mlocked", easy=2)
    return tried(Situation(pages, most=9, room=p.room))


def several(p: Parameters) -> tuple[Situation, ...]:
    """The worlds in which a function is tried."""
    kinds = ("pagevec", "dirty, writepage", "locked", "pinned", "pinned file", "elsewhere")
    more = ("just read", "dirty, no writepage")
    return (
        tried(Situation(mixed(p.shelf, *kinds, easy=3), want=5, most=5)),
        tried(Situation(mixed(p.shelf + 1, *kinds, *more, easy=2), want=4, most=6)),
        tried(Situation(mixed(p.shelf + 2, "mlocked", "on no list", *more, easy=2), want=2, most=2)),
    )


#: What is said to a choice, besides what became of the page.
SLIPS = (
    Slip(
        "chose pinned",
        "Count who holds a page: its ptes, and the cache. If the count is more, somebody else does.",
    ),
    Slip(
        "chose just read",
        "A page without a mapping is left alone: there is nothing to find its ptes by.",
    ),
    Slip(
        "chose elsewhere",
        "Look at the node: only frames of node 0 are wanted.",
    ),
    Slip(
        "too many",
        "What has been isolated is on no LRU list: reclaim cannot find it meanwhile. So one does "
        "not take everything.",
    ),
    Slip(
        "ENOMEM",
        "-ENOMEM ends the whole call, whatever is still on the list. Leave out what is tried often.",
    ),
    Slip(
        "all useful",
        "Nothing was chosen in vain, but it does not suffice. Some pages move only after a while: "
        "which of them cost least?",
    ),
    Slip("of another kind", "Give the names of the pages: ['p0', 'p3']."),
)

EXERCISE = Exercise(
    "e16",
    "Choose what to isolate",
    parameters={"shelf": tuple(range(0, 40, 3)), "room": (6, 5, 9)},
    problems=(
        Problem(
            "q1",
            "the names of the pages that do not move, however often it is tried",
            (Stuck(shown),),
            slips=(
                Slip(
                    "lists pagevec",
                    "migrate_prep() comes before everything else: what does it do with pagevecs?",
                ),
                Slip("lists mlocked", "mlock() is a promise about swapping, not about the place."),
                Slip("lists locked", "Look at `force` in unmap_and_move(): it is set from pass 3 on."),
                Slip("lists dirty, writepage", "writeout() gives -EAGAIN, which is no refusal."),
                Slip("lists elsewhere", "It is about moving here, not about which node gains."),
                Slip("lacks pinned", "Compare the count with the ptes and the cache's reference."),
                Slip("lacks just read", "Whoever has no mapping is sent away in unmap_and_move()."),
                Slip(
                    "lacks dirty, no writepage",
                    "Without migratepage a page must be clean. Who could clean it?",
                ),
            ),
            hints=(
                "For each page: is it on a list? Is its count its ptes, the cache, its buffers?",
                "Somebody who holds a lock, or writes, will be done one day: migrate_pages() waits "
                "for them from the fourth pass on.",
                "What does fallback_migrate_page() do with a dirty page?",
            ),
            why="What will pass is waited for; what will not pass is tried ten times, or refused "
            "at once.",
        ),
        Problem(
            "q2",
            "the pages to isolate: enough frames of node 0, in as few attempts as can be",
            (
                Choice(allowed, lambda p: (shown(p),), label="not too many at once", points=0),
                Choice(frees, lambda p: (shown(p),), label="the frames that node 0 gains"),
                Choice(cheapest, lambda p: (shown(p),), label="the attempts", points=2),
            ),
            slips=SLIPS,
            hints=(
                "How many attempts does each page take alone? One, two, four or ten.",
                "s.run([...]) does it, and tells what each page took.",
                "A page that was moved and was not on node 0 has helped nobody.",
            ),
            why="An attempt is work for all CPUs: ptes are cleared, TLBs flushed, and faults wait.",
        ),
        Problem(
            "q3",
            "the pages to isolate, in order, for as many frames as one call can free",
            (Choice(frees_most, lambda p: (tight(p),), label="the frames gained", points=2),),
            slips=SLIPS,
            hints=(
                "Each attempt allocates a frame of node 1 first. What becomes of it if it fails?",
                "putback_lru_page(newpage) puts it into a pagevec, so it is not free yet.",
                "So a page needs as many frames as it takes attempts. How many have you got?",
            ),
            why="A page that is tried four times needs four frames for a while: on a node that is "
            "nearly full it takes the place of three others.",
        ),
        Problem(
            "q4",
            "a function choose(pages, want, most) that does so for any pages",
            (
                Choice(allowed, several, True, label="not too many at once", points=0),
                Choice(frees, several, True, label="the frames that node 0 gains"),
                Choice(cheapest, several, True, label="the attempts", points=2),
            ),
            slips=SLIPS,
            hints=(
                "Give each page a price, None if it is of no use, and take the cheapest.",
                "page.count should be page.maps, one for the cache, one for buffers, and one for a "
                "pagevec if it waits in one.",
                "Waiting comes first: three attempts more. Writing comes on top: one more.",
            ),
            why="What you have written looks at a page and says what it will cost. It may be wrong a "
            "moment later: the kernel's own guards must hold whatever was chosen.",
        ),
    ),
)
