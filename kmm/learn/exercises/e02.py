# SPDX-License-Identifier: GPL-2.0-only
"""Count: who holds a page of a file, and what a migration makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.values import Value
from kmm.scenario import World
from kmm.sim import Trace
from kmm.sim.trace import Call


def world(p: Parameters) -> World:
    """A page of a file with two buffers, mapped `p.maps` times and pinned `p.pins` times."""
    w = World(nodes=2)
    file = w.file(migratepage="buffer_migrate_page")
    page = file.page(0)
    for _ in range(p.maps):
        w.mm().mmap(pages=1, file=file).touch(0, write=False)
    w.add_buffers(page, [{}, {}])
    if p.pins:
        w.pin(page, p.pins)
    return w


def trace_of(p: Parameters) -> Trace:
    """The page is migrated to node 1."""
    w = world(p)
    return w.migrate_pages([w["p0"]], 1).trace


def at_rest(p: Parameters) -> int:
    """page_count() before anybody migrates."""
    count: int = world(p)["p0"]._count
    return count


def found(p: Parameters) -> int:
    """What migrate_page_move_mapping finds at the first attempt."""
    steps = (s for s in trace_of(p) if s.function == "migrate_page_move_mapping")
    return next(int(step.result) for step in steps if step.primitive == "page_count")


def attempts(p: Parameters) -> list[int]:
    """What each unmap_and_move returned."""

    def every(calls: Iterable[Call]) -> Iterator[Call]:
        for call in calls:
            yield call
            yield from every(call.children)

    return [int(c.result) for c in every(trace_of(p).calls) if c.fn == "unmap_and_move"]


EXERCISE = Exercise(
    "e02",
    "Count the references of a page of a file",
    parameters={"maps": (2, 3, 4), "pins": (1, 2, 3)},
    problems=(
        Problem(
            "q1",
            "page_count(p0) before anybody migrates",
            (Value(at_rest, label="page_count(p0)"),),
            slips=(
                Slip(
                    lambda p: p.maps + p.pins + 1,
                    "One is missing: buffers hold one reference together, told by PG_private.",
                ),
                Slip(
                    lambda p: p.maps + p.pins + 3,
                    "The buffers hold one reference together, not one each.",
                ),
                Slip(
                    lambda p: p.maps + 2,
                    "The pins are missing: get_user_pages() takes a reference for each.",
                ),
                Slip(
                    lambda p: p.pins + 2,
                    "The ptes are missing: each holds a reference.",
                ),
            ),
            hints=(
                "Holders: each pte, each pin, the page cache, the buffers. How many has each?",
                'w.migrate_pages([page], 1).trace.holders("p0", 0) says who holds it at the start.',
            ),
            why="A reference for each pte and each pin, the cache's, and one for all buffers.",
        ),
        Problem(
            "q2",
            "what page_count() tells migrate_page_move_mapping() at the first attempt",
            (Value(found, label="page_count(p0)"),),
            slips=(
                Slip(
                    lambda p: p.maps + p.pins + 3,
                    "The ptes have become migration entries by then, which hold nothing.",
                ),
                Slip(
                    lambda p: p.pins + 2,
                    "One is missing: the reference of who has isolated the page.",
                ),
                Slip(
                    lambda p: 3,
                    "That is what the function expects. What it finds has the pins too.",
                ),
            ),
            hints=("What has happened before? The page was isolated, then unmapped.",),
            why="The isolator, the cache and the buffers make three. The pins come on top.",
        ),
        Problem(
            "q3",
            'what the first unmap_and_move() returns, as in "-ENOMEM"',
            (Value(lambda p: attempts(p)[0], label="the error"),),
            slips=(
                Slip(lambda p: 0, "With a pin on it the page cannot move: the count is too high."),
                Slip(
                    lambda p: -16,
                    "-EBUSY is what move_pages(2) tells of a page that could not be isolated.",
                ),
                Slip(lambda p: 11, "Errors are returned as negative numbers."),
            ),
            hints=("Another attempt might find the pins gone. Which error says so?",),
            why="-EAGAIN: the pins may go, so it is worth another attempt.",
        ),
        Problem(
            "q4",
            "how many attempts migrate_pages() makes with this page",
            (Value(lambda p: len(attempts(p)), label="the attempts"),),
            slips=(
                Slip(lambda p: 1, "After -EAGAIN the page stays on the list, and is tried again."),
                Slip(
                    lambda p: 3,
                    "From the fourth attempt on it is forceful, which means that it waits; it "
                    "does not give up there.",
                ),
                Slip(lambda p: 9, "The passes are counted from 0."),
            ),
            hints=("Look for the loop over `pass_` in migrate_pages().",),
            why="Ten passes, and all in vain, for nobody drops the pins.",
        ),
    ),
)
