# SPDX-License-Identifier: GPL-2.0-only
"""struct task_struct, and what it may do now (kernel/sched.c, kernel/pid.c, kernel/fork.c).

`current()` is the task that runs.  Who holds a spinlock (`preempt_count` > 0) or is inside
rcu_read_lock (`rcu_depth` > 0) must not sleep; `might_sleep` is what finds those who do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kmm.mm.spinlock import RwLock
from kmm.sim import Machine, Tracked, current, current_machine, kernel_function, peek, primitive
from kmm.sim.bug import KernelBug, function_of
from kmm.sim.running import caller, stop

if TYPE_CHECKING:
    from kmm.mm.mmap import MmStruct

KERNEL_FILE = "kernel/sched.c"

#: The task may write to swap although the device is congested.
PF_SWAPWRITE = 0x00800000


class TaskStruct(Tracked):
    """struct task_struct: a task, its address space and its rights.

    `mems_allowed` is a mask of nodes, `caps` a mask of capabilities.  `usage` counts who keeps its
    memory; whoever reaps the task has one.
    """

    __slots__ = ("cpu", "tlb")

    pid: int = 0
    mm: MmStruct | None = None
    flags: int = 0
    uid: int = 0
    euid: int = 0
    suid: int = 0
    caps: int = 0
    mems_allowed: int = 0
    preempt_count: int = 0
    rcu_depth: int = 0
    usage: int = 1

    #: The CPU on which it runs, and what that CPU remembers of page tables (None: nothing).
    cpu: int
    tlb: Any

    def __init__(
        self, machine: Machine, name: str, *, cpu: int = 0, tlb: Any = None, **fields: Any
    ) -> None:
        object.__setattr__(self, "cpu", cpu)
        object.__setattr__(self, "tlb", tlb)
        super().__init__(machine, name, **fields)


def might_sleep(*, rcu: bool = True) -> None:
    """Stop the machine if the running task must not sleep here.

    `rcu`: sleeping inside rcu_read_lock is looked for too.  Raises KernelBug, in the function
    that asks.
    """
    task = current()
    # Nobody else writes these two, so looking at them is no step.
    if peek(task, "preempt_count"):
        text = "sleeping function called with a spinlock held"
    elif rcu and peek(task, "rcu_depth"):
        text = "sleeping function called inside rcu_read_lock"
    else:
        return
    frame = caller()
    stop(KernelBug(text, function_of(frame), f"task {task.name}"), frame)


@primitive
def cond_resched() -> None:
    """A place at which the task lets others run if they want to."""
    might_sleep()


@primitive(source="kernel/pid.c")
def find_task_by_vpid(pid: int) -> TaskStruct | None:
    """The task with that pid, or None.  Needs tasklist_lock or RCU.

    Simplified: there is one pid namespace.
    """
    tasks: list[TaskStruct] = current_machine().kernel.tasks
    return next((task for task in tasks if task.pid == pid), None)


@primitive(source="kernel/fork.c")
def get_task_mm(task: TaskStruct) -> MmStruct | None:
    """The task's address space with one user more, None of a kernel thread.

    Simplified: no task_lock around it, and a kernel thread never borrows an address space.
    """
    mm = task.mm
    if mm is not None:
        mm.mm_users += 1
    return mm


@primitive(source="kernel/fork.c")
def mm_users_dec_and_test(mm: MmStruct) -> int:
    """One user of the address space less; 1 if it was the last."""
    mm.mm_users -= 1
    return int(mm.mm_users == 0)


@kernel_function(source="kernel/fork.c")
def mmput(mm: MmStruct) -> None:
    """One user of the address space less; the last one tears it down."""
    if mm_users_dec_and_test(mm):
        from kmm.mm.vma import exit_mmap

        exit_mmap(mm)


def tasklist_lock() -> RwLock:
    """The lock of the list of all tasks."""
    lock: RwLock = current_machine().kernel.tasklist_lock
    return lock


__all__ = [
    "PF_SWAPWRITE", "TaskStruct", "cond_resched", "current", "find_task_by_vpid",
    "get_task_mm", "might_sleep", "mmput", "tasklist_lock",
]  # fmt: skip
