# SPDX-License-Identifier: GPL-2.0-only
"""Layout: where everything is, the same at every step of a trace.

Each box is as large as it must ever be (measure.py), each pair of things that is ever joined has
its own line (routes.py), and nothing moves from one picture to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from kmm.show.cards import Card, Cards, cards_of
from kmm.show.measure import FRAME_ROOM, LIST_ROOM, WIDTH, Measure, Need
from kmm.show.routes import Gutters, Route, Wish
from kmm.show.rows import CountRow, Row
from kmm.show.spans import GAP
from kmm.show.theme import mono_width, sans_width
from kmm.sim import Trace

MARGIN = 16.0
#: The heights of a card's title, of a row, of a row in a frame of its own, of a line of words.
TITLE, ROW, FRAMED, LINE = 24.0, 17.0, 24.0, 15.0
PAD = 10.0
#: The room between two cards; frames of one node stand closer.
BETWEEN, CLOSER = 12.0, 4.0
#: Signs at the end of a row.
SIGN = 22.0
#: The least room between two columns, in which the lines run, and what it gets where there is more.
GUTTER, ROOMY = 56.0, 70.0
#: The width of a letter in most fonts without serifs, as a part of the size, at most.
ANY_SANS = 0.65
#: The height of a frame's first row.
NAME = 20.0


#: What the lines mean, in the order of the legend, and where its words begin behind the sign.
LEGEND = {
    "present": "a reference: of a present pte (w d y: writable, dirty, young) or a slot of a cache",
    "migration": "migration entry: holds no reference, whoever touches it waits",
    "swap": "swap entry: holds a swap slot",
    "buffer": "buffer of the page",
}
LEGEND_TEXT = 46.0


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


@dataclass
class Layout:
    """The places: of cards and rows by key, of nodes by name, and the lines."""

    cards: Cards
    size: tuple[float, float]
    boxes: dict[str, Box]
    rows: dict[str, Box]
    nodes: dict[str, Box]
    heads: list[tuple[str, float]]
    routes: dict[tuple[str, str], Route]
    #: The kinds of lines that ever occur, and where the legend explains them.
    legend: list[tuple[str, float, float]]
    #: Where the headings are written, and the changes that no row shows.
    head: float
    more: float
    #: The slots that some row shows.
    shown: frozenset[int]
    #: How far the labels of the rows of a card reach.
    labels: dict[str, float]


def legend_places(kinds: set[str], wide: float, y: float) -> list[tuple[str, float, float]]:
    """Where each kind of line is explained: side by side as far as there is room."""
    places: list[tuple[str, float, float]] = []
    x = MARGIN
    for kind, text in LEGEND.items():
        if kind not in kinds:
            continue
        need = LEGEND_TEXT + sans_width(text, 10)
        if places and x + need > wide - MARGIN:
            x, y = MARGIN, y + LINE
        places.append((kind, x, y))
        x += need + 18.0
    return places


def label_width(row: Row) -> float:
    """How wide the label of a row is."""
    return mono_width(row.label, 11.0) if row.label else 0.0


def lay_out(trace: Trace, select: frozenset[str] | None = None, width: float = WIDTH) -> Layout:
    """The layout of every picture of the trace; what has room fills `width`."""
    cards = cards_of(trace, select)
    measure = Measure(trace, cards)
    need = measure.walk(cards.rows)
    return _Placing(cards, need, measure, width).layout()


class _Placing:
    """From needs to places."""

    def __init__(self, cards: Cards, need: Need, measure: Measure, width: float) -> None:
        self.cards = cards
        self.need = need
        self.measure = measure
        self.width = width
        self.boxes: dict[str, Box] = {}
        self.rows: dict[str, Box] = {}
        self.nodes: dict[str, Box] = {}
        #: List rows share one column of labels.
        self.labels = {card.key: self._labels(card) for card in cards}

    def _labels(self, card: Card) -> float:
        return max((label_width(row) for row in card.rows if row.many or card.kind == "locks"),
                   default=0.0)  # fmt: skip

    def _row_width(self, card: Card, row: Row) -> float:
        words = self.need.width[row.key]
        if row.many:
            room = FRAME_ROOM if card.kind == "frame" else LIST_ROOM
            words = max(words, min(room, self.need.whole[row.key]))
        label = self.labels[card.key] if row.many else label_width(row)
        if card.kind == "frame" and row.label:
            label *= 13 / 11
        between = 2 * GAP if label and words else 0.0
        return label + between + words + (SIGN + 2 * PAD if row.framed else 0.0)

    def _card_width(self, card: Card) -> float:
        # The note may be set in any font without serifs, some of which are wider.
        note = max(sans_width(card.note, 11), 11 * ANY_SANS * len(card.note))
        title = mono_width(card.title, 13) + GAP + note
        return 2 * PAD + max([title, *(self._row_width(card, row) for row in card.rows)])

    def _row_height(self, row: Row) -> float:
        if row.framed:
            return FRAMED
        if isinstance(row, CountRow):
            return NAME
        return ROW + (self.need.lines[row.key] - 1) * LINE

    def _card_height(self, card: Card) -> float:
        title = 6.0 if card.kind == "frame" else TITLE
        return title + sum(map(self._row_height, card.rows)) + 8.0

    def _put(self, card: Card, x: float, y: float, w: float) -> float:
        """Place a card; returns where the next one begins."""
        height = self._card_height(card)
        self.boxes[card.key] = Box(x, y, w, height)
        row_y = y + (6.0 if card.kind == "frame" else TITLE)
        for row in card.rows:
            high = self._row_height(row)
            inset = 6.0 if row.framed else PAD
            self.rows[row.key] = Box(x + inset, row_y, w - 2 * inset, high)
            row_y += high
        return y + height + BETWEEN

    def layout(self) -> Layout:
        cards, need = self.cards, self.need
        frames = [frame for node in cards.nodes for frame in node.frames]
        widths = [
            float(ceil(max(map(self._card_width, column), default=0.0)))
            for column in (cards.spaces, frames, cards.caches)
        ]
        left_w, frame_w, right_w = widths
        heads = [sans_width(f"{node.name}  1700 1700 frames free", 11) for node in cards.nodes]
        node_w = max([frame_w, *heads]) + 2 * PAD if frames else 0.0
        gutters = Gutters(self._wishes())
        left_g = max(GUTTER, gutters.left_need) if left_w and node_w else 0.0
        right_g = max(GUTTER, gutters.right_need) if right_w and node_w else 0.0
        total = 2 * MARGIN + left_w + left_g + node_w + right_g + right_w
        spare = max(0.0, self.width - total)
        sides = [bool(left_g), bool(right_g)]
        if spare and any(sides):
            # Small worlds: wide gutters, but the boxes take their share, or lines get too long.
            each = spare / sum(sides)
            left_g += min(each, ROOMY) * sides[0]
            right_g += min(each, ROOMY) * sides[1]
            rest = self.width - (2 * MARGIN + left_w + left_g + node_w + right_g + right_w)
            grow = max(0.0, rest) / sum(map(bool, widths))
            left_w, right_w = (w + grow if w else 0.0 for w in (left_w, right_w))
            node_w += grow
        head = 44.0
        corridor = gutters.corridor_need
        top = head + 18.0
        x_nodes = MARGIN + left_w + left_g
        x_right = x_nodes + node_w + right_g
        y = top
        for card in cards.spaces:
            y = self._put(card, MARGIN, y, left_w)
        bottom = y
        y = top + corridor
        for node in cards.nodes:
            start = y
            y += 26.0
            for frame in node.frames:
                y = self._put(frame, x_nodes + PAD, y, node_w - 2 * PAD) - CLOSER
            y += PAD - BETWEEN + CLOSER
            self.nodes[node.name] = Box(x_nodes, start, node_w, y - start)
            y += BETWEEN
        bottom = max(bottom, y)
        y = top
        for card in cards.caches:
            y = self._put(card, x_right, y, right_w)
        bottom = max(bottom, y)
        routes = gutters.routes(
            {key: (box.x, box.y, box.right, box.bottom) for key, box in self.rows.items()},
            {key: (box.x, box.y, box.right, box.bottom) for key, box in self.boxes.items()},
            left=(MARGIN + left_w, x_nodes),
            right=(x_nodes + node_w, x_right),
            corridor=top,
        )
        some = len(frames) < cards.pages - 1
        frames_title = f"frames: {len(frames)} of {cards.pages} are drawn" if some else "frames"
        titles = [("address spaces", MARGIN, left_w), (frames_title, x_nodes, node_w),
                 ("caches, lists and locks", x_right, right_w)]  # fmt: skip
        wide = max(total, self.width if any(widths) else 480.0, need.title + 2 * MARGIN)
        if spare and any(sides):
            wide = max(x_right + right_w + MARGIN if right_w else x_nodes + node_w + MARGIN, 760.0)
        kinds = {kind for ever in need.links.values() for kind in ever}
        legend = legend_places(kinds, wide, bottom + 12.0)
        more = max([bottom, *(y for _, _, y in legend)]) + 24.0
        high = more + need.more * LINE + (6.0 if need.more else -10.0)
        return Layout(
            cards=cards, size=(ceil(wide), ceil(high)), boxes=self.boxes, rows=self.rows,
            nodes=self.nodes, heads=[(name, x) for name, x, w in titles if w], routes=routes,
            legend=legend, head=head, more=more, shown=self.measure.shown,
            labels=self.labels,
        )  # fmt: skip

    def _wishes(self) -> list[Wish]:
        """The lines to be drawn, without places: who is joined to whom, and on which side."""
        left = {row.key for card in self.cards.spaces for row in card.rows}
        frames = {frame.key for node in self.cards.nodes for frame in node.frames}
        return [
            Wish(source, target, "left" if source in left else "right", target in frames)
            for source, target in self.need.links
        ]
