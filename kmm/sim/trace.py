# SPDX-License-Identifier: GPL-2.0-only
"""Trace: all that happened in a machine, to be asked at any step, forward and back.

`trace.state(0)` is the start; `trace[k]` leads from `state(k)` to `state(k + 1)`.  A trace is
rebuilt from its record and needs neither the machine nor the code that ran.

What it takes to know the kernel (holders, narrate, ...) is not here: the rooms that can answer
register themselves with `Trace.extend`, and `Trace.ROOMS` says which module to import when one of
their questions is first asked.
"""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cached_property
from itertools import chain, repeat
from operator import sub
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, overload

from kmm.errors import KmmError, NoSuchField, NoSuchIndex
from kmm.sim.bug import KernelBug, StepLimit
from kmm.sim.calls import Call, call_tree
from kmm.sim.function import NUMBERED
from kmm.sim.history import Histories
from kmm.sim.numbered import numbered, whole
from kmm.sim.recorder import Columns, ObjectEntry, Recorder
from kmm.sim.slots import SlotNames
from kmm.sim.sources import Code, Place, Sources
from kmm.sim.state import State, replay
from kmm.sim.step import Change, Step

if TYPE_CHECKING:
    import os

    import numpy as np


class FunctionEntry(NamedTuple):
    """A function of the kernel, as a trace remembers it."""

    name: str
    kind: str
    file: str
    parameters: tuple[str, ...]


