# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a function that takes the place of one of the model's, by `kmm.replace`.

Conforms    it does what the model does, in named scenarios
Keeps       what must always hold does hold afterwards, in named scenarios
Explored    it stands up to another task, in every interleaving
Calls       it makes these steps and not those
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explain.differences import differences
from kmm.explore.case import Case
from kmm.explore.edit import Edit, edited
from kmm.explore.guards import GUARDS
from kmm.explore.invariants import ALWAYS, Invariant, first_wrong
from kmm.explore.verdict import Verdict, explore
from kmm.learn.asked import quoted
from kmm.learn.checks.signs import reordered, returned, signs
from kmm.learn.outcome import Outcome
from kmm.learn.own import SECONDS, STEPS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.scenario import Run, load
from kmm.show.compare import compare
from kmm.sim import Trace, replace

#: What the two are called where they stand side by side.
NAMES = ("the model", "yours")

#: What of a result has to be the same; the order of steps counts only where a check says so.
ENDS = ("rc", "bug", "stopped", "status", "warnings", "not_isolated", "final")


def refused(mine: Any) -> Outcome | None:
    """What is said to something that is no function."""
    if callable(mine):
        return None
    says = f"a function is asked for, and {quoted(mine)} is none"
    return Outcome(False, says, frozenset({"of another kind"}))


def troubled(trouble: Trouble, where: str) -> Outcome:
    """What is said where the function did not come back."""
    return Outcome(False, f"{where}: {trouble.says}", frozenset({trouble.kind}))


def run_with(function: str, mine: Any, scenario: str) -> Run:
    """The scenario, with `mine` in the place of the function."""
    with replace(**{function: mine}):
        return load(scenario).run(limit=STEPS)


@dataclass(frozen=True)
class Conforms:
    """In the scenarios it ends as the model does; with `order`, by the same primitives in order.

    `edits`: the model is changed by them first, where a variant of it is asked for.
    """

    function: str
    scenarios: tuple[str, ...]
    order: bool = True
    edits: tuple[Edit, ...] = ()
    label: str = "it does what the model does"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first scenario that ends in another way, and where the two part there."""
        no = refused(mine)
        if no is not None:
            return no
        for name in self.scenarios:
            run = attempt(run_with, self.function, mine, name)
            if isinstance(run, Trouble):
                return troubled(run, f"in {name}")
            with edited(self.edits):
                model = load(name).run(limit=STEPS)
            keys = (*ENDS, "trace_full") if self.order else ENDS
            other = [key for key in keys if model.result.get(key) != run.result.get(key)]
            # In whose name a step is made does not count: lock_page() makes that of trylock_page().
            if other == ["trace_full"] and compare(model, run, names=NAMES).parts is None:
                other = []
            if other or returned(self.function, model.trace, run.trace):
                return self.apart(f"in {name}", model, run, other)
        many = f"{len(self.scenarios)} scenarios" if self.scenarios[1:] else self.scenarios[0]
        return Outcome(True, f"the same in {many}")

    def apart(self, where: str, model: Run, run: Run, other: list[str]) -> Outcome:
        """What is said of a run that differs from the model's; `other`: in what of the result."""
        traces = self.function, model.trace, run.trace
        facts = {*signs(*traces), *(f"other {key}" for key in other)}
        said = []
        if run.bug:
            said.append(f"the kernel stops: {run.bug}")
            facts |= {"stops", f"stops in {run.bug.rpartition(' in ')[2]}"}
        elif run.stopped:
            said.append(f"it does not end: {run.stopped}")
            facts.add("endless")
        elif other and "trace_full" not in other:
            said.append(self._ends_apart(model, run, facts))
        both = compare(model, run, names=NAMES)
        if "trace_full" in other and both.parts is not None:
            said.append(both.sentence.removesuffix("."))
        elif "trace_full" in other:
            said.append("the steps are the model's, and not made by the same functions")
        if returned(*traces):
            said.append(returned(*traces))
        elif self.order and "gives up early" in facts:
            said.append("your function does not get any further there")
        elif "trace_full" in other and reordered(*traces):
            said.append("the steps are the model's, in another order")
            facts.add("another order")
        says = ". ".join([*said[:1], *(text[0].upper() + text[1:] for text in said[1:])])
        return Outcome(False, f"{where}: {says}.", frozenset(facts), run.trace, model.trace)

    def _ends_apart(self, model: Run, run: Run, facts: set[str]) -> str:
        if model.rc != run.rc:
            return f"it ends with {run.rc}, and the model with {model.rc}"
        apart = differences(model.trace, len(model.trace), run.trace, len(run.trace))
        if not apart:
            return "it ends in another way"
        first = apart[0]
        facts.add(f"ends with another {first.field.rpartition('.')[2]}")
        return f"at the end {first.field} is {first.right}, and with the model {first.left}"


