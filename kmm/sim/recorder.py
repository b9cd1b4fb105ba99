# SPDX-License-Identifier: GPL-2.0-only
"""The recorder: what happens is written down in compact columns.

No object is made for a step.  A step is one number in each of five arrays; its arguments and its
changes are runs in further arrays, of which the step keeps the end.  What a number stands for is
in tables that grow only with what is new: values, objects, places in the code.  `kmm.sim.trace`
reads all this, `docs/trace-format.md` describes it.

A *site* is a place in the code together with the function that is called there: it says of a step
which primitive it was and which line called it.  While a machine runs, the place is kept as code
object and instruction offset; lines and sources are looked up when somebody asks.

This is the one file of kmm in which a microsecond counts: `step` runs once for every step.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, fields, replace
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from kmm.sim.fields import Tracked
from kmm.sim.function import STOP
from kmm.sim.values import ValueTable

if TYPE_CHECKING:
    from kmm.sim.machine import Machine

#: The site of what is called by nobody.
NOWHERE = 0

#: Code that calls a function of the kernel on behalf of somebody so many calls further out.
LOOK_THROUGH: dict[CodeType, int] = {}

#: What has become of a call.
OPEN, RETURNED, ABORTED = 0, 1, 2


def _numbers() -> array[int]:
    return array("I")


def _bytes() -> array[int]:
    return array("B")


@dataclass(slots=True)
class Columns:
    """The record itself.  Slot, value, site and call are numbers into tables."""

    # One entry a step.
    site: array[int] = field(default_factory=_numbers)
    call: array[int] = field(default_factory=_numbers)
    result: array[int] = field(default_factory=_numbers)
    args_end: array[int] = field(default_factory=_numbers)
    changes_end: array[int] = field(default_factory=_numbers)
    # One entry an argument of a step.
    args: array[int] = field(default_factory=_numbers)
    # One entry a change.
    slot: array[int] = field(default_factory=_numbers)
    old: array[int] = field(default_factory=_numbers)
    new: array[int] = field(default_factory=_numbers)
    # One entry a call.  A call that is its own parent is no call: it stands for what a task does
    # outside every kernel function.
    call_site: array[int] = field(default_factory=_numbers)
    call_task: array[int] = field(default_factory=_bytes)
    call_parent: array[int] = field(default_factory=_numbers)
    call_first: array[int] = field(default_factory=_numbers)
    call_last: array[int] = field(default_factory=_numbers)
    call_result: array[int] = field(default_factory=_numbers)
    call_state: array[int] = field(default_factory=_bytes)
    call_args_end: array[int] = field(default_factory=_numbers)
    # One entry an argument of a call.
    call_args: array[int] = field(default_factory=_numbers)
    # One entry a slot: its value at the start or, of a later object, when it came into being.
    initial: array[int] = field(default_factory=_numbers)

    def copy(self) -> Columns:
        """The same numbers in arrays of their own."""
        return Columns(*(getattr(self, f.name)[:] for f in fields(self)))


@dataclass(slots=True)
class ObjectEntry:
    """An object of the record.

    The slot `base` says whether it exists.  A struct has its `fields` in the slots behind it, a
    container one slot for each key of `cells`.
    """

    name: str
    type: str
    base: int
    fields: tuple[str, ...]
    cells: dict[Any, int] | None = None
    #: The keys are addresses, and shown so.
    hex_keys: bool = False

    def copy(self) -> ObjectEntry:
        """An entry that gets no further cells; one without cells never changes."""
        return self if self.cells is None else replace(self, cells=dict(self.cells))


@dataclass(slots=True)
class Site:
    """`function` (its number) is called in `code`, at the instruction `offset`."""

    function: int
    code: CodeType | None
    offset: int


class Recorder:
    """Writes down what happens in `machine` from now on, up to `limit` steps."""

    def __init__(self, machine: Machine, limit: int | None = None) -> None:
        self.columns = columns = Columns()
        self.values = ValueTable()
        self.objects: list[ObjectEntry] = []
        self.sites = [Site(STOP.number, None, 0)]
        self.tasks: list[str] = []
        #: The machine is told once when the record is full; no length is -1.
        self._limit = -1 if limit is None else limit
        self._attend = machine.attend
        #: Steps that a bug cut off.
        self.failed: set[int] = set()
        self._containers: dict[int, dict[Any, int]] = {}
        #: The sites by the address of the instruction and the function that is called.  An address
        #: is unique, for an instruction is part of its code object, which the table of sites keeps.
        self._site_numbers: dict[int, int] = {}
        self._task_numbers: dict[Any, int] = {}
        self._call_of: list[int] = []
        # Bound once: looking these up would take as long as calling them.
        self._put_change = columns.slot.append, columns.old.append, columns.new.append
        self._put_arg = columns.args.append
        self._put_step = (
            columns.site.append,
            columns.call.append,
            columns.result.append,
            columns.args_end.append,
            columns.changes_end.append,
        )
        self._put_call_arg = columns.call_args.append
        self._put_call = (
            columns.call_site.append,
            columns.call_task.append,
            columns.call_parent.append,
            columns.call_first.append,
            columns.call_last.append,
            columns.call_result.append,
            columns.call_state.append,
            columns.call_args_end.append,
        )
        self._task = self._task_number(machine.current)
        self._call = self._call_of[self._task]
        # Room for all slots that there are already.
        columns.initial.extend([0] * machine.take_slots(0))
        for thing in machine.objects.values():
            self._enter_object(thing, exists=1)

    # Objects.

    def new_object(self, thing: Any) -> None:
        """An object has come into being, in the step that is being made."""
        self._enter_object(thing, exists=0)
        self.changed(thing.base, 0, 1)

    def _enter_object(self, thing: Any, *, exists: int) -> None:
        kind = type(thing).__name__
        values = self.values
        if isinstance(thing, Tracked):
            entry = ObjectEntry(thing.name, kind, thing.base, thing.FIELD_NAMES)
            self._start(thing.base, values.numbers((exists, *thing.__dict__.values())))
        else:
            cells: dict[Any, int] = {}
            entry = ObjectEntry(thing.name, kind, thing.base, (), cells, thing.HEX_KEYS)
            self._containers[thing.base] = cells
            self._start(thing.base, [values[exists]])
            # Cells that an earlier record knew and that are empty now can be filled again.
            for key, slot in thing.slots.items():
                cells[values.kept(key)] = slot
                self._start(slot, [0])
            for key, value in thing.recorded_cells():
                slot = thing.slots.get(key)
                if slot is None:
                    slot = thing.slots[key] = thing.machine.take_slots(1)
                cells[values.kept(key)] = slot
                self._start(slot, [values.number(value)])
        self.objects.append(entry)

    def new_cell(self, container: Any, key: Any, slot: int) -> None:
        """A container has got a slot for a key that it never had before."""
        self._containers[container.base][self.values.kept(key)] = slot
        self._start(slot, [0])

    def _start(self, slot: int, values: list[int]) -> None:
        """Write the first values of the slots from `slot` on."""
        initial = self.columns.initial
        end = slot + len(values)
        if len(initial) < end:
            initial.extend([0] * (end - len(initial)))
        initial[slot:end] = array("I", values)

    # Steps.

    def changed(self, slot: int, old: Any, new: Any) -> None:
        """A slot changes; the step that is being made takes it."""
        values = self.values
        try:
            before, after = values[old], values[new]
        except TypeError:
            before, after = values.number(old), values.number(new)
        put_slot, put_old, put_new = self._put_change
        put_slot(slot)
        put_old(before)
        put_new(after)

    def added(self, slot: int, old: Any, new: Any, floor: int | None) -> None:
        """A counter changes; what it commutes with is of no interest here."""
        self.changed(slot, old, new)

    def step(
        self,
        function: int,
        frame: FrameType,
        args: tuple[Any, ...],
        result: Any,
        failed: bool = False,
    ) -> None:
        """A primitive has run, called in `frame`; what changed since the last step is its doing."""
        values = self.values
        columns = self.columns
        put_arg = self._put_arg
        try:
            for arg in args:
                put_arg(values[arg])
            outcome = values[result]
        except TypeError:  # something without a hash: a list
            del columns.args[columns.args_end[-1] if columns.args_end else 0 :]
            columns.args.extend(map(values.number, args))
            outcome = values.number(result)
        if failed:
            self.failed.add(len(columns.site))
        site = self._site_numbers.get(id(frame.f_code) + frame.f_lasti << 12 | function)
        if site is None:
            site = self._new_site(function, frame)
        put_site, put_call, put_result, put_args_end, put_changes_end = self._put_step
        put_site(site)
        put_call(self._call)
        put_result(outcome)
        put_args_end(len(columns.args))
        put_changes_end(len(columns.slot))
        if len(columns.site) == self._limit:
            self._attend()

    @property
    def full(self) -> bool:
        """It has as many steps as it may have."""
        return 0 <= self._limit <= len(self.columns.site)

    def _new_site(self, function: int, frame: FrameType) -> int:
        for _ in range(LOOK_THROUGH.get(frame.f_code, 0)):
            # On whose behalf it calls is meant; its own place is not kept, for that is everybody's.
            frame = frame.f_back or frame
        key = id(frame.f_code) + frame.f_lasti << 12 | function
        site = self._site_numbers.setdefault(key, len(self.sites))
        if site == len(self.sites):
            self.sites.append(Site(function, frame.f_code, frame.f_lasti))
        return site

    # Calls.

    def enter(self, function: int, frame: FrameType, args: tuple[Any, ...]) -> int:
        """A kernel function is called in `frame`; returns the number of the call."""
        site = self._site_numbers.get(id(frame.f_code) + frame.f_lasti << 12 | function)
        if site is None:
            site = self._new_site(function, frame)
        call = self._call = self._open_call(site, self._task, self._call, args)
        return call

    def _open_call(self, site: int, task: int, parent: int, args: tuple[Any, ...]) -> int:
        values = self.values
        columns = self.columns
        call = len(columns.call_site)
        try:
            for arg in args:
                self._put_call_arg(values[arg])
        except TypeError:  # something without a hash: a list
            del columns.call_args[columns.call_args_end[-1] if call else 0 :]
            columns.call_args.extend(map(values.number, args))
        put_site, put_task, put_parent, put_first, put_last, put_result, put_state, put_args_end = (
            self._put_call
        )
        put_site(site)
        put_task(task)
        put_parent(parent)
        put_first(len(columns.site))
        put_last(0)
        put_result(0)
        put_state(OPEN)
        put_args_end(len(columns.call_args))
        return call

    def leave(self, call: int, result: Any) -> None:
        """The call has returned `result`."""
        try:
            self.columns.call_result[call] = self.values[result]
        except TypeError:
            self.columns.call_result[call] = self.values.number(result)
        self._close(call, RETURNED)

    def abort(self, call: int) -> None:
        """The call was cut off, by a bug or by an exception."""
        self._close(call, ABORTED)

    def _close(self, call: int, state: int) -> None:
        columns = self.columns
        columns.call_state[call] = state
        columns.call_last[call] = len(columns.site)
        self._call = columns.call_parent[call]

    # Tasks: each has a tree of calls of its own.

    def switch(self, task: Any) -> int:
        """From now on it is `task` that runs; returns what `switch_back` needs."""
        before = self._task
        self._call_of[before] = self._call
        self._task = self._task_number(task)
        self._call = self._call_of[self._task]
        return before

    def switch_back(self, before: int) -> None:
        """The task that ran before `switch` runs again."""
        self._call_of[self._task] = self._call
        self._task = before
        self._call = self._call_of[before]

    def _task_number(self, task: Any) -> int:
        number = self._task_numbers.get(task)
        if number is None:
            number = self._task_numbers[task] = len(self.tasks)
            self.tasks.append("" if task is None else task.name)
            root = len(self.columns.call_site)
            self._call_of.append(self._open_call(NOWHERE, number, root, ()))
        return number
