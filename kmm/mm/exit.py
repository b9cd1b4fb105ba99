# SPDX-License-Identifier: GPL-2.0-only
"""The end of a task (kernel/exit.c)."""

from __future__ import annotations

from kmm.mm.rwsem import down_read, up_read
from kmm.mm.sched import TaskStruct, mmput, tasklist_lock
from kmm.mm.spinlock import write_lock_irq, write_unlock_irq
from kmm.sim import atomic_add_return, current_machine, kernel_function, poison, primitive

KERNEL_FILE = "kernel/exit.c"


@kernel_function
def exit_mm(tsk: TaskStruct) -> None:
    """The task has no address space; its last user tears it down.  May sleep."""
    mm = tsk.mm
    if not mm:
        return
    down_read(mm.mmap_sem)
    tsk.mm = None
    up_read(mm.mmap_sem)
    mmput(mm)


@primitive
def __unhash_process(p: TaskStruct) -> None:
    """Nobody finds the task by its pid.  Needs tasklist_lock for writing."""
    current_machine().kernel.tasks.remove(p)


@primitive
def free_task(tsk: TaskStruct) -> None:
    """The memory of the task_struct is given back."""
    poison(tsk)


@primitive(source="include/linux/sched.h")
def get_task_struct(tsk: TaskStruct) -> None:
    """One reference more keeps the memory of the task_struct."""
    atomic_add_return(tsk, "usage", 1, 0)


@primitive(source="include/linux/sched.h")
def task_usage_dec_and_test(tsk: TaskStruct) -> int:
    """One reference less; 1 if it was the last."""
    return int(atomic_add_return(tsk, "usage", -1, 0) == 0)


@kernel_function(source="include/linux/sched.h")
def put_task_struct(tsk: TaskStruct) -> None:
    """One reference less; the memory of the task_struct goes with the last."""
    if task_usage_dec_and_test(tsk):
        free_task(tsk)


@kernel_function
def release_task(p: TaskStruct) -> None:
    """The task, which has ended, is found no more; its memory goes with the last reference.

    Simplified: no grace period passes before the reference is dropped.
    """
    write_lock_irq(tasklist_lock())
    __unhash_process(p)
    write_unlock_irq(tasklist_lock())
    put_task_struct(p)
