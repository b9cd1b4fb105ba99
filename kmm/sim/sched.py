# SPDX-License-Identifier: GPL-2.0-only
"""The scheduler: several tasks on one machine, and before each step the choice whose it is.

A task is a plain Python function that runs in a greenlet, so that it can be left before any step,
at any depth, and be gone on with later.  Who cannot make his next step (a lock that somebody holds,
a page under writeback) is not chosen: waiting is no loop.  Where nobody can make a step and not all
are done, it is a deadlock, told with who waits for whom.

The scheduler is an Environment like a scenario's; the functions of `kmm.mm` do not know of it.
greenlet is imported when the first scheduler is made: one task alone needs none.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.sim.bug import KernelBug
from kmm.sim.environment import Environment
from kmm.sim.function import Function
from kmm.sim.watchdog import Endless

if TYPE_CHECKING:
    from kmm.sim.fields import Tracked
    from kmm.sim.machine import Machine


class Task:
    """One of the tasks: what it runs, and the step that it makes next.

    `function` and `args` are that step; `until` says whether it can be made now, None if always.
    """

    __slots__ = ("args", "done", "function", "greenlet", "number", "result", "run", "struct",
                 "until")  # fmt: skip

    def __init__(self, number: int, struct: Tracked, run: Callable[[], Any]) -> None:
        self.number = number
        self.struct = struct
        self.run = run
        self.greenlet: Any = None
        self.function: Function | None = None
        self.args: tuple[Any, ...] = ()
        self.until: Callable[..., object] | None = None
        self.done = False
        self.result: Any = None

    @property
    def name(self) -> str:
        """The name of its task_struct."""
        return self.struct.name

    def __repr__(self) -> str:
        where = "done" if self.done else f"before {self.function.name if self.function else '?'}"
        return f"<Task {self.name} {where}>"


class TaskFailed(KmmError):
    """The function of a task has raised what no kernel function raises, or makes no step."""

    def __init__(self, task: str, error: BaseException) -> None:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        says = "makes no step any more" if isinstance(error, Endless) else f"has raised {what}"
        super().__init__(f"task {task} {says}{_place(error)}")


def _place(error: BaseException) -> str:
    """The line of one's own at which it went wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not Path(frame.filename).is_relative_to(_KMM)] or frames
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})"


_KMM = Path(__file__).parents[1]

#: Says which task makes the next step, one of those that can; None ends the run here.
Choose = Callable[["Scheduler", list[Task]], "Task | None"]


