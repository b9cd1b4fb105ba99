# SPDX-License-Identifier: GPL-2.0-only
"""Routes: lines of right angles that run in the gutters between the columns, never through a box.

Each source (a pte, a slot, a buffer) has a vertical lane of its own in its gutter for lines that
go up and one for lines that go down, and each line an own place where it ends at a frame; so two
lines cross at most, and never lie upon each other.  Lanes are given out in such an order that
neighbouring lines do not cross: of lines that go down, the upper begins nearer to the frames, of
lines that go up, farther from them.

A swap entry points at a slot.  On the other side its line takes the corridor above the frames; on
the same side it comes back through its gutter.  Where frames stand in several columns, lines to a
frame that is not in the first pass above those beside it, each in its own place, and go down in
front of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

#: left, top, right and bottom of a box.
Edges = tuple[float, float, float, float]
Point = tuple[float, float]

#: The room between two lanes, if there is room, and at least; so many lanes a gutter has at most.
LANE, LEAST = 9.0, 3.0
LANES = 60
#: With more lines than these a source has one lane for all its lines.
MANY = 16
#: Where the lines of a frame may end: not at its very corners, and so far apart.
FROM_EDGE, PORT = 8.0, 12.0
#: Lines that pass above frames: how far from them and from one another, and how many have a place.
CLEAR, PASS, PASSING = 3.5, 3.5, 8
#: The room of an arrow's head.
HEAD = 14.0


class Wish(NamedTuple):
    """A line to be drawn: from a row in the "left" or "right" column to a frame or a slot.

    `to` is "frame", or for a slot "across" if it is on the other side and else "beside".
    """

    source: str
    target: str
    side: str
    to: str

    @property
    def to_frame(self) -> bool:
        return self.to == "frame"


class Route(NamedTuple):
    """The corners of a line, from its source to its target."""

    points: tuple[Point, ...]


class Gutters:
    """The lanes of both gutters and of the corridor."""

    def __init__(self, wishes: list[Wish]) -> None:
        self.wishes = wishes
        self._through = [wish for wish in wishes if wish.to == "across"]
        #: Lines that came through the corridor go down to their slots in lanes of their own.
        self._arrivals = list(dict.fromkeys(wish.source for wish in self._through))
        self._crowded = {side: len(self._joined(side)) > MANY for side in ("left", "right")}
        self.left_need = self._room(self._most_lanes("left"))
        self.right_need = self._room(self._most_lanes("right") + len(self._arrivals))
        self.corridor_need = 10.0 + LANE * min(len(self._arrivals), 8) if self._through else 0.0
        self._ending = Counter(wish.target for wish in wishes if wish.to_frame)

    def _joined(self, side: str) -> set[tuple[str, str]]:
        return {(wish.source, wish.target) for wish in self.wishes if wish.side == side}

    def _most_lanes(self, side: str) -> int:
        # Nobody knows yet which lines go up and which go down: some sources need both lanes.
        joined = self._joined(side)
        sources = len({source for source, _ in joined})
        return sources if self._crowded[side] else min(len(joined), 2 * sources)

    @staticmethod
    def _room(lanes: int) -> float:
        return 24.0 + LEAST * min(lanes, LANES) if lanes else 0.0

    def between_need(self, frames: list[str]) -> float:
        """The room between two columns of frames, of which these are not in the first."""
        most = max((self._ending[frame] for frame in frames), default=0)
        return HEAD + PASS * min(max(most, 1), PASSING) + CLEAR

    def passage_need(self, frames: list[str]) -> float:
        """The room above a row of frames, of which these are not in the first column."""
        lines = sum(self._ending[frame] for frame in frames)
        return 2 * CLEAR + PASS * (min(lines, PASSING) - 1) if lines else 0.0

    def routes(
        self,
        rows: dict[str, Edges],
        cards: dict[str, Edges],
        *,
        left: tuple[float, float],
        right: tuple[float, float],
        corridor: float,
        passages: dict[str, float],
    ) -> dict[tuple[str, str], Route]:
        """Every line; `left` and `right` say where the gutters begin and end.

        `passages` says for each frame that is not in the first column where the room above it
        begins.
        """
        starts = {wish.source: _middle(rows[wish.source]) for wish in self.wishes}
        ports = _Ports(self.wishes, starts, cards)
        passing = _Passing(self.wishes, starts, cards, passages)
        goals: dict[tuple[str, str], float] = {}
        for wish in self.wishes:
            pair = wish.source, wish.target
            if wish.to_frame:
                goals[pair] = passing.at[pair][1] if pair in passing.at else ports.of(wish)
            else:
                into = _middle(rows[wish.target]) + 5.0
                goals[pair] = corridor if wish.to == "across" else into
        ways = {side: self._ways(side, starts, goals) for side in ("left", "right")}
        lanes = {
            **_lanes(ways["left"], starts, left, toward=1),
            **_lanes(ways["right"], starts, right, toward=-1, extra=len(self._arrivals)),
        }
        found: dict[tuple[str, str], Route] = {}
        for wish in self.wishes:
            pair = wish.source, wish.target
            y, goal = starts[wish.source], goals[pair]
            way = ways[wish.side][pair]
            lane = lanes[wish.source, way]
            edge = rows[wish.source][2 if wish.side == "left" else 0]
            points: tuple[Point, ...]
            if pair in passing.at:
                down, _ = passing.at[pair]
                port = ports.of(wish)
                points = ((edge, y), (lane, y), (lane, goal), (down, goal), (down, port),
                          (cards[wish.target][0], port))  # fmt: skip
            elif wish.to_frame:
                end = cards[wish.target][0 if wish.side == "left" else 2]
                points = ((edge, y), (lane, y), (lane, goal), (end, goal))
            elif wish.to == "beside":
                points = ((edge, y), (lane, y), (lane, goal), (rows[wish.target][2], goal))
            else:
                n = self._arrivals.index(wish.source)
                over = corridor + 2.0 + LANE * (n % 8)
                down = right[1] - 8.0 - LEAST * (n % LANES)
                into = _middle(rows[wish.target]) + 5.0
                points = ((edge, y), (lane, y), (lane, over), (down, over), (down, into),
                          (rows[wish.target][0], into))  # fmt: skip
            found[pair] = Route(_straight(points))
        return found

    def _ways(
        self, side: str, starts: dict[str, float], goals: dict[tuple[str, str], float]
    ) -> dict[tuple[str, str], str]:
        """Which way each line goes; where there are many, the way of most lines of its source."""
        joined = [(w.source, w.target) for w in self.wishes if w.side == side]
        ways = {pair: _way(starts[pair[0]], goals[pair]) for pair in joined}
        if not self._crowded[side]:
            return ways
        of_source: dict[str, list[float]] = defaultdict(list)
        for source, target in joined:
            of_source[source].append(goals[source, target])
        mean = {source: sum(ends) / len(ends) for source, ends in of_source.items()}
        return {pair: "up" if mean[pair[0]] < starts[pair[0]] else "down" for pair in joined}


def _middle(edges: Edges) -> float:
    return (edges[1] + edges[3]) / 2


def _straight(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points without corners that are none."""
    kept = list(points[:1])
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if not (before[0] == here[0] == after[0] or before[1] == here[1] == after[1]):
            kept.append(here)
    return (*kept, points[-1])


