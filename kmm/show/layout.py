# SPDX-License-Identifier: GPL-2.0-only
"""Layout: where everything is, the same at every step of a trace.

Each box is as large as it must ever be (measure.py), each pair of things that is ever joined has
its own line (routes.py), and nothing moves from one picture to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from kmm.errors import KmmError
from kmm.show.cards import Cards, cards_of
from kmm.show.columns import MARGIN, Columns
from kmm.show.measure import FRAME_ROOMS, MORE_LINES, MORE_ROOM, Measure, Need
from kmm.show.routes import Gutters, Route, Wish
from kmm.show.sizes import LINE, Box, Plan, Sizes
from kmm.show.theme import any_sans_width, mono_width, sans_width
from kmm.sim import Trace

#: The width of a picture on paper, if none is asked for.
WIDTH = 1000.0
#: A picture of several columns may be by so much wider than asked for, where it is scaled to fit.
A_HAIR = 1.06

#: What the lines mean, in the order of the legend, and where its words begin behind the sign.
LEGEND = {
    "present": "present pte (write, dirty, young) or cache slot: a reference",
    "migration": "migration entry: no reference, whoever touches it waits",
    "swap": "swap entry: holds a swap slot",
    "buffer": "buffer of the page",
}
LEGEND_TEXT = 46.0
#: Where the headings of the columns stand below the title of a step.
HEAD = 40.0
#: Where the changes begin that no row shows.
MORE = 112.0

#: Plans for few frames, from roomy to narrow, and for many, from many columns to one.
FEW = (
    *(Plan(sides=True, columns=1, frame_room=frame, list_room=room)
      for frame, room in zip(FRAME_ROOMS, (112.0, 66.0, 66.0, 66.0), strict=True)),
    *(Plan(sides=False, columns=1, frame_room=frame, list_room=190.0) for frame in FRAME_ROOMS[1:]),
    Plan(sides=False, columns=1, frame_room=150.0, list_room=66.0),
)  # fmt: skip
MANY = tuple(
    Plan(sides=False, columns=columns, frame_room=250.0, list_room=room)
    for columns in (3, 2, 1) for room in (190.0, 112.0)
)  # fmt: skip
#: Small frames stand in several columns if there are more.
ONE_COLUMN = 12


@dataclass
class Layout:
    """The places: of cards and rows by key, of nodes by name, and the lines."""

    cards: Cards
    size: tuple[float, float]
    plan: Plan
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
    #: The cards that stand right of the frames: their lines begin at the left.
    right: frozenset[str]
    #: The most room for changes in words.
    more_room: float


def legend_places(kinds: set[str], wide: float, y: float) -> list[tuple[str, float, float]]:
    """Where each kind of line is explained: side by side as far as there is room."""
    places: list[tuple[str, float, float]] = []
    x = MARGIN
    for kind, text in LEGEND.items():
        if kind not in kinds:
            continue
        need = LEGEND_TEXT + 1.15 * sans_width(text, 11)
        if places and x + need > wide - MARGIN:
            x, y = MARGIN, y + LINE
        places.append((kind, x, y))
        x += need + 18.0
    return places


def plans_for(cards: Cards) -> tuple[Plan, ...]:
    """How the cards may be arranged, the best first."""
    return MANY if sum(frame.small for frame in cards.frames) > ONE_COLUMN else FEW


def lay_out(
    trace: Trace,
    select: frozenset[str] | None = None,
    width: float = WIDTH,
    *,
    strict: bool = False,
) -> Layout:
    """The layout of every picture of the trace; what has room fills `width`.

    What does not fit is wider, or if `strict` raises KmmError.
    """
    cards = cards_of(trace, select)
    measure = Measure(trace, cards)
    need = measure.walk(cards.rows)
    gutters: dict[bool, Gutters] = {}
    columns: list[Columns] = []
    for plan in plans_for(cards):
        if plan.sides not in gutters:
            gutters[plan.sides] = Gutters(_wishes(cards, need, plan))
        columns.append(Columns(cards, Sizes(cards, need, plan), gutters[plan.sides]))
        if columns[-1].least <= width * (1 if strict or plan.columns == 1 else A_HAIR):
            break
    best = min(columns, key=lambda column: max(column.least, width))
    least = max(best.least, _words_width(trace, need))
    if strict and least > width:
        raise KmmError(
            f"width={width:g} is too narrow for the pictures of this trace: "
            f"the smallest that works is {ceil(least)}"
        )
    return _drawn_up(best, measure, width)


def legend_width(kinds: Iterable[str]) -> float:
    """The room that the widest of these lines of the legend needs."""
    return max((LEGEND_TEXT + any_sans_width(LEGEND[kind], 11) for kind in kinds), default=0.0)


def _words_width(trace: Trace, need: Need) -> float:
    """The width that the words above and below the boxes need, in as many lines as it takes."""
    number = mono_width(f"after step 0 (0 to {len(trace) - 1}): ", 11)
    return 2 * MARGIN + max(need.title - number, number, legend_width(_kinds(need)), MORE + 300.0)


def _kinds(need: Need) -> set[str]:
    """The kinds of lines that ever occur."""
    return {kind for ever in need.links.values() for kind in ever}


def _drawn_up(columns: Columns, measure: Measure, width: float) -> Layout:
    """The places of all that there is."""
    cards, need = columns.cards, measure.need
    words = _words_width(measure.trace, need)
    whole = need.title + 2 * MARGIN
    wide = ceil(max(columns.least, words, width if cards.frames else min(whole, width)))
    head = HEAD + (LINE if whole > wide else 0.0)
    top = head + 18.0
    bottom = columns.place(width, top)
    wide = ceil(max(columns.right_edge, columns.least, words, min(whole, width)))
    routes = columns.gutters.routes(
        {key: (box.x, box.y, box.right, box.bottom) for key, box in columns.rows.items()},
        {key: (box.x, box.y, box.right, box.bottom) for key, box in columns.boxes.items()},
        left=(MARGIN + columns.left_w, columns.x_nodes),
        right=(columns.x_nodes + columns.node_w, columns.x_right),
        corridor=top,
        passages=columns.passages,
    )
    legend = legend_places(_kinds(need), wide, bottom + 12.0)
    more = max([bottom, *(y for _, _, y in legend)]) + 24.0
    more_room = min(MORE_ROOM, wide - MORE - MARGIN)
    lines = need.more if more_room == MORE_ROOM else MORE_LINES * bool(need.more)
    high = more + lines * LINE + (6.0 if lines else -10.0)
    return Layout(
        cards=cards, size=(wide, ceil(high)), plan=columns.plan, boxes=columns.boxes,
        rows=columns.rows, nodes=columns.nodes, heads=columns.heads(), routes=routes,
        legend=legend, head=head, more=more, shown=measure.shown, labels=columns.sizes.labels,
        right=frozenset(card.key for card in columns.right), more_room=more_room,
    )  # fmt: skip


def _wishes(cards: Cards, need: Need, plan: Plan) -> list[Wish]:
    """The lines to be drawn, without places: who is joined to whom, and on which side."""
    spaces = {row.key for card in cards.spaces for row in card.rows}
    frames = {frame.key for frame in cards.frames}
    return [
        Wish(
            source,
            target,
            "left" if source in spaces or not plan.sides else "right",
            "frame" if target in frames else "across" if plan.sides else "beside",
        )
        for source, target in need.links
    ]
