# SPDX-License-Identifier: GPL-2.0-only
"""Sizes: how large each box must be in a plan, from what its rows ever say (measure.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kmm.show.cards import Card, Cards
from kmm.show.frame_rows import CountRow
from kmm.show.measure import FRAME_ROOMS, LIST_ROOMS, Need
from kmm.show.rows import Row
from kmm.show.spans import GAP
from kmm.show.theme import any_sans_width, mono_width

#: The heights of a card's title, of a row, of a row in a frame of its own, of a line of words.
TITLE, ROW, FRAMED, LINE = 24.0, 17.0, 24.0, 15.0
#: The height of a frame's first row, and what is above and below the rows of a small frame.
NAME, SMALL_EDGE = 20.0, 1.5
#: Between a box and its words; between a box and a row in a frame of its own.
PAD, INSET = 10.0, 6.0
#: Signs at the end of a row.
SIGN = 22.0


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h


class Plan(NamedTuple):
    """How a picture is arranged.

    `sides`: address spaces to the left of the frames, caches and lists to the right; else all that
    points at frames is to the left, and lists are below.  `columns`: of the frames.  The rooms:
    what words may wrap in.
    """

    sides: bool
    columns: int
    frame_room: float
    list_room: float


def label_width(row: Row) -> float:
    """How wide the label of a row is."""
    return mono_width(row.label, 11.0) if row.label else 0.0


class Sizes:
    """How large the cards of a picture are, and their rows."""

    def __init__(self, cards: Cards, need: Need, plan: Plan) -> None:
        self.need = need
        self.plan = plan
        #: List rows share one column of labels.
        self.labels = {card.key: self._labels(card) for card in cards}

    def _labels(self, card: Card) -> float:
        return max((label_width(row) for row in card.rows if row.many or card.kind == "locks"),
                   default=0.0)  # fmt: skip

    def _room(self, card: Card) -> float:
        return self.plan.frame_room if card.kind == "frame" else self.plan.list_room

    def _room_in(self, card: Card, width: float | None) -> float:
        """The largest of the measured rooms that a card of this width has."""
        rooms = FRAME_ROOMS if card.kind == "frame" else LIST_ROOMS
        label = self.labels[card.key]
        there = (width or 0.0) - 2 * PAD - (label + 2 * GAP if label else 0.0)
        return max(self._room(card), *(room for room in rooms if room <= there), 0.0)

    def _row_width(self, card: Card, row: Row) -> float:
        words = self.need.width[row.key]
        if row.many:
            words = max(words, min(self._room(card), self.need.whole[row.key]))
        label = self.labels[card.key] if row.many else label_width(row)
        if card.kind == "frame" and row.label:
            label *= 13 / 11
        between = 2 * GAP if label and words else 0.0
        if row.framed:
            return 2 * INSET + label + between + words + SIGN + INSET
        return label + between + words + 2 * self.inset(card, row)

    def inset(self, card: Card, row: Row) -> float:
        """How far a row is from the edge of its card."""
        return INSET if row.framed or card.small else PAD

    def width(self, card: Card) -> float:
        """How wide a card is."""
        if card.small:
            return max(self._row_width(card, row) for row in card.rows)
        title = 2 * PAD + mono_width(card.title, 13) + GAP + any_sans_width(card.note, 11)
        return max([title, *(self._row_width(card, row) for row in card.rows)])

    def row_height(self, card: Card, row: Row, width: float | None = None) -> float:
        """How high a row is, in a card that is so wide."""
        if row.framed:
            return FRAMED
        if isinstance(row, CountRow):
            return NAME
        lines = self.need.lines[row.key, self._room_in(card, width)] if row.many else 1
        return ROW + (lines - 1) * LINE

    def top(self, card: Card) -> float:
        """Where the first row of a card begins."""
        return SMALL_EDGE if card.small else INSET if card.kind == "frame" else TITLE

    def height(self, card: Card, width: float | None = None) -> float:
        """How high a card is, if it is so wide; None is the least width."""
        rows = sum(self.row_height(card, row, width) for row in card.rows)
        return self.top(card) + rows + (SMALL_EDGE if card.small else 8.0)
