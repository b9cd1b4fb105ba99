# SPDX-License-Identifier: GPL-2.0-only
"""Check of what is found behind a bug report: the function, what it lacks, a run that shows it.

    {"function": "migrate_pages", "lacks": "putback_lru_pages", "shows": "pinned-for-ever"}

`shows` is the name of a scenario, or a function that builds a world and returns its run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explore.edit import Edit
from kmm.learn.asked import name_in, quoted
from kmm.learn.checks.parts import Part
from kmm.learn.checks.signs import calls
from kmm.learn.given.unknown import Unknown
from kmm.learn.outcome import Outcome
from kmm.learn.own import STEPS, Trouble, attempt
from kmm.scenario import Run, Scenario, load
from kmm.scenario.library import names
from kmm.sim import FUNCTIONS


@dataclass(frozen=True)
class Report:
    """A bug: what its users tell, and what is behind it.

    `lacks`: the names by which what is missing may be called.  `example`: a scenario that shows
    it.  `symptom`: whether a run has what the report tells, beside the model's run.  `history`:
    where it happened, with its source.
    """

    name: str
    tells: str
    function: str
    lacks: tuple[str, ...]
    example: str
    symptom: Callable[[Run, Run], bool]
    edits: tuple[Edit, ...]
    history: str

    @property
    def kernel(self) -> Unknown:
        """The kernel that has the bug."""
        return Unknown("the kernel of the report", *self.edits)

    def run(self) -> Run:
        """The example under that kernel."""
        with self.kernel:
            return load(self.example).run()


class Behind(Part):
    """One of the three answers is right: `part` is "function", "lacks" or "shows"."""

    PARTS = ("function", "lacks", "shows")

    def _function(self, given: Any, report: Report) -> Outcome:
        name = name_in(given)
        if name == report.function:
            return Outcome(True, f"{name}() is right", mine=None)
        trace = report.run().trace
        last = trace[-1]
        callers = [step.stack for step in trace if report.function in step.stack]
        facts = {f"names {name}"}
        if trace.bug and name in (last.function, last.primitive, trace.bug.rpartition(" ")[2]):
            facts = {"where it stops"}
        elif any(name in stack[: stack.index(report.function)] for stack in callers):
            facts = {"a caller"}
        elif name not in FUNCTIONS:
            facts = {"no function"}
        else:
            facts = {"another function"}
        return Outcome(False, f"it is not {quoted(given)}", frozenset(facts))

    def _lacks(self, given: Any, report: Report) -> Outcome:
        name = name_in(given)
        if name in report.lacks:
            return Outcome(True, f"{quoted(given)} is right")
        facts = {f"lacks {name}"}
        if name == report.function:
            facts = {"the function itself"}
        elif any(name == name_in(put) for put in _puts(report)):
            facts = {"what is there"}
        elif name in _made(report):
            facts = {"called there"}
        return Outcome(False, f"it is not {quoted(given)}", frozenset(facts))

    def _shows(self, given: Any, report: Report) -> Outcome:
        given = getattr(given, "name", given) if isinstance(given, Scenario) else given
        if not callable(given) and given not in names():
            says = f"a scenario of the library or a function is asked for, not {quoted(given)}"
            return Outcome(False, says, frozenset({"no scenario"}))
        model = attempt(lambda: _run(given))
        if not isinstance(model, Trouble):
            with report.kernel:
                run = attempt(lambda: _run(given))
        if isinstance(model, Trouble) or isinstance(run, Trouble):
            trouble = model if isinstance(model, Trouble) else run
            assert isinstance(trouble, Trouble)
            return Outcome(False, trouble.says, frozenset({trouble.kind}))
        if report.symptom(run, model):
            return Outcome(True, "it shows what the report tells", mine=run.trace)
        if run.result == model.result:
            says = "this kernel does there what the model does"
            return Outcome(False, says, frozenset({"as the model"}))
        says = "it goes another way there than the model, but not as the report tells"
        return Outcome(False, says, frozenset({"another symptom"}), run.trace, model.trace)


def _run(shows: Any) -> Run:
    run = shows() if callable(shows) else load(shows).run(limit=STEPS)
    if not isinstance(run, Run):
        raise KmmError(f"your function has to return the run, and returns {quoted(run)}")
    return run


def _made(report: Report) -> set[str]:
    """What the function does and calls in the example."""
    return {name for call in calls(report.function, report.run().trace) for name in call.names}


def _puts(report: Report) -> list[str]:
    return [edit.put for edit in report.edits if edit.put]
