# SPDX-License-Identifier: GPL-2.0-only
"""Questions in the player: what is sent to the browser, and what comes back from it.

What a question says is made by whoever asks (kmm.learn); here it is a thing with a method
`asked(trace)`, which returns a dict with "step", "field" and all texts that the browser shows.
What is kept of an answer is a dict as well; see `open_answer`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from kmm.errors import KmmError
from kmm.sim import Trace

#: What `ask` may be, for whoever gives something else.
USAGE = (
    'ask=3 picks questions by itself, ask=[kmm.Question(38, "p0._count")] asks yours; '
    "without ask nothing is asked"
)


def questions(trace: Trace, ask: Any) -> list[dict[str, Any]]:
    """The questions in the order of their steps; `ask` as in trace.play.

    Raises KmmError where there is nothing to ask, for a question that the trace cannot answer, and
    for two about one step: the answer to the first would show that to the second.
    """
    if ask is None:
        return []
    if isinstance(ask, int) and not isinstance(ask, bool):
        ask = trace.pivotal(ask)
        if not ask:
            raise KmmError(f"nothing in this trace asks for a question; {USAGE}")
    if hasattr(ask, "asked"):
        ask = [ask]
    if isinstance(ask, bool | str) or not isinstance(ask, Iterable):
        raise KmmError(f"what to ask? {USAGE}")
    asked = sorted((_asked(trace, question) for question in ask), key=lambda q: int(q["step"]))
    if not asked:
        raise KmmError(f"there is no question in the list; {USAGE}")
    for one, other in pairwise(asked):
        if one["step"] == other["step"]:
            raise KmmError(
                f"two questions about step {one['step']}: the answer to one shows the other's; "
                "ask about one field, or about another step"
            )
    return asked


def _asked(trace: Trace, question: Any) -> dict[str, Any]:
    if not hasattr(question, "asked"):
        raise KmmError(f"{question!r} is no question; {USAGE}")
    found: dict[str, Any] = question.asked(trace)
    return found


def open_answer(question: dict[str, Any]) -> dict[str, Any]:
    """What is known of a question before it is answered.

    `given`: what was typed, None where the learner asked to be shown; `value`: what the field
    holds, told once it is `done`; `right`: whether they agree; `because`: the learner's reason;
    `attempts`: how often it was answered.
    """
    return {
        "step": question["step"], "field": question["field"], "given": None, "value": None,
        "right": None, "because": "", "attempts": 0, "done": False,
    }  # fmt: skip


def must_answer(answers: Any, asked: list[dict[str, Any]]) -> None:
    """KmmError unless these are answers to these questions, in their order."""
    keys = set(open_answer({"step": 0, "field": ""}))
    fits = len(answers) == len(asked) and all(
        isinstance(answer, dict)
        and set(answer) == keys
        and (answer["step"], answer["field"]) == (question["step"], question["field"])
        for answer, question in zip(answers, asked, strict=True)
    )
    if not fits:
        raise KmmError(
            "these are no answers to the questions of this player; take a copy of player.answers "
            "and change that"
        )


def furthest(answers: list[dict[str, Any]], steps: int) -> int:
    """The last step that may be seen: the one before the first question that is open."""
    return next((int(a["step"]) - 1 for a in answers if not a["done"]), steps - 1)
