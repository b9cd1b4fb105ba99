# SPDX-License-Identifier: GPL-2.0-only
"""Check of a schedule: it breaks the version without a guard, with as few preemptions as can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explore.case import Case, Replay
from kmm.explore.guards import GUARDS
from kmm.learn.asked import quoted
from kmm.learn.outcome import Outcome
from kmm.learn.own import Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.sim import Trace
from kmm.sim.schedule import Part, Schedule


def unguarded(guard: str) -> Case:
    """The world of a guard, in which the guard is missing."""
    if guard not in GUARDS:
        raise KmmError(f"there is no guard {guard}; `kmm explore --guards` shows them all")
    claim = GUARDS[guard]
    return claim.breaks_without_both or claim.breaks


def about(guard: str) -> str:
    """Which guard is gone, what it is there for, and who is at work."""
    case, claim = unguarded(guard), GUARDS[guard]
    tasks = " and ".join(struct.name for struct in case.build()[1])
    return (
        f"Taken away: {' and '.join((claim.name, *claim.backed_by))}, in {claim.source}.\n"
        f"What it is there for: {claim.says}\n"
        f"The tasks: {tasks} ({', '.join(claim.actors)})."
    )


def preemptions(case: Case, trace: Trace) -> int:
    """How often a task was left that could have gone on.

    A switch is one if the run can also be made in which that task makes one step more there.
    """
    replay = trace.origin
    assert isinstance(replay, Replay)
    taken = replay.taken
    found = 0
    for k in range(1, len(taken)):
        left = taken[k - 1]
        if taken[k] != left and left in taken[k:] and _could_go_on(case, taken[:k], left):
            found += 1
    return found


def _left(trace: Trace) -> set[str]:
    """Where tasks were left: "migrate left before page_freeze_refs", "... after get_page".

    Before is whatever the task still does, again or for the first time; after, what it has done.
    """
    replay = trace.origin
    assert isinstance(replay, Replay)
    facts = set()
    for k in range(1, len(replay.taken)):
        task, now = replay.taken[k - 1], replay.recorded[k]
        if replay.taken[k] != task:
            for step in trace:
                if step.task == task:
                    when = "after" if step.index < now else "before"
                    facts.add(f"{task} left {when} {step.primitive}")
    return facts


def _could_go_on(case: Case, taken: list[str], task: str) -> bool:
    *before, last = Schedule.of(taken)
    count = len(taken) - sum(part.steps or 0 for part in before)
    try:
        case.replay(Schedule((*before, Part(last.task, count), Part(task, 1))))
    except KmmError:
        return False
    return True


@dataclass(frozen=True)
class Breaks:
    """Without the guard the schedule breaks something, with at most `most` preemptions.

    Both may depend on the parameters.
    """

    guard: str | Callable[[Parameters], str]
    most: int | Callable[[Parameters], int] | None = None
    label: str = "the schedule breaks the version without the guard"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What it breaks in words; if nothing, the run that shows that, beside the guarded one."""
        if not isinstance(mine, str | Schedule):
            says = (
                f'a schedule is asked for, as in "migrate 36, lookup", and {quoted(mine)} is none'
            )
            return Outcome(False, says, frozenset({"of another kind"}))
        found = attempt(lambda: self._judge(mine, p))
        if isinstance(found, Trouble):
            return Outcome(False, found.says, frozenset({"impossible"}))
        return found

    def _judge(self, mine: str | Schedule, p: Parameters) -> Outcome:
        case = unguarded(self.guard(p) if callable(self.guard) else self.guard)
        most = self.most(p) if callable(self.most) else self.most
        trace = case.replay(mine)
        broken = trace.bug or trace.about.get("broken")
        switches = preemptions(case, trace)
        taken = trace.origin.taken if isinstance(trace.origin, Replay) else []
        facts = {f"{switches} preemptions", *_left(trace)}
        if not broken:
            facts.add("nothing breaks")
            if switches == 0 and taken:
                facts.add("one after another")
            if len(set(taken)) == 1:
                facts.add("alone")
            return Outcome(False, "nothing breaks in this run", frozenset(facts), trace)
        if most is not None and switches > most:
            facts.add("too many preemptions")
            says = f"it breaks ({broken}), but with {switches} preemptions; {most} are enough"
            return Outcome(False, says, frozenset(facts), trace)
        return Outcome(True, f"it breaks: {broken}", frozenset(facts), trace)
