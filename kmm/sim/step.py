# SPDX-License-Identifier: GPL-2.0-only
"""Step and Change: one row of the record, and one field that it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.sim.values import Name

if TYPE_CHECKING:
    from kmm.sim.trace import Trace


class Change(NamedTuple):
    """A field of an object went from `old` to `new`; a container's field is "[key]"."""

    object: Name
    field: str
    old: Any
    new: Any

    @property
    def path(self) -> str:
        """The field as one text: "p0._count", "m0.pte[0x401000]"."""
        return path_of(self.object, self.field)

    def __str__(self) -> str:
        return f"{self.path} {shown(self.old)} → {shown(self.new)}"


def path_of(owner: str, field: str) -> str:
    """One text for a field of an object."""
    return f"{owner}{field}" if field.startswith("[") else f"{owner}.{field}"


def shown(value: Any) -> str:
    """A value as a person reads it: NULL for None, pointers and ptes in their own words."""
    return "NULL" if value is None else str(value)


class Step:
    """What one primitive did.  A view into the trace: nothing is stored here."""

    __slots__ = ("_trace", "index")

    def __init__(self, trace: Trace, index: int) -> None:
        self._trace = trace
        self.index = index

    @property
    def primitive(self) -> str:
        """The primitive's name; "assign" for a bare write, "BUG" for a stop."""
        return self._trace.called(self._trace.columns.site[self.index]).name

    @property
    def kernel_file(self) -> str:
        """The C file that the primitive is from, "" for a bare write."""
        return self._trace.called(self._trace.columns.site[self.index]).file

    @property
    def task(self) -> str:
        """Whose step it is."""
        trace = self._trace
        return trace.tasks[trace.columns.call_task[self.call]]

    @property
    def args(self) -> tuple[Any, ...]:
        """The arguments, kernel objects by name."""
        columns = self._trace.columns
        start = columns.args_end[self.index - 1] if self.index else 0
        numbers = columns.args[start : columns.args_end[self.index]]
        return tuple(map(self._trace.values.__getitem__, numbers))

    @property
    def result(self) -> Any:
        """What the primitive returned."""
        return self._trace.values[self._trace.columns.result[self.index]]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The fields that changed, in the order in which they did."""
        trace = self._trace
        columns = trace.columns
        start = columns.changes_end[self.index - 1] if self.index else 0
        return tuple(
            Change(
                *trace.slots.name(columns.slot[i]),
                trace.values[columns.old[i]],
                trace.values[columns.new[i]],
            )
            for i in range(start, columns.changes_end[self.index])
        )

    @property
    def call(self) -> int:
        """The number of the innermost call; outside all kernel functions it is its own parent."""
        return self._trace.columns.call[self.index]

    @property
    def stack(self) -> tuple[str, ...]:
        """The kernel functions that were running, outermost first."""
        trace = self._trace
        columns = trace.columns
        names = []
        call = self.call
        while call != columns.call_parent[call]:
            names.append(trace.called(columns.call_site[call]).name)
            call = columns.call_parent[call]
        return tuple(reversed(names))

    @property
    def function(self) -> str | None:
        """The innermost kernel function, None outside all."""
        columns = self._trace.columns
        call = self.call
        if columns.call_parent[call] == call:
            return None
        return self._trace.called(columns.call_site[call]).name

    @property
    def file(self) -> str:
        """The Python file of the line that called the primitive."""
        return self._trace.place(self._trace.columns.site[self.index]).file

    @property
    def line(self) -> int:
        """The line of Python that called the primitive."""
        return self._trace.place(self._trace.columns.site[self.index]).line

    @property
    def failed(self) -> bool:
        """A bug cut this step off."""
        return self.index in self._trace.failed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self._trace is other._trace and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self._trace), self.index))

    def __repr__(self) -> str:
        args = ", ".join(map(shown, self.args))
        changes = "".join(f"; {change}" for change in self.changes)
        result = "" if self.result is None else f" = {self.result}"
        return f"<step {self.index}: {self.primitive}({args}){result}{changes}>"
