# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a function in worlds that are drawn by the seed, where no scenario has a name.

Alike    it does what the model does
Leaves   afterwards nothing is wrong with the run, as a property of it says; nothing is compared

Leaves is for a variant that the model does not have: what is right is said by what must be true of
the run, at each of its steps or at its end, and no function that does it stands anywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, Invariant, first_wrong
from kmm.learn.checks.functions import ENDS, Conforms, refused, troubled
from kmm.learn.checks.signs import returned, signs
from kmm.learn.outcome import Outcome
from kmm.learn.own import Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.scenario import Run
from kmm.sim import replace

#: The worlds of the parameters: in words, and what builds one and runs the operation in it.
Worlds = Callable[[Parameters], Iterable[tuple[str, Callable[[], Run]]]]


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong with a run: a fact by which it is known, and a sentence.

    `fact`: as in "clean between"; it is one of the outcome's facts.
    """

    fact: str
    says: str


@dataclass(frozen=True)
class Alike:
    """In the worlds it ends as the model does; with `order`, by the same primitives in order."""

    function: str
    worlds: Worlds
    order: bool = True
    label: str = "it does what the model does in a world of your numbers"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first world in which it ends in another way, and where the two part."""
        no = refused(mine)
        if no is not None:
            return no
        number = 0
        for where, make in self.worlds(p):
            run = attempt(_run, self.function, mine, make, ())
            if isinstance(run, Trouble):
                return troubled(run, f"with {where}")
            model = make()
            keys = (*ENDS, "trace_full") if self.order else ENDS
            other = [key for key in keys if model.result.get(key) != run.result.get(key)]
            if other or returned(self.function, model.trace, run.trace):
                return Conforms(self.function, ()).apart(f"with {where}", model, run, other)
            number += 1
        return Outcome(True, "the same" if number == 1 else f"the same in {number} worlds")


@dataclass(frozen=True)
class Leaves:
    """After the worlds the invariants hold, and `wrong` finds nothing in the run.

    `edits`: how the model is changed meanwhile, beside the function that is judged.
    """

    function: str
    worlds: Worlds
    wrong: Callable[[Run], Iterator[Wrong]]
    invariants: tuple[Invariant, ...] = ALWAYS
    edits: tuple[Edit, ...] = ()
    label: str = "it does what is asked for in a world of your numbers"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first thing that is wrong, as a sentence, and the run that shows it."""
        no = refused(mine)
        if no is not None:
            return no
        number = 0
        for where, make in self.worlds(p):
            run = attempt(_run, self.function, mine, make, self.edits)
            if isinstance(run, Trouble):
                return troubled(run, f"with {where}")
            found = self._found(run)
            if found is not None:
                facts = {found.fact}
                if found.fact.startswith(("stops", "broken")):
                    with edited(self.edits):
                        facts |= signs(self.function, make().trace, run.trace)
                return Outcome(False, f"with {where}: {found.says}", frozenset(facts), run.trace)
            number += 1
        return Outcome(True, "as it must be" + (f" in {number} worlds" if number > 1 else ""))

    def _found(self, run: Run) -> Wrong | None:
        if run.bug or run.stopped:
            return Wrong("stops", f"the kernel stops: {run.bug or run.stopped}")
        # What the exercise is about comes first; the invariants tell what was broken beside it.
        found = next(self.wrong(run), None)
        if found is not None:
            return found
        broken = first_wrong(self.invariants, run.world)
        return Wrong(f"broken: {broken[0].name}", broken[1]) if broken is not None else None


def _run(function: str, mine: Any, make: Callable[[], Run], edits: tuple[Edit, ...]) -> Run:
    with edited(edits), replace(**{function: mine}):
        return make()
