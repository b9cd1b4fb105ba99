# SPDX-License-Identifier: GPL-2.0-only
"""Construct: a schedule that breaks a version from which a guard was taken away."""

from __future__ import annotations

from functools import cache

from kmm.explore.case import Case
from kmm.explore.guards.worlds import against, cached, file_is_read, mapped
from kmm.learn.exercise import Exercise, Problem, Sign, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.schedules import Breaks
from kmm.learn.checks.shortest import Makes
from kmm.sim import Trace

UNLESS_ZERO = "get_page_unless_zero-in-migration_entry_wait"
RESTORED = "restore-ptes-before-newpage-unlock"
CLEARED = "clear-new-mapping-after-failure"
FREEZE = "freeze-not-only-check"
ONLY_LOCK = "count-test-before-freeze"

#: How many preemptions are needed.
MOST = {UNLESS_ZERO: 1, RESTORED: 1, CLEARED: 1, FREEZE: 2, ONLY_LOCK: 1}


@cache
def reading_cases() -> tuple[Case, ...]:
    """The model as it is, and somebody who looks a page of a file up."""
    return (
        against("a page that nobody maps", cached, lookup=file_is_read),
        against("a page that a process maps", mapped, lookup=file_is_read),
    )


def gives_up(trace: Trace) -> tuple[str, str] | None:
    """The attempt has failed, and nothing is broken."""
    if any(step.primitive == "copy_highpage" for step in trace):
        return "moves", "the page moves in this run"
    if trace.bug or trace.about.get("broken"):
        return "breaks", "something breaks in this run"
    return None


def of(guard: str, fact: str) -> Sign:
    """The fact, where it is that guard which is gone."""

    def sign(p: Parameters) -> str:
        return fact if guard in (p.first, p.second) else "of another race"

    return sign


def slips(*more: Slip) -> tuple[Slip, ...]:
    """Those of every schedule, and more."""
    return (
        Slip("alone", "Only one task ever runs. Name the other one too."),
        *more,
        Slip(
            "too many preemptions",
            "It breaks, but somebody was interrupted who need not have been.",
        ),
        Slip(
            "impossible",
            "There are the tasks that the case names; who is done, or waits, makes no step.",
        ),
    )


EXERCISE = Exercise(
    "e04",
    "Make the schedule that breaks it",
    parameters={"first": (UNLESS_ZERO, RESTORED, CLEARED), "second": (FREEZE, ONLY_LOCK)},
    problems=(
        Problem(
            "q1",
            "a schedule that breaks the first case with one preemption",
            (Breaks(lambda p: str(p.first), most=1),),
            slips=slips(
                Slip(
                    "one after another",
                    "One task after the other breaks nothing: the second has to come while the "
                    "first is in the middle of something.",
                ),
                Slip(
                    of(UNLESS_ZERO, "migrate left before page_count"),
                    "Too early: the count is not frozen yet, and one reference more stops it all.",
                ),
                Slip(
                    of(UNLESS_ZERO, "migrate left after page_unfreeze_refs"),
                    "Too late: the count is thawed, and the fault takes its reference safely.",
                ),
                Slip(
                    of(RESTORED, "migrate left before page_count"),
                    "Too early: truncate finds the old page, and with its reference the page does "
                    "not move at all.",
                ),
                Slip(
                    of(RESTORED, "migrate left after copy_highpage"),
                    "Too late, or a few steps too early: when truncate comes the new page has to "
                    "be unlocked, and its ptes not back yet.",
                ),
                Slip(
                    of(CLEARED, "migrate left before page_count"),
                    "Too late: lookup has dropped its reference when the count is looked at. It "
                    "is lookup that has to be left, holding its reference; not migrate.",
                ),
                Slip(
                    of(CLEARED, "lookup left before get_page_unless_zero"),
                    "Too early: lookup has no reference yet, so the attempt does not fail.",
                ),
            ),
            hints=(
                "Ask two things. What does the first task leave half done, between which two "
                "steps? And what would the other find there, that it could not find with the guard?",
                'case.replay("migrate") is a run without interruption: find the two steps in its '
                "player. A schedule counts reads outside primitives too, so its number is a bit "
                'higher; trace.branch(k, task).about["schedule"] has the right one.',
                "If migrate cannot be left with any harm, let the other begin: it may hold "
                "something when it is left.",
            ),
            why="Each task is right, for itself. The guard is there for the one moment between "
            "two steps in which the other can see what is half done.",
        ),
        Problem(
            "q2",
            "a schedule that makes lookup write where nobody will ever look",
            (Breaks(lambda p: str(p.second), most=lambda p: MOST[p.second]),),
            slips=slips(
                Slip(
                    "one after another",
                    "The lookup finds one page or the other, and all is well. It has to find the "
                    "old page before the new one takes its place, and write after it.",
                ),
                Slip(
                    of(FREEZE, "migrate left before page_count"),
                    "Too early: the count is looked at afterwards, and the lookup's reference is "
                    "seen there.",
                ),
                Slip(
                    "migrate left after radix_tree_replace_slot",
                    "Too late: the slot has the new page by then, and the lookup finds that one.",
                ),
                Slip(
                    of(ONLY_LOCK, "lookup left before get_page_unless_zero"),
                    "Too early: lookup is left before it has the page. It has to hold the old one.",
                ),
                Slip(
                    of(ONLY_LOCK, "migrate left before copy_highpage"),
                    "What is written before the copy is copied. lookup has to come back later.",
                ),
            ),
            hints=(
                "lookup must be interrupted between its find and its write: it finds the old page, "
                "and writes to it after the copy has been made. If the count is still looked at, "
                "it must come after that look; so migrate is interrupted too.",
                "Who is left where? Write it down as a list first: who finds, who replaces the "
                "slot, who copies, who writes. Then count the steps of each part.",
            ),
            why="A write to a page that is no longer the file's: nobody will ever see it.",
        ),
        Problem(
            "q3",
            "a function of a case that returns a schedule in which the attempt fails",
            (Makes(lambda p: reading_cases(), gives_up, 1, "the attempt fails, in two worlds"),),
            slips=(
                Slip(
                    "moves",
                    "lookup has no reference when the count is looked at: either not yet, or not "
                    "any more. Leave it while it has one.",
                ),
                Slip("breaks", "Nothing should break: the model is right, and gives up in time."),
                Slip("too many preemptions", "One preemption is enough."),
                Slip(
                    "impossible",
                    "In another world there are other numbers of steps; and who is done, or "
                    "waits, makes no step. A part without a number fits always.",
                ),
            ),
            hints=(
                "migrate gives up where it finds one reference too many. Who can have it, and "
                "between which two of his steps?",
                "Let lookup begin: then its steps have the same numbers in every world.",
            ),
            why="Nobody has done anything wrong, and the page has not moved. That is why there "
            "are ten passes.",
        ),
    ),
)
