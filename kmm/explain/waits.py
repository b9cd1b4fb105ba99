# SPDX-License-Identifier: GPL-2.0-only
"""trace.waits(): which task waited for what, from which step to which, and for whom.

A task waits from the moment at which it cannot make its next step to the moment at which it can.
The record says nothing of that, but it has all that is needed: the next step of each task, and the
field that this step waits for at every step of the others meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kmm.explain.once import once
from kmm.sim import Name, Trace

#: What a step waits for: the field of its first argument that must be empty (a queue: that the task
#: must not stand in), and the one that says who has it; None where nobody knows (a device).
WAITS: dict[str, tuple[str, str | None]] = {
    "spin_lock": ("owner", "owner"),
    "spin_lock_irq": ("owner", "owner"),
    "__lock_page": ("PG_locked", "lock_owner"),
    "wait_on_page_lock_bit": ("PG_locked", "lock_owner"),
    "wait_on_page_writeback_bit": ("PG_writeback", None),
    "__lock_buffer": ("BH_Lock", "lock_owner"),
    "wait_for_rwsem": ("queue", "writer"),
    "read_lock": ("writer", "writer"),
    "__mutex_lock": ("owner", "owner"),
    "flush_work": ("pending", None),
}

#: Steps whose wait no one field of their first argument decides: it is not told.
UNTOLD = frozenset({"disk_done", "fault_again", "lookup_again", "next_work", "write_lock_irq"})

#: What a wait is called, where the primitive's own name says too much.
CALLED = {
    "__lock_page": "lock_page",
    "wait_on_page_lock_bit": "wait_on_page_locked",
    "wait_on_page_writeback_bit": "wait_on_page_writeback",
    "__lock_buffer": "lock_buffer",
    "__mutex_lock": "mutex_lock",
}


class Wait(NamedTuple):
    """`task` waits during the steps `first` to `last` - 1 of others, in `function` on `object`.

    `for_whom`: who had it when the wait began, or stood before the task in its queue; "" if nobody
    is known.  `how` says which, and names all of them.
    """

    task: str
    first: int
    last: int
    function: str
    object: str
    for_whom: str
    how: str = ""

    def __str__(self) -> str:
        return f"{self.task} waits in {self.function} for {self.object}{self.how}"


@Trace.extend
def waits(trace: Trace) -> tuple[Wait, ...]:
    """Every wait of the trace, by its first step.

    Returns a tuple of Wait.  What a task would wait for after its last step, nobody knows.
    """
    return once(trace, _waits)


def _waits(trace: Trace) -> tuple[Wait, ...]:
    columns = trace.columns
    if len(trace.tasks) < 2:
        return ()
    sites = {
        number
        for number in set(columns.site)
        if trace.called(number).name in WAITS
    }  # fmt: skip
    found: list[Wait] = []
    before: dict[int, int] = {}
    for k, (site, call) in enumerate(zip(columns.site, columns.call, strict=True)):
        task = columns.call_task[call]
        first = before.get(task, -1) + 1
        # A step that failed is one whose wait never ended.
        if site in sites and (first < k or k in trace.failed):
            found.extend(_wait(trace, k, first))
        before[task] = k
    return tuple(sorted(found, key=lambda wait: (wait.first, wait.task)))


def _wait(trace: Trace, k: int, first: int) -> Iterator[Wait]:
    """The waits before step k of a task that could have made it from step `first` on."""
    step = trace[k]
    field, owner = WAITS[step.primitive]
    what = step.args[0]
    if not isinstance(what, Name):
        return
    path = f"{what}.{field}"
    end = len(trace) if step.failed else k
    busy_since: int | None = None
    for state in range(first, end + 1):
        busy = state < end and _busy(trace.value(path, state), step.task)
        if busy and busy_since is None:
            busy_since = state
        elif not busy and busy_since is not None:
            names, how = _for_whom(trace, what, step.task, owner, busy_since)
            name = CALLED.get(step.primitive, step.primitive)
            first_name = names[0] if names else ""
            yield Wait(step.task, busy_since, state, name, str(what), first_name, how)
            busy_since = None


def _for_whom(
    trace: Trace, what: Name, task: str, owner: str | None, state: int
) -> tuple[list[str], str]:
    """The names of those who have it or stand before the task in its queue, and which it is."""
    held: Any = trace.value(f"{what}.{owner}", state) if owner else None
    names = [str(held)] if held else []
    if owner == "writer" and what.type == "RwSemaphore":
        queue: Any = trace.value(f"{what}.queue", state)
        waiters = [str(waiter) for waiter, _ in queue]
        ahead = waiters[: waiters.index(task)]
        if ahead:
            return ahead, f", behind {' and '.join(ahead)}"
        inside: Any = trace.value(f"{what}.inside", state)
        names = names or list(dict.fromkeys(map(str, inside)))
    if not names:
        return [], ""
    return names, f", which {' and '.join(names)} {'has' if len(names) == 1 else 'have'}"


def _busy(value: object, task: str) -> bool:
    """What the field says: somebody has it, or, of a queue, the task still stands in it."""
    if isinstance(value, tuple):
        return any(waiter == task for waiter, _ in value)
    return bool(value)
