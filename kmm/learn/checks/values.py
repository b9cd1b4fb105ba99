# SPDX-License-Identifier: GPL-2.0-only
"""Checks of values: a number, an error, a text, the number of a step; or a table of such values."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kmm.learn.asked import NUMBER, quoted
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters
from kmm.sim import Trace

#: What is right, computed by running the model with the parameters.
Right = Callable[[Parameters], Any]


def read(given: Any, right: Any) -> Any:
    """The answer as it is compared; None if it is of another kind than what is right."""
    if isinstance(right, str):
        return " ".join(given.split()).removesuffix("()") if isinstance(given, str) else None
    if isinstance(given, bool) != isinstance(right, bool):
        return None
    if isinstance(given, str):
        return _number(given)
    try:
        number = float(given)
        return int(number) if number == int(number) else number
    except (TypeError, ValueError, OverflowError):
        return None


def _number(text: str) -> int | None:
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    if text.upper().startswith("-E"):
        code = getattr(errno, text[1:].upper(), None)
        return -code if isinstance(code, int) else None
    return int(text, 16 if text.lower().startswith("0x") else 10)


def kind_of(value: Any) -> str:
    """What is asked for, in words."""
    if isinstance(value, bool):
        return "True or False is"
    return "a text is" if isinstance(value, str) else "a number is"


@dataclass(frozen=True)
class Value:
    """One value, as `right` computes it, or at most `tolerance` beside it."""

    right: Right
    tolerance: float = 0
    label: str = "the value"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """Right if it is the value; the fact of a wrong one is "is" with what it is."""
        right = self.right(p)
        given = read(mine, right)
        if given is None:
            says = f"{kind_of(right)} asked for, and {quoted(mine)} is none"
            return Outcome(False, says, frozenset({"of another kind"}))
        if isinstance(right, str):
            same = given.lower() == right.lower()
        else:
            # 2.6 is 0.1 beside 2.5, whatever floating point makes of it.
            same = abs(given - right) <= self.tolerance * (1 + 1e-9)
        if same:
            return Outcome(True, f"{quoted(mine)} is right")
        return Outcome(False, f"it is not {quoted(mine)}", frozenset({f"is {given}"}))


@dataclass(frozen=True)
class Table:
    """Values by their names; every one has to be right, and the first that is not is named."""

    right: Callable[[Parameters], Mapping[str, Any]]
    tolerance: float = 0
    label: str = "the table"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The facts name each wrong value: "p0._count is 3"."""
        right = self.right(p)
        if not isinstance(mine, Mapping):
            says = (
                f"a table is asked for, a dict with {', '.join(right)}, and {quoted(mine)} is none"
            )
            return Outcome(False, says, frozenset({"of another kind"}))
        missing = [name for name in right if mine.get(name, ...) in (..., None)]
        if missing:
            return Outcome(False, f"{missing[0]} is missing", frozenset({"incomplete"}))
        facts: set[str] = set()
        first = ""
        for name, value in right.items():
            one = Value(lambda p, value=value: value, self.tolerance).judge(mine[name], p)  # type: ignore[misc]
            if not one.right:
                first = first or f"{name}: {one.says}"
                facts.update(f"{name} {fact}" for fact in one.facts)
        if not facts:
            return Outcome(True, "every value is right")
        more = len(facts) - 1
        return Outcome(False, first + (f" ({more} more)" if more else ""), frozenset(facts))


@dataclass(frozen=True)
class StepNumber:
    """The number of a step of a trace: one of those that `right` finds."""

    trace: Callable[[Parameters], Trace]
    right: Callable[[Trace], list[int]]
    label: str = "the step"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """Of a wrong step it is said what that step does; its fact is "at" with its primitive."""
        trace = self.trace(p)
        given = read(mine, 0)
        if not isinstance(given, int) or not 0 <= given < len(trace):
            says = f"a step from 0 to {len(trace) - 1} is asked for, and {quoted(mine)} is none"
            return Outcome(False, says, frozenset({"of another kind"}))
        if given in self.right(trace):
            return Outcome(True, f"step {given} is right", mine=trace)
        step = trace[given]
        facts = frozenset({f"is {given}", f"at {step.primitive}", f"in {step.function}"})
        return Outcome(False, f"step {given} is another: {trace.narrate(given)}", facts)
