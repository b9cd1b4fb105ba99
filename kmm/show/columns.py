# SPDX-License-Identifier: GPL-2.0-only
"""Columns: the boxes of a picture put into places, as a plan says (sizes.py).

What points at frames stands left of them and, if the plan has two sides, right of them.  Lists and
locks, which no line leads to or from, fill what is left: beneath the shorter column, or side by
side below all columns.  Frames stand by node, and within a node in one column or in several with
gutters between them: lines that go to a column which is not the first pass above its frames.
"""

from __future__ import annotations

from math import ceil

from kmm.show.cards import Card, Cards
from kmm.show.routes import Gutters
from kmm.show.sizes import PAD, Box, Plan, Sizes
from kmm.show.theme import any_sans_width, sans_width

MARGIN = 8.0
#: The room between two cards; between two frames of one node, large or small.
BETWEEN, CLOSER, CLOSEST = 12.0, 8.0, 5.0
#: The least room between two columns: in which lines run, what it gets where there is more of it,
#: and in which none do.
GUTTER, ROOMY, BARE = 36.0, 70.0, 20.0
#: The height of a node's title.
NODE = 24.0


class Columns:
    """The places of all boxes; `least` is the smallest width in which they have room."""

    def __init__(self, cards: Cards, sizes: Sizes, gutters: Gutters) -> None:
        self.cards, self.sizes, self.gutters = cards, sizes, gutters
        self.plan: Plan = sizes.plan
        self.boxes: dict[str, Box] = {}
        self.rows: dict[str, Box] = {}
        self.nodes: dict[str, Box] = {}
        #: The height above a frame at which lines to it pass the frames of other columns.
        self.passages: dict[str, float] = {}
        listed = [card for card in cards.caches if card.kind in ("lists", "locks")]
        pointing = [card for card in cards.caches if card not in listed]
        sides = self.plan.sides
        self.left = cards.spaces if sides else cards.spaces + pointing
        self.right = pointing if sides else []
        self.listed = listed
        #: The lists that stand beneath the left column.
        self.beneath: list[Card] = []
        self.left_w = self._widest(self.left)
        self.right_w = self._widest(self.right + listed) if sides else 0.0
        if self.left_w:
            self.left_w = max(self.left_w, _heading_width(self.left))
        if self.right_w:
            self.right_w = max(self.right_w, _heading_width(self.right + listed))
        self.middle = gutters.between_need(self._ends()) if self.plan.columns > 1 else 0.0
        self.node_w = self._node_width()
        others = self.node_w or self.right_w
        self.left_g = _gutter(gutters.left_need) if self.left_w and others else 0.0
        others = self.node_w or gutters.right_need
        self.right_g = _gutter(gutters.right_need) if self.right_w and others else 0.0
        columns = self.left_w + self.left_g + self.node_w + self.right_g + self.right_w
        self.least = 2 * MARGIN + max(columns, 0.0 if sides else self._widest(listed))

    def _widest(self, cards: list[Card]) -> float:
        return float(ceil(max(map(self.sizes.width, cards), default=0.0)))

    def _node_width(self) -> float:
        if not self.cards.frames:
            return 0.0
        heads = [sans_width(f"{node.name}  1700 1700 frames free", 11) for node in self.cards.nodes]
        large = self._widest([frame for frame in self.cards.frames if not frame.small])
        small = self._widest([frame for frame in self.cards.frames if frame.small])
        columns = self.plan.columns
        return max([large, columns * small + (columns - 1) * self.middle, *heads]) + 2 * PAD

    # Frames of a node, from top to bottom, in so many columns.

    def _grid(self, frames: list[Card]) -> list[tuple[Card, ...]]:
        """The frames in rows: a large one alone, then in each column the small ones in order."""
        large = [(frame,) for frame in frames if not frame.small]
        small = [frame for frame in frames if frame.small]
        high = ceil(len(small) / self.plan.columns)
        return [*large, *(tuple(small[n::high]) for n in range(high))]

    def _ends(self) -> list[str]:
        """The frames that lines reach through a passage."""
        rows = (row for node in self.cards.nodes for row in self._grid(node.frames))
        return [frame.key for row in rows for frame in row[1:]]

    def _gap(self, row: tuple[Card, ...], *, first: bool) -> float:
        """The room above a row of frames."""
        between = 0.0 if first else CLOSEST if all(frame.small for frame in row) else CLOSER
        return max(between, self.gutters.passage_need([frame.key for frame in row[1:]]))

    def _frames_height(self) -> float:
        high = self.gutters.corridor_need
        for node in self.cards.nodes:
            for n, row in enumerate(self._grid(node.frames)):
                high += self._gap(row, first=not n) + max(map(self.sizes.height, row))
            high += NODE + PAD + BETWEEN
        return high

    # Where lists and locks have their place.

    def _stack(self, cards: list[Card]) -> float:
        return sum(self.sizes.height(card) + BETWEEN for card in cards)

    def _shelves(self, cards: list[Card], width: float) -> list[list[tuple[Card, float]]]:
        """The cards side by side, as many as there is room for, with their widths.

        What is left of the room is for lists; whoever holds a lock stands near its name.
        """
        shelves: list[list[Card]] = [[]]
        for card in cards:
            with_it = [*shelves[-1], card]
            if sum(map(self.sizes.width, with_it)) + BETWEEN * (len(with_it) - 1) > width:
                shelves.append([])
            shelves[-1].append(card)
        return [self._widened(shelf, width) for shelf in shelves if shelf]

    def _widened(self, shelf: list[Card], width: float) -> list[tuple[Card, float]]:
        spare = width - sum(map(self.sizes.width, shelf)) - BETWEEN * (len(shelf) - 1)
        lists = sum(card.kind == "lists" for card in shelf)
        return [
            (card, self.sizes.width(card) + (spare / lists if card.kind == "lists" else 0.0))
            for card in shelf
        ]

    def _height(self, moved: int, width: float) -> float:
        """The height of the picture if so many of the last lists stand beneath the left column."""
        kept = self.listed[: len(self.listed) - moved]
        left = self._stack([*self.left, *self.listed[len(kept) :]])
        if self.plan.sides:
            return max(left, self._frames_height(), self._stack(self.right + kept))
        return max(left, self._frames_height()) + sum(
            max(self.sizes.height(card, w) for card, w in shelf) + BETWEEN
            for shelf in self._shelves(kept, width)
        )

    def _moved(self, width: float) -> int:
        """How many lists stand beneath the left column: as few as make the picture lowest."""
        fit = [
            self.sizes.width(card) <= self.left_w
            and _heading_width([*self.left, *self.listed]) <= self.left_w
            for card in reversed(self.listed)
        ]
        most = next((n for n, fits in enumerate(fit) if not fits), len(fit)) if self.left else 0
        return min(range(most + 1), key=lambda moved: (self._height(moved, width), moved))

    # Places.

    def _put(self, card: Card, x: float, y: float, w: float) -> float:
        """Place a card; returns where it ends."""
        sizes = self.sizes
        self.boxes[card.key] = Box(x, y, w, sizes.height(card, w))
        row_y = y + sizes.top(card)
        for row in card.rows:
            high, inset = sizes.row_height(card, row, w), sizes.inset(card, row)
            self.rows[row.key] = Box(x + inset, row_y, w - 2 * inset, high)
            row_y += high
        return self.boxes[card.key].bottom

    def _put_column(self, cards: list[Card], x: float, y: float, w: float) -> float:
        for card in cards:
            y = self._put(card, x, y, w) + BETWEEN
        return y

    def _put_frames(self, x: float, y: float) -> float:
        columns = self.plan.columns
        whole = self.node_w - 2 * PAD
        each = (whole - (columns - 1) * self.middle) / columns
        y += self.gutters.corridor_need
        for node in self.cards.nodes:
            start = y
            y += NODE
            for n, row in enumerate(self._grid(node.frames)):
                gap = self._gap(row, first=not n)
                ends = []
                for column, frame in enumerate(row):
                    left = x + PAD + column * (each + self.middle)
                    ends.append(self._put(frame, left, y + gap, each if frame.small else whole))
                    if column:
                        self.passages[frame.key] = y
                y = max(ends)
            y += PAD
            self.nodes[node.name] = Box(x, start, self.node_w, y - start)
            y += BETWEEN
        return y

    def _grow(self, width: float) -> None:
        """Small worlds fill the width: first the gutters, then the boxes, or lines get too long."""
        spare = width - self.least
        lines = [bool(self.gutters.left_need), bool(self.gutters.right_need)]
        if spare <= 0 or not self.node_w or not any(lines):
            return
        each = min(spare / sum(lines), ROOMY)
        self.left_g += each * lines[0]
        self.right_g += each * lines[1]
        left = spare - each * sum(lines)
        grow = left / sum(map(bool, (self.left_w, self.node_w, self.right_w)))
        self.left_w, self.right_w = (w + grow if w else 0.0 for w in (self.left_w, self.right_w))
        self.node_w += grow

    def place(self, width: float, top: float) -> float:
        """Give every box its place from `top` on; returns where the lowest of them ends."""
        self._grow(width)
        whole = max(self.least, self.right_edge) - 2 * MARGIN
        stay = len(self.listed) - self._moved(whole)
        kept, self.beneath = self.listed[:stay], self.listed[stay:]
        bottoms = [
            self._put_column(self.left + self.beneath, MARGIN, top, self.left_w),
            self._put_frames(self.x_nodes, top),
        ]
        if self.plan.sides:
            bottoms.append(self._put_column(self.right + kept, self.x_right, top, self.right_w))
            return max(bottoms)
        y = max(bottoms)
        for shelf in self._shelves(kept, whole):
            x = MARGIN
            for card, w in shelf:
                self._put(card, x, y, w)
                x += w + BETWEEN
            y += max(self.boxes[card.key].h for card, _ in shelf) + BETWEEN
        return y

    def heads(self) -> list[tuple[str, float]]:
        """What stands above each column, and where."""
        right = [card for card in self.right + self.listed if card not in self.beneath]
        heads = [
            (heading(self.left + self.beneath), MARGIN),
            (self._frames_heading(), self.x_nodes),
            (heading(right) if self.plan.sides else "", self.x_right),
        ]
        return [(text, x) for text, x in heads if text]

    def _frames_heading(self) -> str:
        frames = self.cards.frames
        if not frames:
            return ""
        some = len(frames) < self.cards.pages - 1
        drawn = f"frames: {len(frames)} of {self.cards.pages} are drawn" if some else "frames"
        if not any(frame.small for frame in frames):
            return drawn
        whole = f"{drawn} (count, map, flags)"
        return whole if any_sans_width(whole, 11, bold=True) <= self.node_w else drawn

    @property
    def x_nodes(self) -> float:
        """Where the frames begin."""
        return MARGIN + self.left_w + self.left_g

    @property
    def x_right(self) -> float:
        """Where the right column begins."""
        return self.x_nodes + self.node_w + self.right_g

    @property
    def right_edge(self) -> float:
        """Where the picture ends."""
        return self.x_right + self.right_w + MARGIN


#: What cards are called in a heading.
HEADINGS = {"space": "address spaces", "cache": "caches", "ring": "caches", "lists": "lists",
            "locks": "locks"}  # fmt: skip


def heading(cards: list[Card]) -> str:
    """What stands above a column of these cards."""
    *first, last = dict.fromkeys(HEADINGS[card.kind] for card in cards) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _heading_width(cards: list[Card]) -> float:
    return any_sans_width(heading(cards), 11, bold=True)


def _gutter(need: float) -> float:
    return max(GUTTER, need) if need else BARE
