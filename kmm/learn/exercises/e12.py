# SPDX-License-Identifier: GPL-2.0-only
"""Mend: writeout, when the file system fails to write; first as in 2.6.28, then with the data kept."""

from __future__ import annotations

from collections.abc import Iterator
from errno import EAGAIN, EDQUOT, EINVAL, EIO, ENOSPC, EROFS

from kmm.explore.books import Books
from kmm.explore.history import HISTORY
from kmm.explore.invariants import ALWAYS, DIRTINESS, LOCKED_ENTRIES, Invariant
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Conforms
from kmm.learn.parameters import Parameters
from kmm.learn.checks.separates import Separates
from kmm.learn.checks.situations import Behaves, Withstands
from kmm.learn.given.unwritable import ends, tries, written
from kmm.learn.checks.values import Table
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE

FUNCTION = "writeout"

#: All that can happen to a dirty page except an error of writepage.
SCENARIOS = (
    "writeout-ok",
    "writeout-async",
    "writeout-already-clean",
    "writeout-activate",
    "writeout-none",
    "writeout-truncated",
)


def owners(p: Parameters) -> dict[str, str]:
    """Who has the page lock after writepage, and where the bug is."""
    hows = {"0": "ok", "AOP_WRITEPAGE_ACTIVATE": "activate", "an error": "error"}
    locked = {name: written(how)["p0"].PG_locked for name, how in hows.items()}
    who = {name: "the migration" if held else "nobody" for name, held in locked.items()}
    return {**who, "function": FUNCTION}


def _returned(books: Books) -> Iterator[str]:
    rc = books.returned["migrate"]
    if rc not in (-EIO, -EAGAIN):
        yield f"the attempt returns {rc}, and -EIO is right"


RETURNED = Invariant("returned", "The attempt fails with the error.", _returned)

#: The mend of 2.6.28 does no harm, and yet what could not be written is clean.
HARMLESS = tuple(one for one in ALWAYS if one is not DIRTINESS)

READER = Withstands(
    FUNCTION,
    HISTORY[1].breaks,
    "a reader that locks the page",
    (RETURNED, LOCKED_ENTRIES),
    label="the reader keeps its lock",
)

NOT_NOW = Slip(
    f"returns {AOP_WRITEPAGE_ACTIVATE}", "AOP_WRITEPAGE_ACTIVATE is no error: try the page again."
)

