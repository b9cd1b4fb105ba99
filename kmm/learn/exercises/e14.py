# SPDX-License-Identifier: GPL-2.0-only
"""Construct: the shortest schedule that breaks a kernel, and a function that finds a moment."""

from __future__ import annotations

from functools import cache, partial

from kmm.explore.case import Case
from kmm.explore.guards.worlds import against, cached, file_is_read, mapped
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.schedules import Breaks, unguarded
from kmm.learn.checks.shortest import Makes, Shortest
from kmm.sim import Trace

FIRST = ("rcu-anon", "dying-page-not-isolated")
SECOND = ("buffers-locked", "page-lock-new")
THIRD = "pte-lock-in-remove_migration_pte"


def guard_of(p: Parameters, problem: str) -> str:
    """The guard that is taken away in the problem."""
    guard: str = {"q1": p.first, "q2": p.second, "q3": THIRD}[problem]
    return guard


def case_of(p: Parameters, problem: str) -> Case:
    """The world and the tasks of the problem, without the guard."""
    return unguarded(guard_of(p, problem))


@cache
def early_cases() -> tuple[Case, ...]:
    """The model, as it is, and somebody who looks a page of a file up."""
    return (
        against("a page that nobody maps", cached, lookup=file_is_read),
        against("a page that a process maps", mapped, lookup=file_is_read),
    )


def seen_early(trace: Trace) -> tuple[str, str] | None:
    """The lookup takes a reference to the new page before it has the contents of the old one."""
    copied = [step.index for step in trace if step.primitive == "copy_highpage"]
    if not copied:
        return "does not move", "the page does not move in this run"
    taken = [
        (change.object, step.index)
        for step in trace
        if step.task == "lookup"
        for change in step.changes
        if change.field == "_count" and change.new == change.old + 1
    ]
    if not taken:
        return "finds nothing", "lookup takes no reference in this run"
    page, k = taken[0]
    if page != "n0":
        return "the old page", f"lookup gets {page}, at step {k}: the old page"
    if k > copied[0]:
        return "after the copy", f"lookup gets n0 at step {k}, and the copy is step {copied[0]}"
    return None


def asked_for(problem: str, *more: str) -> tuple[Shortest, ...]:
    """It breaks, with the fewest preemptions, in the fewest steps."""
    case = partial(_case, problem)
    labels = {
        "breaks": "the schedule breaks something",
        "preemptions": "with the fewest preemptions",
        "steps": "in the fewest steps",
    }
    return tuple(Shortest(case, of, labels[of]) for of in ("breaks", *more))


def _case(problem: str, p: Parameters) -> Case:
    return case_of(p, problem)


SLIPS = (
    Slip(
        "the other begins",
        "Another task has to make the first steps: who does something that the other must not "
        "come in between?",
    ),
    Slip(
        "alone",
        "Only one task ever runs. Name the other one too.",
    ),
    Slip(
        "one after another",
        "Nobody is interrupted here: one task goes on to its end, and then the other. Who shall come "
        "in between has to be named behind the number: \"a 36, b\".",
    ),
    Slip(
        "no such task",
        "A part is the name of a task and a number of steps, and a comma stands between the parts. "
        "The tasks are told above.",
    ),
    Slip(
        "too early",
        "The first task is left too early: what the other does now is noticed by the first, or "
        "comes to nothing.",
    ),
    Slip(
        "too late",
        "The first task is left too late: what the guard is there for is over by then.",
    ),
    Slip(
        "later on",
        "The beginning may stand. Look at what happens after it: who has to go on, and how far?",
    ),
    Slip(
        "too many preemptions",
        "It breaks, but somebody was interrupted who need not have been. Join the parts of a task.",
    ),
    Slip(
        "too many steps",
        "It breaks, but late. The same harm can be done so that the kernel stops earlier, or "
        "takes a shorter way.",
    ),
    Slip(
        "impossible",
        "Who is done, or waits, makes no step. A part without a number goes on as far as it can.",
    ),
)

BY_HAND = (
    'case.replay("migrate") is a run without interruption. Find the step before which the other '
    "task does harm, and let it come there: trace.branch(k, task) goes on with that task, and "
    'its about["schedule"] is the schedule.'
)

