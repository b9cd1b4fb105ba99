# SPDX-License-Identifier: GPL-2.0-only
"""kmm.check("e03.q2", mine): what is right about an answer and what is not, at once.

    kmm.check("e01.q1", 3)
    kmm.check("e03.q1", migrate_page_move_mapping)      a function of one's own
    kmm.check("e04.q1", "migrate 36, lookup").marks()   shows it, and gives the points

A notebook shows the result: every check, the first difference in words, what a typical mistake is
called, and the run that fails beside the model's.  The checks are those of the exercise; whoever
marks brings others with `checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from kmm.errors import KmmError
from kmm.learn import attempts
from kmm.learn.book import problem_of, require_seed, seed_of
from kmm.learn.exercise import Problem
from kmm.learn.outcome import Kind, Outcome
from kmm.learn.own import SECONDS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.learn.predict import STRIPES
from kmm.show.compare import compare

NOT_YET = "Replace None by your answer and run the cell again."

#: After one of these no other check can say anything new.
HOPELESS = frozenset({"of another kind", "endless", "missing", "raises", "refused"})
NOT_TRIED = Outcome(False, "not tried after that")


@dataclass(frozen=True)
class Judged:
    """A check, what it found, and what is said to the mistakes that it knows."""

    check: Kind
    outcome: Outcome
    slips: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Result:
    """What was found of an answer.  `right` is None as long as there is none."""

    name: str
    problem: Problem
    judged: tuple[Judged, ...]

    @property
    def right(self) -> bool | None:
        """Every check passes."""
        return all(one.outcome.right for one in self.judged) if self.judged else None

    @property
    def points(self) -> float:
        """The points of the checks that pass."""
        return sum(one.check.points for one in self.judged if one.outcome.right)

    @property
    def of(self) -> float:
        """The points of all checks."""
        return sum(one.check.points for one in self.judged)

    @property
    def wrong(self) -> Judged | None:
        """The first check that does not pass."""
        return next((one for one in self.judged if not one.outcome.right), None)

    def demand(self) -> None:
        """Raises AssertionError, with the first thing that is wrong, unless all is right."""
        if not self.right:
            raise AssertionError(str(self))

    def marks(self) -> float:
        """Shows the result, and gives its points: the last line of a cell that is marked."""
        try:
            self._ipython_display_()
        except ImportError:
            print(self)
        return int(self.points) if self.points == int(self.points) else self.points

    def play(self) -> Any:
        """The failing run in the player, beside the right one if there is one.

        None without one, or if it has no step to show.
        """
        wrong = self.wrong
        if wrong is None or wrong.outcome.mine is None or not len(wrong.outcome.mine):
            return None
        if wrong.outcome.model is None:
            return wrong.outcome.mine
        return compare(wrong.outcome.model, wrong.outcome.mine, names=("the model", "yours"))

    @property
    def verdict(self) -> str:
        """All of it in one line."""
        if self.right is None:
            return f"{self.name}: {NOT_YET}"
        passed = sum(one.outcome.right for one in self.judged)
        return f"{self.name}: {passed} of {len(self.judged)} checks pass."

    @property
    def remarks(self) -> list[str]:
        """What is said behind the checks: to the mistakes, and after success."""
        said = [text for one in self.judged for text in one.slips]
        if self.right and self.problem.why:
            said.append(self.problem.why)
        if self.right is False and self.problem.hints:
            said.append(f'kmm.hint("{self.name}") opens a hint.')
        return list(dict.fromkeys(said))

    def __str__(self) -> str:
        lines = [self.verdict]
        for one in self.judged:
            mark = "right" if one.outcome.right else "wrong"
            lines.append(f"  {mark}  {one.check.label}: {one.outcome.says}")
        return "\n".join([*lines, *self.remarks])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li><strong>{'right' if one.outcome.right else 'wrong'}</strong> "
            f"{escape(one.check.label)}: {escape(one.outcome.says)}</li>"
            for one in self.judged
        )
        more = "".join(f'<p style="margin:0.3em 0">{escape(text)}</p>' for text in self.remarks)
        return (
            f'<div role="status" style="border-left:4px solid {STRIPES[self.right]};'
            f'padding:0.2em 0.8em;margin:0.5em 0"><p style="margin:0.3em 0"><strong>'
            f"{escape(self.verdict)}</strong></p><ul>{rows}</ul>{more}</div>"
        )

    def _ipython_display_(self) -> None:
        from IPython import display as ipython

        show: Callable[..., Any] = ipython.display
        show({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)
        shown = self.play()
        if shown is not None:
            show(shown)


def check(
    name: str,
    mine: Any = None,
    *,
    seed: int | None = None,
    checks: Sequence[Kind] | None = None,
) -> Result:
    """What is right about `mine`, the answer to the problem of that name.

    Arguments: `mine`: a value, a dict, a function or a schedule, as the problem asks; None is no
    answer yet.  `seed`: of the parameters, the notebook's own unless told.  `checks`: others than
    those of the exercise, for whoever marks; such an attempt is not kept.

    Returns a Result.  Raises KmmError for a name that there is not; whatever the answer, it is
    judged.
    """
    exercise, problem = problem_of(name)
    if mine is None or mine is ...:
        return Result(name, problem, ())
    if seed is None:
        seed = seed_of(exercise.name)
    require_seed("check", seed)
    p = exercise.drawn(seed)
    if checks is not None and not _are_checks(checks):
        raise KmmError("check: checks is a list of checks, as an exercise has them in its problems")
    judged: list[Judged] = []
    for one in problem.checks if checks is None else checks:
        hopeless = any(before.outcome.facts & HOPELESS for before in judged)
        judged.append(Judged(one, NOT_TRIED) if hopeless else _judged(one, mine, p, problem))
    result = Result(name, problem, tuple(judged))
    if checks is None:
        attempts.keep(name, seed=p.seed, right=result.right, points=result.points, of=result.of)
    return result


def _are_checks(checks: Any) -> bool:
    return isinstance(checks, list | tuple) and all(
        hasattr(one, part) for one in checks for part in ("label", "points", "judge")
    )


def _judged(one: Kind, mine: Any, p: Parameters, problem: Problem) -> Judged:
    # Also what an answer does while it is only looked at (its __repr__) is not ours.
    outcome = attempt(one.judge, mine, p, seconds=5 * SECONDS)
    if isinstance(outcome, Trouble):
        outcome = Outcome(False, outcome.says, frozenset({outcome.kind}))
    slips: tuple[str, ...] = ()
    if not outcome.right:
        found = outcome
        slips = tuple(slip.says for slip in problem.slips if slip.matches(found, p))
    return Judged(one, outcome, slips)
