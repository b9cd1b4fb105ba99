# SPDX-License-Identifier: GPL-2.0-only
"""Schedule: which task makes how many steps, one after the other.

    Schedule.parse("migrate 41, fault 7, migrate")

A part without a number goes on as long as the task can.  Reads outside primitives count as steps
here, for another task may run before them, although a trace does not show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from kmm.errors import KmmError

if TYPE_CHECKING:
    from kmm.sim.sched import Scheduler, Task

_PART = re.compile(r"(?P<task>.*?\S)(?:\s+(?P<steps>\d+))?")


class Part(NamedTuple):
    """`task` makes `steps` steps; None: as many as it can."""

    task: str
    steps: int | None

    def __str__(self) -> str:
        return self.task if self.steps is None else f"{self.task} {self.steps}"


class Schedule(tuple[Part, ...]):
    """The parts of a schedule in order; `str()` gives what `parse` takes."""

    __slots__ = ()

    @classmethod
    def of(cls, tasks: Iterable[str]) -> Schedule:
        """The schedule in which these tasks made one step each; the last goes on to its end."""
        parts = [Part(task, len(list(run))) for task, run in groupby(tasks)]
        if parts:
            parts[-1] = Part(parts[-1].task, None)
        return cls(parts)

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """The schedule that is written in `text`; KmmError where it is none."""
        parts = []
        for n, words in enumerate(text.split(","), start=1):
            found = _PART.fullmatch(words.strip())
            if found is None:
                raise KmmError(f'schedule: part {n} is empty; write "migrate 41, fault 7, migrate"')
            steps = found["steps"]
            parts.append(Part(found["task"], None if steps is None else int(steps)))
        return cls(parts)

    @property
    def preemptions(self) -> int:
        """How often a task is left; an upper bound, for some may have been done or waiting."""
        return max(0, len(self) - 1)

    def __str__(self) -> str:
        return ", ".join(map(str, self))


class Follow:
    """Chooses what a schedule says; behind its end, the task that ran, then the others in order.

    Raises KmmError where the schedule asks for a step that cannot be made.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._parts = list(schedule)
        self._left: int | None = None
        self._at = 0

    def __call__(self, scheduler: Scheduler, able: list[Task]) -> Task | None:
        """The task of the part that is being followed."""
        while self._at < len(self._parts):
            name, steps = self._parts[self._at]
            task = self._task(scheduler, name)
            if self._left is None:
                self._left = steps
            if self._left == 0 or (steps is None and task not in able):
                self._at += 1
                self._left = None
                continue
            if task not in able:
                self._impossible(scheduler, task)
            if self._left is not None:
                self._left -= 1
            return task
        return scheduler.running if scheduler.running in able else able[0]

    def _task(self, scheduler: Scheduler, name: str) -> Task:
        for task in scheduler.tasks:
            if task.name == name:
                return task
        names = ", ".join(task.name for task in scheduler.tasks)
        raise KmmError(f"schedule: there is no task {name}; there are {names}")

    def _impossible(self, scheduler: Scheduler, task: Task) -> None:
        made = len(scheduler.taken)
        why = f"{task.name} is done" if task.done else scheduler.waits(task)
        raise KmmError(
            f"schedule: part {self._at + 1} ({self._parts[self._at]}) asks for a step of "
            f"{task.name} after {made} steps, but {why}"
        )
