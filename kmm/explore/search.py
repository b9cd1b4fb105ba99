# SPDX-License-Identifier: GPL-2.0-only
"""Every order of steps that makes a difference, once.

Dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis, Jonsson and
Sagonas, 2014).  A run is made; each race in it (events.py) asks for a run in which the other comes
first; what has been tried from a place sleeps there until a step wakes it.  The search is depth
first: the next run begins like the last one, as far as its last open question.

The tasks run again from the start each time (rewind.py), with the same first steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kmm.errors import KmmError
from kmm.explore.events import Events, Waiting
from kmm.explore.rewind import Start
from kmm.sim import Cells, KernelBug, Machine, Tracked
from kmm.sim.access import READ, Accesses, Touched, depends
from kmm.sim.sched import Scheduler, Task
from kmm.sim.watch import reads_seen

Tasks = Mapping[Tracked, Callable[[], Any]]


class End(NamedTuple):
    """How a run ended: the bug that stopped it, if any, and which task made each step.

    `preemptions`: how often a task was left that could go on.  `returned`: what the function of
    each task has returned, by the task's name.
    """

    bug: KernelBug | None
    taken: list[int]
    preemptions: int
    returned: Mapping[str, Any]


class Counts(NamedTuple):
    """How much was done: complete runs, runs that were cut off as repetitions, steps of both."""

    runs: int = 0
    repeated: int = 0
    steps: int = 0


class Frame:
    """The state before a step: who can make it, who sleeps, who is to be tried and who has been.

    `todo` has a bit for each task.  `turn` is who makes the step in the present run, `left` how
    often in it, up to this step, a task was left that could go on.
    """

    __slots__ = ("able", "done", "left", "sleep", "todo", "turn")

    def __init__(self, able: list[Task], sleep: dict[int, Touched], turn: int, left: int) -> None:
        #: Tasks of this run; in the next, others stand for them, with the same numbers.
        self.able = able
        self.sleep = sleep
        self.turn = turn
        self.left = left
        self.todo = 1 << turn
        self.done: dict[int, Touched] = {}

    def open(self) -> int | None:
        """The first who is still to be tried; None if there is none."""
        if self.todo & (self.todo - 1):  # more than the one who was first
            for task in range(self.todo.bit_length()):
                if self.todo >> task & 1 and task not in self.done and task not in self.sleep:
                    return task
        return None


#: Nobody sleeps; no event is in the way.  Never changed.
_AWAKE: dict[int, Touched] = {}
_NONE: set[int] = set()


def _left(before: Frame, able: list[Task], turn: int) -> int:
    """How often a task has been left that could go on, when it is now the turn of `turn`."""
    return before.left + (before.turn != turn and any(task.number == before.turn for task in able))


class Search:
    """All runs of `tasks` on `machine`, which stands at its start."""

    def __init__(self, machine: Machine, tasks: Tasks, *, longest: int | None = None) -> None:
        self.machine = machine
        self.tasks = tasks
        self.longest = longest
        self.counts = Counts()
        #: Known from the first run on.
        self.start: Start
        self._accesses = Accesses(machine)
        self._events = Events(len(tasks))
        self._frames: list[Frame] = []
        self._waiting: Waiting | None = None
        self._repeated = False

    def ends(self) -> Iterator[End]:
        """Each run's end, with the machine as the run has left it."""
        machine = self.machine
        before = machine.recorder, machine.saw
        machine.recorder = self._accesses  # type: ignore[assignment]
        start = self.start = Start(machine)
        self._accesses.new_cell = start.new_cell
        try:
            with machine, reads_seen():
                while True:
                    end = self._run()
                    if end is not None:
                        yield end
                    start.rewind(self._accesses.written)
                    if not self._turn_back():
                        return
        finally:
            start.rewind(self._accesses.written)
            machine.recorder, machine.saw = before

    def taken(self) -> list[int]:
        """Whose each step was in the present run, as far as it has come."""
        return [frame.turn for frame in self._frames]

    @property
    def shared(self) -> set[int]:
        """The slots that one task has changed and another touched, in any run so far."""
        return self._events.shared_slots

    def pulse(self) -> object:
        """Changes as long as the tasks make steps."""
        return self.counts, len(self._frames)

    def _run(self) -> End | None:
        """One run; None if it was found to repeat another."""
        self._accesses.begin()
        self._repeated = False
        if self._frames:  # what is known is not written down again
            self.machine.recorder, self.machine.saw = None, bool
        script = [frame.turn for frame in self._frames[:-1]]
        scheduler = Scheduler(self.machine, self.tasks, script)
        bug = scheduler.run(self._choose)
        if len(scheduler.taken) > len(self._events.all):
            self._close(scheduler)
        runs, repeated, steps = self.counts
        steps += len(scheduler.taken)
        for task in scheduler.tasks:
            if not task.done and task.until is not None and (bug is not None or self._repeated):
                self._blocked(task)
        self.machine.saw = None
        if self._repeated:
            self.counts = Counts(runs, repeated + 1, steps)
            return None
        self.counts = Counts(runs + 1, repeated, steps)
        left = self._frames[-1].left if self._frames else 0
        return End(bug, scheduler.taken, left, scheduler.returned())

    def _turn_back(self) -> bool:
        """The last place from which something is open becomes the end; False if there is none."""
        frames = self._frames
        while frames:
            frame = frames[-1]
            following = frame.open()
            if following is not None:
                frame.turn = following
                if len(frames) > 1:
                    frame.left = _left(frames[-2], frame.able, following)
                self._events.cut(len(frames) - 1)
                return True
            frames.pop()
        return False

    # While a run is made.

    def _choose(self, scheduler: Scheduler, able: list[Task]) -> Task | None:
        frames = self._frames
        if self.longest is not None and len(scheduler.taken) >= self.longest:
            names = ", ".join(task.name for task in able)
            raise KmmError(
                f"a run has made {self.longest} steps and is not done: one of {names} never ends"
            )
        if len(scheduler.taken) > len(self._events.all):
            self._close(scheduler)
            turn = self._new_frame(scheduler, able)
            if turn is None:
                return None
        else:
            self._accesses.resume()
            if not frames:
                frames.append(Frame(able, _AWAKE, able[0].number, 0))
            turn = scheduler.tasks[frames[-1].turn]
        self._waiting = self._waits(turn) if turn.until is not None else None
        return turn

    def _new_frame(self, scheduler: Scheduler, able: list[Task]) -> Task | None:
        """The state behind the last step: who of those that are able and awake goes on."""
        frame = self._frames[-1]
        sleep = _AWAKE
        awake = able
        if frame.sleep or len(frame.done) > 1:
            touched = frame.done[frame.turn]
            sleep = {
                task: waiting
                for task, waiting in (frame.sleep | frame.done).items()
                if task != frame.turn and not depends(touched, waiting)
            }
            awake = [task for task in able if task.number not in sleep]
            if not awake:
                self._repeated = True
                return None
        running = scheduler.running
        turn = running if running in awake else awake[0]
        assert turn is not None
        left = frame.left if turn is running else _left(frame, able, turn.number)
        self._frames.append(Frame(able, sleep, turn.number, left))
        return turn

    def _close(self, scheduler: Scheduler) -> None:
        """The step that was made last is over: what it touched, and what it raced with."""
        touched, olds = self._accesses.touched()
        task = scheduler.taken[-1]
        self._frames[-1].done[task] = touched
        events = self._events
        shared = events.shared(task, touched, olds)
        conflicting = events.conflicting(task, shared) if shared else _NONE
        if conflicting or self._waiting is not None:
            self._race(task, shared, conflicting, self._waiting)
        events.add(task, touched, shared, olds, conflicting)

    def _race(
        self, task: int, shared: Touched, conflicting: set[int], waiting: Waiting | None
    ) -> None:
        for number, firsts in self._events.races(task, shared, conflicting, waiting):
            frame = self._frames[number]
            if any(frame.todo >> first & 1 or first in frame.sleep for first in firsts):
                continue
            able = [it.number for it in frame.able if it.number in firsts]
            if able:
                frame.todo |= 1 << (task if task in able else min(able))

    def _blocked(self, task: Task) -> None:
        """A task that waits when a run ends might have come before what it waits for."""
        waiting = self._waits(task)
        shared = self._events.shared(task.number, dict.fromkeys(waiting.slots, READ), ())
        conflicting = self._events.conflicting(task.number, shared)
        self._race(task.number, shared, conflicting, waiting)

    def _waits(self, task: Task) -> Waiting:
        """The slots that decide whether the task can make its step."""
        until, args = task.until, task.args
        assert until is not None
        slots: set[int] = set()
        able = bool(self._would(until, args, {}, slots))
        return Waiting(slots, lambda olds: self._would(until, args, olds, slots), able)

    def _would(
        self, until: Callable[..., object], args: Any, olds: dict[int, Any], slots: set[int]
    ) -> bool | None:
        """Whether the step could be made if the slots held `olds`; what is looked at is added.

        None where one of them is no single value.
        """
        machine = self.machine
        inside, machine.inside = machine.inside, True
        saw, machine.saw = machine.saw, slots.add
        kept = []
        try:
            for slot, value in olds.items():
                place = self._place(slot)
                if place is None:
                    return None
                where, key, empty = place
                kept.append((where, key, key in where, where.get(key)))
                where[key] = empty if value is None else value
            return bool(until(*args))
        finally:
            machine.inside, machine.saw = inside, saw
            for where, key, there, present in reversed(kept):
                if there:
                    where[key] = present
                else:
                    del where[key]

    def _place(self, slot: int) -> tuple[dict[Any, Any], Any, Any] | None:
        """The field that has the slot, or the cell of a table, and what None stands for there."""
        known = self.start.place(slot)
        if known is not None:
            return known
        for thing in self.machine.objects.values():
            if isinstance(thing, Tracked):
                if 0 < slot - thing.base <= len(thing.FIELDS):
                    return thing.__dict__, thing.FIELD_NAMES[slot - thing.base - 1], None
            elif isinstance(thing, Cells):
                for key, place in thing.slots.items():
                    if place == slot:
                        return thing.cells, key, thing.empty
        return None
