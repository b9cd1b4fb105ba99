# SPDX-License-Identifier: GPL-2.0-only
"""Deeds: what the steps of a trace did, as numbers that can be compared with another trace's.

What counts is what the machine would notice: whose step it was, the primitive with its arguments,
what it returned, which fields it changed.  The line, the code and the function that made the step
do not count: somebody else's function may do the same in other words.
"""

from __future__ import annotations

from typing import Any

from kmm.sim import Trace
from kmm.sim.values import Name

#: What may be other in two steps, in the order in which one looks.
KINDS = (
    "other task", "other primitive", "other arguments", "other result", "other change",
)  # fmt: skip

#: A list keeps the places of its members; that somebody is on it is what counts.
ON_THE_LIST = "on the list"


class Numbers(dict[Any, int]):
    """A number for each thing that is different from all before it."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = number = len(self)
        return number


class Deeds:
    """The steps of a trace; traces that are compared share `numbers`."""

    def __init__(self, trace: Trace, numbers: Numbers) -> None:
        self._trace = trace
        self._numbers = numbers
        #: The number of each value of the trace; and whether it names a kernel object.
        self._values = [numbers[comparable(value)] for value in trace.values]
        self._is_object = [isinstance(value, Name) for value in trace.values]
        self._fields: dict[int, tuple[int, bool]] = {}
        #: One number a step for each of KINDS.
        self.columns: dict[str, list[int]] = {kind: [] for kind in KINDS}
        #: What a step is known by, strictly and less so: with its function, its arguments, its
        #: first object.
        self.keys: tuple[list[int], list[int], list[int]] = ([], [], [])
        self._read()

    def __len__(self) -> int:
        return len(self._trace)

    def _read(self) -> None:
        trace, numbers = self._trace, self._numbers
        columns = trace.columns
        names = [trace.called(site).name for site in range(len(trace.sources.functions))]
        begin = 0
        for k, (site, call, end) in enumerate(
            zip(columns.site, columns.call, columns.args_end, strict=True)
        ):
            args = columns.args[begin:end]
            begin = end
            what: Any = names[site]
            first = next((self._values[n] for n in args if self._is_object[n]), None)
            if what == "assign":
                # To write another field is to do another thing.
                what = what, self._values[args.pop(0)]
            task = trace.tasks[columns.call_task[call]]
            passed = tuple(map(self._values.__getitem__, args))
            result = self._values[columns.result[k]], k in trace.failed
            for column, part in zip(
                self.columns.values(), (task, what, passed, result, self._effect(k)), strict=True
            ):
                column.append(numbers[part])
            deed = task, what, passed
            function = names[columns.call_site[call]]
            for keys, key in zip(
                self.keys, ((function, deed), deed, (task, what, first)), strict=True
            ):
                keys.append(numbers[key])

    def _effect(self, k: int) -> frozenset[tuple[int, int, int]]:
        """Each field that step k changed in the end, from what to what."""
        columns = self._trace.columns
        begin, end = self._trace.changes_before(k), columns.changes_end[k]
        net: dict[int, tuple[int, int]] = {}
        for slot, old, new in zip(
            columns.slot[begin:end], columns.old[begin:end], columns.new[begin:end], strict=True
        ):
            net[slot] = net.get(slot, (old, 0))[0], new
        effect = set()
        for slot, pair in net.items():
            field, of_list = self._field(slot)
            old, new = (self._value(number, of_list) for number in pair)
            if old != new:
                effect.add((field, old, new))
        return frozenset(effect)

    def _value(self, number: int, of_list: bool) -> int:
        if of_list and self._trace.values[number] is not None:
            return self._numbers[ON_THE_LIST]
        return self._values[number]

    def _field(self, slot: int) -> tuple[int, bool]:
        """The number of a field, and whether it is a member's place on a list."""
        known = self._fields.get(slot)
        if known is None:
            owner, field = self._trace.slots.name(slot)
            of_list = owner.type == "ListHead" and field.startswith("[")
            known = self._fields[slot] = self._numbers[owner, field], of_list
        return known


def comparable(value: Any) -> Any:
    """A value that is equal to others of its own type only: no pte is a swap entry."""
    return (type(value).__name__, value) if hasattr(value, "_fields") else value


def kind(left: Deeds, i: int, right: Deeds, j: int) -> str:
    """What is other in step i of the one and step j of the other; "" where they do the same."""
    for name in KINDS:
        if left.columns[name][i] != right.columns[name][j]:
            return name
    return ""


def parting(left: Deeds, right: Deeds) -> int:
    """The first step that is not the same in both; the length of the shorter if one just ends."""
    shorter = min(len(left), len(right))
    return next((k for k in range(shorter) if kind(left, k, right, k)), shorter)
