# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of one step, and all that can be said to any answer: the one engine of questions.

`trace.predict` asks with it in a cell and the player in the browser (js/ask.js), so that the same
answer gets the same words in both places.  What is typed in is a value, never yes or no.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kmm.mm.pgtable import pte_t
from kmm.show.fields import Field, field_of
from kmm.show.words import code, real, written
from kmm.sim import Step, Trace
from kmm.sim.numbered import numbered
from kmm.sim.step import shown

#: A number as people type it, or an error by its name.  (int() takes more: 1_000 and the digits of
#: every script.)
NUMBER = re.compile(r"[+-]?[0-9]{1,30}|0x[0-9a-f]{1,16}|-E[A-Z0-9]{2,20}", re.IGNORECASE)

#: A name, perhaps with dots and hyphens inside it.
NAME = re.compile(r"[A-Za-z_][\w.-]*")

#: So many letters of what was typed are said again.
LONGEST = 40


@dataclass(frozen=True)
class Asked:
    """What does `field` of `trace` hold after step `k`?"""

    trace: Trace
    field: Field
    k: int

    @classmethod
    def of(cls, trace: Trace, path: str, k: int) -> Asked:
        """IndexError for a step, KmmError for a field that the trace does not have."""
        k = numbered(k, len(trace), "step")
        return cls(trace, field_of(trace, path), k)

    @property
    def question(self) -> str:
        """The question, which does not give away what it asks for."""
        step = self.trace[self.k]
        where = f" in {step.function}" if step.function else ""
        return f"Step {self.k} is {self._code(step)}{where}. What is {self.field.path} after it?"

    def _code(self, step: Step) -> str:
        """The step as code, without its arguments where one of them is the answer."""
        if step.primitive == "assign":
            return f"{step.args[0]} = ..."
        if _names(step.args, self.answer):
            return f"{step.primitive}(...)"
        return code(self.trace, step)

    @property
    def answer(self) -> Any:
        """What the field holds then."""
        return self.field.at(self.trace, self.k + 1)

    @property
    def is_number(self) -> bool:
        """The field holds numbers, and a number is asked for."""
        values = [value for _, value in self.field.course(self.trace) if value is not None]
        return bool(values) and all(isinstance(value, int) for value in values)

    @property
    def hint(self) -> str:
        """What kind of answer is asked for."""
        if self.is_number:
            user = self.field.owner.startswith("user ")
            return 'a number, or an error as in "-EAGAIN"' if user else "a number"
        before = self.field.at(self.trace, self.k)
        if isinstance(before, pte_t) or isinstance(self.answer, pte_t):
            return 'as in "p0 w", "migration p0" or "none"; the letters may be left out'
        return f'a text, as in "{shown(before)}"'

    # What is said to an answer.

    def read(self, guess: Any) -> str | None:
        """The guess as it is compared and said again; None if it is of another kind."""
        if isinstance(guess, str):
            text: str = " ".join(guess.split())
            if not self.is_number:
                return text or None
            if not NUMBER.fullmatch(text):
                return None
            small = text.lower()
            if small.startswith("-e"):
                return text.upper()
            return str(int(small, 16 if small.startswith("0x") else 10))
        if not self.is_number:
            return str(guess) if isinstance(guess, int) else None
        try:
            number = int(guess)
        except (TypeError, ValueError, OverflowError):
            return None
        return str(number) if number == guess else None

    @property
    def accepted(self) -> tuple[str, ...]:
        """The answers that are right, as `read` gives them, in small letters."""
        answer = self.answer
        if self.is_number:
            if answer is None:
                return ()
            error = errno.errorcode.get(-answer)
            return (str(int(answer)), *([f"-{error}".lower()] if error and answer < 0 else []))
        text = shown(answer).lower()
        if isinstance(answer, pte_t) and (answer.page or text.startswith("migration")):
            # Which page it is, and what it is to it: the bits are another question.
            return text, text.rpartition(" ")[0]
        return (text,)

    @property
    def now(self) -> str:
        """The answer in words."""
        path = self.field.path
        return f"{path} is {written(self.answer, path.rpartition('.')[2])}"

    @property
    def right(self) -> str:
        return f"Right: {self.now}."

    @property
    def wrong(self) -> tuple[str, str]:
        """What is said before and behind the answer that was given."""
        return f"Not quite: {self.now}, not ", "."

    @property
    def other(self) -> tuple[str, str]:
        """To something of another kind, before and behind it; it is no answer yet."""
        if self.is_number:
            return f"A number, please: {self.field.path} holds numbers, and ", " is none."
        example = shown(self.field.at(self.trace, self.k))
        return f'A text, please, such as "{example}": ', " is none."

    @property
    def why(self) -> tuple[str, ...]:
        """What the step did, what it changed and, for a count, who holds the page."""
        trace, field = self.trace, self.field
        changes = "; ".join(map(str, real(trace[self.k].changes)))
        lines = [
            trace.narrate(self.k),
            f"The step changed: {changes}." if changes else "The step changed nothing.",
        ]
        if field.path.endswith("._count") and self.answer is not None:
            held = trace.holders(field.owner, self.k + 1)
            who = "; ".join(map(str, held)) or "nobody"
            frozen = f" Frozen: {held.frozen.kept} are kept meanwhile." if held.frozen else ""
            lost = f" Nobody accounts for {len(held.unaccounted)}." if held.unaccounted else ""
            lines.append(f"Who holds {field.owner} now: {who}.{frozen}{lost}")
        return tuple(lines)


def quoted(guess: Any) -> str:
    """What somebody typed, to be said again."""
    text = f"'{' '.join(guess.split())}'" if isinstance(guess, str) else repr(guess)
    return text[:LONGEST]


def _names(args: Iterable[Any], answer: Any) -> bool:
    """One of the arguments is the answer, or is made of it."""
    return any(
        arg == answer or (isinstance(answer, pte_t) and arg in (answer.page, answer.entry))
        for arg in args
        if arg is not None
    )


def name_in(given: Any) -> str:
    """The first name in what was typed: of "not PageAnon(page)" it is "PageAnon"; or a function's.

    Words of Python in front of it do not count, nor does the module of kmm that it stands in.
    """
    text = getattr(given, "__name__", None) if callable(given) else None
    names = NAME.findall(text or str(given))
    first: str = next((name for name in names if name not in ("if", "not")), "")
    return first.rpartition(".")[2] if first.startswith("kmm.") else first
