# SPDX-License-Identifier: GPL-2.0-only
"""Who may do what (kernel/capability.c, security/security.c)."""

from __future__ import annotations

from kmm.mm.sched import TaskStruct
from kmm.sim import current, current_machine, primitive

KERNEL_FILE = "kernel/capability.c"

CAP_SYS_NICE = 23


@primitive
def capable(cap: int) -> int:
    """1 if the running task has the capability.

    Simplified: no security module is asked, and nothing notes that the right was used.
    """
    return int(bool(current().caps >> cap & 1))


@primitive(source="security/security.c")
def security_task_movememory(p: TaskStruct) -> int:
    """0, or the error with which a security module forbids moving the task's memory.

    Simplified: no module is modelled; the machine says what it would have answered.
    """
    rc: int = current_machine().kernel.security_rc
    return rc
