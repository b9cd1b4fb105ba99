# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the actors have in common: all ends of their runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import kmm
from kmm.explore.invariants import ALWAYS, Invariant, first_wrong
from kmm.explore.search import Search
from kmm.sim.sched import Scheduler
from kmm.sim.schedule import Follow, Schedule
from kmm.sim.watch import reads_seen

#: A page's size in bytes, as the addresses of the tests count.
SIZE = 4096

Actors = Mapping[str, Callable[[], Any]]


def tasks(world: kmm.World, actors: Actors) -> dict[Any, Callable[[], Any]]:
    """The actors by their tasks, each of which is in the world's first address space."""
    mm = next(iter(world.mms.values()), None)
    return {
        world.tasks.get(name) or world.task(name, mm=mm if name != "migrate" else None): run
        for name, run in actors.items()
    }


def ends(
    world: kmm.World,
    actors: Actors,
    look: Callable[[], Any] = lambda: "fine",
    invariants: tuple[Invariant, ...] = ALWAYS,
    runs: int | None = None,
) -> Counter[Any]:
    """How all runs (or the first so many) end: the bug, a broken invariant, what `look` finds."""
    search = Search(world.machine, tasks(world, actors), longest=5000)
    found: Counter[Any] = Counter()
    for end in search.ends():
        if end.bug is not None:
            found[end.bug.message] += 1
        elif (broken := first_wrong(invariants, world)) is not None:
            found[broken[0].name] += 1
        else:
            found[look()] += 1
        if runs is not None and search.counts.runs >= runs:
            break
    return found


def run(world: kmm.World, actors: Actors, schedule: str) -> Any:
    """The bug with which one schedule ends, or None."""
    with world.machine, reads_seen():
        world.machine.saw = bool
        bug = Scheduler(world.machine, tasks(world, actors)).run(Follow(Schedule.parse(schedule)))
        world.machine.saw = None
    return bug


def alone(world: kmm.World, act: Callable[[], Any]) -> Any:
    """What one task returns that nobody disturbs; the books must balance behind it."""
    if world.current is None:
        world.task("alone", mm=next(iter(world.mms.values()), None))
    with world.machine:
        result = act()
    assert first_wrong(ALWAYS, world) is None
    return result


def contents(mm: Any, address: int) -> str | None:
    """What a program would find there, without any fault."""
    page = mm.page_table.cells[address].page
    return None if page is None else page.data
