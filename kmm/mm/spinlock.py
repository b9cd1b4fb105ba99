# SPDX-License-Identifier: GPL-2.0-only
"""Spinlocks and the reader-writer lock (kernel/spinlock.c).

Who holds one must not sleep: each lock taken raises the task's preempt_count.  Waiting for a lock
is one step that cannot happen before the lock is free, never a loop.
"""

from __future__ import annotations

from typing import Any

from kmm.sim import Poison, Tracked, atomic_add_return, current, peek, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "kernel/spinlock.c"


class SpinLock(Tracked):
    """spinlock_t: `owner` is the task that holds it, None if nobody does."""

    owner: Any = None


class RwLock(Tracked):
    """rwlock_t: how many readers are inside, and the one writer."""

    readers: int = 0
    writer: Any = None


def _acquire(lock: SpinLock) -> None:
    owner = lock.__dict__["owner"]
    if type(owner) is Poison:
        owner.used()
    task = current()
    lock.owner = task
    task.preempt_count += 1


def _release(lock: SpinLock) -> None:
    lock.owner = None
    current().preempt_count -= 1


def _whose(lock: SpinLock) -> str:
    return f"{lock.name} is held by {lock.owner.name if lock.owner else 'nobody'}"


def _free(lock: SpinLock) -> bool:
    # Nobody holds a lock that is gone; who takes it will learn that.
    owner = lock.owner
    return owner is None or type(owner) is Poison


def _owner(lock: SpinLock) -> Any:
    return lock.owner


@primitive(until=_free, held_by=_owner)
def spin_lock(lock: SpinLock) -> None:
    """The running task holds the lock; waits until it is free."""
    _acquire(lock)


@primitive
def spin_unlock(lock: SpinLock) -> None:
    """The lock is free; the running task must hold it."""
    if lock.owner is not current():
        oops("unlock of a lock that is not held", _whose(lock))
    _release(lock)


@primitive(until=_free, held_by=_owner)
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


def _no_writer(lock: RwLock) -> bool:
    return lock.writer is None


def _writer(lock: RwLock) -> Any:
    return lock.writer


@primitive(until=_no_writer, held_by=_writer)
def read_lock(lock: RwLock) -> None:
    """The running task is one of the lock's readers; waits until there is no writer."""
    atomic_add_return(lock, "readers", 1)
    current().preempt_count += 1


@primitive
def read_unlock(lock: RwLock) -> None:
    """The running task is no longer a reader."""
    if peek(lock, "readers") == 0:
        oops("unlock of a lock that is not held", f"{lock.name} has no reader")
    atomic_add_return(lock, "readers", -1)
    current().preempt_count -= 1


@primitive(until=lambda lock: lock.writer is None and not lock.readers, held_by=_writer)
def write_lock_irq(lock: RwLock) -> None:
    """The running task is inside alone; waits until nobody else is."""
    lock.writer = current()
    current().preempt_count += 1


@primitive
def write_unlock_irq(lock: RwLock) -> None:
    """The running task has left, which was inside alone."""
    if lock.writer is not current():
        oops("unlock of a lock that is not held", f"{lock.name} has another writer, or none")
    lock.writer = None
    current().preempt_count -= 1
