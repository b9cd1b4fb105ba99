# SPDX-License-Identifier: GPL-2.0-only
"""A question that the player asks before it shows a step.

trace.play(ask=[kmm.Question(38, "p0._count"), kmm.Question(96, "n0.mapcount")])
trace.play(ask=3)                                   the first three that trace.pivotal(3) picks
trace.to_html("ask.html", ask=3)                    the same as one file

The player plays up to the step and hides what comes until there is an answer, or somebody asks to
be shown.  Questions are there to learn from, not to be marked: who looks into the page's source
finds the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.learn.asked import Asked
from kmm.sim import Trace
from kmm.sim.step import shown


@dataclass(frozen=True)
class Question:
    """What does `field` hold after step `step`?

    Arguments: `step` the number of the step, -1 for the last; `field` as in trace.value, or
    "p0.mapcount"; `text` the question in your own words, None for the usual ones; `because`: there
    is room for the learner's reason, which is kept with the answer.
    """

    step: int
    field: str
    text: str | None = None
    because: bool = True

    def asked(self, trace: Trace) -> dict[str, Any]:
        """The question and all that is said to its answers, as the browser gets them.

        Raises KmmError for a step or a field that the trace does not have, and where the field has
        no value because its object does not exist after that step.
        """
        if not isinstance(self.step, int) or isinstance(self.step, bool):
            raise KmmError(f"a question is about a step, by its number, not about {self.step!r}")
        if not (self.text is None or isinstance(self.text, str)):
            raise KmmError(
                f"a question's text is a text, or None for the usual, not {self.text!r:.60}"
            )
        if not isinstance(self.because, bool):
            raise KmmError(f"a question's because is True or False, not {self.because!r:.60}")
        try:
            asked = Asked.of(trace, self.field, self.step)
        except IndexError as error:
            raise KmmError(f"a question about {self.field}: {error}") from None
        if not asked.accepted:
            owner = asked.field.owner
            raise KmmError(
                f"{self.field} has no value after step {asked.k}: {owner} does not exist then"
            )
        return {
            "step": asked.k,
            "field": self.field,
            "text": self.text or asked.question,
            "number": asked.is_number,
            "hint": asked.hint,
            "because": self.because,
            "accepted": asked.accepted,
            "value": int(asked.answer) if asked.is_number else shown(asked.answer),
            "now": f"{asked.now}.",
            "right": asked.right,
            "wrong": asked.wrong,
            "other": asked.other,
            "why": asked.why,
        }
