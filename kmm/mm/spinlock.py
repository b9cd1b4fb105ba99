# SPDX-License-Identifier: GPL-2.0-only
"""Spinlocks and the reader-writer lock (kernel/spinlock.c).

Who holds one must not sleep: each lock taken raises the task's preempt_count.  Waiting for a lock
is one step that cannot happen before the lock is free, never a loop.
"""

from __future__ import annotations

from typing import Any

from kmm.sim import Tracked, atomic_add_return, current, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "kernel/spinlock.c"


class SpinLock(Tracked):
    """spinlock_t: `owner` is the task that holds it, None if nobody does."""

    owner: Any = None


class RwLock(Tracked):
    """rwlock_t, read side only: how many readers are inside.

    Simplified: nothing in this model takes tasklist_lock for writing.
    """

    readers: int = 0


def _acquire(lock: SpinLock) -> None:
    task = current()
    lock.owner = task
    task.preempt_count += 1


def _release(lock: SpinLock) -> None:
    lock.owner = None
    current().preempt_count -= 1


def _whose(lock: SpinLock) -> str:
    return f"{lock.name} is held by {lock.owner.name if lock.owner else 'nobody'}"


def _free(lock: SpinLock) -> bool:
    return lock.owner is None


@primitive(until=_free)
def spin_lock(lock: SpinLock) -> None:
    """The running task holds the lock; waits until it is free."""
    _acquire(lock)


@primitive
def spin_unlock(lock: SpinLock) -> None:
    """The lock is free; the running task must hold it."""
    if lock.owner is not current():
        oops("unlock of a lock that is not held", _whose(lock))
    _release(lock)


@primitive(until=_free)
def spin_lock_irq(lock: SpinLock) -> None:
    """spin_lock, for a lock that interrupt handlers take too.

    Simplified: the model has no interrupts, so none are turned off.
    """
    _acquire(lock)


@primitive
def spin_unlock_irq(lock: SpinLock) -> None:
    """The lock is free; the running task must hold it."""
    if lock.owner is not current():
        oops("unlock of a lock that is not held", _whose(lock))
    _release(lock)


@primitive
def read_lock(lock: RwLock) -> None:
    """The running task is one of the lock's readers."""
    atomic_add_return(lock, "readers", 1)
    current().preempt_count += 1


@primitive
def read_unlock(lock: RwLock) -> None:
    """The running task is no longer a reader."""
    if lock.readers == 0:
        oops("unlock of a lock that is not held", f"{lock.name} has no reader")
    atomic_add_return(lock, "readers", -1)
    current().preempt_count -= 1