class Trace:
    """A finished record.  Made by `machine.trace()` or read by `Trace.load(path)`."""

    #: Questions that other rooms answer, and the module to import for each.
    ROOMS: ClassVar[dict[str, str]] = {}
    _answers: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(
        self,
        columns: Columns,
        *,
        values: list[Any],
        objects: list[ObjectEntry],
        functions: dict[int, FunctionEntry],
        tasks: list[str],
        failed: frozenset[int],
        sources: Sources,
        bug: str | None,
        about: dict[str, Any],
        stopped: str | None = None,
    ) -> None:
        self.columns = columns
        self.values = values
        self.objects = objects
        self.functions = functions
        self.tasks = tasks
        self.failed = failed
        self.sources = sources
        #: What stopped the kernel ("BUG_ON(charge) in unmap_and_move"), or None.
        self.bug = bug
        #: What cut the trace off though the kernel could have gone on, or None: "the limit of
        #: 2,000,000 steps was reached in mine(), line 12".
        self.stopped = stopped
        #: Where the trace comes from: the scenario's name, versions.
        self.about = about
        #: What could make it again, as long as that is here; it is not saved.
        self.origin: object = None

    @classmethod
    def of(
        cls, recorder: Recorder, bug: KernelBug | None, about: dict[str, Any], *, ended: bool
    ) -> Trace:
        """What `recorder` has written so far; unless it has `ended`, it may go on writing."""
        columns = recorder.columns if ended else recorder.columns.copy()
        cut_off = isinstance(bug, StepLimit)
        used = sorted({site.function for site in recorder.sites})
        return cls(
            columns,
            values=recorder.values.plain if ended else recorder.values.plain[:],
            objects=recorder.objects if ended else [entry.copy() for entry in recorder.objects],
            functions={
                n: FunctionEntry(f.name, f.kind, f.file, f.parameters)
                for n in used
                for f in (NUMBERED[n],)
            },
            tasks=recorder.tasks[:],
            failed=frozenset(recorder.failed),
            sources=Sources.of(recorder.sites),
            bug=bug.message if bug is not None and not cut_off else None,
            stopped=bug.message if bug is not None and cut_off else None,
            about=about,
        )

    # The steps.

    def __len__(self) -> int:
        return len(self.columns.site)

    @overload
    def __getitem__(self, k: int) -> Step: ...
    @overload
    def __getitem__(self, k: slice) -> list[Step]: ...
    def __getitem__(self, k: int | slice) -> Step | list[Step]:
        if isinstance(k, slice):
            return [Step(self, i) for i in range(*k.indices(len(self)))]
        return Step(self, numbered(k, len(self), "step"))

    def __iter__(self) -> Iterator[Step]:
        return (Step(self, k) for k in range(len(self)))

    def first(self, steps: int) -> Trace:
        """The beginning, as a trace of its own that says so; the trace itself if it is no longer.

        Raises IndexError for a negative number.
        """
        if whole(steps, "beginning") < 0:
            raise NoSuchIndex(f"a trace cannot have {steps} steps")
        if steps >= len(self):
            return self
        from kmm.sim.beginning import beginning

        return beginning(self, steps)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The outermost calls of kernel functions, each with the calls that it made."""
        return call_tree(self)

    def place(self, site: int) -> Place:
        """Where in the code a site is, and what is called there."""
        return self.sources.place(site)

    def called(self, site: int) -> FunctionEntry:
        """The function that is called at a site."""
        return self.functions[self.sources.functions[site]]

    # The state.

    def state(self, k: int) -> State:
        """The whole state before step k; `state(len(trace))` is the end."""
        k = numbered(k, len(self) + 1, "state")
        return State(self, replay(self.columns, self.changes_before(k)))

    def value(self, path: str, k: int) -> Any:
        """One field before step k: `trace.value("p0._count", 12)`."""
        k = numbered(k, len(self) + 1, "state")
        slot = self.slots.slot(path)
        return self.values[self.histories.value(slot, self.changes_before(k))]

    def diff(self, j: int, k: int) -> list[Change]:
        """What differs between state(j) and state(k), in the order of the record."""
        j = numbered(j, len(self) + 1, "state")
        k = numbered(k, len(self) + 1, "state")
        low, high = sorted((self.changes_before(j), self.changes_before(k)))
        changed: list[Change] = []
        for slot in dict.fromkeys(self.columns.slot[low:high]):
            old = self.histories.value(slot, self.changes_before(j))
            new = self.histories.value(slot, self.changes_before(k))
            if old != new:
                changed.append(Change(*self.slots.name(slot), self.values[old], self.values[new]))
        return changed

    def history(self, path: str) -> list[Step]:
        """Every step that changed the field."""
        steps = self.histories.steps(self.slots.slot(path))
        return [Step(self, k) for k in dict.fromkeys(steps)]

    def changes_before(self, k: int) -> int:
        """How many changes the steps before k made."""
        ends = self.columns.changes_end
        # The end of the record may hold changes of a step that was never finished.
        return ends[k - 1] if k else 0

    @cached_property
    def change_steps(self) -> array[int]:
        """The step that made each change; len(trace) for one that was never finished."""
        ends = self.columns.changes_end
        counts = map(sub, ends, chain((0,), ends))
        steps = array("I", chain.from_iterable(map(repeat, range(len(ends)), counts)))
        unfinished = len(self.columns.slot) - len(steps)
        steps.extend(repeat(len(ends), unfinished))
        return steps

    @cached_property
    def slots(self) -> SlotNames:
        """Which slot of the record is which field of which object."""
        return SlotNames(self.objects)

    @cached_property
    def histories(self) -> Histories:
        """The changes of each slot, in order."""
        return Histories(self.columns)

    # The record as arrays and as a file.

    def numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """Every column as a numpy array over the same memory."""
        import numpy as np

        return {
            f.name: np.frombuffer(column, dtype=f"u{column.itemsize}")
            for f in fields(self.columns)
            if len(column := getattr(self.columns, f.name))
        }

    @property
    def nbytes(self) -> int:
        """The bytes of all columns together."""
        columns: list[array[int]] = [getattr(self.columns, f.name) for f in fields(self.columns)]
        return sum(len(c) * c.itemsize for c in columns)

    def to_dict(self) -> dict[str, Any]:
        """The trace as a document of the format kmm-trace/1."""
        from kmm.sim.tracefile import to_dict

        return to_dict(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trace as one JSON file of the format kmm-trace/1."""
        from kmm.sim.tracefile import save

        save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace that `save` wrote; KmmError if the file is none."""
        from kmm.sim.tracefile import load

        return load(path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        name = self.about.get("scenario")
        about = f" of {name}" if name else ""
        end = f", stopped by {self.bug}" if self.bug else ""
        cut = f", cut off: {self.stopped}" if self.stopped else ""
        return f"<Trace{about}: {len(self)} steps{end}{cut}>"

    # Questions for other rooms.

    @classmethod
    def extend(cls, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Let `trace.NAME(...)` be answered by the function NAME(trace, ...)."""
        cls._answers[answer.__name__] = answer
        return answer

    def __getattr__(self, question: str) -> Any:
        if question in self.ROOMS and question not in self._answers:
            importlib.import_module(self.ROOMS[question])
        answer = self._answers.get(question)
        if answer is None:
            raise NoSuchField(f"a trace has no {question!r}")
        return answer.__get__(self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self.ROOMS if name[0] != "_")]


__all__ = ["Call", "Change", "Code", "FunctionEntry", "KmmError", "Place", "State", "Step", "Trace"]
