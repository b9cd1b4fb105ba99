# SPDX-License-Identifier: GPL-2.0-only
"""The picture at every step of a trace, for the browser to draw.

Places and words are those of trace.svg: the layout is worked out once, and each row is asked what
it says after each step that concerns it.  What is sent of a row is, for each such state, what it
says with the changes marked (for the step itself) and without (for all that follow), its sign, and
what it points at.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from kmm.show.cards import Card
from kmm.show.columns import MARGIN
from kmm.show.layout import LEGEND, Layout, lay_out, legend_places, legend_width
from kmm.show.moments import moments
from kmm.show.rows import ListRow, LockRow, Row
from kmm.show.sizes import Box
from kmm.show.spans import Span, View
from kmm.sim import Trace

#: The width of a picture that has its place beside the code.
WIDTH = 760.0
#: How a row is written: its words behind its label, at the end of its line, or over several lines.
PLAIN, AT_END, SEVERAL, BEHIND_LABELS = 0, 1, 2, 3


class _Table:
    """Different things, each with its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, thing: Any) -> int:
        return self.numbers.setdefault(thing, len(self.numbers))


class _Film:
    """What one row says from each state on."""

    def __init__(self, row: Row, spans: _Table, looks: _Table) -> None:
        self.row, self._spans, self._looks = row, spans, looks
        #: What it says of which numbers: a lock is taken and released a thousand times.
        self._known: dict[tuple[int | None, ...], tuple[int, int, int]] = {}
        self.states: list[int] = []
        self.marked: list[int] = []
        self.plain: list[int] = []
        self.look: list[int] = []

    def add(self, state: int, marked: View, plain: View) -> None:
        """State `state` is as these views say; it is left out where it says nothing new."""
        numbers = marked.numbers(self.row.slots)
        if numbers not in self._known:
            self._known[numbers] = self._asked(marked, plain)
        told, new, look = self._known[numbers]
        if self.states and told == new == self.plain[-1] and look == self.look[-1]:
            return
        self.states.append(state)
        self.marked.append(told)
        self.plain.append(new)
        self.look.append(look)

    def _asked(self, marked: View, plain: View) -> tuple[int, int, int]:
        row, link = self.row, self.row.link(plain)
        pointed = (row.sign(plain), *(link or ("", "")))
        said = self._said(row.spans(marked)), self._said(row.spans(plain))
        return *said, self._looks.number(pointed)

    def _said(self, spans: list[Span]) -> int:
        return self._spans.number(tuple((span.text, span.look) for span in spans))

    def to_dict(self) -> dict[str, Any]:
        return {
            "states": self.states,
            "marked": self.marked,
            "plain": self.plain,
            "look": self.look,
        }


def filmstrip(trace: Trace) -> dict[str, Any]:
    """The places of everything, and what every row says at every step."""
    layout = lay_out(trace, width=WIDTH)
    spans, looks = _Table(), _Table()
    films = {row.key: _Film(row, spans, looks) for row in layout.cards.rows}
    by_slot: dict[int, list[_Film]] = defaultdict(list)
    for film in films.values():
        for slot in film.row.slots:
            by_slot[slot].append(film)
    for state, touched, marked in moments(trace, by_slot):
        about = _about(touched, by_slot) if state else films.values()
        plain = marked.unmarked()
        for film in about:
            film.add(state, marked, plain)
    kinds = {kind for kind, _, _ in layout.legend}
    width = MARGIN + max([legend_width(kinds), *(box.right for box in _all(layout))])
    bottom = max([layout.head, *(box.bottom for box in _all(layout))])
    legend = legend_places(kinds, width, bottom + 18.0)
    return {
        "width": width,
        "top": layout.head - 8,
        "height": max([bottom, *(y for _, _, y in legend)]) + 14.0,
        "heads": [[name, x, layout.head + 8] for name, x in layout.heads],
        "nodes": [
            {"name": node.name, "box": _box(layout.nodes[node.name]), "free": node.free}
            for node in layout.cards.nodes
        ],
        "cards": [_card(layout, card, films) for card in layout.cards],
        "routes": [[*pair, _points(route.points)] for pair, route in layout.routes.items()],
        "legend": [[kind, x, y, LEGEND[kind]] for kind, x, y in legend],
        "spans": list(spans.numbers),
        "looks": list(looks.numbers),
    }


def _about(slots: list[int], by_slot: dict[int, list[_Film]]) -> list[_Film]:
    films = {film.row.key: film for slot in slots for film in by_slot[slot]}
    return list(films.values())


def _all(layout: Layout) -> list[Box]:
    return [*layout.boxes.values(), *layout.nodes.values()]


def _box(box: Box) -> list[float]:
    return [round(number, 1) for number in (box.x, box.y, box.w, box.h)]


def _points(points: tuple[tuple[float, float], ...]) -> list[float]:
    return [round(number, 1) for point in points for number in point]


def _card(layout: Layout, card: Card, films: dict[str, _Film]) -> dict[str, Any]:
    return {
        "key": card.key, "title": card.title, "note": card.note, "kind": card.kind,
        "base": card.base, "free": card.free, "box": _box(layout.boxes[card.key]),
        "labels": layout.labels[card.key], "right": card.key in layout.right,
        "rows": [
            {
                "key": row.key, "label": row.label, "framed": row.framed,
                "way": _way(card, row), "box": _box(layout.rows[row.key]),
                **films[row.key].to_dict(),
            }
            for row in card.rows
        ],
    }  # fmt: skip


def _way(card: Card, row: Row) -> int:
    if row.many:
        return BEHIND_LABELS if isinstance(row, ListRow) else SEVERAL
    named = card.kind == "frame" and bool(row.label)
    return AT_END if row.framed or named or isinstance(row, LockRow) else PLAIN
