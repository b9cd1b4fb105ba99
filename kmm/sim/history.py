# SPDX-License-Identifier: GPL-2.0-only
"""When did a field change?  For each slot of the record, the numbers of its changes in order.

Built once a trace, by counting; then one field at one step is a bisection among the changes of
that one field, however long the trace.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate

from kmm.sim.recorder import Columns


class Histories:
    """The changes of a record, sorted by slot and, within a slot, by time."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        counts = array("I", bytes(4 * (len(columns.initial) + 1)))
        for slot in columns.slot:
            counts[slot + 1] += 1
        #: The changes of slot s stand in `changes` from start[s] to start[s + 1].
        self.start = array("I", accumulate(counts))
        self.changes = array("I", bytes(4 * len(columns.slot)))
        free = self.start[:]
        for change, slot in enumerate(columns.slot):
            self.changes[free[slot]] = change
            free[slot] += 1

    def value(self, slot: int, changes: int) -> int:
        """The value (its number) of `slot` after the first `changes` changes of the record."""
        start = self.start[slot]
        place = bisect_left(self.changes, changes, start, self.start[slot + 1])
        if place == start:
            return self._columns.initial[slot]
        return self._columns.new[self.changes[place - 1]]

    def steps(self, slot: int) -> list[int]:
        """The steps that changed `slot`."""
        ends = self._columns.changes_end
        changes = self.changes[self.start[slot] : self.start[slot + 1]]
        return [step for c in changes if (step := bisect_right(ends, c)) < len(ends)]
