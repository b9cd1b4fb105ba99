# SPDX-License-Identifier: GPL-2.0-only
"""Machine: one small computer, its objects, its tasks and the record of what happens.

Everything in a machine knows it (`page.machine`).  A machine is *running* inside `with machine:`,
which is where functions without an argument (`current()`, `cond_resched()`) find it.  `record()`
begins a trace at the present state; `trace()` hands out what has been recorded so far.

The life of a step, in `kmm.sim.primitive`: the environment may act, then the primitive runs to its
end without any other task in between (`inside` is true meanwhile), then the step is written down.
After a KernelBug the machine is dead: each further step raises the same bug again.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.sim.bug import KernelBug, StepLimit
from kmm.sim.environment import Environment
from kmm.sim.function import ASSIGN, STOP, Function
from kmm.sim.recorder import Recorder
from kmm.sim.running import actor, now
from kmm.sim.trace import Trace
from kmm.sim.values import plain

if TYPE_CHECKING:
    from kmm.sim.containers import Cells
    from kmm.sim.fields import Tracked


#: A record of more steps ends: more than any world needs that people look at, and soon enough for
#: a loop without end.
LIMIT = 2_000_000


class Machine:
    """An empty machine: no memory, no tasks.

    `debug_vm`: the kernel is built with CONFIG_DEBUG_VM, so VM_BUG_ON is checked.
    `kernel` holds the kernel's global variables; what is in it is the business of `kmm.mm`.
    """

    def __init__(self, *, debug_vm: bool = True) -> None:
        self.debug_vm = debug_vm
        self.kernel: Any = None
        self.objects: dict[str, Any] = {}
        self.current: Any = None
        self.bug: KernelBug | None = None
        self.recorder: Recorder | None = None
        #: A primitive is running: what it calls and changes is part of its step.
        self.inside = False
        #: Each step is looked at before it happens: the environment wants to be asked, the record
        #: is full, or the machine is dead.
        self.hooked = False
        #: It wants to be told of calls too, or the machine is dead.
        self.attended = False
        #: While somebody watches what is read: told of each slot.
        self.saw: Callable[[int], object] | None = None
        #: So many steps the running task makes without being asked before them, for all is known
        #: of them: where runs are compared, they begin alike.
        self.ahead = 0
        #: Where runs of one program are compared: the slots of what they made.
        self.known_slots: dict[Any, int] | None = None
        self._environment = Environment()
        #: What is called when a step is about to happen, where `hooked`.
        self.before: Callable[[Function, tuple[Any, ...]], None] = self._environment.before
        self._slots = 0
        self._entered: list[Machine | None] = []

    # Objects and their places in the record.

    def unique(self, name: str) -> str:
        """`name`, or name#2, name#3, ... if an object has it already."""
        if name not in self.objects:
            return name
        return next(n for i in itertools.count(2) if (n := f"{name}#{i}") not in self.objects)

    def take_slots(self, count: int, owner: Any = None) -> int:
        """The first of `count` new slots of the record, which belong to `owner`.

        While runs of one program are compared, what has the same name has the same slots in all
        of them.
        """
        if self.known_slots is not None and owner in self.known_slots:
            return self.known_slots[owner]
        first = self._slots
        self._slots += count
        if self.known_slots is not None:
            self.known_slots[owner] = first
        return first

    def add(self, thing: Any) -> None:
        """Enter a new object under its name."""
        self.objects[thing.name] = thing
        if self.recorder is not None:
            self.recorder.new_object(thing)

    def __getitem__(self, name: str) -> Any:
        return self.objects[name]

    # Running.

    @property
    def environment(self) -> Environment:
        """Everybody else; setting it takes effect at the next step."""
        return self._environment

    @environment.setter
    def environment(self, environment: Environment) -> None:
        self._environment = environment
        self.attend()

    def attend(self) -> None:
        """Look anew whether the environment wants to be asked."""
        full = self.recorder is not None and self.recorder.full
        self.hooked = full or self.bug is not None or self._environment.attentive
        self.attended = self.bug is not None or self._environment.attends_calls
        # Without a record there is none that could be full: runs that are compared have none.
        free = self.recorder is None and self.bug is None
        self.before = self._environment.before if free else self._ask

    def __enter__(self) -> Machine:
        self._entered.append(now.machine)
        now.machine = self
        return self

    def __exit__(self, *exc: object) -> None:
        now.machine = self._entered.pop()

    @contextmanager
    def as_task(self, task: Tracked) -> Iterator[None]:
        """Inside, `task` runs: steps are its steps, and its calls are a tree of their own."""
        before, self.current = self.current, task
        inside, self.inside = self.inside, False
        recorder = self.recorder
        back = recorder.switch(task) if recorder is not None else 0
        try:
            yield
        finally:
            self.current, self.inside = before, inside
            if recorder is not None:
                recorder.switch_back(back)

    # What primitives ask of their machine.

    def _ask(self, function: Function, args: tuple[Any, ...]) -> None:
        """A step is about to happen."""
        self.require_room()
        self._environment.before(function, args)
        # Others may have acted, in steps of their own.
        self.require_room()

    def require_room(self) -> None:
        """One more step can be recorded, or the machine dies of its limit."""
        if self.recorder is not None and self.recorder.full:
            self.die(StepLimit(len(self.recorder.columns.site), *actor(sys._getframe(1))))
        if self.bug is not None:
            raise self.bug

    def entered(self, function: Function, args: tuple[Any, ...]) -> None:
        """A kernel function has been called."""
        if self.bug is not None:
            raise self.bug
        self._environment.entered(function, args)

    def left(self, function: Function, result: Any) -> None:
        """A kernel function has returned."""
        if self.bug is None:
            self._environment.left(function, result)

    def die(self, bug: KernelBug) -> None:
        """The kernel has stopped; the first bug is the one that counts."""
        if self.bug is None:
            self.bug = bug
            self.attend()

    def record_stop(self, bug: KernelBug, frame: FrameType) -> None:
        """A BUG() outside any primitive is a step of its own."""
        if self.recorder is not None and not self.inside and self.bug is None:
            self.recorder.step(STOP.number, frame, (bug.text,), None, failed=True)
        if not self.inside:
            self.die(bug)

    # Writes that stand outside any primitive.

    def assign(self, owner: Tracked, field: str, value: Any, frame: FrameType) -> None:
        """`owner.field = value` as a statement: a step of its own."""
        if self.hooked and now.machine is self:
            if self.ahead:
                self.ahead -= 1
            else:
                self.before(ASSIGN, (owner, field))
        old = owner.__dict__[field]
        owner.__dict__[field] = value
        if self.recorder is not None:
            self.recorder.changed(owner.base + owner.PLACE[field], old, value)
            place = f"{owner.name}.{field}"
            self.recorder.step(ASSIGN.number, _writer(frame), (place, value), None)

    def assign_cell(self, cells: Cells[Any, Any], key: Any, value: Any, frame: FrameType) -> None:
        """`cells[key] = value` as a statement: a step of its own."""
        if self.hooked and now.machine is self:
            if self.ahead:
                self.ahead -= 1
            else:
                self.before(ASSIGN, (cells, key))
        cells.put(key, value)
        if self.recorder is not None:
            place = f"{cells.name}[{plain(key)}]"
            self.recorder.step(ASSIGN.number, _writer(frame), (place, value), None)

    # The record.

    def record(self, limit: int | None = LIMIT) -> None:
        """Begin a new record at the present state.

        `limit`: so many steps are recorded; who wants to make one more is stopped by StepLimit, and
        the machine is dead as after any KernelBug.  A BUG() is told even then.  None is no limit.

        Raises KmmError for a limit that is no whole number above 0.
        """
        whole = isinstance(limit, int) and not isinstance(limit, bool)
        if limit is not None and not (whole and limit > 0):
            raise KmmError(f"a limit is a number of steps, 1 or more, or None, not {limit!r}")
        self.recorder = Recorder(self, limit)
        self.attend()

    def trace(self, **about: Any) -> Trace:
        """What has been recorded since `record()`; `about` goes into the trace's header."""
        if self.recorder is None:
            raise KmmError("nothing is recorded: call machine.record() first")
        return Trace.of(self.recorder, self.bug, about, ended=False)

    def end_record(self, **about: Any) -> Trace:
        """What has been recorded, and from now on nothing is; cheaper than `trace()`."""
        if self.recorder is None:
            raise KmmError("nothing is recorded: call machine.record() first")
        recorder, self.recorder = self.recorder, None
        self.attend()
        return Trace.of(recorder, self.bug, about, ended=True)


def _writer(frame: FrameType) -> FrameType:
    """The frame of the statement that writes, where it writes through a pointer of `sim`."""
    while frame.f_globals.get("__name__") == "kmm.sim.pointer" and frame.f_back is not None:
        frame = frame.f_back
    return frame
