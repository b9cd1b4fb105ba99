# SPDX-License-Identifier: GPL-2.0-only
"""Events: the steps of a run, what each touched, and which had to come before which.

An event happens *before* another if it is of the same task and earlier, or if both touch the same
slot so that they cannot change places (`kmm.sim.access`), or by a chain of these.  Two events that
are ordered by nothing but their own slots are in a *race*: the other order is a run of its own.

A clock says of each task how many of its events have happened before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from kmm.sim.access import CONFLICT, READ, WRITE, Touched

Clock = tuple[int, ...]


class Waiting(NamedTuple):
    """What a step waits for: a slot, and which of its values let the step be made.

    `able`: whether the present one does.
    """

    slot: int
    lets: Callable[[Any], bool]
    able: bool


class Event(NamedTuple):
    """One step: its task, which of the task's steps it is (from 1), what it touched, its clock.

    `olds`: what the slots that it wrote held.  `before`: the clock of the task just before it.
    """

    task: int
    place: int
    touched: Touched
    olds: dict[int, Any]
    clock: Clock
    before: Clock


def later(a: Clock, b: Clock) -> Clock:
    """What happened before either."""
    return tuple(map(max, a, b))


class Events:
    """The events of a run as far as it is known; those at the end can be taken off."""

    def __init__(self, tasks: int) -> None:
        self.all: list[Event] = []
        self._last: list[Clock] = [(0,) * tasks] * tasks
        self._of_slot: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self.all)

    def add(self, task: int, touched: Touched, olds: dict[int, Any]) -> Event:
        """One event more."""
        before = self._last[task]
        clock = before
        for number in self._conflicting(touched, before):
            clock = later(clock, self.all[number].clock)
        place = before[task] + 1
        clock = (*clock[:task], place, *clock[task + 1 :])
        event = Event(task, place, touched, olds, clock, before)
        number = len(self.all)
        for slot, kind in touched.items():
            self._of_slot[slot].append((number, kind))
        self.all.append(event)
        self._last[task] = clock
        return event

    def cut(self, length: int) -> None:
        """Only the first `length` events are left."""
        while len(self.all) > length:
            event = self.all.pop()
            for slot in event.touched:
                self._of_slot[slot].pop()
            self._last[event.task] = event.before

    def _conflicting(self, touched: Touched, before: Clock) -> set[int]:
        """The events, not among those `before`, that cannot change places with such a step.

        Of two on the same slot of which one happened before the other, the later is enough.
        """
        found = set()
        for slot, kind in touched.items():
            conflict = CONFLICT[kind]
            for number, other in reversed(self._of_slot.get(slot, ())):
                if conflict[other]:
                    event = self.all[number]
                    if event.place > before[event.task]:
                        found.add(number)
                if other == WRITE:
                    break
        return found

    def races(
        self, task: int, touched: Touched, waiting: Waiting | None = None
    ) -> Iterator[tuple[int, set[int]]]:
        """The events before which the next step of `task` could have been made as well.

        `touched` is what that step touches, `waiting` what it has to wait for: it cannot be made
        before an event that ends its wait.  To be asked before the step is added.
        Gives each such event with the tasks that can begin in its place (see `firsts`).
        """
        before = self._last[task]
        conflicting = self._conflicting(touched, before)
        if waiting is None:
            candidates = conflicting
        else:
            others = {slot: kind for slot, kind in touched.items() if slot != waiting.slot}
            candidates = self._conflicting(others, before)
            candidates |= self._that_let(waiting, touched, before)
        known = before
        for number in sorted(candidates, reverse=True):
            event = self.all[number]
            if event.place > known[event.task]:
                yield number, self.firsts(number, task, conflicting)
                known = later(known, event.clock)

    def _that_let(self, waiting: Waiting, touched: Touched, before: Clock) -> set[int]:
        """The events on the slot that is waited for, before which the step could be made."""
        slot, lets, able = waiting
        conflict = CONFLICT[touched.get(slot, READ)]
        found = set()
        for number, kind in reversed(self._of_slot.get(slot, ())):
            event = self.all[number]
            if kind != READ:
                able = lets(event.olds[slot])
            if event.place <= before[event.task]:
                break
            if conflict[kind] and able:
                found.add(number)
            if kind == WRITE and able:
                break
        return found

    def firsts(self, race: int, task: int, conflicting: Iterable[int]) -> set[int]:
        """Who can begin in the place of event `race`, so that the step of `task` comes before it.

        All events behind `race` that did not need it, and then the step of `task`, can be made
        without it; who can begin are the tasks whose first one of these needs none of the others.
        `conflicting`: the events that the step cannot change places with.
        """
        lost = self.all[race]
        begins: dict[int, int] = {}
        firsts: set[int] = set()
        for event in self.all[race + 1 :]:
            who = event.task
            if event.clock[lost.task] >= lost.place or who in begins:
                continue
            if all(event.clock[r] < first for r, first in begins.items()):
                firsts.add(who)
            begins[who] = event.place
        if task not in begins:
            clock = self._last[task]
            for number in conflicting:
                event = self.all[number]
                if event.clock[lost.task] < lost.place:
                    clock = later(clock, event.clock)
            if all(clock[r] < first for r, first in begins.items()):
                firsts.add(task)
        return firsts