EXERCISE = Exercise(
    "e12",
    "Mend writeout",
    parameters={"error": (ENOSPC, EDQUOT, EROFS)},
    problems=(
        Problem(
            "q1",
            "who has the page lock when writepage has returned, and which function is wrong",
            (Table(owners, label="the lock, and the function"),),
            slips=(
                Slip(
                    "an error is the migration",
                    "That is what rc3 believes. Look at writepage() in "
                    "kmm/mm/filesystem.py: with an error the page is unlocked too.",
                ),
                Slip(
                    "0 is the migration",
                    "Whoever writes gives the lock up: readers need not wait for the disk.",
                ),
                Slip(
                    "AOP_WRITEPAGE_ACTIVATE is nobody",
                    "This answer means not now, and is the one with which the page stays locked.",
                ),
                Slip(
                    "0 is the file system",
                    "While the disk works the page is under writeback, which is no lock: writepage "
                    "has given the page lock up. Write \"the migration\" or \"nobody\".",
                ),
                Slip(
                    "function is writepage",
                    "It keeps its rule. Who calls it, and does not know the rule?",
                ),
                Slip(
                    "function is move_to_new_page",
                    "It only passes on what another function returns. Go deeper.",
                ),
                Slip(
                    "function is unmap_and_move",
                    "It locks the page once and unlocks it once. Somebody in between has broken "
                    "that.",
                ),
                Slip(
                    "function is fallback_migrate_page",
                    "It only passes on what another function returns. Go one call deeper.",
                ),
            ),
            hints=(
                "Follow the lock: who takes it, who gives it up, in each row? Lecture 9 has a "
                "picture of the moment.",
                "Which function calls writepage, and what does it do after each answer?",
            ),
            why="The rule is writepage's: it unlocks the page unless it says "
            "AOP_WRITEPAGE_ACTIVATE. writeout() takes an error for a second exception.",
        ),
        Problem(
            "q2",
            "a function that returns a world and a page with which 2.6.28-rc3 breaks",
            (Separates(HISTORY[1].holds.edits),),
            slips=(
                Slip(
                    "has migratepage",
                    "A file with a migratepage moves its dirty pages as they are: writeout() is "
                    "never called. Say migratepage=None.",
                ),
                Slip("no writepage", "Without a writepage it is -EINVAL, and nothing is unlocked."),
                Slip("of no file", "writeout() is for pages of files."),
                Slip("clean", "A clean page need not be written: it just moves."),
                Slip(
                    "writepage ok",
                    'The page is written without an error, and locked again. Which writepage="..." '
                    "has the row of the table that is wrong?",
                ),
                Slip(
                    "writepage async",
                    "The page is written without an error, only later. An error is needed.",
                ),
                Slip(
                    "writepage activate",
                    "The page stays locked here, and writeout() knows that. It is another row.",
                ),
                Slip(
                    "writepage error_locked",
                    "This file system breaks the rule and keeps the lock with an error. rc3 "
                    "gets on well with it; find the one that obeys the rule.",
                ),
                Slip(
                    "no debug_vm",
                    "Without CONFIG_DEBUG_VM nobody notices the second unlock, unless somebody "
                    "else has the lock just then. Leave debug_vm as it is.",
                ),
            ),
            hints=(
                "Of the page: it is of a file, and dirty. Of the file: migratepage=None.",
                'w.file(migratepage=None, writepage=...) takes "ok", "async", "activate", "error".',
            ),
            why="With CONFIG_DEBUG_VM one task is enough: unlock_page() sees that the page is not "
            "locked. Without it the unlock hits whoever has the lock by then.",
        ),
        Problem(
            "q3",
            "writeout(mapping, page), mended",
            (
                Behaves(
                    FUNCTION,
                    (
                        tries("writepage fails", "error", ends(-EIO)),
                        tries(
                            "writepage fails with another error", "error", ends(-EIO),
                            code=lambda p: p.error,
                        ),
                        tries("the page is written", "ok", ends(-EAGAIN, on_list=True)),
                        tries("writepage says not now", "activate", ends(-EAGAIN, on_list=True)),
                    ),
                    invariants=HARMLESS,
                    label="after each answer of writepage",
                ),
                READER,
                Conforms(
                    FUNCTION, SCENARIOS, order=False, label="all else is as it was, in six scenarios"
                ),
            ),
            slips=(
                Slip(
                    "stops",
                    "Somebody unlocks the page twice, or waits for his own lock. After which "
                    "answers of writepage is it unlocked?",
                ),
                Slip(
                    lambda p: f"returns -{p.error}",
                    "The mend of rc6 makes -EIO of every error. (To tell the file system's own is "
                    "the next problem.)",
                ),
                Slip(
                    "returns 0",
                    "0 would mean that the page has moved. It has only been written: -EAGAIN.",
                ),
                NOT_NOW,
                Slip("returns -5", "Only a negative answer of writepage is an error."),
                Slip(
                    "returns -11",
                    "An error will not get better by itself. It is told: -EIO.",
                ),
                Slip(
                    "broken: the kernel goes on",
                    "The lock that is given up is somebody else's by then.",
                ),
                Slip(
                    "broken: every task ends",
                    "Somebody waits for a lock that is never given up.",
                ),
                Slip(
                    "broken: entries without lock",
                    "The ptes have to come back before writepage gives the lock up.",
                ),
                Slip("endless", "It never comes to an end, or waits for a lock of its own."),
            ),
            hints=(
                "unmap_and_move() unlocks the page. So it must be locked when writeout() returns.",
                "Two questions after writepage, in this order: is the page still locked? What is "
                "returned?",
            ),
            why="That is the mend of 2.6.28-rc6 (bda8550deed): first the lock, then the code.",
        ),
        Problem(
            "q4",
            "a writeout that loses nothing and says what the file system said",
            (
                Behaves(
                    FUNCTION,
                    (
                        tries(
                            "writepage fails", "error",
                            ends(lambda p: -p.error, is_dirty=True), code=lambda p: p.error,
                        ),
                        tries(
                            "the page is truncated while nobody has its lock", "error",
                            ends(lambda p: -p.error, is_dirty=False), meanwhile="truncate",
                            code=lambda p: p.error,
                        ),
                        tries(
                            "writepage says not now", "activate",
                            ends(-EAGAIN, on_list=True, is_dirty=True),
                        ),
                        tries(
                            "the file has no writepage", None, ends(-EINVAL, is_dirty=True)
                        ),
                    ),
                    label="no data is lost",
                ),
                Conforms(
                    FUNCTION, SCENARIOS, order=False, label="all else is as it was, in six scenarios"
                ),
            ),
            slips=(
                Slip(
                    "returns -5",
                    "-EIO stands for every error here. The caller is to be told the file system's "
                    "own.",
                ),
                Slip(
                    "clean",
                    "clear_page_dirty_for_io() has made the page clean, and then nobody has "
                    "written it. What it holds is lost as soon as memory is short.",
                ),
                Slip(
                    "dirty",
                    "The page has left its file while nobody had the lock. Look whose it is before "
                    "you make it dirty.",
                ),
                Slip(
                    "dirty without the lock",
                    "Between writepage and lock_page() the page is nobody's: lock it first.",
                ),
                Slip(
                    "uncounted",
                    "set_page_dirty() counts the page and tells its file; the flag alone does not.",
                ),
                Slip(
                    "stops",
                    "Somebody unlocks the page twice, or waits for his own lock.",
                ),
                NOT_NOW,
                Slip("returns -11", "With an error nobody is to try again at once."),
            ),
            hints=(
                "Begin with your mended function. What is still wrong with the page after an error?",
                "After lock_page(page): page.mapping is mapping, or somebody has truncated it.",
                "set_page_dirty(page), with the lock held, and only after an error.",
            ),
            why="What was true before the lock was given up has to be looked at again afterwards. "
            "In Linux it is the file system that makes the page dirty again, with "
            "redirty_page_for_writepage(); this variant is ours.",
        ),
    ),
)
