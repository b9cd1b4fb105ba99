# SPDX-License-Identifier: GPL-2.0-only
"""What the rows of a picture need: one walk through the trace, before anything has a place.

Every row is asked what it says at each step that concerns it, and what it points at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import compress, count
from math import ceil

from kmm.show.cards import Cards
from kmm.show.moments import moments
from kmm.show.rows import MEMBERS, ListRow, Row
from kmm.show.spans import GAP, SIZE, Span, View, width, wrapped
from kmm.show.theme import mono_width
from kmm.show.words import STATEMENTS, code
from kmm.sim import Change, Trace

#: The rooms that words may wrap in, the words of a frame and the members of a list: which of them
#: is taken, the layout decides by the width that a picture has.
FRAME_ROOMS, LIST_ROOMS = (250.0, 205.0, 175.0, 150.0), (400.0, 190.0, 112.0, 66.0)
#: The room for what a step has changed besides, and the most lines that it gets.
MORE_ROOM, MORE_LINES = 700.0, 3
#: A list that gets longer has all the room that it can ever need: it names no more than so many.
MANY_LINES = 6


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
        #: What has been asked already: a lock is taken and released a thousand times.
        self._asked: set[tuple[str, tuple[int | None, ...]]] = set()
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
        for state, touched, view in moments(self.trace, self.by_slot):
            about = {row.key: row for slot in touched for row in self.by_slot[slot]}
            for row in about.values() if state else rows:
                self._ask(row, view)
        self.need.title = self._title()
        self.need.more = self._more()
        return self.need

    def _more(self) -> int:
        """How many lines the changes take that no row shows."""
        trace, columns, shown = self.trace, self.trace.columns, self.shown
        changes = zip(trace.change_steps, columns.slot, columns.old, columns.new, strict=True)
        most = Counter(step for step, slot, old, new in changes if old != new and slot not in shown)
        del most[len(trace)]  # the changes of a step that was never finished
        lines = 0
        for step, unseen in most.most_common():
            # So many changes take so many lines at most, and no other step has more of them.
            if lines >= min(unseen, MORE_LINES):
                break
            lines = max(lines, len(more_words(unshown(trace, step, shown))))
        return lines

    def _title(self) -> float:
        """The widest title of a step: there are few of them, and each is asked once."""
        trace, columns = self.trace, self.trace.columns
        functions = map(columns.call_site.__getitem__, columns.call)
        tasks = map(columns.call_task.__getitem__, columns.call)
        once = dict(zip(zip(columns.site, functions, tasks, strict=True), count(), strict=False))
        own = {
            site for site in set(columns.site) if trace.called(site).name in STATEMENTS
        }  # an assignment is told as it stands
        steps = [*once.values(), *compress(count(), map(own.__contains__, columns.site))]
        titles = [step_title(trace, None), *(step_title(trace, k) for k in steps)]
        return max(mono_width(title, 11) for title in titles)

    def _ask(self, row: Row, view: View) -> None:
        need = self.need
        if isinstance(row, ListRow) and row.longest and self._is_long(row):
            return
        numbers = row.key, view.numbers(row.slots)
        if numbers in self._asked:
            return
        self._asked.add(numbers)
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
    cut = ", cut off" if trace.stopped else ""
    return f"after step {k} (0 to {len(trace) - 1}{cut}): {task}{what}{where}"


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
