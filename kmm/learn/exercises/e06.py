# SPDX-License-Identifier: GPL-2.0-only
"""Respond and construct: a bug report tells what its users see, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from textwrap import fill
from typing import Any

from kmm.explore.edit import Edit
from kmm.learn.given.bug_reports import FIRST, SECOND, THIRD
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.reports import Behind, Report
from kmm.learn.checks.telling import Tells, Witness
from kmm.learn.given.unknown import Unknown

REPORTS = {"q1": ("first", FIRST), "q2": ("second", SECOND), "q3": ("third", THIRD)}


def report_of(problem: str, p: Parameters) -> Report:
    """The report that is drawn for the problem."""
    name, reports = REPORTS[problem]
    number: int = p[name]
    return reports[number]


def tells(p: Parameters, problem: str) -> str:
    """What its users tell of the bug."""
    lines = report_of(problem, p).tells.split("\n")
    return "\n".join(fill(line, 88) for line in lines)


def kernel_of(p: Parameters, problem: str) -> Unknown:
    """The kernel that the report is about: inside `with`, everything runs under it."""
    return report_of(problem, p).kernel


def history(p: Parameters, problem: str) -> str:
    """Where it happened, for afterwards."""
    return report_of(problem, p).history


def asks(kernel: Unknown) -> Callable[[Any], Any]:
    """The function is called under that kernel."""

    def ask(mine: Any) -> Any:
        with kernel:
            return mine()

    return ask


def witness(name: str, *edits: Edit, kind: str = "a wrong kernel") -> Witness:
    """A kernel about which a test has to say whether it is healthy."""
    return Witness(name, asks(Unknown(name, *edits)), not edits, kind if edits else "the model")


def witnesses(p: Parameters) -> list[Witness]:
    """The model, and the kernels of the three reports."""
    return [
        witness("the model"),
        *(
            witness(f"the kernel of {q}", *report_of(q, p).edits, kind=f"the kernel of {q}")
            for q in REPORTS
        ),
    ]


def asked_for(problem: str) -> tuple[Behind, ...]:
    """The three answers."""
    report = partial(report_of, problem)
    return (
        Behind("function", report, "the function that is wrong"),
        Behind("lacks", report, "what it lacks"),
        Behind("shows", report, "a run that shows it"),
    )


SLIPS = (
    Slip(
        "where it stops",
        "There the kernel stops. It stops because somebody else, before it, has left something "
        "out: who should not have let it come so far?",
    ),
    Slip(
        "a caller",
        "This function only calls the one that is wrong: the mistake is further in.",
    ),
    Slip("no function", 'The kernel has no such function. Write its name, as in "lock_page".'),
    Slip(
        "another function",
        "This function does what the model's does. In which function do the two runs first part?",
    ),
    Slip(
        "called there",
        "This kernel does that there, and so does a right one. Asked for is what this one leaves "
        "out.",
    ),
    Slip(
        "the function itself",
        "That is the function. What does it lack: which call, or which question before a call?",
    ),
    Slip(
        "what is there",
        "That is what this kernel does there. Asked for is what a right one does in its place.",
    ),
    Slip("no scenario", "kmm.scenario.library.names() has the names of all scenarios."),
    Slip(
        "as the model",
        "In that world nobody needs what is missing. Which kind of page does the report speak of, "
        "and what happens to it?",
    ),
    Slip(
        "another symptom",
        "Something is different there, but not what the report tells.",
    ),
)

SEARCH = (
    "Run scenarios under the kernel and under the model, and compare what they return, their bug, "
    "and result['final']: a loop over kmm.scenario.library.names() takes a few seconds."
)
LOOK = (
    "kmm.compare(right, wrong) puts the two runs of a scenario side by side, from the first step "
    "that is another. In which function is it, and which call of the code shown there is not made?"
)

WHY = "A report tells where it hurts. print(e06.history(p, ...)) tells where this one happened."

EXERCISE = Exercise(
    "e06",
    "Find the bug from the symptom alone",
    parameters={name: tuple(range(len(reports))) for name, reports in REPORTS.values()},
    problems=(
        Problem(
            "q1",
            "a kernel that stops: function, lacks, shows",
            asked_for("q1"),
            slips=SLIPS,
            hints=(
                "Which pages does the report speak of, and who else is at work? The topics of the "
                "library are sorted by that: kmm.scenario.library.topics().",
                SEARCH,
                LOOK,
            ),
            why=WHY,
        ),
        Problem(
            "q2",
            "a kernel that spoils data: function, lacks, shows",
            asked_for("q2"),
            slips=SLIPS,
            hints=(
                "A pte has bits besides the page: may it be written to, and has it been? Follow "
                "one bit from the old pte to the new one.",
                SEARCH,
                LOOK,
            ),
            why=WHY,
        ),
        Problem(
            "q3",
            "a kernel that is never right again: function, lacks, shows",
            asked_for("q3"),
            slips=SLIPS,
            hints=(
                "Everything returns, but something is left as it should not be. What would have "
                "to be done for a page that is like the report's, and who does it?",
                SEARCH,
                LOOK,
            ),
            why=WHY,
        ),
        Problem(
            "q4",
            "a function that returns True under a healthy kernel, and False under these three",
            (Tells(witnesses, "it knows the model, and the three kernels", 2, 5),),
            slips=(
                Slip("always True", "It is content with every kernel."),
                Slip("always False", "It finds fault with every kernel, the model too."),
                Slip(
                    "wrong about the model",
                    "The model fails your test. Not every run of the model ends with 0, nor moves "
                    "its page: what is right depends on the world.",
                ),
                Slip(
                    "wrong about the kernel of q1",
                    "It does not notice the first bug. A kernel that stops raises nothing here: "
                    "look at run.bug.",
                ),
                Slip(
                    "wrong about the kernel of q2",
                    "It does not notice the second bug: the migration succeeds there. Look at "
                    "what is left: ptes, and flags of the new page.",
                ),
                Slip(
                    "wrong about the kernel of q3",
                    "It does not notice the third bug. Compare all of run.result with what is "
                    "right, and in the world that shows it.",
                ),
            ),
            hints=(
                "You know a world for each of the three. Run it inside your function, and look at "
                "what the report tells.",
                "The function runs under the kernel in question. What stands outside it "
                "has run under the model: keep the right results there.",
                "run.result is a document of what happened and how it ended. Results of the same "
                "scenario under the same kernel are equal: compare with ==.",
            ),
            why="Such a set of results, recorded while all was well, is how regressions are found "
            "in practice. It says that something is different, and a person says what.",
        ),
    ),
)
