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
    made: list[Call | None] = []
    for index, parent in enumerate(columns.call_parent):
        if parent == index:
            made.append(None)
            continue
        site = columns.call_site[index]
        function = trace.called(site)
        start = columns.call_args_end[index - 1]
        numbers = columns.call_args[start : columns.call_args_end[index]]
        state = columns.call_state[index]
        caller = made[parent]
        call = Call(
            index=index,
            fn=function.name,
            file=function.file,
            args=dict(
                zip(function.parameters, map(trace.values.__getitem__, numbers), strict=False)
            ),
            result=trace.values[columns.call_result[index]],
            aborted=state in (ABORTED, OPEN),
            task=trace.tasks[columns.call_task[index]],
            first=columns.call_first[index],
            last=len(trace) if state == OPEN else columns.call_last[index],
            line=trace.place(site).line,
            depth=caller.depth + 1 if caller else 0,
        )
        made.append(call)
        (caller.children if caller else outermost).append(call)
    return tuple(outermost)