EXERCISE = Exercise(
    "e14",
    "The shortest schedule",
    parameters={"first": FIRST, "second": SECOND},
    problems=(
        Problem(
            "q1",
            "a schedule that breaks the first case, with the fewest preemptions and steps",
            asked_for("q1", "preemptions", "steps"),
            slips=SLIPS,
            hints=(
                "One preemption is enough. Who has to begin: is it the migration that is "
                "disturbed, or is it the migration that comes in between?",
                BY_HAND,
                "Several moments do harm. Let the other come at each of them in turn, and "
                "compare how long the runs are: len(trace.origin.taken).",
            ),
            why="A short run is a clear one: what is not in it was not needed for the harm.",
        ),
        Problem(
            "q2",
            "a schedule that breaks the second case, with the fewest preemptions",
            asked_for("q2", "preemptions"),
            slips=SLIPS,
            hints=(
                "The harm is a write that is lost: to the old page after it was copied, or to the "
                "new one before. The writer must get his page before it, or write before it.",
                BY_HAND,
                "The window lies between the new page's place in the tree, or the buffer's lock, "
                "and the copy of the contents (copy_highpage).",
            ),
            why="Both tasks are right, each for itself. A lock is there so that no moment "
            "between two steps can be used by anybody else.",
        ),
        Problem(
            "q3",
            "a schedule that breaks the third case, with the fewest preemptions",
            (Breaks(THIRD, most=2, label="it breaks, with two preemptions", points=2),),
            slips=(
                Slip("alone", "Only one task ever runs. Name the other one too."),
                Slip(
                    "one after another",
                    "One after the other breaks nothing: both have to be in the middle of "
                    "reading and writing the same pte.",
                ),
                Slip(
                    "migrate left before copy_highpage",
                    "migrate is left before the copy. The lock that is gone is one of "
                    "remove_migration_pte(), which comes after it.",
                ),
                Slip(
                    "1 preemptions",
                    "One preemption is not enough here: the other task has to be left too, when "
                    "it has looked at the pte and not yet written it.",
                ),
                Slip(
                    "zap left before page_remove_rmap",
                    "zap is left before it has looked at the pte. It will see what has come "
                    "meanwhile, and do what is right.",
                ),
                Slip(
                    "too many preemptions",
                    "It breaks, but somebody was interrupted who need not have been.",
                ),
                Slip(
                    "impossible",
                    'The tasks are "migrate" and "zap"; who is done, or waits, makes no step.',
                ),
            ),
            hints=(
                "Two preemptions are needed. Both tasks read the same pte, and later write it.",
                "Let migrate read the entry in remove_migration_pte() and stop before "
                "set_pte_at(). What has zap done by then, and what must it still do?",
                "zap has to be in its own work on the pte when it is left: it has seen a page or "
                "an entry there, and acts on what it has seen.",
            ),
            why="Read, think, write: without a lock around the three the other task's write is "
            "lost, or is done twice. Two preemptions, since both have to be in the middle.",
        ),
        Problem(
            "q4",
            "a function of a case that returns a schedule in which the new page is found too early",
            (
                Makes(
                    lambda p: early_cases(),
                    seen_early,
                    1,
                    "lookup has the new page before its contents are there",
                    2,
                ),
            ),
            slips=(
                Slip(
                    "the old page",
                    "Too early: the slot in the tree still has the old page. And then the count "
                    "is one too high, and the page may not move at all.",
                ),
                Slip("after the copy", "Too late: the new page has its contents by then."),
                Slip("does not move", "With a reference too many the migration gives up."),
                Slip("finds nothing", "lookup never finds the page here. Let it run."),
                Slip("too many preemptions", "One preemption is enough."),
                Slip(
                    "impossible",
                    "In another world there are other numbers of steps. Find the moment by what "
                    "is done there, not by its number.",
                ),
            ),
            hints=(
                'Which step puts the new page where a lookup finds it? trace = case.replay("migrate") '
                "has it: look for its name.",
                'trace.branch(k, "lookup") is the run in which lookup goes on before step k; its '
                'about["schedule"] is the schedule.',
            ),
            why="The new page can be found before it holds anything. It is locked and not up to "
            "date; who wants its contents must wait for its lock. That is why it is locked.",
        ),
    ),
)
