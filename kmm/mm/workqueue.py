# SPDX-License-Identifier: GPL-2.0-only
"""Work that a CPU's own thread does for others (kernel/workqueue.c), and mutexes.

A work is queued on a CPU; the thread of that CPU takes one after the other and does it.  Who needs
it done waits, and so for whatever the works before it wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.mm.sched import might_sleep
from kmm.sim import Tracked, current, current_machine, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "kernel/workqueue.c"


class Work(Tracked):
    """struct work_struct: `func(data)` is to be done; `pending` until it has been."""

    func: Any = None
    data: Any = None
    pending: int = 1
    queue: Any = None


class WorkQueue(Tracked):
    """struct cpu_workqueue_struct: the works of one CPU, first come first, and its thread."""

    works: tuple[Work, ...] = ()
    thread: Any = None


@primitive
def schedule_work_on(cpu: int, func: Callable[[Any], Any], data: Any) -> Work:
    """The work waits in the queue of that CPU."""
    kernel = current_machine().kernel
    queue: WorkQueue = kernel.keventd_wq[cpu]
    work = Work(kernel.machine, kernel.next_name("w"), func=func, data=data, queue=queue)
    queue.works = (*queue.works, work)
    return work


@primitive(until=lambda work: not work.pending, held_by=lambda work: work.queue.thread)
def flush_work(work: Work) -> None:
    """The work has been done; waits for that."""


@kernel_function
def schedule_on_each_cpu(func: Callable[[int], Any]) -> int:
    """Each CPU has done `func(cpu)`; may sleep.  Returns 0."""
    might_sleep()
    works = [
        schedule_work_on(cpu, func, cpu) for cpu in range(len(current_machine().kernel.keventd_wq))
    ]
    for work in works:
        flush_work(work)
    return 0


@primitive(until=lambda queue: queue.works)
def next_work(queue: WorkQueue) -> Work:
    """The work that came first is off the queue and being done; waits for one."""
    work, *others = queue.works
    queue.works = tuple(others)
    queue.thread = current()
    return work


@primitive
def work_done(work: Work) -> None:
    """The work has been done; who waits for it goes on."""
    work.pending = 0


@kernel_function
def worker_thread(queue: WorkQueue, works: int) -> None:
    """So many works of the queue have been done, one after the other; may sleep.

    Simplified: the kernel's thread never ends.
    """
    for _ in range(works):
        work = next_work(queue)
        work.func(work.data)
        work_done(work)


class Mutex(Tracked):
    """struct mutex: the task that holds it, None if nobody does."""

    owner: Any = None


@primitive(
    until=lambda lock: lock.owner is None,
    held_by=lambda lock: lock.owner,
    source="kernel/mutex.c",
)
def __mutex_lock(lock: Mutex) -> None:
    """The running task holds the mutex; waits until it is free."""
    lock.owner = current()


@kernel_function(source="kernel/mutex.c")
def mutex_lock(lock: Mutex) -> None:
    """The running task holds the mutex; may sleep."""
    might_sleep()
    __mutex_lock(lock)


@primitive(source="kernel/mutex.c")
def mutex_unlock(lock: Mutex) -> None:
    """Nobody holds the mutex; the running task must have held it."""
    if lock.owner is not current():
        oops("unlock of a lock that is not held", f"{lock.name} is another task's, or free")
    lock.owner = None
