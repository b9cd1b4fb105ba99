# SPDX-License-Identifier: GPL-2.0-only
"""Routes: lines of right angles that run in the gutters between the columns, never through a box.

Each source (a pte, a slot, a buffer) has a vertical lane of its own in its gutter for lines that
go up and one for lines that go down, and each line an own place where it ends at a frame; so two
lines cross at most, and never lie upon each other.  Lanes are given out in such an order that
neighbouring lines do not cross: of lines that go down, the upper begins nearer to the frames, of
lines that go up, farther from them.

A swap entry points at a slot on the other side: its line takes the corridor above the frames.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

#: left, top, right and bottom of a box.
Edges = tuple[float, float, float, float]
Point = tuple[float, float]

#: The room between two lanes, if there is room, and at least; so many lanes a gutter has at most.
LANE, LEAST = 9.0, 4.0
LANES = 60
#: Where the lines of a frame may end: not at its very corners, and so far apart.
FROM_TOP, FROM_BOTTOM, PORT = 8.0, 8.0, 12.0


class Wish(NamedTuple):
    """A line to be drawn: from a row in the "left" or "right" column to a frame or a slot."""

    source: str
    target: str
    side: str
    to_frame: bool


class Route(NamedTuple):
    """The corners of a line, from its source to its target."""

    points: tuple[Point, ...]


class Gutters:
    """The lanes of both gutters and of the corridor."""

    def __init__(self, wishes: list[Wish]) -> None:
        self.wishes = wishes
        self._through = [wish for wish in wishes if not wish.to_frame]
        self._sources: dict[str, list[str]] = {
            side: list(dict.fromkeys(w.source for w in wishes if w.side == side))
            for side in ("left", "right")
        }
        #: Lines that came through the corridor go down to their slots in lanes of their own.
        self._arrivals = list(dict.fromkeys(wish.source for wish in self._through))
        # Nobody knows yet which lines go up and which go down: some sources need both lanes.
        joined = {side: {(w.source, w.target) for w in wishes if w.side == side}
                  for side in ("left", "right")}  # fmt: skip
        self.left_need, self.right_need = (
            self._room(min(len(joined[side]), 2 * len(self._sources[side])) + more)
            for side, more in (("left", 0), ("right", len(self._arrivals)))
        )
        self.corridor_need = 10.0 + LANE * min(len(self._arrivals), 8) if self._through else 0.0

    @staticmethod
    def _room(lanes: int) -> float:
        return 24.0 + LEAST * min(lanes, LANES)

    def routes(
        self,
        rows: dict[str, Edges],
        cards: dict[str, Edges],
        *,
        left: tuple[float, float],
        right: tuple[float, float],
        corridor: float,
    ) -> dict[tuple[str, str], Route]:
        """Every line; `left` and `right` say where the gutters begin and end."""
        starts = {wish.source: _middle(rows[wish.source]) for wish in self.wishes}
        ports = _Ports(self.wishes, starts, cards)
        goals = {(w.source, w.target): ports.of(w) if w.to_frame else corridor for w in self.wishes}
        ways = {side: [(w.source, _way(starts[w.source], goals[w.source, w.target]))
                       for w in self.wishes if w.side == side]
                for side in ("left", "right")}  # fmt: skip
        lanes = {
            **_lanes(ways["left"], starts, left, toward=1),
            **_lanes(ways["right"], starts, right, toward=-1, extra=len(self._arrivals)),
        }
        found: dict[tuple[str, str], Route] = {}
        for wish in self.wishes:
            y = starts[wish.source]
            goal = goals[wish.source, wish.target]
            lane = lanes[wish.source, _way(y, goal)]
            edge = rows[wish.source][2 if wish.side == "left" else 0]
            points: tuple[Point, ...]
            if wish.to_frame:
                end = cards[wish.target][0 if wish.side == "left" else 2]
                points = ((edge, y), (lane, y), (lane, goal), (end, goal))
            else:
                n = self._arrivals.index(wish.source)
                over = corridor + 2.0 + LANE * (n % 8)
                down = right[1] - 8.0 - LEAST * (n % LANES)
                into = _middle(rows[wish.target]) + 5.0
                points = ((edge, y), (lane, y), (lane, over), (down, over), (down, into),
                          (rows[wish.target][0], into))  # fmt: skip
            found[wish.source, wish.target] = Route(_straight(points))
        return found


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
            ends = _spread(
                [starts[wish.source] for wish in group], top + FROM_TOP, bottom - FROM_BOTTOM
            )
            for wish, y in zip(group, ends, strict=True):
                others = taken[side] - {starts[wish.source]}
                self._y[wish.source, target] = _apart(y, others)

    def of(self, wish: Wish) -> float:
        """The height at which the line ends."""
        return self._y[wish.source, wish.target]


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
    ways: list[tuple[str, str]],
    starts: dict[str, float],
    gutter: tuple[float, float],
    *,
    toward: int,
    extra: int = 0,
) -> dict[tuple[str, str], float]:
    """The lane of each source and way; `toward`: the frames are to the right (1) or left (-1)."""
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
