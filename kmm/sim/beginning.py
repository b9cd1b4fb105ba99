# SPDX-License-Identifier: GPL-2.0-only
"""The beginning of a trace, as a trace of its own.

What is in the columns is in the order in which it happened, so that a beginning of each column is
the record of the beginning.  The tables stay whole: numbers go on meaning what they meant.
"""

from __future__ import annotations

from bisect import bisect_left

from kmm.sim.recorder import OPEN, Columns
from kmm.sim.trace import Trace


def beginning(trace: Trace, steps: int) -> Trace:
    """The first `steps` steps of a longer trace."""
    whole = trace.columns
    changes = trace.changes_before(steps)
    calls = bisect_left(whole.call_first, steps)  # those that have begun
    columns = Columns(
        **{name: getattr(whole, name)[:steps] for name in ("site", "call", "result")},
        args_end=whole.args_end[:steps],
        changes_end=whole.changes_end[:steps],
        args=whole.args[: whole.args_end[steps - 1] if steps else 0],
        **{name: getattr(whole, name)[:changes] for name in ("slot", "old", "new")},
        **{
            name: getattr(whole, name)[:calls]
            for name in Columns.__slots__
            if name.startswith("call_") and name != "call_args"
        },
        call_args=whole.call_args[: whole.call_args_end[calls - 1] if calls else 0],
        initial=whole.initial,
    )
    for call, last in enumerate(columns.call_last):
        if last > steps:
            columns.call_state[call], columns.call_last[call] = OPEN, 0
            columns.call_result[call] = 0
    return Trace(
        columns,
        values=trace.values,
        objects=trace.objects,
        functions=trace.functions,
        tasks=trace.tasks,
        failed=frozenset(step for step in trace.failed if step < steps),
        sources=trace.sources,
        bug=None,
        stopped=f"these are the first {steps:,} of {len(trace):,} steps",
        about=trace.about,
    )
