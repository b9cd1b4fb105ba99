# SPDX-License-Identifier: GPL-2.0-only
"""Check of one of several answers that belong together, in one dict: each is judged alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kmm.explain.words import some
from kmm.learn.asked import quoted
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters


@dataclass(frozen=True)
class Part:
    """The answer called `part` is right; method `_part` of that name judges it beside `right`."""

    part: str
    right: Callable[[Parameters], Any]
    label: str
    points: float = 1

    #: All that belong together.
    PARTS: ClassVar[tuple[str, ...]]

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What is said to this answer alone; the others do not matter."""
        if not isinstance(mine, Mapping):
            says = f"a dict with {some(list(self.PARTS))} is asked for, and {quoted(mine)} is none"
            return Outcome(False, says, frozenset({"of another kind"}))
        given = mine.get(self.part)
        if given is None or given is ...:
            return Outcome(False, f"{self.part} is missing", frozenset({"incomplete"}))
        judged: Outcome = getattr(self, f"_{self.part}")(given, self.right(p))
        return judged
