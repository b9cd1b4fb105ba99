# SPDX-License-Identifier: GPL-2.0-only
"""Write: unmap_and_move, first as it is, then for callers that say how long they will wait."""

from __future__ import annotations

from collections.abc import Callable

from kmm.learn.checks.functions import Conforms
from kmm.learn.checks.situations import Behaves
from kmm.learn.checks.values import Table
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.given.attempt_demands import FUNCTION, LEVELS, PLAIN, STATUS, TRUNCATE
from kmm.learn.given.attempt_demands import RETURNED as RETURNED
from kmm.learn.given.one_attempt import (
    SOUND,
    at_peace,
    attempted,
    being_written,
    full,
    locked,
    nobody_else,
    pinned,
)
from kmm.learn.parameters import Parameters
from kmm.scenario import World

#: At peace, busy, gone, without a mapping, without memory; the last hands a status back.
SCENARIOS = (
    "anon-simple",
    "file-clean",
    "locked-until-pass-3",
    "writeback-waits",
    "freed-under-us",
    "orphaned-with-buffers",
    "no-memory",
    "memcg-enomem",
    "nonlinear",
    "fail-migrate-page",
    "move-ok",
)


#: The worlds of the first problem by what is asked.
WORLDS: dict[str, Callable[[Parameters], World]] = {
    "at peace": at_peace,
    "locked": locked,
    "being written": being_written,
    "pinned": pinned,
    "nobody else": nobody_else,
    "node 1 is full": full,
}


def codes(p: Parameters) -> dict[str, int]:
    """What one attempt returns in each world."""
    return {name: attempted(build, p.force, p).rc for name, build in WORLDS.items()}


def counts(p: Parameters) -> dict[str, int]:
    """The count of the old page after it."""
    runs = {name: attempted(build, p.force, p) for name, build in WORLDS.items()}
    return {name: run.world["p0"]._count for name, run in runs.items()}