@dataclass(frozen=True)
class Keeps:
    """After the scenarios the invariants hold."""

    function: str
    scenarios: tuple[str, ...]
    invariants: tuple[Invariant, ...] = ALWAYS
    label: str = "what must hold does hold afterwards"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first invariant that does not, as a sentence; its fact is "broken" with its name."""
        no = refused(mine)
        if no is not None:
            return no
        for name in self.scenarios:
            run = attempt(run_with, self.function, mine, name)
            if isinstance(run, Trouble):
                return troubled(run, f"in {name}")
            says, facts = self._wrong(run)
            if says:
                model = load(name).run(limit=STEPS)
                facts |= signs(self.function, model.trace, run.trace)
                return Outcome(
                    False, f"in {name}: {says}", frozenset(facts), run.trace, model.trace
                )
        return Outcome(True, "nothing is broken")

    def _wrong(self, run: Run) -> tuple[str, set[str]]:
        if run.bug or run.stopped:
            return f"the kernel stops: {run.bug or run.stopped}", {"stops"}
        broken = first_wrong(self.invariants, run.world)
        if broken is None:
            return "", set()
        return broken[1], {f"broken: {broken[0].name}"}


@dataclass(frozen=True)
class Explored:
    """In the world of a guard, nothing that the other task does breaks anything.

    `guard`: its name in kmm.explore.guards.  `seconds`: so long may the search take.
    """

    function: str
    guard: str
    seconds: float = SECONDS
    label: str = "it stands up to another task"
    points: float = 1

    @property
    def case(self) -> Case:
        """The world, the tasks, and what must hold."""
        return GUARDS[self.guard].holds

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The shortest run that breaks something, beside the model's under the same schedule."""
        no = refused(mine)
        if no is not None:
            return no
        verdict = attempt(self._explore, mine, seconds=self.seconds + 2 * SECONDS)
        others = " and ".join(GUARDS[self.guard].actors)
        where = f"beside {others}"
        if isinstance(verdict, Trouble):
            return troubled(verdict, where)
        found = verdict.violation
        if found is not None:
            with replace(**{self.function: mine}):
                trace = verdict.trace
            model = self._beside(verdict)
            facts = {f"broken: {found.invariant}", *signs(self.function, model, trace)}
            says = f"{where}: {found.sentence} ({found.schedule})"
            return Outcome(False, says, frozenset(facts), trace, model)
        if not verdict.complete:
            return Outcome(False, f"{where}: {verdict.bound}", frozenset({"raises"}))
        return Outcome(True, f"{where}: all {verdict.counts.runs} runs are right")

    def _explore(self, mine: Any) -> Verdict:
        with replace(**{self.function: mine}):
            return explore(self.case, seconds=self.seconds, max_preemptions=1, patience=SECONDS / 2)

    def _beside(self, verdict: Verdict) -> Trace:
        """The model's run with the same turns; where it cannot take them, one after another."""
        assert verdict.violation is not None
        try:
            return self.case.replay(verdict.violation.schedule)
        except KmmError:
            return self.case.replay(ONE_AFTER_ANOTHER)


@dataclass(frozen=True)
class Calls:
    """In the scenario the function itself makes the steps `always`, and none of `never`.

    What it calls must not make a step of `never` for it either.
    """

    function: str
    scenario: str
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    label: str = "it makes the steps that are asked for"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first step that is there and should not be, or the other way round."""
        no = refused(mine)
        if no is not None:
            return no
        run = attempt(run_with, self.function, mine, self.scenario)
        if isinstance(run, Trouble):
            return troubled(run, f"in {self.scenario}")
        steps = [step for step in run.trace if step.function == self.function]
        made = {step.primitive: step.index for step in reversed(steps)}
        within = [step for step in run.trace if self.function in step.stack]
        there = {step.primitive: step.index for step in reversed(within)}
        for name in self.never:
            if name in there:
                says = f"in {self.scenario}, step {there[name]} is {name}, which you can do without"
                return Outcome(False, says, frozenset({f"makes {name}"}), run.trace)
        for name in self.always:
            if name not in made:
                says = f"in {self.scenario} it never makes the step {name}"
                return Outcome(False, says, frozenset({f"lacks {name}"}), run.trace)
        return Outcome(True, "these steps, and no other")


#: The schedule in which whoever comes first goes on to his end.
ONE_AFTER_ANOTHER = "migrate"
