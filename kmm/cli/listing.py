# SPDX-License-Identifier: GPL-2.0-only
"""A trace as a list to read: one line a step, indented by call.

         migrate_page_move_mapping(f0, n0, p0)
      37   page_freeze_refs(p0, 3) = 0
           return -EAGAIN

Tasks may interleave: a call stays open while another task's steps happen.  So each task is listed
by itself, with a depth of its own, and the lists are merged by time; where there is more than one
task, a line says whose it is.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from kmm.cli.console import BAD, CHANGED, QUIET, STRONG, Piece
from kmm.cli.words import called, is_void, marked, passed, returned

if TYPE_CHECKING:
    from kmm.sim.calls import Call
    from kmm.sim.step import Step
    from kmm.sim.trace import Trace

#: Where the changes of a step begin, unless its call is longer than that.
COLUMN = 64
#: So many changes of one step are shown; a freshly made page alone would fill the screen.
CHANGES = 6

Line: TypeAlias = list[Piece]
#: When something happens: at which step, and whether it is the step (1) or what begins or ends
#: just before it (0).
When: TypeAlias = tuple[int, int]


def lines(trace: Trace) -> Iterator[Line]:
    """Every line of the list, in the order in which things happened."""
    by_task = [_Task(trace, task).lines() for task in trace.tasks]
    for _, line in heapq.merge(*by_task, key=itemgetter(0)):
        yield line


class _Task:
    """What one task of a trace did."""

    def __init__(self, trace: Trace, task: str) -> None:
        self.trace = trace
        self.calls = [call for call in trace.calls if call.task == task]
        self.steps = deque(step for step in trace if step.task == task)
        self.digits = len(str(len(trace)))
        self.owner = f"{task:{max(map(len, trace.tasks))}} " if len(trace.tasks) > 1 else ""

    def lines(self) -> Iterator[tuple[When, Line]]:
        return self._inside(self.calls, len(self.trace), 0)

    def _inside(self, calls: Sequence[Call], end: int, depth: int) -> Iterator[tuple[When, Line]]:
        """The steps before `end` and, among them, these calls with all that is in them."""
        for call in calls:
            yield from self._steps_before(call.first, depth)
            name = called(call.fn, call.args.values())
            yield (call.first, 0), self._line("", depth, (name, STRONG))
            yield from self._inside(call.children, call.last, depth + 1)
            if call.aborted:
                yield (call.last, 0), self._line("", depth + 1, ("cut off", BAD))
            elif not is_void(call.fn, call.result):
                yield (
                    (call.last, 0),
                    self._line("", depth + 1, f"return {returned(call.result, call.fn)}"),
                )
        yield from self._steps_before(end, depth)

    def _steps_before(self, end: int, depth: int) -> Iterator[tuple[When, Line]]:
        while self.steps and self.steps[0].index < end:
            step = self.steps.popleft()
            yield (step.index, 1), self._step(step, depth)

    def _step(self, step: Step, depth: int) -> Line:
        text = self._text(step)
        line = self._line(str(step.index), depth, (f"{text} stops", BAD) if step.failed else text)
        changes = [marked(change) for change in step.changes if change.old != change.new]
        if changes:
            width = sum(len(piece if isinstance(piece, str) else piece[0]) for piece in line)
            line += [" " * max(2, COLUMN - width), (_first(changes), CHANGED)]
        return line

    def _text(self, step: Step) -> str:
        if step.primitive == "assign":
            place, value = step.args
            return f"{place} = {passed(place.rpartition('.')[2], value)}"
        if step.primitive == "BUG":
            return str(step.args[0])
        text = called(step.primitive, step.args)
        known = not step.failed and not is_void(step.primitive, step.result)
        return f"{text} = {returned(step.result, step.primitive)}" if known else text

    def _line(self, number: str, depth: int, *pieces: Piece) -> Line:
        return [(f"{number:>{self.digits}} {self.owner}", QUIET), "  " * depth, *pieces]


def _first(changes: list[str]) -> str:
    more = f", and {len(changes) - CHANGES} more" if len(changes) > CHANGES else ""
    return ", ".join(changes[:CHANGES]) + more
