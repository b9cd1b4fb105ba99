# SPDX-License-Identifier: GPL-2.0-only
"""What a step touches: the accesses that say which steps of two tasks can change places.

Two steps of different tasks commute unless both touch the same slot and one of them changes it.
Counters are kinder: adding and adding commute, as long as nobody looks at the number in between.
A reference count is looked at when it reaches its floor (0), so taking commutes with taking and
dropping with dropping, but not with one another.

`Accesses` takes the recorder's place while runs are compared: it keeps no trace, only the slots.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmm.sim.machine import Machine

#: Kinds of access.  LOW is a DOWN that leaves the counter one above its floor.
READ, WRITE, ADD, UP, DOWN, LOW = range(6)
KINDS = ("read", "write", "add", "up", "down", "low")

#: The kinds that commute with one another.
_FRIENDS = ({READ}, {ADD}, {UP}, {DOWN, LOW})

#: CONFLICT[a][b]: steps that touch one slot in these ways cannot change places.
CONFLICT = tuple(
    tuple(not any({a, b} <= friends for friends in _FRIENDS) for b in range(6)) for a in range(6)
)
#: The same for a step that still waits for its turn while another is made.  What has been made
#: counts: if it left the counter one above its floor, the waiting one would reach the floor.
WAKES = tuple(
    tuple(
        CONFLICT[done][waiting] or (done == LOW and waiting in (DOWN, LOW)) for waiting in range(6)
    )
    for done in range(6)
)

#: Making objects of one kind: their names depend on the order.
_MAKING = 1 << 40

#: The slots that a step touched, each with the kind of access.
Touched = dict[int, int]


def depends(done: Touched, waiting: Touched) -> bool:
    """Whether `waiting`, which has not been made yet, is another step now that `done` has been."""
    if len(done) > len(waiting):
        return any(slot in done and WAKES[done[slot]][kind] for slot, kind in waiting.items())
    return any(slot in waiting and WAKES[kind][waiting[slot]] for slot, kind in done.items())


def _ignore(container: Any, key: Any, slot: int) -> None:
    """Nobody wants to know."""


class Accesses:
    """Keeps what the steps of a run touch.

    `reads` and `writes` grow during the run (a write as slot * 8 + kind), `olds` are the values
    that were overwritten; `touched()` says what has been added since it was last asked.
    """

    #: What is kept of a run is no record, and never gets too long.
    full = False

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.reads: list[int] = []
        self.writes: list[int] = []
        self.olds: list[Any] = []
        #: Told of each new cell of a container: (container, key, slot).
        self.new_cell: Callable[[Any, Any, int], None] = _ignore
        self._written: set[int] = set()
        self._told = 0

    def begin(self) -> None:
        """A run begins, and its accesses are kept from now on."""
        self.reads.clear()
        self.writes.clear()
        self.olds.clear()
        self._told = 0
        self.resume()

    def resume(self) -> None:
        """What is touched from now on is kept (again)."""
        self.machine.recorder = self  # type: ignore[assignment]
        self.machine.saw = self.reads.append

    def skip(self) -> None:
        """What has been touched up to now is known already."""
        self.reads.clear()
        self._told = len(self.writes)

    @property
    def written(self) -> set[int]:
        """Every slot that any run has changed."""
        self._written.update(code >> 3 for code in self.writes)
        return self._written

    def touched(self) -> tuple[Touched, dict[int, Any]]:
        """The slots touched since this, or `skip`, was called last, and what they held before."""
        reads = self.reads
        touched = dict.fromkeys(reads, READ)
        reads.clear()
        writes = self.writes
        before: dict[int, Any] = {}
        told = len(writes)
        if self._told == told:
            return touched, before
        for place in range(self._told, told):
            code = writes[place]
            slot, kind = code >> 3, code & 7
            seen = touched.get(slot)
            touched[slot] = kind if seen is None or seen == kind else WRITE
            if slot not in before:
                before[slot] = self.olds[place]
        self._told = told
        return touched, before

    # What the machine tells its recorder.

    def changed(self, slot: int, old: Any, new: Any) -> None:
        """A slot has another value."""
        self.writes.append(slot << 3 | WRITE)
        self.olds.append(old)

    def added(self, slot: int, old: int, new: int, floor: int | None) -> None:
        """A counter has been added to."""
        if floor is None:
            kind = ADD
        elif old <= floor or new <= floor:
            kind = WRITE
        elif new > old:
            kind = UP
        else:
            kind = LOW if new == floor + 1 else DOWN
        self.writes.append(slot << 3 | kind)
        self.olds.append(old)

    def reordered(self, base: int) -> None:
        """A list has another order."""
        self.changed(base, None, None)

    def new_object(self, thing: Any) -> None:
        """An object has come into being."""
        self.changed(_MAKING + hash(type(thing).__name__) % _MAKING, None, None)

    def step(
        self,
        function: int,
        frame: FrameType,
        args: tuple[Any, ...],
        result: Any,
        failed: bool = False,
    ) -> None:
        """A step has been made."""

    def enter(self, function: int, frame: FrameType, args: tuple[Any, ...]) -> int:
        """A kernel function has been called."""
        return 0

    def leave(self, call: int, result: Any) -> None:
        """It has returned."""

    def abort(self, call: int) -> None:
        """It has been cut off."""

    def switch(self, task: Any) -> int:
        """Another task runs."""
        return 0

    def switch_back(self, before: int) -> None:
        """The task before it runs again."""
