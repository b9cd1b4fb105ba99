# SPDX-License-Identifier: GPL-2.0-only
"""Respond: a trace in which one step is wrong.  Which?  And construct: a test that finds it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from kmm.explore.edit import Edit
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.faults import Fault, Found
from kmm.learn.parameters import Parameters
from kmm.learn.checks.telling import Tells, Witness
from kmm.learn.given.unknown import Unknown
from kmm.learn.given.wrong_steps import BUFFERS, MAPPING, NEW, WORLDS, anonymous, buffered, swapped
from kmm.scenario import Run, load
from kmm.sim import Trace

NUMBERS = {"q1": "first", "q2": "second", "q3": "third"}


def kernel_of(p: Parameters, problem: str) -> Unknown:
    """The kernel that the problem is about."""
    _, edits = WORLDS[problem]
    return Unknown(f"the kernel of {problem}", edits[p[NUMBERS[problem]]])


def trace_of(p: Parameters, problem: str) -> Trace:
    """The trace that the problem is about: what that kernel does in the problem's world."""
    world, _ = WORLDS[problem]
    with kernel_of(p, problem):
        return world(p).trace


@cache
def _fault(problem: str, key: tuple[Any, ...], seed: int) -> Fault:
    p = EXERCISE.drawn(seed)
    return Fault(WORLDS[problem][0](p).trace, trace_of(p, problem))


def fault_of(problem: str, p: Parameters) -> Fault:
    """That trace beside the model's."""
    return _fault(problem, tuple(p.items()), p.seed)


def asked_for(problem: str) -> tuple[Found, ...]:
    """The three answers."""
    fault = partial(fault_of, problem)
    return (
        Found("step", fault, "the first step that is wrong"),
        Found("instead", fault, "what a right kernel does there"),
        Found("field", fault, "a field that is wrong from then on"),
    )


def witness(name: str, run: Callable[[], Run], kind: str = "", *edits: Edit) -> Witness:
    """A run of which the function has to say whether something is left wrong."""
    with Unknown(name, *edits):
        trace = run().trace
    return Witness(name, lambda mine: mine(trace), bool(edits), kind or "a right kernel", trace)


@cache
def witnesses(seed: int) -> tuple[Witness, ...]:
    """Right kernels, one of them with a page that does not move, and wrong ones."""
    p = EXERCISE.drawn(seed)
    return (
        witness("a right kernel and an anonymous page", lambda: anonymous(p)),
        witness("a right kernel and a page with buffers", lambda: buffered(p)),
        witness(
            "a right kernel and a page that is pinned", lambda: load("pinned-for-ever").run()
        ),
        witness(
            "a kernel that leaves the new page locked", lambda: anonymous(p), "a lock",
            Edit(NEW, "unlock_page(newpage)"),
        ),
        witness(
            "a kernel that keeps a reference to the old page", lambda: buffered(p), "a leak",
            Edit(MAPPING, "__put_page(page)"),
        ),
        witness(
            "a kernel that has taken one reference too few", lambda: swapped(p),
            "a missing reference", Edit(MAPPING, "get_page(newpage)"),
        ),
        witness(
            "a kernel that leaves a buffer locked", lambda: buffered(p), "a buffer's lock",
            Edit(BUFFERS, "unlock_buffer(bh)"),
        ),
    )  # fmt: skip


SLIPS = (
    Slip(
        "just before",
        "Close: this is the last step that is right. Asked for is the one after it, in front of "
        "which something is missing, or which is itself wrong.",
    ),
    Slip(
        "at the end",
        "This is where the run ends. What is wrong there went wrong earlier: go back along the "
        "history of the field that looks wrong.",
    ),
    Slip(
        "too late",
        "By this step something is wrong already. Go back to where the value first differs from "
        "what you count by hand.",
    ),
    Slip("too early", "Up to this step, and beyond it, all is as it should be."),
    Slip("no step", "Steps are counted from 0, as the player counts them."),
    Slip(
        "what is there",
        "That is what this kernel does at that step. Asked for is what a right kernel does there.",
    ),
    Slip(
        "the function around it",
        "That is the function in which it happens. Asked for is the one small step that it lacks.",
    ),
    Slip("no function", 'That is no function of the kernel. Write its name, as in "lock_page".'),
    Slip(
        "of another object",
        "The right field, but of another object: look at whom the missing step would have changed.",
    ),
    Slip("another field of it", "The right object, but this field of it is as it should be there."),
    Slip("no field", 'A field has an owner and a name, as in "p0._count".'),
)

