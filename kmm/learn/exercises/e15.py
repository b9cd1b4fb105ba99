# SPDX-License-Identifier: GPL-2.0-only
"""Be the kernel: the moves of one page's migration, chosen one after another."""

from __future__ import annotations

from kmm.learn.bekernel.kernel import Kernel
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.bekernel.play import Setting
from kmm.learn.checks.sequences import Moves, Plays
from kmm.learn.checks.values import Value


def begun(p: Parameters) -> Kernel:
    """A file's page of which one pte has been unmapped: the beginning that the notebook shows."""
    k = Kernel(Setting("file", p.mappers, p.node))
    k.do("isolate_lru_page p0")
    k.do("alloc_pages_node", p.node)
    k.do("trylock_page p0")
    k.do("try_to_unmap_one p0", k.vmas[0])
    return k


def count(p: Parameters) -> int:
    """p0._count then."""
    found: int = begun(p).do("page_count p0")
    return found


#: What is said to a mistake, beside the reason why that move does harm.
SLIPS = (
    Slip(
        "not frozen",
        "A look at the count is not enough where a lookup needs no lock: that is why the count is "
        "frozen since 2.6.27 (commit e286781d5f2).",
    ),
    Slip(
        "still mapped",
        "page_freeze_refs() gives 0 if the count is another: look at what it gave you.",
    ),
    Slip(
        "frozen while mapped",
        "Do not try numbers until one fits. The number is what you expect, and a pte is not in it.",
    ),
    Slip(
        "froze a foreign reference",
        "The freeze asks whether anybody else is there. Whoever fits the number to the count does "
        "not ask.",
    ),
    Slip(
        "copied without a look",
        "Without a cache there is nothing to freeze, but the count has to be looked at.",
    ),
    Slip(
        "copied before the slot",
        "First whatever can fail, then the copy: after it nothing can be put back.",
    ),
    Slip(
        "no reference",
        "The ptes' references go away when you unmap. What keeps the page then is your own.",
    ),
    Slip(
        "unlocked with entries",
        "remove_migration_pte makes a pte of each entry: of which page, says its last argument.",
    ),
    Slip(
        "impossible",
        "k.moves lists what can be done in a state; make the moves with kmm.kernel() to see it.",
    ),
    Slip(
        "broken: warnings",
        "A page that is freed must say of no mapping that it belongs there.",
    ),
)

ORDER = "In this order: get hold of the page, lock it, unmap it, make sure of it, copy, map, let go."

EXERCISE = Exercise(
    "e15",
    "Be the kernel",
    parameters={"mappers": (2, 3), "node": (1, 2), "held": ("file", "anon")},
    problems=(
        Problem(
            "q1",
            "page_count(p0) after the four moves that are shown",
            (Value(count, label="page_count(p0)"),),
            slips=(
                Slip(
                    lambda p: p.mappers + 2,
                    "One pte has become a migration entry, which holds no reference.",
                ),
                Slip(
                    lambda p: p.mappers,
                    "One is missing: the cache's, or your own from isolate_lru_page().",
                ),
                Slip(
                    lambda p: p.mappers - 1,
                    "You have counted the ptes that are left. The cache and you hold the page too.",
                ),
            ),
            hints=(
                "Who holds the page: the ptes that are left, the cache, and who has isolated it.",
                'k.do("page_count p0") is a move too: it only looks.',
            ),
            why="The ptes that are left, the cache's reference, and yours.",
        ),
        Problem(
            "q2",
            "the moves for an anonymous page that one process maps",
            (Moves(lambda p: Setting("anon", 1, p.node)),),
            slips=SLIPS,
            hints=(
                ORDER,
                "Each thing that you take has to be given back: two locks, two references.",
                "An anonymous page is in no cache: page_count() must give 1 once no pte maps it.",
            ),
            why="13 moves do it. Some may change places, and none may be missing.",
        ),
        Problem(
            "q3",
            "the moves for a page of a file that several processes map",
            (Moves(lambda p: Setting("file", p.mappers, p.node)),),
            slips=SLIPS,
            hints=(
                "As before; but the cache has the page too, and lookups find it there at any time.",
                "Under tree_lock: freeze, exchange the slot, thaw. The cache's reference on p0 "
                "goes, and n0 gets one.",
                "When no pte maps p0, its references are the cache's and yours: 2.",
            ),
            why="Between the freeze and the thaw nobody gets hold of p0, so the slot can be "
            "exchanged. What comes after that cannot fail.",
        ),
        Problem(
            "q4",
            "the moves for a page that somebody else holds: try, then put everything back",
            (Moves(lambda p: Setting(p.held, p.mappers, p.node, 1)),),
            slips=(
                *SLIPS,
                Slip(
                    "not tried",
                    "From the picture you know that it is held; the kernel knows it only when it "
                    "has unmapped the page and looked.",
                ),
                Slip("moved", "Who holds p0 goes on using it, and nobody else sees what he does."),
            ),
            hints=(
                "Begin as if it could be moved. What tells you that somebody holds the page?",
                "The ptes get p0 back: remove_migration_pte with p0 twice is the undo.",
                "n0 goes the way of every page that nobody needs: it says that it belongs "
                "nowhere, is unlocked, and put back.",
            ),
            why="-EAGAIN: nothing has changed, and migrate_pages() may try again.",
        ),
        Problem(
            "q5",
            "a function mine(k) that makes the moves for any page",
            (
                Plays(
                    lambda p: (Setting("anon", 1, p.node), Setting("anon", p.mappers, p.node)),
                    label="anonymous pages",
                    points=1,
                ),
                Plays(
                    lambda p: (Setting("file", 1, p.node), Setting("file", p.mappers, 2)),
                    label="pages of a file",
                    points=1,
                ),
                Plays(
                    lambda p: (Setting("swap cache", 1, p.node),),
                    label="a page in the swap cache",
                    points=1,
                ),
                Plays(
                    lambda p: (Setting("file", p.mappers, 1, 1),),
                    label="a page that somebody else holds",
                    points=1,
                ),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "impossible",
                    "Not every page has the same moves: k.kind, k.vmas and k.tree_lock say what "
                    "there is, and k.moves what can be done.",
                ),
                Slip(
                    "n0 without PG_swapcache",
                    "In the swap cache the page itself says under which slot: SetPageSwapCache n0.",
                ),
                Slip("wrong node", "k.node is the node that the page should go to."),
            ),
            hints=(
                "k.do() gives what the function gives back: page_freeze_refs() 0 if it was refused.",
                "A page in the swap cache leaves swap entries in its ptes, which need no undo: ask "
                "k.moves whether there is anything to remove.",
                "Whether it worked decides only two things: is anything copied, and which page do "
                "the ptes get.",
            ),
            why="That is unmap_and_move(): one function for every page, and one way back.",
        ),
    ),
)
