# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a function by what it does, where no right one stands beside it to compare with.

Behaves     in each of some situations, what is demanded of its run holds
Withstands  beside another task, in every interleaving of any case

A demand looks at a run and says what is wrong with it, each time with a fact of its own, by which
a slip knows the mistake.  So a variant can be asked for that the model does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kmm.explore.case import Case
from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, Invariant, first_wrong
from kmm.explore.verdict import Verdict, explore
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.outcome import Outcome
from kmm.learn.own import SECONDS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.scenario import Run
from kmm.sim import replace as replaced

#: What a demand finds: the fact, and the sentence.
Wrong = tuple[str, str]

Demand = Callable[[Run, Parameters], Iterator[Wrong]]


@dataclass(frozen=True)
class Situation:
    """`where`: in words, behind "where".  `run`: what happens there.  `wrong`: what is demanded."""

    where: str
    run: Callable[[Parameters], Run]
    wrong: Demand


@dataclass(frozen=True)
class Behaves:
    """In every situation the function does what is demanded, and what must always hold holds.

    `edits`: other functions of the model are changed by them meanwhile.
    """

    function: str
    situations: tuple[Situation, ...]
    edits: tuple[Edit, ...] = ()
    invariants: tuple[Invariant, ...] = ALWAYS
    label: str = "it does what is asked for"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first situation in which it does not, and what it does there."""
        no = refused(mine)
        if no is not None:
            return no
        for one in self.situations:
            run = attempt(self._run, one, mine, p)
            where = f"where {one.where}"
            if isinstance(run, Trouble):
                return troubled(run, where)
            facts: set[str] = set()
            said: list[str] = []
            for fact, says in self._wrong(one, run, p):
                facts.add(fact)
                said.append(says)
            if said:
                return Outcome(False, f"{where}: {said[0]}", frozenset(facts), run.trace)
        many = len(self.situations)
        return Outcome(True, f"so it does in {many} situation{'s' * (many != 1)}")

    def _run(self, one: Situation, mine: Any, p: Parameters) -> Run:
        with edited(self.edits), replaced(**{self.function: mine}):
            return one.run(p)

    def _wrong(self, one: Situation, run: Run, p: Parameters) -> Iterator[Wrong]:
        if run.bug or run.stopped:
            yield "stops", f"the kernel stops: {run.bug or run.stopped}"
            return
        yield from one.wrong(run, p)
        broken = first_wrong(self.invariants, run.world)
        if broken is not None:
            yield f"broken: {broken[0].name}", broken[1]


@dataclass(frozen=True)
class Withstands:
    """In every interleaving of the case nothing breaks.

    `beside`: who else runs, in words.  `demands`: what must hold beside what the case demands, as
    that the function does its work at all.  `seconds`: for a search that takes half of one, since
    others may use the machine too.
    """

    function: str
    case: Case
    beside: str
    demands: tuple[Invariant, ...] = ()
    seconds: float = 3 * SECONDS
    label: str = "it stands up to another task"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The shortest run that breaks something."""
        no = refused(mine)
        if no is not None:
            return no
        case = replace(self.case, invariants=(*self.case.invariants, *self.demands))
        where = f"beside {self.beside}"
        verdict = attempt(self._explore, case, mine, seconds=self.seconds + 2 * SECONDS)
        if isinstance(verdict, Trouble):
            return troubled(verdict, where)
        found = verdict.violation
        if found is not None:
            with replaced(**{self.function: mine}):
                trace = verdict.trace
            says = f"{where}: {found.sentence} ({found.schedule})"
            return Outcome(False, says, frozenset({f"broken: {found.invariant}"}), trace)
        if not verdict.complete:
            return Outcome(False, f"{where}: {verdict.bound}", frozenset({"raises"}))
        return Outcome(True, f"{where}: all {verdict.counts.runs} runs are right")

    def _explore(self, case: Case, mine: Any) -> Verdict:
        with replaced(**{self.function: mine}):
            return explore(case, seconds=self.seconds, max_preemptions=1, patience=SECONDS / 2)