EXERCISE = Exercise(
    "e10",
    "Write unmap_and_move",
    parameters={"force": (0, 1), "pins": (2, 3, 4), "lock": (1, 2), "disk": (2, 3)},
    problems=(
        Problem(
            "q1",
            "what one attempt returns, in six worlds",
            (Table(codes, label="the codes"),),
            slips=(
                Slip(
                    "nobody else is -11",
                    "A page that only the isolator holds has nothing left to move. That counts as "
                    "success.",
                ),
                Slip(
                    "node 1 is full is -11",
                    "Nothing was busy. There was no frame for the new page, and that has an error "
                    "of its own, which ends the whole call.",
                ),
                Slip(
                    "pinned is 0",
                    "Nobody can wait for a count to fall, whatever force says. The page stays.",
                ),
                Slip(
                    lambda p: "locked is -11" if p.force else "locked is 0",
                    "force decides here: 0 only tries, 1 waits for the lock and for the disk.",
                ),
                Slip(
                    lambda p: "being written is -11" if p.force else "being written is 0",
                    "For the disk it is as for the lock: force decides whether it is waited for.",
                ),
                Slip("locked is -16", "The code that says try again is not -EBUSY here."),
                Slip(
                    "nobody else is -2",
                    "That there is no page any more is no error: there is nothing left to move.",
                ),
                Slip("at peace is 1", "It returns a code, and does not count pages."),
                Slip("pinned is 11", "Errors are returned as negative numbers."),
            ),
            hints=(
                "Go through unmap_and_move() from the top, and stop at the first goto.",
                "trylock_page() fails, or PageWriteback() is true: what does force change there?",
            ),
            why="-EAGAIN is for what may be gone next time. A page that is gone already is a "
            "success, and a node without a frame ends everything.",
        ),
        Problem(
            "q2",
            "page_count() of the old page after that attempt",
            (Table(counts, label="the counts"),),
            slips=(
                Slip(
                    "at peace is 0",
                    "The page that has moved goes back to the LRU through a pagevec, which holds "
                    "a reference until it is emptied.",
                ),
                Slip(
                    "at peace is 2",
                    "The pte maps the new page now, and the isolator has given his reference away.",
                ),
                Slip(
                    "being written is 2",
                    "A page of a file has one holder more than an anonymous page.",
                ),
                Slip(
                    "locked is 3",
                    "Who locks a page holds no reference for that.",
                ),
                Slip(
                    "nobody else is 2",
                    "Here the pte has let go as well: only the isolator is left.",
                ),
                Slip(
                    "nobody else is 0",
                    "The page is still on the caller's list, with the isolator's reference.",
                ),
                Slip(
                    lambda p: f"pinned is {p.pins + 1}",
                    "After a failure the ptes come back, and each holds a reference again.",
                ),
                Slip(
                    lambda p: f"pinned is {p.pins}",
                    "Whoever comes next time still has the page on the list: the isolator has a "
                    "reference, and so has the pte that came back.",
                ),
                Slip(
                    "node 1 is full is 1",
                    "The attempt ended before anything was unmapped: the pte is still there.",
                ),
            ),
            hints=(
                "Holders: the isolator, each pte, each pin, the page cache for a page of a file.",
                "-EAGAIN and -ENOMEM leave the isolator's reference to the caller. A page that was "
                "put back waits in a pagevec, and that holds one too.",
            ),
            why="After a failure everything is as it was. After a success the old page has only "
            "the pagevec through which it goes.",
        ),
        Problem(
            "q3",
            "unmap_and_move(get_new_page, private, page, force), as the model has it",
            (
                Behaves(FUNCTION, PLAIN, invariants=SOUND, label="it ends as it should"),
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in eleven scenarios"),
                TRUNCATE,
            ),
            slips=(
                Slip(
                    "never page_count",
                    "A page that nobody but the isolator holds is done already: look at the count "
                    "first.",
                ),
                Slip("never PageWriteback", "A page on which the disk works must not move."),
                Slip(
                    "adds rcu_read_lock",
                    "RCU is for anonymous pages. Moving a page of a file may sleep, and nobody "
                    "may sleep under rcu_read_lock().",
                ),
                Slip(
                    "broken: references",
                    "A reference is dropped once too often, or never. newpage is put back in any "
                    "case, and the old page with every code but -EAGAIN.",
                ),
                Slip(
                    "stays on the list",
                    "Only with -EAGAIN, or if nothing was locked, the page stays on the list.",
                ),
                Slip(
                    "other status",
                    "Somebody wants to know how it went: result.value.value takes the code, or "
                    "the node after success. (result.value itself says where that is kept.)",
                ),
                Slip(
                    "lacks rcu_read_lock",
                    "Once no pte maps an anonymous page, its anon_vma may be freed. RCU has to "
                    "keep it until the ptes are back.",
                ),
                Slip(
                    "stays locked",
                    "A way out leaves the page locked: every way behind the lock leads to "
                    "unlock_page().",
                ),
                Slip(
                    "broken: migration entries",
                    "After a failure the migration entries stay, and whoever touches the memory "
                    "waits for ever.",
                ),
                Slip(
                    "leaves the list",
                    "After -EAGAIN the page has to stay on the list: it is tried again.",
                ),
                Slip(
                    "keeps its buffers",
                    "A page that truncate left has no mapping and still has buffers. Without them "
                    "it can be freed.",
                ),
                Slip(
                    "lacks mem_cgroup_end_migration",
                    "What was charged for the new page is never settled.",
                ),
                Slip(
                    "lacks page_mapped",
                    "try_to_unmap() may leave ptes. A page that is still mapped must not move.",
                ),
            ),
            hints=(
                "Draw the labels as blocks: what is undone last was done first.",
                "Only a result other than -EAGAIN takes the page off the list.",
                "newpage is put back in any case: if nobody has used it, that frees it.",
            ),
            why="Each label undoes one thing, in the opposite order. With -EAGAIN the page stays "
            "on the list, and with any other code it has left it.",
        ),
        Problem(
            "q4",
            "a variant in which force says how long the caller will wait",
            (
                Behaves(FUNCTION, LEVELS, invariants=SOUND, label="it waits as far as it may"),
                Behaves(FUNCTION, (STATUS,), label="the status is made in time"),
            ),
            slips=(
                Slip(
                    "gives up",
                    "Here force is as large as the limit, so the caller is ready to wait.",
                ),
                Slip("waits", "The caller has said that it will not wait for this."),
                Slip(
                    "returns -11",
                    "For -EAGAIN the caller comes again at once. Here the disk is to be left in "
                    "peace: that is another error.",
                ),
                Slip(
                    "stays on the list",
                    "Only -EAGAIN leaves the page on the list. After an error for good it goes "
                    "back to its LRU.",
                ),
                Slip("leaves the list", "After -EAGAIN the page has to stay on the list."),
                Slip(
                    "looks too late",
                    "putback_lru_page() gives the last reference away. Ask for the node before.",
                ),
            ),
            hints=(
                "Two comparisons of force, with p.lock and with p.disk, in place of two tests.",
                "-EBUSY is set where the disk is met, and goes the way of every error after that.",
                "Where is newpage put back, and where is its node asked for? Change the order.",
            ),
            why="Later kernels have a mode instead of force (MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, "
            "MIGRATE_SYNC): to write is slow, to hold a lock is not, so they are two questions.",
        ),
    ),
)
