# SPDX-License-Identifier: GPL-2.0-only
"""Which nodes a task may use (kernel/cpuset.c)."""

from __future__ import annotations

from kmm.mm.sched import TaskStruct
from kmm.sim import primitive

KERNEL_FILE = "kernel/cpuset.c"


@primitive
def cpuset_mems_allowed(tsk: TaskStruct) -> int:
    """The mask of the nodes that the task's cpuset allows.

    Simplified: each task has a mask of its own; there is no tree of cpusets and no lock on it.
    """
    return tsk.mems_allowed
