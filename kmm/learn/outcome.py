# SPDX-License-Identifier: GPL-2.0-only
"""Outcome: what one check found of an answer.

Beside the words it has facts, short texts that a program compares ("lacks get_page"): by them an
exercise recognises a typical wrong answer, and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from kmm.learn.parameters import Parameters
from kmm.sim import Trace


@dataclass(frozen=True)
class Outcome:
    """`right` or not, `says` why in a sentence.

    `facts`: the signs of what went wrong.  `mine`: the run that shows it, `model` the right one.
    """

    right: bool
    says: str
    facts: frozenset[str] = frozenset()
    mine: Trace | None = None
    model: Trace | None = None


class Kind(Protocol):
    """One kind of check, with what it compares an answer with.

    `label` says what is checked without giving away the answer; `points` is what it counts.
    """

    @property
    def label(self) -> str: ...

    @property
    def points(self) -> float: ...

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What is found of the answer; whatever the answer is, this returns."""
        ...
