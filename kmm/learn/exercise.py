# SPDX-License-Identifier: GPL-2.0-only
"""Exercise: its problems, the checks of each, its hints, and the mistakes it knows.  Only data.

An exercise is a table in kmm/learn/exercises; its text stands in a notebook of solutions/.  Checks
that a student should not see are no part of it: they stand in the hidden tests of that notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kmm.errors import KmmError
from kmm.learn.outcome import Kind, Outcome
from kmm.learn.parameters import Parameters

#: The sign of a mistake: a fact of an outcome, or the wrong value itself, made of the parameters.
Sign = str | Callable[[Parameters], Any]


@dataclass(frozen=True)
class Slip:
    """A typical mistake: by what it is known, and what is said to it.

    `sign`: a fact that an outcome has, or a function that computes one, or the wrong value itself,
    of the parameters.
    """

    sign: Sign
    says: str

    def matches(self, outcome: Outcome, p: Parameters) -> bool:
        """The answer that has this outcome makes the mistake."""
        wrong = self.sign if isinstance(self.sign, str) else self.sign(p)
        return wrong in outcome.facts or f"is {wrong}" in outcome.facts


@dataclass(frozen=True)
class Problem:
    """One thing that is asked for: `name` is "q1", `asks` one sentence.

    `why` is said after success; `hints` are opened one by one.
    """

    name: str
    asks: str
    checks: tuple[Kind, ...]
    slips: tuple[Slip, ...] = ()
    hints: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Exercise:
    """`name` is "e01"; `parameters` has for each name the values of which one is drawn."""

    name: str
    title: str
    problems: tuple[Problem, ...]
    parameters: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def drawn(self, seed: int) -> Parameters:
        """The parameters of a seed."""
        return Parameters(self.name, seed, self.parameters)

    def problem(self, name: str) -> Problem:
        """The problem of that name; KmmError if there is none."""
        for problem in self.problems:
            if problem.name == name:
                return problem
        names = ", ".join(f"{self.name}.{problem.name}" for problem in self.problems)
        raise KmmError(f"there is no {self.name}.{name}; there are {names}")
