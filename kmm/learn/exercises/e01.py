# SPDX-License-Identifier: GPL-2.0-only
"""Predict: the counts of a page that several processes map, while it moves."""

from __future__ import annotations

from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.values import StepNumber, Table, Value
from kmm.scenario import World
from kmm.sim import Trace


def trace_of(p: Parameters) -> Trace:
    """One anonymous page, which `p.processes` processes map, moves to node 1."""
    w = World(nodes=2)
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0)
    for _ in range(p.processes - 1):
        mm.fork()
    return w.migrate_pages([page], 1).trace


def values(trace: Trace, k: int, *paths: str) -> dict[str, int]:
    """The counts before step k; of a mapcount, what page_mapcount() says."""
    return {
        path: trace.value(path.replace(".mapcount", "._mapcount"), k) + path.endswith(".mapcount")
        for path in paths
    }


def isolated(p: Parameters) -> int:
    """p0._count when the page has just been isolated."""
    trace = trace_of(p)
    phase = next(phase for phase in trace.phases() if phase.name == "isolate")
    return values(trace, phase.last, "p0._count")["p0._count"]


def before_copy(p: Parameters) -> dict[str, int]:
    """The counts of both pages when the copy begins."""
    trace = trace_of(p)
    phase = next(phase for phase in trace.phases() if phase.name == "copy")
    return values(trace, phase.first, "p0._count", "p0.mapcount", "n0._count", "n0.mapcount")


def at_end(p: Parameters) -> dict[str, int]:
    """The counts when all is over."""
    trace = trace_of(p)
    return values(trace, len(trace), "p0._count", "n0._count", "n0.mapcount")


def unmapped(trace: Trace) -> list[int]:
    """The step by which the old page is mapped by nobody."""
    return [
        step.index
        for step in trace
        for change in step.changes
        if change.path == "p0._mapcount" and change.new == -1
    ]


EXERCISE = Exercise(
    "e01",
    "Predict the counts of a page that moves",
    parameters={"processes": (2, 3, 4, 5)},
    problems=(
        Problem(
            "q1",
            "p0._count when the page has just been isolated",
            (Value(isolated, label="p0._count"),),
            slips=(
                Slip(
                    lambda p: p.processes,
                    "You have counted the ptes. Who isolates a page takes a reference of his own.",
                ),
                Slip(
                    lambda p: p.processes + 2,
                    "One too many: this page is on its LRU list, so no pagevec holds it, and a "
                    "list holds no reference.",
                ),
                Slip(
                    lambda p: 1,
                    "Nothing is unmapped yet: each pte still has its reference.",
                ),
            ),
            hints=(
                "A pte holds a reference to the page that it maps. How many ptes are there?",
                "isolate_lru_page() calls get_page_unless_zero(): what does that do to the count?",
            ),
            why="A reference for each pte, and the isolator's own.",
        ),
        Problem(
            "q2",
            "the counts of both pages when the copy begins",
            (Table(before_copy, label="the four counts"),),
            slips=(
                Slip(
                    lambda p: f"p0._count is {p.processes + 1}",
                    "A migration entry holds no reference: with the ptes theirs have gone.",
                ),
                Slip(
                    "p0._count is 0",
                    "A page without any reference is free. The isolator still holds his.",
                ),
                Slip(
                    lambda p: f"p0.mapcount is {p.processes}",
                    "A migration entry is no pte that maps the page: mapcount counts those only.",
                ),
                Slip(
                    "n0._count is 0",
                    "Who allocates a page gets it with one reference, which is his.",
                ),
            ),
            hints=(
                "Every pte has become a migration entry. Does an entry count?",
                "The new page has only been allocated. By whom is it held?",
            ),
            why="Nobody maps either page, and each has one reference: who migrates holds both.",
        ),
        Problem(
            "q3",
            "the counts when everything is over",
            (Table(at_end, label="the three counts"),),
            slips=(
                Slip(
                    "p0._count is 0",
                    "Not free yet: putback_lru_page() has put the old page into a pagevec, which "
                    "holds a reference until it is emptied.",
                ),
                Slip(
                    lambda p: f"n0._count is {p.processes}",
                    "You have counted the ptes. The new page waits in a pagevec, and that holds "
                    "a reference too.",
                ),
                Slip(
                    "n0.mapcount is 1",
                    "Every migration entry becomes a pte again, not only the first.",
                ),
            ),
            hints=("Both pages went to putback_lru_page(). Where does that put a page?",),
            why="The ptes map the new page. A pagevec holds each of the two for a while.",
        ),
        Problem(
            "q4",
            "the number of the step after which no pte maps p0, as page_mapcount() tells",
            (StepNumber(trace_of, unmapped),),
            slips=(
                Slip(
                    "at ptep_clear_flush",
                    "The pte is empty after this step, but the page has not been told yet.",
                ),
                Slip(
                    "at set_pte_at",
                    "This step writes the migration entry; the page's own count changes later.",
                ),
                Slip(
                    "at page_remove_rmap",
                    "The right primitive, but another pte is still there: look for the last one.",
                ),
                Slip(
                    "at put_page_testzero",
                    "This step drops the reference of a pte. Its mapcount went down before.",
                ),
            ),
            hints=('trace.history("p0._mapcount") has every step that changes it.',),
            why="_mapcount begins at -1, so -1 means that nobody maps the page.",
        ),
    ),
)
