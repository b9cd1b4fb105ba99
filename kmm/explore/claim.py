# SPDX-License-Identifier: GPL-2.0-only
"""Claim: this holds in every interleaving, and without that it breaks.

Every guard of a migration is such a claim (the model holds; without the guard it breaks), and every
bug that really happened (mended it holds; as it was it breaks).  To judge a claim is to explore its
cases: the one that must hold to its end, the one that must break until the shortest run is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.explore.case import Case
from kmm.explore.search import Counts
from kmm.explore.verdict import Verdict, explore


@dataclass(frozen=True, repr=False)
class Claim:
    """`holds` holds in every interleaving, `breaks` does not.

    `says`: what goes wrong otherwise, in one sentence.  `source`: where in the kernel.  `actors`:
    against whom.  `scope`: how much is explored to the end ("one unmap_and_move").  `note`: what
    else is to be known, as where this version's guard is not enough.

    A guard that is `backed_by` others (their names) is redundant alone: `breaks` is proved to hold,
    and `breaks_without_both`, in which the others are gone too, is what breaks.
    """

    name: str
    says: str
    source: str
    actors: tuple[str, ...]
    holds: Case
    breaks: Case
    scope: str = "one unmap_and_move"
    backed_by: tuple[str, ...] = ()
    breaks_without_both: Case | None = None
    note: str = ""

    def __repr__(self) -> str:
        return f"<Claim {self.name}: {self.says}>"

    @property
    def cases(self) -> list[Case]:
        """All that has to be explored."""
        both = self.breaks_without_both
        return [self.holds, self.breaks, *([both] if both is not None else [])]


@dataclass(frozen=True, repr=False)
class Judged:
    """A claim and what was found of its cases."""

    claim: Claim
    holds: Verdict
    breaks: Verdict
    breaks_without_both: Verdict | None = None

    def __repr__(self) -> str:
        return "\n".join(map(str, self.verdicts))

    @property
    def interrupted(self) -> bool:
        """Somebody did not want to wait for all of it."""
        return any(verdict.interrupted for verdict in self.verdicts)

    @property
    def verdicts(self) -> list[Verdict]:
        """What was found of each case."""
        both = self.breaks_without_both
        return [self.holds, self.breaks, *([both] if both is not None else [])]

    @property
    def right(self) -> bool:
        """The claim is true: what must hold is proved, and what must break was seen to break."""
        if not self.holds.holds:
            return False
        if self.breaks_without_both is None:
            return self.breaks.violation is not None
        return self.breaks.holds and self.breaks_without_both.violation is not None

    @property
    def broken(self) -> Verdict:
        """The verdict that has, or should have, the counterexample."""
        return self.breaks_without_both or self.breaks


def judge(
    claim: Claim,
    *,
    seconds: float | None = None,
    max_preemptions: int = 2,
    progress: Callable[[Counts], None] | None = None,
) -> Judged:
    """What is found of the claim; the arguments are those of `explore`, for each of its cases."""

    found: list[Verdict] = []
    for case in claim.cases:
        if found and found[-1].interrupted:
            found.append(Verdict.unknown(case))
        else:
            found.append(
                explore(case, seconds=seconds, max_preemptions=max_preemptions, progress=progress)
            )
    return Judged(claim, *found)


def as_json(judged: Judged) -> dict[str, Any]:
    """The judgement for a program."""
    claim, holds = judged.claim, judged.holds
    found = judged.broken.violation
    return {
        "name": claim.name,
        "holds_with": holds.holds,
        "complete": holds.complete,
        "bound": holds.bound or claim.scope,
        "runs": holds.counts.runs,
        "steps": holds.counts.steps,
        "broken_without": judged.breaks.violation is not None,
        "backed_by": list(claim.backed_by),
        "broken_without_both": None if judged.breaks_without_both is None else found is not None,
        "preemptions": found.preemptions if found else None,
        "counterexample_steps": found.steps if found else None,
        "invariant": found.invariant if found else None,
        "fixes": list(claim.holds.fixes),
        "schedule": str(found.schedule) if found else None,
    }
