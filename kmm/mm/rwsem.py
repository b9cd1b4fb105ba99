# SPDX-License-Identifier: GPL-2.0-only
"""The semaphore of an address space, mm->mmap_sem (kernel/rwsem.c, lib/rwsem-spinlock.c).

First come, first served: who cannot go in queues, and a reader queues behind a writer that waits,
although only readers are inside.  Whoever leaves lets in who is first in the queue: a writer alone,
or readers as far as the next writer.
"""

from __future__ import annotations

from typing import Any

from kmm.mm.sched import might_sleep
from kmm.sim import Tracked, atomic_add_return, current, kernel_function, peek, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "kernel/rwsem.c"

#: What a task queues for.
READ, WRITE = "read", "write"


class RwSemaphore(Tracked):
    """struct rw_semaphore: how many readers are inside, the one writer, and who waits.

    `queue`: (task, READ or WRITE), first come first.  `inside`: who the readers are, kept only
    while several tasks run, for the sake of those who ask whom somebody waits for.
    """

    readers: int = 0
    writer: Any = None
    queue: tuple[Any, ...] = ()
    inside: tuple[Any, ...] = ()


def _count(sem: RwSemaphore, task: Any, by: int) -> None:
    """One reader more or less."""
    atomic_add_return(sem, "readers", by)
    if sem.machine.environment.several:
        # Like the number, the set of readers is the same in whatever order they come and go.
        fields = sem.__dict__
        old = fields["inside"]
        if by > 0:
            new = (*old, task)
        else:
            place = old.index(task) if task in old else len(old)
            new = old[:place] + old[place + 1 :]
        fields["inside"] = new
        recorder = sem.machine.recorder
        if recorder is not None:
            recorder.added(sem.base + sem.PLACE["inside"], old, new, None)


def _let_in(sem: RwSemaphore) -> None:
    """Who is first in the queue goes in, if he can."""
    queue = sem.queue
    if queue and queue[0][1] is WRITE:
        if sem.readers == 0:
            sem.writer = queue[0][0]
            sem.queue = queue[1:]
        return
    readers = 0
    while readers < len(queue) and queue[readers][1] is READ:
        _count(sem, queue[readers][0], 1)
        readers += 1
    if readers:
        sem.queue = queue[readers:]


@primitive(source="lib/rwsem-spinlock.c")
def __down_read(sem: RwSemaphore) -> int | None:
    """One reader more, at once; or 1, and the task queues for it."""
    if sem.writer is None and not sem.queue:
        _count(sem, current(), 1)
        return None
    sem.queue = (*sem.queue, (current(), READ))
    return 1


@primitive(source="lib/rwsem-spinlock.c")
def __down_write(sem: RwSemaphore) -> int | None:
    """The task is inside alone, at once; or 1, and it queues for that."""
    if sem.writer is None and not sem.queue and not sem.readers:
        sem.writer = current()
        return None
    sem.queue = (*sem.queue, (current(), WRITE))
    return 1


def _granted(sem: RwSemaphore, task: Any) -> bool:
    return all(waiter is not task for waiter, _ in sem.queue)


def _before(sem: RwSemaphore, task: Any) -> list[Any]:
    """For whom the task waits: those before it in the queue, or who is inside."""
    queue = [waiter for waiter, _ in sem.queue]
    ahead = queue[: queue.index(task)]
    return ahead or [sem.writer] if sem.writer or ahead else list(dict.fromkeys(sem.inside))


@primitive(until=_granted, held_by=_before, source="lib/rwsem-spinlock.c")
def wait_for_rwsem(sem: RwSemaphore, task: Any) -> None:
    """The task has been let in by who left; waits for that."""


@kernel_function
def down_read(sem: RwSemaphore) -> None:
    """The running task is one of the readers; may sleep."""
    might_sleep()
    if __down_read(sem):
        wait_for_rwsem(sem, current())


@kernel_function
def down_write(sem: RwSemaphore) -> None:
    """The running task is inside alone; may sleep."""
    might_sleep()
    if __down_write(sem):
        wait_for_rwsem(sem, current())


@primitive
def up_read(sem: RwSemaphore) -> None:
    """The running task is no longer a reader; the last one lets in who waits."""
    if peek(sem, "readers") == 0:
        oops("unlock of a lock that is not held", f"{sem.name} has no reader")
    _count(sem, current(), -1)
    if sem.queue:
        _let_in(sem)


@primitive
def up_write(sem: RwSemaphore) -> None:
    """The writer has left, and lets in who waits."""
    if sem.writer is not current():
        oops("unlock of a lock that is not held", f"{sem.name} has another writer, or none")
    sem.writer = None
    _let_in(sem)


@primitive
def downgrade_write(sem: RwSemaphore) -> None:
    """The writer is a reader from now on, with the readers that are first in the queue."""
    if sem.writer is not current():
        oops("unlock of a lock that is not held", f"{sem.name} has another writer, or none")
    sem.writer = None
    _count(sem, current(), 1)
    if sem.queue:
        _let_in(sem)
