# SPDX-License-Identifier: GPL-2.0-only
"""Moments: the states of a trace in which given slots are others than before.

A picture shows a part of a world.  Of a long trace only those steps are visited that changed
something of this part; the others cost nothing but a look into a table of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import compress, count, groupby

from kmm.show.spans import View
from kmm.sim import Trace


def moments(trace: Trace, slots: Iterable[int]) -> Iterator[tuple[int, list[int], View]]:
    """The start, and each state after a step that wrote to `slots`: which of them, and a view.

    The view shows these slots and no others, until the next one is asked for.
    """
    columns, numbers = trace.columns, trace.columns.initial[:]
    yield 0, [], View(trace.values, numbers, {})
    wanted = bytearray(len(numbers))
    for slot in slots:
        wanted[slot] = 1
    changes = compress(count(), map(wanted.__getitem__, columns.slot))
    for step, made in groupby(changes, key=trace.change_steps.__getitem__):
        if step == len(trace):  # it was never finished
            break
        old: dict[int, int] = {}
        for change in made:
            slot = columns.slot[change]
            old.setdefault(slot, columns.old[change])
            numbers[slot] = columns.new[change]
        yield step + 1, list(old), View(trace.values, numbers, old)
