# SPDX-License-Identifier: GPL-2.0-only
"""Check of three answers about a trace in which one place is wrong: where, what, and which field.

    {"step": 62, "instead": "get_page", "field": "n0._count"}

`step` is the first one that the model does not make there, `instead` what the model makes, and
`field` one that is therefore wrong after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kmm.learn.asked import name_in, quoted
from kmm.learn.checks.parts import Part
from kmm.learn.checks.values import read
from kmm.learn.outcome import Outcome
from kmm.sim import FUNCTIONS, Step, Trace


@dataclass(frozen=True)
class Fault:
    """Two runs that begin in the same way: the model's, and one of a kernel that differs."""

    model: Trace
    faulty: Trace

    @cached_property
    def step(self) -> int:
        """The first step that is another."""
        both = zip(self.model, self.faulty, strict=False)
        return next(ours.index for ours, theirs in both if _key(ours) != _key(theirs))

    @property
    def names(self) -> tuple[str, ...]:
        """What the model makes there: the primitive, and the functions that begin with it."""
        right, around = self.model[self.step], self.model[self.step - 1].stack
        return right.primitive, *(name for name in right.stack if name not in around)

    @property
    def fields(self) -> tuple[str, ...]:
        """What the model's step changes, where it is not so after the other."""
        return tuple(
            change.path
            for change in self.model[self.step].changes
            if self.faulty.value(change.path, self.step + 1) != change.new
        )


def _key(step: Step) -> tuple[Any, ...]:
    return step.task, step.stack, step.primitive, step.args, step.result, step.changes


def _path(text: str) -> str:
    """The field that is meant, also where it is written without its _ or as its function."""
    for name in ("_mapcount", "_count"):
        asked = re.fullmatch(rf"page{name}\((.*)\)", text)
        if asked:
            return f"{asked[1]}.{name}"
        if text.endswith(f".{name[1:]}"):
            return text.removesuffix(name[1:]) + name
    return text


class Found(Part):
    """One of the three answers is right: `part` is "step", "instead" or "field"."""

    PARTS = ("step", "instead", "field")

    def _step(self, given: Any, fault: Fault) -> Outcome:
        trace, right = fault.faulty, fault.step
        number = read(given, 0)
        if not isinstance(number, int) or not 0 <= number < len(trace):
            says = f"a step from 0 to {len(trace) - 1} is asked for, and {quoted(given)} is none"
            return Outcome(False, says, frozenset({"no step"}))
        if number == right:
            return Outcome(True, f"step {right} is right")
        facts = {"too early" if number < right else "too late"}
        if number == right - 1:
            facts = {"just before"}
        elif number >= len(trace) - 1:
            facts = {"at the end"}
        says = f"step {number} is another: {trace.narrate(number)}"
        return Outcome(False, says, frozenset(facts))

    def _instead(self, given: Any, fault: Fault) -> Outcome:
        name = name_in(given)
        if name in fault.names:
            return Outcome(True, f"{fault.names[0]}() is right")
        there = fault.faulty[fault.step]
        facts = {f"names {name}"}
        if name == there.primitive:
            facts = {"what is there"}
        elif name in there.stack or name in fault.model[fault.step].stack:
            facts = {"the function around it"}
        elif name not in FUNCTIONS:
            facts = {"no function"}
        return Outcome(False, f"it is not {quoted(given)}", frozenset(facts))

    def _field(self, given: Any, fault: Fault) -> Outcome:
        path = _path(str(given).strip())
        if path in fault.fields:
            return Outcome(True, f"{quoted(given)} is right")
        owner, dot, name = path.rpartition(".")
        right = [field.rpartition(".") for field in fault.fields]
        facts = {f"is {path}"}
        if not dot and "[" not in path:
            facts = {"no field"}
        elif any(name == there for _, _, there in right):
            facts = {"of another object"}
        elif any(owner == there for there, _, _ in right):
            facts = {"another field of it"}
        return Outcome(False, f"it is not {quoted(given)}", frozenset(facts))
