# SPDX-License-Identifier: GPL-2.0-only
"""How the runs of a few tasks end: each schedule one by one, and by the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kmm.explore.rewind import Start
from kmm.explore.search import Search
from kmm.sim import Cells, ListHead, Machine, Tracked
from kmm.sim.access import Accesses
from kmm.sim.sched import Scheduler, Task
from kmm.sim.watch import reads_seen

#: What is told of an end: (machine, bug or None, what each task has returned).
Look = Callable[[Machine, object, Mapping[str, Any]], Any]


def state(machine: Machine, bug: object) -> tuple[Any, ...]:
    """Every field of every object, every cell of every table, every list in its order."""
    found: list[Any] = [bug is not None]
    for name, thing in sorted(machine.objects.items()):
        match thing:
            case Tracked():
                told: Any = tuple((f, str(v)) for f, v in sorted(thing.__dict__.items()))
            case Cells():
                told = tuple(sorted((str(k), str(v)) for k, v in thing.cells.items()))
            case ListHead():
                told = tuple(str(owner) for owner in thing)
            case _:
                told = None
        found.append((name, told))
    return tuple(found)


def by_brute_force(machine: Machine, tasks: Any, look: Look) -> Iterator[Any]:
    """How each schedule ends, one after the other."""
    accesses = Accesses(machine)
    machine.recorder = accesses  # type: ignore[assignment]
    start = Start(machine)
    accesses.new_cell = start.new_cell
    open_: list[list[int]] = []

    def choose(scheduler: Scheduler, able: list[Task]) -> Task:
        made = len(scheduler.taken)
        if made == len(open_):
            open_.append([task.number for task in able])
        return scheduler.tasks[open_[made][0]]

    with machine, reads_seen():
        while True:
            accesses.begin()
            scheduler = Scheduler(machine, tasks)
            bug = scheduler.run(choose)
            machine.saw = None
            yield look(machine, bug, scheduler.returned())
            start.rewind(accesses.written)
            while open_ and len(open_[-1]) == 1:
                open_.pop()
            if not open_:
                return
            open_[-1].pop(0)


def by_search(machine: Machine, tasks: Any, look: Look) -> tuple[set[Any], int]:
    """How the runs of the search end, and how many there were."""
    search = Search(machine, tasks)
    ends = {look(machine, end.bug, end.returned) for end in search.ends()}
    return ends, search.counts.runs
