# SPDX-License-Identifier: GPL-2.0-only
"""Events: the steps of a run, what each touched, and which had to come before which.

An event happens *before* another if it is of the same task and earlier, or if both touch the same
slot so that they cannot change places (`kmm.sim.access`), or by a chain of these.  Two events that
are ordered by nothing but their own slots are in a *race*: the other order is a run of its own.

A clock says of each task how many of its events have happened before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from kmm.explore.sharing import Sharing
from kmm.sim.access import ADD, CONFLICT, READ, WRITE, Touched

Clock = tuple[int, ...]


class Waiting(NamedTuple):
    """What a step waits for: some slots, and which of their values let the step be made.

    `lets(olds)`: whether the step could be made if the slots held `olds` and the others what they
    hold now; None where that cannot be known.  To ask may bring more `slots` to light, where one
    slot is looked at only if another does not do.  `able`: whether it can be made now.
    """

    slots: set[int]
    lets: Callable[[dict[int, Any]], bool | None]
    able: bool


class Event(NamedTuple):
    """One step: its task, which of the task's steps it is (from 1), what it touched, its clock.

    `shared`: what of it others touch too (see sharing.py).  `olds`: what the slots that it wrote
    held.  `before`: the clock of the task just before it.
    """

    task: int
    place: int
    touched: Touched
    shared: Touched
    olds: dict[int, Any]
    clock: Clock
    before: Clock


_new = tuple.__new__


def later(a: Clock, b: Clock) -> Clock:
    """What happened before either."""
    return tuple(map(max, a, b))


class Events:
    """The events of a run as far as it is known; those at the end can be taken off."""

    def __init__(self, tasks: int) -> None:
        self.all: list[Event] = []
        self._last: list[Clock] = [(0,) * tasks] * tasks
        #: Who touched each shared slot, and how.
        self._of_slot: dict[int, list[tuple[int, int]]] = {}
        self._sharing = Sharing(tasks)

    def __len__(self) -> int:
        return len(self.all)

    def add(
        self,
        task: int,
        touched: Touched,
        shared: Touched,
        olds: dict[int, Any],
        conflicting: Iterable[int],
    ) -> None:
        """One event more, of which `shared` and `conflicting` have just been asked."""
        clock = before = self._last[task]
        for number in conflicting:
            clock = later(clock, self.all[number].clock)
        place = before[task] + 1
        clock = (*clock[:task], place, *clock[task + 1 :])
        if shared:
            number = len(self.all)
            for slot, kind in shared.items():
                self._of_slot[slot].append((number, kind))
        # As Event(...), which takes three times as long.
        self.all.append(_new(Event, (task, place, touched, shared, olds, clock, before)))
        self._last[task] = clock

    @property
    def shared_slots(self) -> set[int]:
        """The slots that others touch too, in any run so far."""
        return self._sharing.slots

    def shared(self, task: int, touched: Touched, changed: Iterable[int]) -> Touched:
        """What of `touched`, of which `changed` was changed, others touch too, in any run so far.

        All that the other methods ask of a step is about these slots.
        """
        shared, new = self._sharing.of(task, touched, changed)
        if not new:
            return shared
        for slot in new:
            accesses = self._of_slot[slot] = []
            for number, event in enumerate(self.all):
                if slot in event.touched:
                    event.shared[slot] = event.touched[slot]
                    accesses.append((number, event.touched[slot]))
        return shared

    def cut(self, length: int) -> None:
        """Only the first `length` events are left."""
        while len(self.all) > length:
            event = self.all.pop()
            if event.shared:
                for slot in event.shared:
                    self._of_slot[slot].pop()
            self._last[event.task] = event.before

    def conflicting(self, task: int, shared: Touched) -> set[int]:
        """The events of others that cannot change places with such a step of `task`.

        Without those that happened before the task's last step anyway.  Of two on the same slot of
        which one happened before the other, the later is enough.
        """
        found: set[int] = set()
        before = self._last[task]
        for slot, kind in shared.items():
            conflict = CONFLICT[kind]
            for number, other in reversed(self._of_slot[slot]):
                if conflict[other]:
                    event = self.all[number]
                    if event.place > before[event.task]:
                        found.add(number)
                if other == WRITE:
                    break
        return found

    def races(
        self, task: int, shared: Touched, conflicting: set[int], waiting: Waiting | None = None
    ) -> Iterator[tuple[int, set[int]]]:
        """The events before which the next step of `task` could have been made as well.

        `shared` is what that step touches, `conflicting` what `conflicting` says of it, `waiting`
        what it has to wait for: it cannot be made before an event that ends its wait.  To be asked
        before the step is added.
        Gives each such event with the tasks that can begin in its place (see `firsts`).
        """
        before = self._last[task]
        every: set[int] = set()
        waited: set[int] = set()
        sure = True
        candidates = conflicting
        if waiting is not None and (let := self._that_let(task, waiting, shared)) is not None:
            every, waited, sure = let
            others = {slot: kind for slot, kind in shared.items() if slot not in waiting.slots}
            candidates = self.conflicting(task, others)
        known = before
        for number in sorted(candidates | waited, reverse=True):
            event = self.all[number]
            if event.place > known[event.task]:
                if number in candidates or not sure:
                    yield number, self.firsts({number}, task, conflicting)
                if number in waited:
                    # What came later and is waited for too must not come between either.
                    gone = {n for n in every | conflicting if n >= number}
                    yield number, self.firsts(gone, task, conflicting)
                if number in candidates or sure:
                    known = later(known, event.clock)

    def _that_let(
        self, task: int, waiting: Waiting, shared: Touched
    ) -> tuple[set[int], set[int], bool] | None:
        """The events on the slots that are waited for; those before which the step could be made.

        And whether that is sure.  It is not where several slots are waited for, or steps add to a
        number: without some of the events, and with others that came later, the slots could hold
        what they held together at no moment of this run.  None if it never had to wait.
        """
        while True:
            slots = frozenset(waiting.slots)
            # To look at a slot makes it a shared one, whether or not the step itself does.
            self.shared(task, dict.fromkeys(slots, READ), ())
            found = self._back(slots, waiting, shared, self._last[task])
            if slots == waiting.slots:
                return found

    def _back(
        self, slots: frozenset[int], waiting: Waiting, shared: Touched, before: Clock
    ) -> tuple[set[int], set[int], bool] | None:
        """_that_let, as far as these slots tell: from the last event back to the first."""
        if not self._any(slots, shared, before):
            return None
        numbers = {number for slot in slots for number, _ in self._of_slot.get(slot, ())}
        able: bool | None = waiting.able
        waits = not able
        olds: dict[int, Any] = {}
        every: set[int] = set()
        found: set[int] = set()
        sure, goes_on = len(slots) == 1, True
        for number in sorted(numbers, reverse=True):
            event = self.all[number]
            kinds = {slot: event.touched[slot] for slot in slots if slot in event.touched}
            changed = {slot: event.olds[slot] for slot, kind in kinds.items() if kind != READ}
            sure = sure and ADD not in kinds.values()
            if changed:
                olds.update(changed)
                able = waiting.lets(olds)
                waits = waits or not able
            if event.place <= before[event.task]:
                continue
            if any(CONFLICT[shared.get(slot, READ)][kind] for slot, kind in kinds.items()):
                every.add(number)
                if goes_on and able is not False:
                    found.add(number)
                    goes_on = not able or WRITE not in kinds.values()
        if not waits:
            return None
        return every, found if sure else every, sure

    def _any(self, slots: frozenset[int], shared: Touched, before: Clock) -> bool:
        """Whether an event on the slots, not before the task's last step, conflicts with the next.

        Where none does, it makes no difference what the slots held: their values were the same
        wherever the step could have been made.
        """
        for slot in slots:
            conflict = CONFLICT[shared.get(slot, READ)]
            for number, kind in reversed(self._of_slot.get(slot, ())):
                if conflict[kind]:
                    event = self.all[number]
                    if event.place > before[event.task]:
                        return True
                if kind == WRITE:
                    break
        return False

    def firsts(self, lost: set[int], task: int, conflicting: Iterable[int]) -> set[int]:
        """Who can begin in the place of the first event of `lost`, so that `task` comes before it.

        All events behind it that needed none of the lost ones, and then the step of `task`, can be
        made without them; who can begin are the tasks whose first one of these needs none of the
        others.  `conflicting`: the events that the step cannot change places with.
        """
        gone: dict[int, int] = {}
        for number in lost:
            event = self.all[number]
            gone[event.task] = min(event.place, gone.get(event.task, event.place))
        begins: dict[int, int] = {}
        firsts: set[int] = set()
        for event in self.all[min(lost) + 1 :]:
            who = event.task
            if who in begins or _needs(event, gone):
                continue
            if all(event.clock[r] < first for r, first in begins.items()):
                firsts.add(who)
            begins[who] = event.place
        if task not in begins:
            clock = self._last[task]
            for number in conflicting:
                event = self.all[number]
                if not _needs(event, gone):
                    clock = later(clock, event.clock)
            if all(clock[r] < first for r, first in begins.items()):
                firsts.add(task)
        return firsts


def _needs(event: Event, gone: dict[int, int]) -> bool:
    """One of the events that are gone, each task's from that place on, happened before it."""
    return any(event.clock[task] >= place for task, place in gone.items())
