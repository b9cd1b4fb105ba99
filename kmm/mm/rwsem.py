# SPDX-License-Identifier: GPL-2.0-only
"""The semaphore of an address space, mm->mmap_sem (kernel/rwsem.c)."""

from __future__ import annotations

from typing import Any

from kmm.mm.sched import might_sleep
from kmm.sim import Tracked, atomic_add_return, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "kernel/rwsem.c"


class RwSemaphore(Tracked):
    """struct rw_semaphore: how many readers are inside, and the one writer."""

    readers: int = 0
    writer: Any = None


@primitive(until=lambda sem: sem.writer is None, source="lib/rwsem-spinlock.c")
def __down_read(sem: RwSemaphore) -> None:
    """One reader more; waits until there is no writer."""
    atomic_add_return(sem, "readers", 1)


@kernel_function
def down_read(sem: RwSemaphore) -> None:
    """The running task is one of the readers; may sleep.

    Simplified: a reader waits for the writer inside, not for writers that wait themselves.
    """
    might_sleep()
    __down_read(sem)


@primitive
def up_read(sem: RwSemaphore) -> None:
    """The running task is no longer a reader."""
    if sem.readers == 0:
        oops("unlock of a lock that is not held", f"{sem.name} has no reader")
    atomic_add_return(sem, "readers", -1)
