# SPDX-License-Identifier: GPL-2.0-only
"""Check of a function that tells right kernels from wrong ones: a test that a student has written.

A test that is always content misses what is wrong, one that never is accuses what is right; so it
is asked about both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kmm.learn.asked import quoted
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.outcome import Outcome
from kmm.learn.own import SECONDS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.sim import Trace


@dataclass(frozen=True)
class Witness:
    """One time that the function is asked: `ask` calls it, and `right` is what it has to say.

    `name` is the case in words, `kind` what is wrong in it; `trace` a run that shows it.
    """

    name: str
    ask: Callable[[Any], Any]
    right: bool
    kind: str = ""
    trace: Trace | None = None


@dataclass(frozen=True)
class Tells:
    """The function says True or False as it should, of every witness.

    `seconds`: so long may it take each time.
    """

    witnesses: Callable[[Parameters], Sequence[Witness]]
    label: str = "it tells right from wrong"
    points: float = 1
    seconds: float = SECONDS

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first witness of whom it is wrong; its facts: "accuses" or "misses", and the kind."""
        no = refused(mine)
        if no is not None:
            return no
        said: list[tuple[Witness, bool]] = []
        for one in self.witnesses(p):
            answer = attempt(one.ask, mine, seconds=self.seconds)
            if isinstance(answer, Trouble):
                return troubled(answer, f"asked about {one.name}")
            if not isinstance(answer, bool):
                says = f"True or False is asked for, and of {one.name} it says {quoted(answer)}"
                return Outcome(False, says, frozenset({"of another kind"}))
            said.append((one, answer))
        wrong = [one for one, answer in said if answer != one.right]
        if not wrong:
            return Outcome(True, f"right in all {len(said)} cases")
        facts = {f"wrong about {one.kind}" for one in wrong}
        if len({answer for _, answer in said}) == 1:
            facts.add(f"always {said[0][1]}")
        first = wrong[0]
        says = f"of {first.name} it says {not first.right} ({len(wrong)} of {len(said)} are wrong)"
        return Outcome(False, says, frozenset(facts), first.trace)
