# SPDX-License-Identifier: GPL-2.0-only
"""Layout: where everything is, the same at every step of a trace.

The trace is walked through once, and every row is asked what it says at each step that concerns
it.  So each box is as large as it must ever be, each pair of things that is ever joined has its own
line (routes.py), and nothing moves from one picture to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from kmm.show.cards import Card, Cards, cards_of
from kmm.show.routes import Gutters, Route, Wish
from kmm.show.rows import Row
from kmm.show.spans import GAP, Span, View, width, wrapped
from kmm.show.theme import mono_width, sans_width
from kmm.sim import Change, Trace

MARGIN = 16.0
#: A small world fills this width; a large one is as wide as it must be.
WIDTH = 1000.0
#: The heights of a card's title, of a row, of a row in a frame of its own, of a line of words.
TITLE, ROW, FRAMED, LINE = 24.0, 17.0, 24.0, 15.0
PAD = 10.0
BETWEEN = 12.0
#: The room for words that wrap: the flags of a frame, the members of a list.
FRAME_ROOM, LIST_ROOM = 250.0, 112.0
#: Signs at the end of a row.
SIGN = 16.0
#: Lines below the picture for what a step has changed besides.
MORE_LINES = 3
#: The least room between two columns, in which the lines run.
GUTTER = 56.0


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
class Need:
    """What the rows need over the whole trace."""

    width: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lines: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    #: The pairs that are ever joined, with the kinds of their lines.
    links: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    #: How many lines the changes take that no row shows.
    more: int = 0
    #: The widest title of a step.
    title: float = 0.0


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
    kinds: frozenset[str]
    #: Where the title, the headings, the legend and the changes that no row shows are written.
    head: float
    legend: float
    more: float
    #: The slots that some row shows.
    shown: frozenset[int]
    #: How far the labels of the rows of a card reach.
    labels: dict[str, float]


def step_title(trace: Trace, k: int | None) -> str:
    """What stands above the picture of a step; None is the start."""
    if k is None:
        return "the start, before step 0"
    step = trace[k]
    task = f"{step.task}, " if len(trace.tasks) > 1 else ""
    where = f" in {step.function}" if step.function else ""
    return f"after step {k} of 0 to {len(trace) - 1}: {task}{step.primitive}{where}"


def more_words(changes: Iterable[Change], room: float) -> list[list[Span]]:
    """Changes in words, in at most MORE_LINES lines."""
    spans = [Span(str(change)) for change in changes]
    lines = wrapped(spans, room)
    if len(lines) > MORE_LINES:
        left = sum(map(len, lines[MORE_LINES:])) + len(lines[MORE_LINES - 1])
        lines = [*lines[: MORE_LINES - 1], [Span(f"and {left} more", "quiet")]]
    return lines


def label_width(row: Row) -> float:
    """How wide the label of a row is."""
    return mono_width(row.label, 11.0) if row.label else 0.0


class Measure:
    """One walk through the trace: what does each row need?"""

    def __init__(self, trace: Trace, cards: Cards) -> None:
        self.trace = trace
        self.need = Need()
        self.rooms = {
            row.key: FRAME_ROOM if card.kind == "frame" else LIST_ROOM
            for card in cards for row in card.rows
        }  # fmt: skip
        self.pages = {frame.key for node in cards.nodes for frame in node.frames}
        self.targets = self.pages | {row.key for row in cards.rows}
        self.by_slot: dict[int, list[Row]] = defaultdict(list)
        for row in cards.rows:
            for slot in row.slots:
                self.by_slot[slot].append(row)
        shown_bases = {card.base for card in cards}
        zones = {node.free for node in cards.nodes}
        self.shown = frozenset(self.by_slot) | shown_bases | zones

    def walk(self, rows: Iterable[Row]) -> Need:
        trace, columns = self.trace, self.trace.columns
        numbers = trace.state(0).numbers
        start = View(trace.values, numbers, {})
        for row in rows:
            self._ask(row, start)
        self.need.title = mono_width(step_title(trace, None), 11)
        begin = 0
        for k, end in enumerate(columns.changes_end):
            self.need.title = max(self.need.title, mono_width(step_title(trace, k), 11))
            if begin == end:
                continue
            old: dict[int, int] = {}
            for slot, was, new in zip(
                columns.slot[begin:end], columns.old[begin:end], columns.new[begin:end], strict=True
            ):
                old.setdefault(slot, was)
                numbers[slot] = new
            begin = end
            view = View(trace.values, numbers, old)
            touched = {row.key: row for slot in old for row in self.by_slot.get(slot, ())}
            for row in touched.values():
                self._ask(row, view)
            if not self.shown.issuperset(old):
                unseen = unshown(trace, k, self.shown)
                self.need.more = max(self.need.more, len(more_words(unseen, WIDTH - 200)))
        return self.need

    def _ask(self, row: Row, view: View) -> None:
        need = self.need
        spans = row.spans(view)
        if row.many:
            room = self.rooms[row.key]
            widest = max((span.width for span in spans), default=0.0)
            need.width[row.key] = max(need.width[row.key], widest)
            # A short last line can hide that words of the same number need one line more later.
            need.lines[row.key] = max(need.lines[row.key], len(wrapped(spans, room)))
        else:
            need.width[row.key] = max(need.width[row.key], width(spans))
        link = row.link(view)
        if link is not None and link.target in self.targets:
            need.links.setdefault((row.key, link.target), set()).add(link.kind)


def unshown(trace: Trace, k: int, shown: frozenset[int]) -> list[Change]:
    """The changes of step k that no row shows."""
    columns = trace.columns
    begin, end = trace.changes_before(k), columns.changes_end[k]
    return [
        change
        for slot, change in zip(columns.slot[begin:end], trace[k].changes, strict=True)
        if slot not in shown and change.old != change.new
    ]


def lay_out(trace: Trace, select: frozenset[str] | None = None) -> Layout:
    """The layout of every picture of the trace."""
    cards = cards_of(trace, select)
    measure = Measure(trace, cards)
    need = measure.walk(cards.rows)
    return _Placing(cards, need, measure).layout()


class _Placing:
    """From needs to places."""

    def __init__(self, cards: Cards, need: Need, measure: Measure) -> None:
        self.cards = cards
        self.need = need
        self.measure = measure
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
            words = max(words, room)
        label = self.labels[card.key] if row.many else label_width(row)
        if card.kind == "frame" and row.label:
            label *= 13 / 11
        return label + (2 * GAP if label and words else 0) + words + (
            SIGN + 2 * PAD if row.framed else 0
        )

    def _card_width(self, card: Card) -> float:
        title = mono_width(card.title, 13) + GAP + sans_width(card.note, 11)
        return 2 * PAD + max([title, *(self._row_width(card, row) for row in card.rows)])

    def _row_height(self, row: Row) -> float:
        if row.framed:
            return FRAMED
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
            ceil(max(map(self._card_width, column), default=0.0))
            for column in (cards.spaces, frames, cards.caches)
        ]
        left_w, frame_w, right_w = widths
        node_w = max([frame_w, *(sans_width(f"{node.name} 1700 frames free", 11, bold=True)
                                 for node in cards.nodes)]) + 2 * PAD if frames else 0.0  # fmt: skip
        gutters = Gutters(self._wishes())
        left_g = max(GUTTER, gutters.left_need) if left_w and node_w else 0.0
        right_g = max(GUTTER, gutters.right_need) if right_w and node_w else 0.0
        total = 2 * MARGIN + left_w + left_g + node_w + right_g + right_w
        spare = max(0.0, WIDTH - total)
        sides = [bool(left_g), bool(right_g)]
        if spare and any(sides):
            # Small worlds: wide gutters, but the boxes take their share, or lines get too long.
            each = spare / sum(sides)
            left_g += min(each, 90.0) * sides[0]
            right_g += min(each, 90.0) * sides[1]
            rest = WIDTH - (2 * MARGIN + left_w + left_g + node_w + right_g + right_w)
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
                y = self._put(frame, x_nodes + PAD, y, node_w - 2 * PAD)
            y += PAD - BETWEEN
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
        heads = [("address spaces", MARGIN, left_w), ("frames", x_nodes, node_w),
                 ("caches, lists and locks", x_right, right_w)]  # fmt: skip
        wide = max(total, WIDTH if any(widths) else 480.0, need.title + 2 * MARGIN)
        if spare and any(sides):
            wide = max(x_right + right_w + MARGIN if right_w else x_nodes + node_w + MARGIN, 760.0)
        more = bottom + 44.0
        high = more + need.more * LINE + (6.0 if need.more else -10.0)
        return Layout(
            cards=cards, size=(ceil(wide), ceil(high)), boxes=self.boxes, rows=self.rows,
            nodes=self.nodes, heads=[(name, x) for name, x, w in heads if w], routes=routes,
            kinds=frozenset(kind for kinds in need.links.values() for kind in kinds),
            head=head, legend=bottom + 16.0, more=more, shown=self.measure.shown,
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
