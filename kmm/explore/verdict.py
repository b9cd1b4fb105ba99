# SPDX-License-Identifier: GPL-2.0-only
"""Verdict: whether a case holds in every interleaving, and if not, the shortest run that shows it.

`explore` searches every order that makes a difference.  If none breaks anything, and the search
came to its end, that is a proof; where a bound stopped it, the verdict says so.  If one does, a
second search (minimal.py) looks for the run with the fewest preemptions, then the fewest steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explore.case import Case
from kmm.explore.minimal import Found, minimal
from kmm.explore.search import Counts, End, Search
from kmm.scenario import World
from kmm.sim import Trace
from kmm.sim.schedule import Schedule
from kmm.sim.watchdog import Watchdog

#: A run of so many steps has a task that never ends.
LONGEST = 50_000

#: What the bound says after Ctrl-C.
INTERRUPTED = "interrupted"

#: A task that makes no step for so many seconds never will.
STUCK = 10.0


@dataclass(frozen=True)
class Violation:
    """What breaks: an invariant or a stop of the kernel, in words, and the schedule that shows it.

    `fewest`: no run with fewer preemptions shows it, and none with as many in fewer steps.
    """

    invariant: str
    sentence: str
    schedule: Schedule
    preemptions: int
    steps: int
    fewest: bool


@dataclass(frozen=True, repr=False)
class Verdict:
    """What is known of a case.  `complete`: every interleaving has been seen, up to equivalence."""

    case: Case
    violation: Violation | None
    complete: bool
    bound: str | None
    counts: Counts
    minimising: Counts

    @property
    def holds(self) -> bool:
        """Nothing breaks, and that is proved."""
        return self.violation is None and self.complete

    @property
    def interrupted(self) -> bool:
        """Somebody did not want to wait."""
        return self.bound == INTERRUPTED

    @property
    def trace(self) -> Trace:
        """The run that shows what breaks."""
        if self.violation is None:
            raise KmmError(f"{self.case.name}: nothing was found to break, so there is no such run")
        return self.case.replay(self.violation.schedule)

    @classmethod
    def unknown(cls, case: Case) -> Verdict:
        """Nothing is known, for Ctrl-C came before."""
        return cls(case, None, False, INTERRUPTED, Counts(), Counts())

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        counts = f"{_many(self.counts.runs, 'run')}, {self.counts.steps} steps"
        if self.counts.repeated:
            counts += f", {self.counts.repeated} cut off as repetitions"
        if (found := self.violation) is not None:
            size = f"{_many(found.preemptions, 'preemption')}, {found.steps} steps"
            return (
                f"{self.case.name}: broken. {found.invariant}: {found.sentence}\n"
                f"  {size}: {found.schedule}\n"
                f"  found in {counts}"
            )
        if self.complete:
            return f"{self.case.name}: holds in every interleaving ({counts})"
        return f"{self.case.name}: nothing found, not complete: {self.bound} ({counts})"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def explore(
    case: Case,
    *,
    runs: int | None = None,
    seconds: float | None = None,
    max_preemptions: int = 2,
    progress: Callable[[Counts], None] | None = None,
    patience: float = STUCK,
) -> Verdict:
    """Search all interleavings of the case until something breaks.

    Arguments: `runs`, `seconds`: stop there, and say so.  `max_preemptions`: look for a shorter
    run that breaks with up to so many.  `progress` is called after each run.  `patience`: a task
    that makes no step for so many seconds never will.

    Returns the verdict.  Ctrl-C gives what is known so far, and so does a task that raises, or
    never ends: `bound` says which, where, and in which run.
    """
    ends_at = time.monotonic() + seconds if seconds is not None else None
    bound: str | None = None
    found: Found | None = None
    with case.changed():
        world, tasks = case.build()
        names = [struct.name for struct in tasks]
        search = Search(world.machine, tasks, longest=LONGEST)
        try:
            with Watchdog(search.pulse, patience):
                for end in search.ends():
                    found = broken_by(case, world, end)
                    if found is not None:
                        break
                    if progress is not None:
                        progress(search.counts)
                    if runs is not None and search.counts.runs >= runs:
                        bound = f"stopped after {runs} runs"
                        break
                    if ends_at is not None and time.monotonic() > ends_at:
                        bound = f"stopped after {seconds:g} s"
                        break
        except KeyboardInterrupt:
            bound = INTERRUPTED
        except KmmError as error:  # a task's function is wrong; what is known so far is kept
            run = Schedule.of(names[number] for number in search.taken())
            bound = f"{error}, in the run {run}" if str(run) else f"{error}, before its first step"
        counts, minimising, fewest = search.counts, Counts(), False
        if found is not None:
            found, minimising, fewest = minimal(
                search, found, max_preemptions, seconds, lambda end: broken_by(case, world, end)
            )
    violation = None
    if found is not None:
        violation = Violation(
            found.invariant,
            found.sentence,
            Schedule.of(names[number] for number in found.taken),
            found.preemptions,
            len(found.taken),
            fewest,
        )
    complete = violation is None and bound is None
    return Verdict(case, violation, complete, bound, counts, minimising)


def broken_by(case: Case, world: World, end: End) -> Found | None:
    """What a run has broken, if anything."""
    if end.bug is not None:
        name = "every task ends" if end.bug.text == "deadlock" else "the kernel goes on"
        sentence = str(end.bug)
        if any(end.bug.text == invariant.name for invariant in case.invariants):
            name, sentence = end.bug.text, end.bug.detail
        return Found(name, sentence, end.taken, end.preemptions)
    broken = case.broken(world, end.returned)
    if broken is None:
        return None
    return Found(broken[0].name, broken[1], end.taken, end.preemptions)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict for a program, with the keys that a claim has."""
    found = verdict.violation
    return {
        "name": verdict.case.name,
        "holds_with": verdict.holds,
        "complete": verdict.complete,
        "bound": verdict.bound,
        "runs": verdict.counts.runs,
        "steps": verdict.counts.steps,
        "broken_without": None,
        "backed_by": [],
        "broken_without_both": None,
        "preemptions": found.preemptions if found else None,
        "counterexample_steps": found.steps if found else None,
        "invariant": found.invariant if found else None,
        "fixes": list(verdict.case.fixes),
        "schedule": str(found.schedule) if found else None,
    }
