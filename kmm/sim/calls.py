# SPDX-License-Identifier: GPL-2.0-only
"""The tree of calls of a trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kmm.sim.recorder import ABORTED, OPEN

if TYPE_CHECKING:
    from kmm.sim.trace import Trace


@dataclass(slots=True)
class Call:
    """One call of a kernel function: its steps are `first` to `last`, without `last`."""

    index: int
    fn: str
    file: str
    args: dict[str, Any]
    result: Any
    aborted: bool
    task: str
    first: int
    last: int
    line: int
    depth: int
    children: list[Call] = field(default_factory=list)

    def __repr__(self) -> str:
        args = ", ".join(f"{name}={value}" for name, value in self.args.items())
        end = "aborted" if self.aborted else f"= {self.result}"
        return f"<{self.fn}({args}) {end}: steps {self.first} to {self.last}>"


def call_tree(trace: Trace) -> tuple[Call, ...]:
    """The outermost calls of all tasks, in the order in which they began."""
    columns = trace.columns
    outermost: list[Call] = []
    made: list[Call | None] = [None]
    for index in range(1, len(columns.call_function)):
        function = trace.functions[columns.call_function[index]]
        numbers = columns.call_args[
            columns.call_args_end[index - 1] : columns.call_args_end[index]
        ]
        state = columns.call_state[index]
        parent = made[columns.call_parent[index]]
        call = Call(
            index,
            function.name,
            function.file,
            dict(zip(function.parameters, map(trace.values.__getitem__, numbers), strict=False)),
            trace.values[columns.call_result[index]],
            state in (ABORTED, OPEN),
            trace.tasks[columns.call_task[index]],
            columns.call_first[index],
            len(trace) if state == OPEN else columns.call_last[index],
            columns.call_site[index],
            parent.depth + 1 if parent else 0,
        )
        call.line = trace.place(columns.call_site[index]).line
        made.append(call)
        (parent.children if parent else outermost).append(call)
    return tuple(outermost)
