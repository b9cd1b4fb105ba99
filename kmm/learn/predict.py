# SPDX-License-Identifier: GPL-2.0-only
"""trace.predict("p0._count", 38): a question to answer before one looks.

trace.predict("p0._count", 38)                              asks
trace.predict("p0._count", 38, guess=1)                     answers, and explains at once
trace.predict("p0._count", 38, guess=1, because="the pte")  with a reason, to compare

What is typed in is a value, never yes or no; the reason is the learner's own, and nobody marks it.
Right or wrong, the explanation comes from the step itself: what it did, what it changed and, for a
count, who holds the page afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from kmm.explain.once import numbered
from kmm.show.fields import Field, field_of
from kmm.show.words import code, real, written
from kmm.sim import Trace
from kmm.sim.step import shown

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
    trace: Trace, field: str, k: int, guess: Any = None, because: str | None = None
) -> Prediction:
    """What does the field hold after step k?

    Arguments: `field` as in trace.value, or "p0.mapcount"; `k` the number of the step.  `guess`:
    the value, a number where the field holds numbers, else a text as the tables write it
    ("migration p0 w", "NULL"); None to see the question.  `because`: why, in the learner's words.

    Returns a Prediction, which a notebook shows.

    Raises KmmError for a field and IndexError for a step that the trace does not have; whatever
    the guess, it is answered.
    """
    k = numbered(k, len(trace), "step")
    asked = field_of(trace, field)
    question = _question(trace, asked, k)
    if guess is None or guess is ...:
        what = "number" if _is_number(trace, asked) else "answer, as a text"
        verdict = f"Replace None by your {what} and run the cell again."
        return Prediction(question, None, verdict)
    given = _given(trace, asked, guess)
    if given is None:
        return Prediction(question, None, _other_kind(trace, asked, k, guess))
    answer = asked.at(trace, k + 1)
    right = given == (answer if _is_number(trace, asked) else shown(answer))
    now = f"{asked.path} is {written(answer, asked.path.rpartition('.')[2])}"
    verdict = f"Right: {now}." if right else f"Not quite: {now}, not {given}."
    return Prediction(question, right, verdict, because, tuple(_why(trace, asked, k)))


def _question(trace: Trace, field: Field, k: int) -> str:
    step = trace[k]
    where = f" in {step.function}" if step.function else ""
    return f"Step {k} is {code(trace, step)}{where}. What is {field.path} after it?"


def _is_number(trace: Trace, field: Field) -> bool:
    values = [value for _, value in field.course(trace) if value is not None]
    return bool(values) and all(isinstance(value, int) for value in values)


def _given(trace: Trace, field: Field, guess: Any) -> Any:
    """The guess as the field would hold it, None if it is of another kind."""
    if not _is_number(trace, field):
        return " ".join(str(guess).split()) if isinstance(guess, str | int) else None
    if isinstance(guess, str):
        guess = guess.strip()
    try:
        number = int(guess)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isinstance(guess, str) or number == guess else None


def _other_kind(trace: Trace, field: Field, k: int, guess: Any) -> str:
    got = f"{guess!r}"[:40]
    if _is_number(trace, field):
        return f"A number, please: {field.path} holds numbers, and {got} is none."
    example = shown(field.at(trace, k))
    return f'A text, please, such as "{example}": {got} is none.'


def _why(trace: Trace, field: Field, k: int) -> list[str]:
    """What the step did, what it changed and, for a count, who holds the page."""
    lines = [trace.narrate(k)]
    changes = "; ".join(map(str, real(trace[k].changes)))
    lines.append(f"The step changed: {changes}." if changes else "The step changed nothing.")
    if field.path.endswith("._count") and field.at(trace, k + 1) is not None:
        held = trace.holders(field.owner, k + 1)
        who = "; ".join(map(str, held)) or "nobody"
        frozen = f" Frozen: {held.frozen.kept} are kept meanwhile." if held.frozen else ""
        lost = f" Nobody accounts for {len(held.unaccounted)}." if held.unaccounted else ""
        lines.append(f"Who holds {field.owner} now: {who}.{frozen}{lost}")
    return lines
