# SPDX-License-Identifier: GPL-2.0-only
"""kmm.compare(left, right): two traces side by side, and where they first part.

    with kmm.replace(migrate_page_copy=mine):
        my_run = scenario.run()
    print(kmm.compare(scenario.run(), my_run, names=("the model", "mine")))

They part at the first step that is not the same: another task, another primitive, other arguments,
another result, another change of the state.  Lines and code do not count.  Up to the parting the
steps stand side by side one to one, behind it as well as they can (explain/align.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kmm.errors import KmmError
from kmm.explain.align import Pair, aligned
from kmm.explain.deeds import Deeds, Numbers, kind, parting
from kmm.explain.differences import Difference, differences
from kmm.scenario import Run
from kmm.show.apart import ONE_ENDS, Sides, fields_apart, many, steps_apart
from kmm.sim import Trace
from kmm.sim.numbered import numbered

#: A step that stands beside none.
ALONE = "alone"


@dataclass(frozen=True)
class Parting:
    """The first steps that are not the same.

    `left` and `right` are their numbers, None where that trace has ended; `kind` is "other task",
    "other primitive", "other arguments", "other result", "other change" or "one ends"; `pair` is
    the place in `comparison.pairs`, and `sentence` says it in words.
    """

    left: int | None
    right: int | None
    kind: str
    pair: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class Comparison:
    """Two traces side by side.  Made by `kmm.compare`; a notebook shows it as two players."""

    def __init__(self, left: Trace, right: Trace, names: Sides) -> None:
        self.left = left
        self.right = right
        self.names = names
        numbers = Numbers()
        self._deeds = Deeds(left, numbers), Deeds(right, numbers)
        self._same = parting(*self._deeds)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Which step of the left trace stands beside which of the right; None beside no step."""
        ours, theirs = self._deeds
        return aligned(self._same, ours.keys, theirs.keys)

    def kind(self, pair: int) -> str:
        """What is other in the two steps of a pair; "" if nothing, "alone" if there is one only."""
        left, right = self.pairs[pair]
        if left is None or right is None:
            return ALONE
        return kind(self._deeds[0], left, self._deeds[1], right)

    @cached_property
    def parts(self) -> Parting | None:
        """Where they first part, None if they never do."""
        k = self._same
        traces = self.left, self.right
        left, right = (k if k < len(trace) else None for trace in traces)
        if left is None and right is None:
            return None
        if left is None or right is None:
            what = ONE_ENDS
        else:
            what = kind(self._deeds[0], left, self._deeds[1], right)
        # Before it they stand one to one: it is the pair of this number.
        return Parting(left, right, what, k, steps_apart(traces, self.names, k, what))

    def states(self, pair: int | None) -> tuple[int, int]:
        """The states in which the two are after a pair; None is the start, -1 the last pair."""
        if pair is None or (not self.pairs and pair == -1):
            return 0, 0
        pair = numbered(pair, len(self.pairs), "pair")
        return self._reached[pair]

    @cached_property
    def _reached(self) -> list[tuple[int, int]]:
        reached = []
        i = j = 0
        for left, right in self.pairs:
            i, j = i + (left is not None), j + (right is not None)
            reached.append((i, j))
        return reached

    def differences(self, pair: int | None = -1) -> list[Difference]:
        """The fields that differ after a pair: the last unless told, None for the start.

        Returns differences with `field`, `left` and `right`.  Raises IndexError for a pair that
        there is not.
        """
        i, j = self.states(pair)
        return differences(self.left, i, self.right, j)

    @property
    def sentence(self) -> str:
        """Whether they part, and where."""
        if self.parts is not None:
            return self.parts.sentence
        return f"They never part: both do the same {many(len(self.left), 'step')}."

    def __str__(self) -> str:
        """How they begin if not in the same state, where they part, and what differs at the end."""
        end = f"At the end {fields_apart(self.differences(), self.names)}."
        return "\n".join(filter(None, [self.beginning, self.sentence, end]))

    @property
    def beginning(self) -> str:
        """How the states at the start differ, "" if they do not."""
        begin = self.differences(None)
        if not begin:
            return ""
        known = [set(trace.slots.by_name) for trace in (self.left, self.right)]
        if known[0].isdisjoint(known[1]):
            return "They are of two worlds, which have no object in common."
        return f"At the start {fields_apart(begin, self.names)}."

    def __repr__(self) -> str:
        return f"<Comparison of {self.names[0]} and {self.names[1]}: {self.sentence}>"

    # What shows it is imported when first asked for.

    def play(self, pair: int | None = None) -> Any:
        """Two players under common controls, at a pair: where they part unless told.

        Returns a widget with the traits `pair` and `folds`.  Raises IndexError for a pair that
        there is not, and KmmError where anywidget is not installed.
        """
        from kmm.show.sidebyside import play

        return play(self, pair)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the two players as one HTML file; KmmError where that is impossible."""
        from kmm.show.sidebyside import to_html

        to_html(self, path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from kmm.show.sidebyside import bundle

        return bundle(self, include=include, exclude=exclude)


def compare(
    left: Trace | Run, right: Trace | Run, *, names: Sides = ("left", "right")
) -> Comparison:
    """Two traces side by side, and where they first part.

    Arguments: `left` and `right` are traces, or runs that were recorded; `names` is what they are
    called in sentences and above the players.

    Returns a Comparison: `str(comparison)` tells where they part and what differs at the end,
    `.parts`, `.pairs` and `.differences(pair)` say it to a program, `.play()` shows it.

    Raises KmmError for what is no trace, and for names that are not two.
    """
    return Comparison(_trace(left), _trace(right), _two_names(names))


def _trace(what: Any) -> Trace:
    if isinstance(what, Run):
        return what.trace
    if isinstance(what, Trace):
        return what
    raise KmmError(
        f"compare takes two traces or runs, not {type(what).__name__}; "
        'kmm.load("anon-simple").run() is a run'
    )


def _two_names(names: Any) -> Sides:
    given = list(names) if isinstance(names, tuple | list) else []
    texts = [name for name in given if isinstance(name, str) and name.strip()]
    if len(given) != 2 or len(set(texts)) != 2:
        raise KmmError(
            f'compare: names are two different texts, as ("right", "mine"), not {names!r}'
        )
    return texts[0], texts[1]
