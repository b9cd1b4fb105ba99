# SPDX-License-Identifier: GPL-2.0-only
"""Answers: what a question has found, figure by figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Figure:
    """One measured figure, beside its comparison from the same run.

    `aim` is what it is to reach in words, `met` whether it does; None where nothing is aimed at.
    """

    what: str
    figure: str
    beside: str = ""
    aim: str = ""
    met: bool | None = None


@dataclass
class Answer:
    """A question, how it was measured, and the figures."""

    title: str
    how: str
    figures: list[Figure] = field(default_factory=list)

    def add(
        self, what: str, figure: str, beside: str = "", aim: str = "", met: bool | None = None
    ) -> None:
        """One figure more."""
        self.figures.append(Figure(what, figure, beside, aim, met))


Question = Callable[[], Answer]


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, and commas between thousands."""
    if value == 0:
        return "0"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    if whole:
        return f"{value:,.{max(digits - whole, 0)}f}"
    return f"{value:.{digits}g}"


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value / 1e-9)} ns"
