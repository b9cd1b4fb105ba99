# SPDX-License-Identifier: GPL-2.0-only
"""Who holds which lock, and who waits for it?

trace.locks()                       every lock that is ever held, outermost kind first
trace.locks()[0].held_by(61)        the tasks that hold it in state(61)

A lock is kept in one of four ways, and so it is read: a spinlock and the writer of a semaphore name
their owner; a bit (PG_locked, BH_Lock) stands beside `lock_owner`; readers are only counted, so
that whose step raised the count is inside until a step of his lowers it; and a task counts by
itself how deep it is inside rcu_read_lock.

A task waits for a lock from its last step before the one that must have the lock, as long as
somebody holds it: in between it can do nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from kmm.explain import waits
from kmm.explain.once import once
from kmm.sim import Trace
from kmm.sim.recorder import ObjectEntry

#: Who holds a lock of which the record does not say it.
SOMEBODY = "somebody"
#: RCU's read side is no object: it has a name only.
RCU = "RCU read side"

#: A bit that is a lock, and the name of the lock.
BITS = {"Page": ("PG_locked", "{} PG_locked"), "BufferHead": ("BH_Lock", "{} BH_Lock")}
#: A field that names the one who holds a lock, and how he does.
OWNERS = {"SpinLock": ("owner", "held"), "RwSemaphore": ("writer", "write")}
#: Locks whose readers are counted, in `readers`.
COUNTED = ("RwSemaphore", "RwLock")

#: Steps that cannot happen while somebody holds the lock.  Readers are in nobody's way: nothing in
#: this model waits to write.
WAITS = frozenset(step for step, (_, owner) in waits.WAITS.items() if owner is not None)
#: Steps that take the lock if they can, and return 0 where somebody holds it.
TRIES = ("trylock_page", "trylock_buffer")

#: From the outermost kind to the innermost (the order of locks in mm/rmap.c).
KINDS = (
    "mmap_sem", "PG_locked", "BH_Lock", RCU, "i_mmap_lock", "lock", "ptl", "tree_lock",
    "private_lock", "lru_lock", "tasklist_lock",
)  # fmt: skip


class Hold(NamedTuple):
    """`task` holds a lock in the states `first` to `last`, without `last`.

    `how` is "held", "read" or "write".
    """

    task: str
    how: str
    first: int
    last: int


class Wait(NamedTuple):
    """`task` waits for a lock in the states `first` to `last`, without `last`.

    The next step of the task, `step`, goes on; `vain`: it never could, and a bug ended it.
    """

    task: str
    first: int
    last: int
    step: int
    vain: bool


class Lock(NamedTuple):
    """A lock and all that happened to it; `kind` is one of KINDS, or the lock's own last name.

    `tries` are the steps that found it taken and did not wait.
    """

    name: str
    kind: str
    holds: tuple[Hold, ...]
    waits: tuple[Wait, ...]
    tries: tuple[int, ...]

    def held_by(self, k: int) -> tuple[str, ...]:
        """The tasks that hold it in state(k)."""
        return tuple(hold.task for hold in self.holds if hold.first <= k < hold.last)


@Trace.extend
def locks(trace: Trace) -> tuple[Lock, ...]:
    """Every lock that somebody holds or waits for in the trace, from the outermost kind inwards."""
    return once(trace, _thoseof)


def _thoseof(trace: Trace) -> tuple[Lock, ...]:
    holds: dict[str, list[Hold]] = {}
    for name, found in _all_holds(trace):
        holds.setdefault(name, []).extend(found)
    for mine in holds.values():
        mine.sort(key=lambda hold: (hold.first, hold.last))
    waited, tries = _waits_and_tries(trace, holds)
    those = [
        Lock(
            name,
            _kind(name),
            holds=tuple(mine),
            waits=tuple(waited.get(name, ())),
            tries=tuple(tries.get(name, ())),
        )
        for name, mine in holds.items()
        if mine
    ]
    rank = {kind: n for n, kind in enumerate(KINDS)}
    return tuple(sorted(those, key=lambda lock: rank.get(lock.kind, len(rank))))


def _kind(name: str) -> str:
    return RCU if name == RCU else name.rpartition(" ")[2].rpartition(".")[2]


def _all_holds(trace: Trace) -> Iterator[tuple[str, list[Hold]]]:
    for entry in trace.objects:
        if entry.type in OWNERS:
            field, how = OWNERS[entry.type]
            yield entry.name, list(_runs(trace, entry, field, field, how))
        if entry.type in COUNTED:
            yield entry.name, list(_readers(trace, entry))
        if entry.type in BITS:
            bit, name = BITS[entry.type]
            yield name.format(entry.name), list(_runs(trace, entry, bit, "lock_owner", "held"))
        if entry.type == "TaskStruct":
            yield RCU, list(_runs(trace, entry, "rcu_depth", "", "read"))


def _runs(trace: Trace, entry: ObjectEntry, bit: str, owner: str, how: str) -> Iterator[Hold]:
    """The stretches in which `bit` is set, by what `owner` says; no owner is the object itself."""
    slots = [entry.base + 1 + entry.fields.index(field) for field in (bit, owner) if field]
    changed = {step + 1 for slot in slots for step in trace.histories.steps(slot)}
    who, since = None, 0
    for state in [0, *sorted(changed), len(trace) + 1]:
        now = _owner(trace, entry.name, slots, state) if state <= len(trace) else None
        if now != who:
            if who is not None:
                yield Hold(who, how, since, state)
            who, since = now, state


def _owner(trace: Trace, name: str, slots: list[int], state: int) -> str | None:
    """Who holds it in the state, None if nobody does."""
    changes = trace.changes_before(state)
    held: list[Any] = [trace.values[trace.histories.value(slot, changes)] for slot in slots]
    if not held[0]:
        return None
    return name if len(held) == 1 else str(held[1] or SOMEBODY)


def _readers(trace: Trace, entry: ObjectEntry) -> Iterator[Hold]:
    """Each reader from the step that counts it to the step, of the same task, that no longer does.

    Those who are inside at the start are not known by name; they are taken to leave last.
    """
    columns = trace.columns
    slot = entry.base + 1 + entry.fields.index("readers")
    before = trace.values[columns.initial[slot]]
    inside: list[tuple[str, int]] = [(SOMEBODY, 0)] * before
    for step in trace.histories.steps(slot):
        now = trace.values[trace.histories.value(slot, trace.changes_before(step + 1))]
        task = trace.tasks[columns.call_task[columns.call[step]]]
        inside += [(task, step + 1)] * (now - before)
        for _ in range(now, before):
            mine = [reader for reader in inside if reader[0] == task] or inside
            inside.remove(mine[-1])
            yield Hold(mine[-1][0], "read", mine[-1][1], step + 1)
        before = now
    for task, first in inside:
        yield Hold(task, "read", first, len(trace) + 1)


def _lock_name(trace: Trace, argument: str) -> str:
    """The lock that a step with this first argument is about."""
    entry = trace.slots.by_name.get(argument)
    return BITS[entry.type][1].format(argument) if entry and entry.type in BITS else argument


def _waits_and_tries(
    trace: Trace, holds: dict[str, list[Hold]]
) -> tuple[dict[str, list[Wait]], dict[str, list[int]]]:
    """Who waited, and which steps found a lock taken: one walk over the steps."""
    columns = trace.columns
    primitives = [trace.called(site).name for site in range(len(trace.sources.functions))]
    owned = {name: [hold for hold in found if hold.how != "read"] for name, found in holds.items()}
    last: dict[int, int] = {}
    waited: dict[str, list[Wait]] = {}
    tries: dict[str, list[int]] = {}
    for k, site in enumerate(columns.site):
        name, number = primitives[site], columns.call_task[columns.call[k]]
        if name in WAITS:
            lock = _lock_name(trace, str(trace[k].args[0]))
            end = k + 1 + (k in trace.failed)
            found = _in_the_way(owned.get(lock, []), last.get(number, -1) + 1, end)
            if found:
                wait = Wait(trace.tasks[number], *found, k, k in trace.failed)
                waited.setdefault(lock, []).append(wait)
        elif name in TRIES and not trace[k].result and k not in trace.failed:
            tries.setdefault(_lock_name(trace, str(trace[k].args[0])), []).append(k)
        last[number] = k
    return waited, tries


def _in_the_way(holds: list[Hold], first: int, end: int) -> tuple[int, int] | None:
    """From which state to which, between the two, somebody holds the lock; None if nobody does.

    `holds` are in order, and no two at the same time.
    """
    there = holds[
        bisect_right(holds, first, key=lambda hold: hold.last) :
        bisect_left(holds, end, key=lambda hold: hold.first)
    ]  # fmt: skip
    return (max(there[0].first, first), min(there[-1].last, end)) if there else None
