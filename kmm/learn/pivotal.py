# SPDX-License-Identifier: GPL-2.0-only
"""trace.pivotal(n): the few steps of a trace that are worth a prediction.

Asked at every step, people begin to guess; asked at a turn, they think.  A step is pivotal where a
migration turns: a page is frozen, its last pte is gone, a pte becomes a migration entry, a pte is
restored, the cache has the new page, a reference is taken or dropped.  What is asked is the field
that turns, and the step itself changes it.

Of each phase at most one step is taken, of each kind of turn as well, and no two questions have the
same answer to the same kind of field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kmm.errors import KmmError
from kmm.learn.asked import Asked
from kmm.learn.question import Question
from kmm.mm.pgtable import pte_t
from kmm.show.words import real
from kmm.sim import Change, Step, Trace
from kmm.sim.step import shown


class Turn(NamedTuple):
    """One kind of turn, and which changes are one."""

    name: str
    matches: Callable[[Step, Change], bool]


def _count_by(*primitives: str) -> Callable[[Step, Change], bool]:
    """The count of a page is changed by one of these."""
    return lambda step, change: change.field == "_count" and step.primitive in primitives


def _mapped(change: Change, more: int) -> bool:
    """A pte more (1) or less (-1) maps the page."""
    return change.field == "_mapcount" and (change.new - change.old) * more > 0


def _entry(value: Any) -> bool:
    return isinstance(value, pte_t) and shown(value).startswith("migration")


#: The turns, those that teach most first.
TURNS = (
    Turn("frozen", _count_by("page_freeze_refs")),
    Turn("unmapped", lambda step, c: _mapped(c, -1) and c.new == -1),
    Turn("restored", lambda step, c: _entry(c.old) and c.new.page is not None),
    Turn("told to the caller", lambda step, c: step.primitive == "put_user"),
    Turn("unfrozen", _count_by("page_unfreeze_refs")),
    Turn("migration entry", lambda step, c: _entry(c.new)),
    Turn("replaced", lambda step, c: step.primitive == "radix_tree_replace_slot"),
    Turn("dropped", _count_by("put_page_testzero", "__put_page")),
    Turn("isolated", _count_by("get_page_unless_zero")),
    Turn("mapped", lambda step, c: _mapped(c, 1)),
    Turn("taken", _count_by("get_page")),
    Turn("by others", lambda step, c: c.field == "_count"),
    Turn("buffers", lambda step, c: c.field == "b_count"),
    Turn("a frame is taken", lambda step, c: c.field == "free"),
)


@Trace.extend
def pivotal(trace: Trace, n: int = 5) -> tuple[Question, ...]:
    """At most n questions about pivotal steps, in the order of their steps.

    The same trace gives the same questions.  There are fewer than n where the trace turns less
    often, none where nothing of the above happens.  Raises KmmError unless n is at least 1.
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise KmmError(f"how many questions? A number from 1 on, not {n!r}")
    chosen: list[Question] = []
    # What may be asked only once: a kind of turn, a phase, a kind of field with its answer.
    asked_of: set[Any] = set()
    for rank, step, path in sorted(_turns(trace)):
        once = {rank, trace.phases().phase_at(step)}
        if once & asked_of:
            continue
        asked = Asked.of(trace, path, step)
        same = _same(asked)
        if same is None or same in asked_of:
            continue
        asked_of |= {*once, same}
        chosen.append(Question(step, path))
        if len(chosen) == n:
            break
    return tuple(sorted(chosen, key=lambda question: question.step))


def _turns(trace: Trace) -> Iterator[tuple[int, int, str]]:
    """Every turn of the trace: its rank, its step and the field that turns."""
    for step in trace:
        for change in real(step.changes):
            rank = next((i for i, t in enumerate(TURNS) if t.matches(step, change)), None)
            if rank is not None:
                # Of a mapcount people say how many ptes there are, and the kernel one less.
                yield rank, step.index, change.path.replace("._mapcount", ".mapcount")


def _same(asked: Asked) -> tuple[str, str] | None:
    """Questions that differ only in the names of their objects have the same.

    None for a field that has no value afterwards, or the one that it had.
    """
    if not asked.accepted or asked.answer == asked.field.at(asked.trace, asked.k):
        return None
    kind = re.sub(r"\[.*|.*\.", "", asked.field.path)
    answer = asked.accepted[0]
    return kind, answer if asked.is_number else re.sub(r"\d+", "", answer)
