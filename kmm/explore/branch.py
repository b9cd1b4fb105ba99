# SPDX-License-Identifier: GPL-2.0-only
"""trace.branch(k, task): the same run up to step k, and there another task goes on."""

from __future__ import annotations

from bisect import bisect_right

from kmm.errors import KmmError
from kmm.explore.case import Replay
from kmm.sim import Trace
from kmm.sim.numbered import whole
from kmm.sim.schedule import Schedule


@Trace.extend
def branch(trace: Trace, k: int, task: str) -> Trace:
    """The run of `trace` up to `trace.state(k)`; from there `task` goes on as long as it can.

    Then the others follow.  Between the reads outside primitives that lead up to a step and the
    step itself the task is left, so what it has read may be old when it goes on.

    Raises KmmError for a trace that no case has made here, for a step that is not there, for a
    task that there is not, and where the task cannot go on at that step.
    """
    replay = trace.origin
    if not isinstance(replay, Replay):
        raise KmmError(
            "branch: this trace was not made by a case's replay(), so nobody knows the tasks of it"
        )
    if not 0 <= whole(k, "state") <= len(trace):
        raise KmmError(f"branch: the trace has the states 0 to {len(trace)}, and no {k}")
    names = trace.tasks
    if task not in replay.taken:
        raise KmmError(f"branch: there is no task {task}; there are {', '.join(names)}")
    taken = replay.taken[: bisect_right(replay.recorded, k) - 1]
    other = replay.case.replay(Schedule.of([*taken, task]))
    if k >= len(other) or other[k].task != task:
        raise KmmError(f"branch: {task} cannot go on at step {k}: it is done, or has to wait")
    return other
