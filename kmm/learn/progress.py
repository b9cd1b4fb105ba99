# SPDX-License-Identifier: GPL-2.0-only
"""kmm.progress(): which problems are solved, in how many attempts, with how many hints."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from kmm.learn import attempts
from kmm.learn.book import exercise_of, names

#: Words begin below one another; Jupyter has all cells end so, as numbers do.
LEFT = " style='text-align:left'"
#: How a problem can stand, in words: nothing is told by colour alone.
SOLVED, TRIED, OPEN = "solved", "tried", "not yet tried"


@dataclass(frozen=True)
class Standing:
    """One problem: `attempts` until it was solved, or so far; `best` its points, of `of`."""

    problem: str
    asks: str
    state: str
    attempts: int
    best: float
    of: float
    hints: int


class Progress:
    """Every problem, as it stands."""

    def __init__(self, standings: tuple[Standing, ...], place: str) -> None:
        self.standings = standings
        self.place = place

    @property
    def summary(self) -> str:
        """All of it in one line."""
        solved = sum(one.state == SOLVED for one in self.standings)
        return f"{solved} of {len(self.standings)} problems are solved."

    def __str__(self) -> str:
        lines = [self.summary]
        for one in self.standings:
            tries = f"{one.attempts} attempt{'s' * (one.attempts != 1)}" if one.attempts else ""
            lines.append(f"  {one.problem}  {one.state:13}  {tries:12}  {one.asks}")
        return "\n".join([*lines, self.place])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th scope='col'{LEFT if name in ('state', 'what is asked') else ''}>{name}</th>"
            for name in ("problem", "state", "attempts", "points", "hints", "what is asked")
        )
        rows = "".join(
            f"<tr><th scope='row'>{escape(one.problem)}</th><td{LEFT}>{one.state}</td>"
            f"<td>{one.attempts}</td><td>{one.best:g} of {one.of:g}</td><td>{one.hints}</td>"
            f"<td{LEFT}>{escape(one.asks)}</td></tr>"
            for one in self.standings
        )
        return (
            f"<p>{escape(self.summary)}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{escape(self.place)}</p>"
        )


def progress() -> Progress:
    """How every problem stands, as the file of attempts says."""
    entries = list(attempts.entries())
    standings = tuple(
        _standing(f"{name}.{problem.name}", problem.asks, sum(c.points for c in problem.checks),
                  entries)
        for name in names()
        for problem in exercise_of(name).problems
    )  # fmt: skip
    file = attempts.path()
    place = (
        f"This is kept in {file}, which you may read and delete; nothing is sent anywhere."
        if file is not None
        else f"Nothing is written down: ${attempts.VARIABLE} is {attempts.OFF}."
    )
    return Progress(standings, place)


def _standing(name: str, asks: str, points: float, entries: list[dict[str, Any]]) -> Standing:
    mine = [entry for entry in entries if entry["problem"] == name]
    tries = [entry for entry in mine if "right" in entry]
    first = next((n for n, entry in enumerate(tries, 1) if entry["right"] is True), None)
    best = max((_number(entry.get("points")) for entry in tries), default=0.0)
    hints = max((int(_number(entry.get("hint"))) for entry in mine), default=0)
    state = SOLVED if first else TRIED if tries else OPEN
    return Standing(name, asks, state, first or len(tries), min(best, points), points, hints)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
