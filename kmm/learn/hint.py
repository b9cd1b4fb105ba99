# SPDX-License-Identifier: GPL-2.0-only
"""kmm.hint("e03.q2"): one hint more each time; those that are open already are said again."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from kmm.learn import attempts
from kmm.learn.book import problem_of


@dataclass(frozen=True, repr=False)
class Hints:
    """The hints that are open, and how many there are."""

    name: str
    open: tuple[str, ...]
    of: int

    @property
    def _head(self) -> str:
        if not self.of:
            return f"{self.name} has no hints."
        more = " Say it again for the next." if len(self.open) < self.of else ""
        return f"{self.name}: {len(self.open)} of {self.of} hints are open.{more}"

    def __str__(self) -> str:
        lines = [f"  {number}. {text}" for number, text in enumerate(self.open, 1)]
        return "\n".join([self._head, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(text)}</li>" for text in self.open)
        return f"<p>{escape(self._head)}</p><ol>{items}</ol>"


def hint(name: str) -> Hints:
    """Open the next hint of a problem; KmmError for a problem that there is not."""
    _, problem = problem_of(name)
    before = opened(name)
    if before < len(problem.hints):
        before += 1
        attempts.keep(name, hint=before)
    return Hints(name, problem.hints[:before], len(problem.hints))


def opened(name: str) -> int:
    """How many hints of the problem are open."""
    numbers = [entry.get("hint") for entry in attempts.entries() if entry["problem"] == name]
    return max((number for number in numbers if isinstance(number, int)), default=0)