class Scheduler(Environment):
    """Runs `tasks` on `machine`, a step at a time.

    `script` says whose the first steps are, by number; nobody is asked about them, and those that
    one task makes in a row cost no look at all (`Machine.ahead`).  `taken` is whose each step was
    so far, `running` the task that made the last.
    """

    attentive = True
    several = True

    def __init__(
        self,
        machine: Machine,
        tasks: Mapping[Tracked, Callable[[], Any]],
        script: Sequence[int] = (),
    ) -> None:
        try:
            import greenlet
        except ImportError:
            raise KmmError(
                "tasks that interrupt one another need greenlet: python -m pip install greenlet"
            ) from None
        self._greenlet = greenlet
        self.machine = machine
        self.tasks = [Task(n, struct, run) for n, (struct, run) in enumerate(tasks.items())]
        self.taken = list(script)
        #: Who makes how many steps of the script, the next part last.
        self._parts = [(self.tasks[n], len(list(steps))) for n, steps in groupby(script)][::-1]
        self.running: Task | None = None
        self._choose: Choose = _never
        self._hub: Any = None
        self._ends = False

    def run(self, choose: Choose) -> KernelBug | None:
        """Run until all tasks are done, the kernel stops, or `choose` ends it.

        Returns the bug that stopped the kernel, or None.  Whatever else a task raises comes out.
        """
        machine = self.machine
        self._choose = choose
        self._hub = self._greenlet.getcurrent()
        before, machine.environment = machine.environment, self
        machine.ahead = 0
        try:
            for task in self.tasks:
                self._begin(task)
            while (following := self._next()) is not None:
                self._resume(following)
        except KernelBug as bug:
            machine.die(bug)
        finally:
            self._end()
            machine.environment = before
        return machine.bug

    def returned(self) -> dict[str, Any]:
        """What the function of each task has returned, by the task's name."""
        return {task.name: task.result for task in self.tasks}

    def _begin(self, task: Task) -> None:
        """The task comes as far as its first step."""
        task.greenlet = self._greenlet.greenlet(lambda: self._main(task))
        task.until = None
        self.running = None
        self._resume(task)

    def _main(self, task: Task) -> None:
        try:
            task.result = task.run()
        except (KernelBug, KmmError):
            raise
        except (Exception, Endless) as error:
            raise TaskFailed(task.name, error) from error
        task.done = True

    def _resume(self, task: Task) -> None:
        machine = self.machine
        machine.current = task.struct
        if machine.recorder is not None:
            machine.recorder.switch(task.struct)
        task.greenlet.switch()

    def _end(self) -> None:
        """No task is left in the middle of something."""
        self._ends = True
        self.machine.ahead = 0
        for task in self.tasks:
            if task.greenlet:
                task.greenlet.throw()

    # What the machine asks.

    def before(self, function: Function, args: tuple[Any, ...]) -> None:
        """The running task is about to make a step: here it can be left."""
        if self._ends:
            raise self._greenlet.GreenletExit
        me = self.running
        if me is None:  # it has only now begun
            me = next(task for task in self.tasks if task.struct is self.machine.current)
            me.function, me.args, me.until = function, args, function.until
            self._hub.switch()
            return
        me.function, me.args, me.until = function, args, function.until
        following = self._next()
        if following is me:
            return
        if following is None:
            self._hub.switch()
        else:
            self._resume(following)

    def _next(self) -> Task | None:
        """Who makes the next step; None at the end."""
        if self._parts:
            self.running, steps = self._parts.pop()
            self.machine.ahead = steps - 1
            return self.running
        able = []
        for task in self.tasks:
            if not task.done and (task.until is None or self._can(task)):
                able.append(task)  # noqa: PERF401 - this is done before each step
        if not able:
            waiting = [task for task in self.tasks if not task.done]
            if waiting:
                self._deadlock(waiting)
            return None
        chosen = self._choose(self, able)
        if chosen is not None:
            self.taken.append(chosen.number)
            self.running = chosen
        return chosen

    def _can(self, task: Task) -> bool:
        """Whether the task's next step can be made now; nobody is told that one looks."""
        machine = self.machine
        inside, machine.inside = machine.inside, True
        saw, machine.saw = machine.saw, None
        try:
            return bool(task.until is None or task.until(*task.args))
        finally:
            machine.inside, machine.saw = inside, saw

    def _deadlock(self, waiting: Sequence[Task]) -> None:
        """Each of those that wait leaves its step in the record, as one that failed."""
        bug = KernelBug("deadlock", None, "; ".join(map(self.waits, waiting)))
        recorder = self.machine.recorder
        for task in waiting if recorder is not None else ():
            assert task.function is not None
            assert recorder is not None
            here = self._greenlet.getcurrent() is task.greenlet
            frame = sys._getframe() if here else task.greenlet.gr_frame
            while frame.f_back and frame.f_globals.get("__name__", "").startswith("kmm.sim."):
                frame = frame.f_back
            recorder.switch(task.struct)
            recorder.step(task.function.number, frame, task.args, None, failed=True)
        self.machine.die(bug)
        raise bug

    def waits(self, task: Task) -> str:
        """What the task waits for, and for whom."""
        function, args = task.function, task.args
        assert function is not None
        what = ", ".join(str(getattr(arg, "name", arg)) for arg in args)
        machine = self.machine
        inside, machine.inside = machine.inside, True
        saw, machine.saw = machine.saw, None
        try:
            holders = function.held_by(*args) if function.held_by else None
        finally:
            machine.inside, machine.saw = inside, saw
        if not isinstance(holders, list):
            holders = [holders]
        whom = " and ".join(getattr(holder, "name", "nobody") for holder in holders) or "nobody"
        return f"{task.name} waits in {function.name}({what}) for {whom}"


def _never(scheduler: Scheduler, able: list[Task]) -> None:
    return None
