# SPDX-License-Identifier: GPL-2.0-only
"""The run that breaks with the fewest preemptions, and of those the one with the fewest steps.

A preemption leaves a task that could go on.  All runs with 0 of them are tried, then all with 1,
and so on.  The reduction of search.py is not used here, for it may prefer an equivalent run with
more preemptions; but a task is only left before a step that touches what another task touches too:
leaving it earlier would be the same run with the same number of preemptions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kmm.errors import KmmError
from kmm.explore.search import Counts, End, Search
from kmm.sim.access import Accesses, Touched
from kmm.sim.sched import Scheduler, Task
from kmm.sim.watch import reads_seen


class Found(NamedTuple):
    """Something that breaks, in words, and who made each step of the run."""

    invariant: str
    sentence: str
    taken: list[int]
    preemptions: int


#: So many seconds are spent on making a run shorter, unless somebody says otherwise.
PATIENCE = 20.0


def minimal(
    search: Search,
    found: Found,
    most: int,
    seconds: float | None,
    broken_by: Callable[[End], Found | None],
) -> tuple[Found, Counts, bool]:
    """A run like `found` that is as short as can be, what was done, and whether that is certain.

    `search` has found it, and is over; its machine stands at its start again.
    """
    ends_at = time.monotonic() + (PATIENCE if seconds is None else seconds)
    best = found
    runs = steps = 0
    try:
        bounded = Bounded(search)
        for preemptions in range(min(most, found.preemptions) + 1):
            for end in bounded.ends(preemptions):
                runs, steps = runs + 1, steps + len(end.taken)
                shown = broken_by(end)
                if shown is not None and _size(shown) < _size(best):
                    best = shown
                if time.monotonic() > ends_at:
                    return best, Counts(runs, 0, steps), False
            if best.preemptions <= preemptions:
                return best, Counts(runs, 0, steps), True
    except (KeyboardInterrupt, KmmError):  # a longer run shows it too
        pass
    return best, Counts(runs, 0, steps), False


def _size(found: Found) -> tuple[int, int]:
    return found.preemptions, len(found.taken)


class _Place:
    """A state before a step: whose turn it is, who else could be tried, what the step touched."""

    __slots__ = ("left", "others", "spent", "touched", "turn")

    def __init__(self, turn: int, others: list[int], spent: int, left: bool) -> None:
        self.turn = turn
        self.others = others
        self.spent = spent
        #: The others cost a preemption.
        self.left = left
        self.touched: Touched = {}


class Bounded:
    """All runs of the tasks of a search with at most so many preemptions.

    What is known of the slots that tasks share is kept, from that search and from one number of
    preemptions to the next: with it the runs seldom have to be made anew.
    """

    def __init__(self, search: Search) -> None:
        self.machine = search.machine
        self.tasks = search.tasks
        self._most = 0
        self._start = search.start
        self._accesses = Accesses(self.machine)
        self._accesses.new_cell = self._start.new_cell
        self._known = search.shared
        self._places: list[_Place] = []
        #: For each task, the slots that it has touched in any run, and those that it has changed.
        self._touches: list[set[int]] = [set() for _ in self.tasks]
        self._changes: list[set[int]] = [set() for _ in self.tasks]

    def ends(self, most: int) -> Iterator[End]:
        """Each run's end; the search begins anew as long as it learns of further shared slots."""
        self._most = most
        before = self.machine.recorder, self.machine.saw
        self.machine.recorder = self._accesses  # type: ignore[assignment]
        start = self._start
        try:
            with self.machine, reads_seen():
                shared = -1
                while shared != (shared := len(self._shared())):
                    self._places = []
                    while True:
                        yield self._run()
                        start.rewind(self._accesses.written)
                        if not self._turn_back():
                            break
        finally:
            start.rewind(self._accesses.written)
            self.machine.recorder, self.machine.saw = before

    def _shared(self) -> set[int]:
        """The slots that one task changes and another touches."""
        shared = set(self._known)
        for one, changes in enumerate(self._changes):
            for other, touches in enumerate(self._touches):
                if one != other:
                    shared |= changes & touches
        return shared

    def _run(self) -> End:
        self._accesses.begin()
        if self._places:  # what is known is not written down again
            self.machine.recorder, self.machine.saw = None, bool
        script = [place.turn for place in self._places[:-1]]
        scheduler = Scheduler(self.machine, self.tasks, script)
        bug = scheduler.run(self._choose)
        self._close(scheduler)
        self.machine.saw = None
        spent = self._places[-1].spent if self._places else 0
        return End(bug, scheduler.taken, spent, scheduler.returned())

    def _choose(self, scheduler: Scheduler, able: list[Task]) -> Task:
        places = self._places
        if places and len(scheduler.taken) == len(places) - 1:
            self._accesses.resume()
            return scheduler.tasks[places[-1].turn]
        self._close(scheduler)
        running = scheduler.running
        spent = places[-1].spent if places else 0
        goes_on = running in able
        turn = running if goes_on and running is not None else able[0]
        others: list[int] = []
        if len(able) > 1 and not (goes_on and spent == self._most):
            others = [task.number for task in able if task is not turn]
        places.append(_Place(turn.number, others, spent, goes_on))
        return turn

    def _close(self, scheduler: Scheduler) -> None:
        if not scheduler.taken:
            return
        touched, olds = self._accesses.touched()
        task = scheduler.taken[-1]
        self._places[-1].touched = touched
        self._touches[task].update(touched)
        self._changes[task].update(olds)

    def _turn_back(self) -> bool:
        places = self._places
        shared = self._shared()
        while places:
            place = places[-1]
            if place.others and (not place.left or not shared.isdisjoint(place.touched)):
                place.turn = place.others.pop(0)
                if place.left:
                    place.spent += 1
                    place.left = False
                    # Whoever is tried next costs no more than this one.
                return True
            places.pop()
        return False