WHY = (
    "What breaks is seen late, and begins early. A count goes wrong at one step, and from there "
    "on every step is right and every value wrong."
)

EXERCISE = Exercise(
    "e05",
    "Read a trace: which step is wrong",
    parameters={
        "processes": (2, 3, 4),
        "buffers": (2, 1, 3),
        **{NUMBERS[name]: tuple(range(len(edits))) for name, (_, edits) in WORLDS.items()},
    },
    problems=(
        Problem(
            "q1",
            "in the trace of a shared anonymous page: step, instead, field",
            asked_for("q1"),
            slips=SLIPS,
            hints=(
                "Begin at the end. Is a page locked? Does each count agree with its holders? Does "
                "mapcount agree with the ptes? Has the new page the old one's contents?",
                'trace.history("n0._count") has every step that changes a field. Each pte should '
                "cost and give the same steps as the one before it: compare the first two ptes.",
                "Each pte that is taken away drops one reference and one of mapcount; each that "
                "comes back takes one reference and one of mapcount. Which of these lacks?",
            ),
            why=WHY,
        ),
        Problem(
            "q2",
            "in the trace of a page with buffers: step, instead, field",
            asked_for("q2"),
            slips=SLIPS,
            hints=(
                "In the end the old page has one reference, of a pagevec, and the new one four: "
                'cache, buffers, pte, pagevec. trace.holders("n0", len(trace)) says who lacks one.',
                "Two references go from the old page to the new one: that of the cache, in "
                "migrate_page_move_mapping(), and that of the buffers, in buffer_migrate_page(). "
                "Each is a pair of steps.",
                "If the counts are right, look at flags: PG_private, and BH_Lock of the buffers; "
                "then at what the file's page_tree holds.",
            ),
            why="Two references change pages, each by a step that takes and one that drops. "
            "Everything else in these functions is there so that nobody sees it half done.",
        ),
        Problem(
            "q3",
            "in the trace of a page in the swap cache: step, instead, field",
            asked_for("q3"),
            slips=SLIPS,
            hints=(
                "A page in the swap cache says so in PG_swapcache, and its slot is in private. "
                "Afterwards the new page says both, and the old one neither.",
                "Its ptes become swap entries, not migration entries, and every entry counts in "
                "swap_map. And the count is frozen and thawed here: to which value?",
                "Compare what p0 and n0 are at the end, flag by flag, with what p0 was at the "
                "beginning: trace.state(0)['p0'].",
            ),
            why="The swap cache is a page cache whose key is the slot: the new page must be found "
            "under it, must know it, and must hold the reference for it.",
        ),
        Problem(
            "q4",
            "a function that tells of a trace whether something was left wrong at its end",
            (Tells(lambda p: witnesses(p.seed), "it tells right kernels from wrong ones", 2),),
            slips=(
                Slip("always True", "It accuses every kernel, the right ones too."),
                Slip("always False", "It is content with every kernel, and finds nothing."),
                Slip(
                    "wrong about a right kernel",
                    "It accuses a right kernel. A count is not wrong for being high: a pin, a pte, "
                    "a pagevec hold references too. Ask whether each has a holder.",
                ),
                Slip("wrong about a lock", "A page that is locked at the end is not noticed."),
                Slip(
                    "wrong about a leak",
                    "A reference that nobody will ever drop is not noticed: see "
                    "holders(...).unaccounted.",
                ),
                Slip(
                    "wrong about a missing reference",
                    "A holder without a reference is not noticed: see holders(...).missing. Look "
                    "at every page, not only at p0.",
                ),
                Slip(
                    "wrong about a buffer's lock",
                    "A buffer can be left locked too: BH_Lock. state.of_type(\"BufferHead\") has "
                    "their names.",
                ),
            ),
            hints=(
                "end = trace.state(len(trace)) is the end, and end.of_type(\"Page\") names the "
                "pages that there are.",
                "held = trace.holders(name, len(trace)): held.unaccounted are references without "
                "a holder, held.missing counts holders without a reference.",
                'end[name]["PG_locked"] is the lock of a page, BH_Lock that of a buffer.',
            ),
            why="This is what the checks of a debugging kernel do: they know nothing of the "
            "migration, only what must be true when it is over.",
        ),
    ),
)
