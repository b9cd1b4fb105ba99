# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a choice: which pages to isolate, judged by doing it.

Stuck     the names of the pages that do not move, however often it is tried
Choice    a list of pages to isolate, in order; or, with `function`, a function that makes it

What is the best is found by trying every choice in the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.learn.asked import quoted
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.given.situation import Report, Situation
from kmm.learn.outcome import Outcome
from kmm.learn.own import Trouble, attempt
from kmm.learn.parameters import Parameters

#: Situations that have been tried out: what is known of them need not be found again.
_known: dict[Situation, Situation] = {}


def tried(situation: Situation) -> Situation:
    """The situation, with all that was found of it before."""
    return _known.setdefault(situation, situation)


def read(mine: Any, situation: Situation) -> list[str] | Outcome:
    """The names of the pages in an answer, or what is said to it."""
    names = mine.replace(",", " ").split() if isinstance(mine, str) else mine
    try:
        found = [getattr(one, "name", one) for one in names]
    except TypeError:
        says = f"a list of pages is asked for, as in ['p0', 'p3'], and {quoted(mine)} is none"
        return Outcome(False, says, frozenset({"of another kind"}))
    unknown = [name for name in found if name not in situation.names]
    if unknown:
        return Outcome(False, f"there is no page {quoted(unknown[0])}", frozenset({"no page"}))
    twice = [name for name in found if found.count(name) > 1]
    if twice:
        says = f"{twice[0]} is there twice: once it is isolated it is on no list"
        return Outcome(False, says, frozenset({"twice"}))
    return found


@dataclass(frozen=True)
class Stuck:
    """Which pages do not move.  A wrong page is named, and why it moves or does not."""

    situation: Callable[[Parameters], Situation]
    label: str = "the pages that do not move"
    points: float = 2

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The facts are "lists" and "lacks", each with the kind of the page."""
        s = tried(self.situation(p))
        names = read(mine, s)
        if isinstance(names, Outcome):
            return names
        stuck = [name for name in s.names if not s.alone[name].moved]
        listed = [name for name in names if name not in stuck]
        lacking = [name for name in stuck if name not in names]
        if not listed and not lacking:
            return Outcome(True, f"these {len(stuck)}, and no other")
        facts = {f"lists {s.kind_of(name)}" for name in listed}
        facts |= {f"lacks {s.kind_of(name)}" for name in lacking}
        if listed:
            says = f"{listed[0]} does move: {s.why(listed[0])}"
        else:
            says = "others do not move either"
        right = len(stuck) - len(lacking)
        many = f"{right} of {len(stuck)} are named, {len(listed)} too many"
        return Outcome(False, f"{says} ({many})", frozenset(facts))


def allowed(s: Situation, report: Report) -> Outcome:
    """No more pages than may be isolated at once, and at least one."""
    count = len(report.chosen)
    if not count:
        return Outcome(False, "no page is chosen", frozenset({"empty"}))
    if count > s.most:
        says = f"{count} pages are chosen, and {s.most} may be isolated at once"
        return Outcome(False, says, frozenset({"too many"}))
    return Outcome(True, f"{count} pages, and {s.most} are allowed")


def useless(s: Situation, report: Report) -> str | None:
    """The first page that frees nothing."""
    return next((name for name in report.chosen if not s.alone[name].freed), None)


def _facts(s: Situation, report: Report) -> frozenset[str]:
    facts = {f"chose {s.kind_of(name)}" for name in report.chosen}
    return frozenset({*facts, "ENOMEM"} if report.rc < 0 else facts)


def _short_of(s: Situation, report: Report, says: str) -> Outcome:
    """It frees too little; why."""
    name = useless(s, report)
    if report.rc < 0:
        says += (
            f". migrate_pages gave up with -ENOMEM: each attempt takes a frame of node 1, which had"
            f" {s.room}, and that of a failed attempt waits in a pagevec"
        )
    facts = _facts(s, report)
    if name is not None:
        says += f". {s.why(name)}"
    elif report.rc >= 0:
        facts |= {"all useful"}
    return Outcome(False, says, facts, s.run(report.chosen, record=True).trace)


def frees(s: Situation, report: Report) -> Outcome:
    """So many frames of node 0 become free as are wanted, by a choice that is allowed."""
    if not allowed(s, report).right:
        return Outcome(False, "not counted for such a choice", frozenset({"not allowed"}))
    says = f"{report.freed} of {s.want} frames become free"
    if report.freed >= s.want:
        return Outcome(True, says)
    return _short_of(s, report, says)


def cheapest(s: Situation, report: Report) -> Outcome:
    """With no more attempts than must be."""
    best = s.best
    if report.freed < s.want or not allowed(s, report).right:
        return Outcome(False, "not counted before enough is freed", frozenset({"too few"}))
    if best is None or report.total <= best:
        return Outcome(True, f"{report.total} attempts, which is the fewest")
    dear = max(
        report.chosen, key=lambda name: report.attempts.get(name, 0) + (not s.alone[name].freed)
    )
    took = report.attempts.get(dear, 0)
    says = f"{report.total} attempts, and {best} would do. {dear} took {took}: {s.why(dear)}"
    return Outcome(False, says, _facts(s, report))


def frees_most(s: Situation, report: Report) -> Outcome:
    """As many frames of node 0 become free as can be in one call."""
    says = f"{report.freed} of {s.most_freed} frames that are possible become free"
    if report.freed >= s.most_freed:
        return Outcome(True, says)
    return _short_of(s, report, says)


#: What of a choice is judged.
Aspect = Callable[[Situation, Report], Outcome]


@dataclass(frozen=True)
class Choice:
    """A choice of pages, in each of the situations; `aspect` is what is judged of it.

    With `function` the answer is `choose(pages, want, most)`, which gives the names of the pages
    to isolate, in order; `pages` are Candidates.
    """

    aspect: Aspect
    situations: Callable[[Parameters], tuple[Situation, ...]]
    function: bool = False
    label: str = "the choice"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first situation in which it is wrong, with the page and the reason."""
        situations = [tried(situation) for situation in self.situations(p)]
        outcome = Outcome(False, "nothing is asked")
        for number, s in enumerate(situations):
            where = f"world {number}: " if self.function else ""
            names = self._names(mine, s, where)
            if isinstance(names, Outcome):
                return names
            report = s.run(names)
            outcome = self.aspect(s, report)
            if not outcome.right:
                chosen = f" (chosen: {', '.join(names) or 'none'})" if self.function else ""
                says = f"{where}{outcome.says}{chosen}"
                return Outcome(False, says, outcome.facts, outcome.mine)
        if self.function:
            return Outcome(True, f"in {len(situations)} worlds")
        return outcome

    def _names(self, mine: Any, s: Situation, where: str) -> list[str] | Outcome:
        """The pages that were chosen, or what is said to an answer that is no choice."""
        if self.function:
            no = refused(mine)
            if no is not None:
                return no
            # Read inside, for what it gives may be code of its own: a generator.
            chosen = attempt(lambda: read(mine(list(s.pages), s.want, s.most), s))
            return troubled(chosen, where[:-2]) if isinstance(chosen, Trouble) else chosen
        return read(mine, s)
