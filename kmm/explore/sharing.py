# SPDX-License-Identifier: GPL-2.0-only
"""Sharing: which slots two tasks touch and one of them changes.

Only these can bring steps into an order; all others are one task's own, or are read and never
changed.  Nobody knows beforehand which they are, so it is learned from the runs: a slot is shared
from the step on that makes it so, in whichever run that was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kmm.sim.access import READ, Touched

#: Nothing is shared; the answer for most steps, and never changed.
_NOTHING: tuple[int, ...] = ()


class Sharing:
    """What each task touches, in all runs so far."""

    def __init__(self, tasks: int) -> None:
        self.slots: set[int] = set()
        self._changed: set[int] = set()
        #: Who has touched a slot that is not shared, a bit for each task.
        self._touchers: dict[int, int] = defaultdict(int)
        #: For each task, the slots of which it is no news if it touches them, or changes them.
        self._touches: list[set[int]] = [set() for _ in range(tasks)]
        self._changes: list[set[int]] = [set() for _ in range(tasks)]

    def of(
        self, task: int, touched: Touched, changed: Iterable[int]
    ) -> tuple[Touched, Iterable[int]]:
        """What of `touched` is shared, and of that, what was not before this step of `task`."""
        touches = self._touches[task]
        if not changed:
            if touches.issuperset(touched):  # most steps
                return {}, _NOTHING
            news = touched.keys() - touches
        else:
            self._changed.update(changed)
            news = touched.keys() - touches
            news.update(changed)
            news -= self._changes[task]
            if not news:
                return {}, _NOTHING
        if news <= self.slots:
            return {slot: touched[slot] for slot in news}, _NOTHING
        new = [slot for slot in news if self._is_new(task, slot, touched[slot])]
        return {slot: touched[slot] for slot in news if slot in self.slots}, new

    def _is_new(self, task: int, slot: int, kind: int) -> bool:
        """Whether the slot is shared from this step on."""
        if slot in self.slots:
            return False
        self._touchers[slot] |= 1 << task
        touchers = self._touchers[slot]
        alone = touchers == 1 << task
        if not alone and (kind != READ or slot in self._changed):
            for slots in (*self._touches, *self._changes):
                slots.discard(slot)
            self.slots.add(slot)
            return True
        self._touches[task].add(slot)
        if alone:
            self._changes[task].add(slot)
        else:
            for slots in self._changes:
                slots.discard(slot)
        return False
