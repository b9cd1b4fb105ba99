# SPDX-License-Identifier: GPL-2.0-only
"""Checks of schedules against a yardstick, and of a function that makes schedules.

Shortest    the schedule breaks the case; with as few preemptions, in as few steps as can be
Makes       a function finds, for each case, a schedule in whose run something is to be seen

The yardstick is the explorer's: the run that breaks with the fewest preemptions, then steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kmm.explore.case import Case, Replay
from kmm.explore.verdict import Violation, explore
from kmm.learn.asked import quoted
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.checks.schedules import preemptions
from kmm.learn.outcome import Outcome
from kmm.learn.own import SECONDS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.sim import Trace
from kmm.sim.schedule import Schedule

_yardsticks: dict[str, Violation] = {}


def yardstick(case: Case) -> Violation:
    """The shortest run that breaks the case."""
    if case.name not in _yardsticks:
        found = explore(case).violation
        assert found is not None, f"{case.name} does not break"
        _yardsticks[case.name] = found
    return _yardsticks[case.name]


def steps(trace: Trace) -> list[str]:
    """Who made each step of a replay, the reads outside primitives too."""
    return trace.origin.taken if isinstance(trace.origin, Replay) else []


@dataclass(frozen=True)
class Shortest:
    """`of`: "breaks": something breaks; "preemptions", "steps": and no run does it with fewer."""

    case: Callable[[Parameters], Case]
    of: str
    label: str
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What breaks and how far it is from the yardstick; if nothing, where it was left."""
        if not isinstance(mine, str | Schedule):
            says = f'a schedule is asked for, as in "migrate 36, lookup", not {quoted(mine)}'
            return Outcome(False, says, frozenset({"of another kind"}))
        found = attempt(lambda: self._judge(mine, self.case(p)), seconds=4 * SECONDS)
        if isinstance(found, Trouble):
            known = "impossible" if " asks for " in found.says else "no such task"
            return Outcome(False, found.says, frozenset({known, found.kind}))
        return found

    def _judge(self, mine: str | Schedule, case: Case) -> Outcome:
        trace = case.replay(mine)
        broken = trace.bug or trace.about.get("broken")
        if not broken:
            facts = _why_not(case, trace, mine) if self.of == "breaks" else frozenset()
            shown = trace if self.of == "breaks" else None
            return Outcome(False, "nothing breaks in this run", facts, shown)
        if self.of == "breaks":
            return Outcome(True, f"it breaks: {broken}", mine=trace)
        best = yardstick(case)
        made, least = preemptions(case, trace), best.preemptions
        if self.of == "steps":
            if made > least:
                return Outcome(False, "steps count once there is no preemption too many")
            made, least = len(steps(trace)), best.steps
        if made > least:
            says = f"it has {made} {self.of}; {least} are enough"
            return Outcome(False, says, frozenset({f"too many {self.of}"}), trace)
        return Outcome(True, f"{made} {self.of}, and no run has fewer")


def _why_not(case: Case, trace: Trace, mine: str | Schedule) -> frozenset[str]:
    """How the schedule is beside the shortest one that breaks."""
    taken = steps(trace)
    if len(set(taken)) == 1:
        return frozenset({"alone"})
    right = yardstick(case).schedule
    given = Schedule.of(taken)
    if given[0].task != right[0].task:
        return frozenset({"the other begins"})
    if not preemptions(case, trace):
        return frozenset({"one after another"})
    first, enough = given[0].steps, right[0].steps
    if first is None or enough is None or first == enough:
        return frozenset({"later on"})
    return frozenset({"too early" if first < enough else "too late"})


@dataclass(frozen=True)
class Makes:
    """For each case the function returns a schedule; `seen` says of its run what is missing.

    `seen` returns a fact and a sentence, or None if all is there; `most` preemptions are allowed.
    """

    cases: Callable[[Parameters], Sequence[Case]]
    seen: Callable[[Trace], tuple[str, str] | None]
    most: int
    label: str = "the schedules that it makes"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first case in whose run it is not to be seen."""
        no = refused(mine)
        if no is not None:
            return no
        cases = self.cases(p)
        for case in cases:
            schedule = attempt(mine, case)
            if isinstance(schedule, Trouble):
                return troubled(schedule, f"for {case.name}")
            if not isinstance(schedule, str | Schedule):
                says = f"for {case.name}: a schedule is asked for, not {quoted(schedule)}"
                return Outcome(False, says, frozenset({"of another kind"}))
            found = attempt(self._judge, case, schedule)
            if isinstance(found, Trouble):
                says = f"for {case.name}: {found.says}"
                return Outcome(False, says, frozenset({"impossible"}))
            if not found.right:
                return found
        return Outcome(True, f"right in {len(cases)} worlds")

    def _judge(self, case: Case, schedule: str | Schedule) -> Outcome:
        trace = case.replay(schedule)
        missing = self.seen(trace)
        if missing is not None:
            fact, says = missing
            return Outcome(False, f"for {case.name}: {says}", frozenset({fact}), trace)
        made = preemptions(case, trace)
        if made > self.most:
            says = f"for {case.name}: {made} preemptions, and {self.most} are enough"
            return Outcome(False, says, frozenset({"too many preemptions"}), trace)
        return Outcome(True, "it is to be seen")
