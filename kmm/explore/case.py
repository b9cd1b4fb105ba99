# SPDX-License-Identifier: GPL-2.0-only
"""Case: a world, the tasks that run in it, and what must hold.

A case is made anew for each search and each replay: `world()` builds, `tasks(world)` says who runs
what, each by the name of its task.  A file with functions of these names is a case too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from kmm.errors import KmmError
from kmm.explore.each_step import looked_at
from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, Invariant, first_wrong
from kmm.explore.search import Tasks
from kmm.scenario import World
from kmm.sim import Trace
from kmm.sim.sched import Scheduler, Task
from kmm.sim.schedule import Follow, Schedule
from kmm.sim.watch import reads_seen


@dataclass(frozen=True, repr=False)
class Case:
    """What is explored.

    `edits`: how the functions of the model are changed meanwhile (a guard taken away, a bug put
    back, a historical fix switched on).  `invariants`: what must hold, beside that the kernel does
    not stop and every task ends.
    """

    name: str
    world: Callable[[], World]
    tasks: Callable[[World], Mapping[str, Callable[[], Any]]]
    invariants: tuple[Invariant, ...] = ALWAYS
    edits: tuple[Edit, ...] = ()
    about: str = ""
    fixes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Case {self.name}{f': {self.about}' if self.about else ''}>"

    def without(self, *edits: Edit) -> Case:
        """The same case with these edits too."""
        return Case(
            self.name, self.world, self.tasks, self.invariants, (*self.edits, *edits), self.about,
            self.fixes,
        )  # fmt: skip

    def mended(self, fix: str, *edits: Edit) -> Case:
        """The same case with these edits too, which are a fix, in words."""
        return dataclasses.replace(self.without(*edits), fixes=(*self.fixes, fix))

    def build(self) -> tuple[World, Tasks]:
        """A new world, and its tasks by their task_structs."""
        world = self.world()
        runs = self.tasks(world)
        if not runs:
            raise KmmError(f"{self.name}: tasks(world) names no task")
        for name, run in runs.items():
            if not callable(run):
                raise KmmError(f"{self.name}: task {name} must be a function, not {run!r:.40}")
        structs = {name: world.tasks.get(name) or world.task(name) for name in runs}
        return world, {structs[name]: run for name, run in runs.items()}

    def changed(self) -> ExitStack:
        """Inside, the model's functions are as the case has them."""
        stack = ExitStack()
        stack.enter_context(edited(self.edits))
        steps = [(p, one.name, look) for one in self.invariants for p, look in one.steps]
        stack.enter_context(looked_at(steps))
        return stack

    def broken(self, world: World, returned: Mapping[str, Any]) -> tuple[Invariant, str] | None:
        """The first invariant that does not hold of the world, and what is wrong.

        `returned`: what the tasks have returned, by their names.
        """
        return first_wrong(self.invariants, world, returned)

    def replay(self, schedule: Schedule | str) -> Trace:
        """The trace of the run in which the tasks take turns as the schedule says.

        Raises KmmError where they cannot.
        """
        if isinstance(schedule, str):
            schedule = Schedule.parse(schedule)
        follow = Follow(schedule)
        recorded: list[int] = []

        def choose(scheduler: Scheduler, able: list[Task]) -> Task | None:
            assert machine.recorder is not None
            recorded.append(len(machine.recorder.columns.site))
            return follow(scheduler, able)

        with self.changed(), reads_seen():
            world, tasks = self.build()
            machine = world.machine
            machine.record()
            with machine:
                machine.saw = _deaf
                scheduler = Scheduler(machine, tasks)
                scheduler.run(choose)
                machine.saw = None
            broken = None if machine.bug else self.broken(world, scheduler.returned())
        about = {"case": self.name, "schedule": str(schedule)}
        if broken is not None:
            about["broken"] = f"{broken[0].name}: {broken[1]}"
        trace = machine.end_record(**about)
        taken = [scheduler.tasks[number].name for number in scheduler.taken]
        trace.origin = Replay(self, taken, recorded)
        return trace


@dataclass(frozen=True)
class Replay:
    """How a trace came about: who made each step, and how many were recorded before it.

    Reads outside primitives are steps here that are not recorded.
    """

    case: Case
    taken: list[str]
    recorded: list[int]


def _deaf(slot: int) -> None:
    """Reads are places to switch at; what they read is of no interest."""