class _Ports:
    """Where each line ends at its frame: spread over the frame's side, by where it comes from."""

    def __init__(
        self, wishes: list[Wish], starts: dict[str, float], cards: dict[str, Edges]
    ) -> None:
        self._y: dict[tuple[str, str], float] = {}
        groups: dict[tuple[str, str], list[Wish]] = defaultdict(list)
        for wish in wishes:
            if wish.to_frame:
                groups[wish.target, wish.side].append(wish)
        taken = {side: {starts[w.source] for w in wishes if w.side == side}
                 for side in ("left", "right")}  # fmt: skip
        for (target, side), group in groups.items():
            _, top, _, bottom = cards[target]
            group.sort(key=lambda w: starts[w.source])
            edge = min(FROM_EDGE, 0.3 * (bottom - top))
            begins = [starts[wish.source] for wish in group]
            ends = _spread(begins, top + edge, bottom - edge)
            for wish, y in zip(group, ends, strict=True):
                others = taken[side] - {starts[wish.source]}
                self._y[wish.source, target] = _apart(y, others)

    def of(self, wish: Wish) -> float:
        """The height at which the line ends."""
        return self._y[wish.source, wish.target]


class _Passing:
    """Lines that pass above frames: at which height, and where each goes down to its frame.

    Of the lines above one row those to the farther column are the upper ones, and of those to one
    frame the upper goes down farther to the right and ends above the others: so none cross.
    """

    def __init__(
        self,
        wishes: list[Wish],
        starts: dict[str, float],
        cards: dict[str, Edges],
        passages: dict[str, float],
    ) -> None:
        #: For a source and a target (x, y).
        self.at: dict[tuple[str, str], Point] = {}
        rows: dict[float, list[Wish]] = defaultdict(list)
        for wish in wishes:
            if wish.to_frame and wish.target in passages:
                rows[passages[wish.target]].append(wish)
        for top, row in rows.items():
            row.sort(key=lambda w: (-cards[w.target][0], starts[w.source]))
            of_target: Counter[str] = Counter()
            for n, wish in enumerate(row):
                x = cards[wish.target][0] - HEAD - PASS * (of_target[wish.target] % PASSING)
                of_target[wish.target] += 1
                self.at[wish.source, wish.target] = x, top + CLEAR + PASS * (n % PASSING)


