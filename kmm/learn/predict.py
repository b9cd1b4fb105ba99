# SPDX-License-Identifier: GPL-2.0-only
"""trace.predict("p0._count", 38): a question to answer before one looks.

trace.predict("p0._count", 38)                              asks
trace.predict("p0._count", 38, guess=1)                     answers, and explains at once
trace.predict("p0._count", 38, guess=1, because="the pte")  with a reason, to compare
trace.predict(guess=None)                                   asks about a pivotal step

What is typed in is a value, never yes or no; the reason is the learner's own, and nobody marks it.
Right or wrong, the explanation comes from the step itself: what it did, what it changed and, for a
count, who holds the page afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from kmm.errors import KmmError
from kmm.learn.asked import Asked, quoted
from kmm.sim import Trace

#: The side of a verdict: shown as a stripe beside its words, never instead of them.
STRIPES = {None: "#768390", True: "#009e73", False: "#d55e00"}


@dataclass(frozen=True, repr=False)
class Prediction:
    """A question, and what became of the answer.

    `right` is None as long as there is none (or none of the right kind), `verdict` the first words
    of the answer, `because` the learner's own reason and `why` the explanation, a text a line.
    """

    question: str
    right: bool | None
    verdict: str
    because: str | None = None
    why: tuple[str, ...] = ()

    @property
    def _lines(self) -> list[str]:
        reason = [f"Your reason: {self.because}"] if self.because and self.why else []
        return [self.verdict, *reason, *self.why]

    def _repr_html_(self) -> str:
        verdict, *rest = map(escape, self._lines)
        more = "".join(f'<p style="margin:0.3em 0">{line}</p>' for line in rest)
        return (
            f'<div role="status" style="border-left:4px solid {STRIPES[self.right]};'
            f'padding:0.2em 0.8em;margin:0.5em 0"><p style="margin:0.3em 0">{escape(self.question)}'
            f'</p><p style="margin:0.3em 0"><strong>{verdict}</strong></p>{more}</div>'
        )

    def __str__(self) -> str:
        return "\n".join([self.question, *self._lines])

    __repr__ = __str__


@Trace.extend
def predict(
    trace: Trace,
    field: str | None = None,
    k: int | None = None,
    guess: Any = None,
    because: str | None = None,
) -> Prediction:
    """What does the field hold after step k?

    Arguments: `field` as in trace.value, or "p0.mapcount"; `k` the number of the step; without both
    the first question of trace.pivotal() is asked.  `guess`: the value, a number where the field
    holds numbers, else a text as the tables write it ("migration p0 w", "NULL"); None to see the
    question.  `because`: why, in the learner's words.

    Returns a Prediction, which a notebook shows.

    Raises KmmError for a field and IndexError for a step that the trace does not have; whatever
    the guess, it is answered.
    """
    if not (because is None or isinstance(because, str)):
        raise KmmError(f"because is your reason as a text, or None, not {because!r:.60}")
    if field is None and k is None:
        first = trace.pivotal(1)
        if not first:
            raise KmmError('nothing here asks for a question; choose one: ("p0._count", 3)')
        field, k = first[0].field, first[0].step
    elif field is None or k is None:
        raise KmmError('a question needs both: trace.predict("p0._count", 38)')
    asked = Asked.of(trace, field, k)
    if guess is None or guess is ...:
        what = "number" if asked.is_number else "answer, as a text"
        verdict = f"Replace None by your {what} and run the cell again."
        return Prediction(asked.question, None, verdict)
    given = asked.read(guess)
    if given is None:
        return Prediction(asked.question, None, quoted(guess).join(asked.other))
    right = given.lower() in asked.accepted
    verdict = asked.right if right else given.join(asked.wrong)
    return Prediction(asked.question, right, verdict, because, asked.why)
