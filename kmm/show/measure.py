# SPDX-License-Identifier: GPL-2.0-only
"""What the rows of a picture need: one walk through the trace, before anything has a place.

Every row is asked what it says at each step that concerns it, and what it points at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from kmm.show.cards import Cards
from kmm.show.rows import MEMBERS, ListRow, Row
from kmm.show.spans import GAP, SIZE, Span, View, width, wrapped
from kmm.show.theme import mono_width
from kmm.show.words import code
from kmm.sim import Change, Trace

#: The rooms that words may wrap in, the words of a frame and the members of a list: which of them
#: is taken, the layout decides by the width that a picture has.
FRAME_ROOMS, LIST_ROOMS = (250.0, 205.0, 175.0, 150.0), (400.0, 190.0, 112.0, 66.0)
#: The room for what a step has changed besides, and the most lines that it gets.
MORE_ROOM, MORE_LINES = 700.0, 3
#: A list that gets longer has all the room that it can ever need: it names no more than so many.
MANY_LINES = 6
#: Steps that no function stands for are told by what they are.
STATEMENTS = ("assign", "BUG")


@dataclass
class Need:
    """What the rows need over the whole trace."""

    width: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    #: How many lines a row takes in each of its rooms.
    lines: dict[tuple[str, float], int] = field(default_factory=lambda: defaultdict(lambda: 1))
    #: The width of a row if it were never wrapped.
    whole: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    #: The pairs that are ever joined, with the kinds of their lines.
    links: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    #: How many lines the changes take that no row shows.
    more: int = 0
    #: The widest title of a step.
    title: float = 0.0


class Measure:
    """One walk through the trace: what does each row need?"""

    def __init__(self, trace: Trace, cards: Cards) -> None:
        self.trace = trace
        self.need = Need()
        self.rooms = {
            row.key: FRAME_ROOMS if card.kind == "frame" else LIST_ROOMS
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
        self.need.title = self._title()
        begin = 0
        for k, end in enumerate(columns.changes_end):
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
                self.need.more = max(self.need.more, len(more_words(unseen)))
        return self.need

    def _title(self) -> float:
        """The widest title of a step: there are few of them, and each is asked once."""
        trace, columns = self.trace, self.trace.columns
        once: dict[tuple[int, ...], int] = {}
        for k, (site, call) in enumerate(zip(columns.site, columns.call, strict=True)):
            own = k if trace.called(site).name in STATEMENTS else -1
            once[site, columns.call_site[call], columns.call_task[call], own] = k
        titles = [step_title(trace, None), *(step_title(trace, k) for k in once.values())]
        return max(mono_width(title, 11) for title in titles)

    def _ask(self, row: Row, view: View) -> None:
        need = self.need
        if isinstance(row, ListRow) and row.longest and self._is_long(row):
            return
        spans = row.spans(view)
        need.whole[row.key] = max(need.whole[row.key], width(spans))
        if row.many:
            widest = max((span.width for span in spans), default=0.0)
            need.width[row.key] = max(need.width[row.key], widest)
            for room in self.rooms[row.key]:
                lines = len(wrapped(spans, room))
                need.lines[row.key, room] = max(need.lines[row.key, room], lines)
        else:
            need.width[row.key] = max(need.width[row.key], width(spans))
        link = row.link(view)
        if link is not None and link.target in self.targets:
            need.links.setdefault((row.key, link.target), set()).add(link.kind)

    def _is_long(self, row: ListRow) -> bool:
        """The row is a list of many: then it has room for the most that it names."""
        rooms = self.rooms[row.key]
        if self.need.lines[row.key, rooms[-1]] <= MANY_LINES:
            return False
        each = mono_width("x" * max(4, row.longest), SIZE) + GAP
        for room in rooms:
            self.need.lines[row.key, room] = ceil((MEMBERS + 1) / max(1, (room + GAP) // each))
        return True


def unshown(trace: Trace, k: int, shown: frozenset[int]) -> list[Change]:
    """The changes of step k that no row shows."""
    columns = trace.columns
    begin, end = trace.changes_before(k), columns.changes_end[k]
    return [
        change
        for slot, change in zip(columns.slot[begin:end], trace[k].changes, strict=True)
        if slot not in shown and change.old != change.new
    ]


def step_title(trace: Trace, k: int | None) -> str:
    """What stands above the picture of a step; None is the start."""
    if k is None:
        return "the start, before step 0"
    step = trace[k]
    task = f"{step.task}, " if len(trace.tasks) > 1 else ""
    where = f" in {step.function}" if step.function else ""
    what = code(trace, step) if step.primitive in STATEMENTS else step.primitive
    return f"after step {k} (0 to {len(trace) - 1}): {task}{what}{where}"


def title_lines(title: str, room: float) -> list[str]:
    """The title of a step, in two lines where there is no room for one."""
    number, _, what = title.partition("): ")
    return [f"{number}):", what] if what and mono_width(title, SIZE) > room else [title]


def more_words(changes: Iterable[Change], room: float = MORE_ROOM) -> list[list[Span]]:
    """Changes in words, in at most MORE_LINES lines of at most `room`."""
    texts = [str(change) for change in changes]
    spans: list[Span] = []
    for n, text in enumerate(texts):
        whole = text if n == len(texts) - 1 else f"{text};"
        pieces = whole.split(" ") if mono_width(whole, SIZE) > room else [whole]
        spans += map(Span, pieces)
    lines = wrapped(spans, room)
    if len(lines) > MORE_LINES:
        left = sum(span.text.endswith(";") for line in lines[MORE_LINES - 1 :] for span in line)
        lines = [*lines[: MORE_LINES - 1], [Span(f"and {left + 1} more", "quiet")]]
    return lines