def _spread(starts: list[float], top: float, bottom: float) -> list[float]:
    """Heights between top and bottom, near to the starts (which are sorted) and apart."""
    step = min(PORT, (bottom - top) / len(starts))
    ends: list[float] = []
    for n, start in enumerate(starts):
        least = ends[-1] + step if ends else top
        most = bottom - step * (len(starts) - 1 - n)
        ends.append(max(least, min(start, most)))
    return ends


def _apart(y: float, others: set[float]) -> float:
    """A height near y at which no other line begins: it would lie upon the one that ends here."""
    tries = (y + shift for shift in (0.0, 2.5, -2.5, 5.0, -5.0))
    return next((t for t in tries if all(abs(t - other) >= 2.0 for other in others)), y)


def _way(start: float, goal: float) -> str:
    return "up" if goal < start else "down" if goal > start else "straight"


def _lanes(
    lines: dict[tuple[str, str], str],
    starts: dict[str, float],
    gutter: tuple[float, float],
    *,
    toward: int,
    extra: int = 0,
) -> dict[tuple[str, str], float]:
    """The lane of each source and way, of `lines` with their ways.

    `toward`: the frames are to the right (1) or to the left (-1).
    """
    ways = [(source, way) for (source, _), way in lines.items()]
    up = sorted({lane for lane in ways if lane[1] == "up"}, key=lambda lane: starts[lane[0]])
    down = sorted({lane for lane in ways if lane[1] == "down"}, key=lambda lane: -starts[lane[0]])
    order = up + down
    begin = gutter[0] if toward > 0 else gutter[1]
    count = min(len(order), LANES)
    kept = LEAST * min(extra, LANES)
    room = gutter[1] - gutter[0] - 24.0 - kept
    spacing = min(LANE + 3.0, max(LEAST, room / max(count, 1)))
    middle = begin + toward * (12.0 + kept + room / 2)
    first = middle - toward * spacing * (count - 1) / 2
    lanes = {lane: first + toward * spacing * (n % LANES) for n, lane in enumerate(order)}
    # A straight line has no vertical part, so any place will do.
    return {lane: lanes.get(lane, middle) for lane in ways}
