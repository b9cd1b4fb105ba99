# SPDX-License-Identifier: GPL-2.0-only
"""trace.svg(k): the state after step k as a picture, with what the step changed.

trace.svg(36)                   state(37), and what trace[36] changed: old struck out, new in bold
trace.svg(None)                 the start, with nothing marked
trace.svg(36, select="p0")      only what has to do with p0
trace.svg(36, width=600)        at most so wide, for a handout
trace.svg(36).save("step.svg")

The places are the same at every step (layout.py).  The picture has its own light and dark colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from kmm.errors import KmmError, WrongType
from kmm.explain.once import once
from kmm.show.cards import Card
from kmm.show.columns import MARGIN
from kmm.show.layout import LEGEND, LEGEND_TEXT, MORE, Layout, lay_out
from kmm.show.measure import more_words, step_title, title_lines, unshown
from kmm.show.pen import Pen
from kmm.show.picture import Picture
from kmm.show.rows import ListRow, LockRow, Row
from kmm.show.sizes import LINE, PAD, SIGN, Box
from kmm.show.spans import GAP, View, wrapped
from kmm.show.theme import css, mono_width, sans_width
from kmm.show.words import sentence, state_words
from kmm.sim import Trace
from kmm.sim.numbered import numbered


@Trace.extend
def svg(
    trace: Trace,
    k: int | None,
    select: str | Iterable[str] | None = None,
    *,
    theme: str = "auto",
    width: float | None = None,
    since: int | None = None,
) -> Picture:
    """The state after step k, and what the step changed.

    Arguments: `k` the number of a step, -1 for the last, None for the start, before the first step.
    `select`: a page or several by name; only they, and what has to do with them, are drawn.
    `theme`: "light", "dark", or "auto" for what the reader's screen prefers.
    `width`: the most that the picture may be wide, in pixels, 600 for a handout; without it a large
    world is as wide as it must be.
    `since`: the number of a step, from which on it is shown what has changed.

    Returns a Picture, which a notebook shows; `.text` is the SVG, `.save(path)` writes it.

    Raises IndexError for a step that the trace does not have, KmmError for a page that it does not
    know and for a width that is too narrow, with the smallest that works.
    """
    if k is not None:
        k = numbered(k, len(trace), "step")
    if since is not None:
        since = numbered(since, len(trace), "step")
    layouts = once(trace, _Layouts)
    pages = None if select is None else _pages(select)
    drawing = _Drawing(trace, k, layouts.of(pages, width), since)
    title = drawing.title
    told = sentence(trace, k) if since is None else ""
    return Picture(
        text=drawing.svg(theme),
        alt=drawing.alt,
        caption=f"{title[:1].upper()}{title[1:]}. {told}".strip(),
        size=drawing.layout.size,
    )


def _pages(select: Any) -> frozenset[str]:
    """The names of pages, one or several."""
    one = isinstance(select, str | bytes | Mapping) or not isinstance(select, Iterable)
    names = [select] if one else list(select)
    for name in names:
        if not isinstance(name, str):
            raise WrongType(f'select names pages by texts, as in ["p0", "p1"], not {name!r:.60}')
    return frozenset(names)


class _Layouts:
    """The layouts of a trace, one for each selection of pages and each width."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._known: dict[tuple[frozenset[str] | None, float | None], Layout] = {}

    def of(self, select: frozenset[str] | None, width: float | None) -> Layout:
        if (select, width) not in self._known:
            self._known[select, width] = (
                lay_out(self._trace, select)
                if width is None
                else lay_out(self._trace, select, checked(width), strict=True)
            )
        return self._known[select, width]


def checked(width: object) -> float:
    """The width as a number of pixels; KmmError if it is none."""
    if isinstance(width, bool) or not isinstance(width, int | float) or not isfinite(width):
        raise KmmError(f"width is a number of pixels, not {width!r}")
    return float(width)


class _Drawing:
    """One picture."""

    def __init__(
        self, trace: Trace, k: int | None, layout: Layout, since: int | None = None
    ) -> None:
        self.trace, self.k, self.layout = trace, k, layout
        self.one = since is None
        first = k if since is None else since
        several = f"after steps {first} to {k}" if first != k else f"after step {k}"
        self.title = step_title(trace, k) if self.one else several
        self.alt = state_words(trace, k, "" if self.one else several.capitalize())
        self.pen = Pen()
        old: dict[int, int] = {}
        if k is not None and first is not None and first <= k:
            columns = trace.columns
            begin, end = trace.changes_before(first), columns.changes_end[k]
            for slot, was in zip(columns.slot[begin:end], columns.old[begin:end], strict=True):
                old.setdefault(slot, was)
        numbers = trace.state(0 if k is None else k + 1).numbers
        if not self.one:
            old = {slot: was for slot, was in old.items() if numbers[slot] != was}
        self.view = View(trace.values, numbers, old)

    def svg(self, theme: str) -> str:
        """The whole document."""
        wide, high = self.layout.size
        pen, layout = self.pen, self.layout
        pen.rect(0.5, 0.5, wide - 1, high - 1, "f-paper s-edge thin", 6)
        self._head()
        for node in layout.cards.nodes:
            self._node(node.name, layout.nodes[node.name], node.free)
        for card in layout.cards:
            self._card(card)
        self._lines()
        self._legend()
        self._more()
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}"'
            f' width="{wide:g}" height="{high:g}" role="img" aria-labelledby="t">'
        )
        label = Pen()
        label.title(self.alt)
        title = label.text.replace("<title>", '<title id="t">')
        return f"{head}\n{title}\n<style>{css(theme)}</style>\n{pen.text}\n</svg>\n"

    def _head(self) -> None:
        name = self.trace.about.get("scenario") or ""
        pen, layout = self.pen, self.layout
        wide = layout.size[0]
        lines = title_lines(self.title, wide - 2 * MARGIN)
        for n, line in enumerate(lines):
            pen.write(MARGIN, 20 + n * LINE, line, "f-ink bold")
        room = wide - 2 * MARGIN - 32 - mono_width(lines[0], 11)
        if name and mono_width(name, 11) < room:
            pen.write(wide - MARGIN, 20, name, "f-quiet", end=True)
        for text, x in layout.heads:
            pen.write(x, layout.head + 8, text, "sans bold f-quiet")

    def _node(self, name: str, box: Box, free: int) -> None:
        pen = self.pen
        changed = self.view.changed(free)
        pen.begin(data_node=name)
        pen.rect(box.x, box.y, box.w, box.h, "none thin dots s-edge")
        pen.write(box.x + PAD, box.y + 17, name, "sans bold f-quiet")
        x = box.right - PAD - sans_width("frames free", 11)
        pen.write(x, box.y + 17, "frames free", "sans f-quiet")
        for span in reversed(self.view.spans(free)):
            x -= span.width + GAP
            pen.spans(x, box.y + 17, [span])
        if changed:
            pen.path(f"M{x - 4:g} {box.y + 21:g}H{box.right - PAD:g}", "line s-changed")
        pen.end()

    def _card(self, card: Card) -> None:
        pen, box = self.pen, self.layout.boxes[card.key]
        there = self.view[card.base] if card.base >= 0 else 1
        unused = not there or (card.free >= 0 and self.view[card.free])
        changed = self._changed(card)
        pen.begin(class_=f"card {card.kind}", data_card=card.key)
        look = "f-card s-changed thick" if changed else "f-card s-edge thin"
        if unused:
            look = f"none dots {'s-changed thick' if changed else 's-edge thin'}"
        if changed and card.kind == "frame" and not unused:
            look = look.replace("f-card", "f-wash")
        pen.rect(box.x, box.y, box.w, box.h, look)
        if card.kind != "frame":
            pen.write(box.x + PAD, box.y + 16, card.title, "name f-ink")
            x = box.x + PAD + mono_width(card.title, 13) + GAP
            pen.write(x, box.y + 16, card.note, "sans f-quiet")
        if there:
            for row in card.rows:
                self._row(card, row)
        else:
            # What has a title says so below it.
            frame = card.kind == "frame"
            y = min(19.0, box.h / 2 + 4) if frame else 34.0
            words = "a free frame" if frame else "not there"
            pen.write(box.x + PAD, box.y + y, words, "sans f-quiet")
        pen.end()

    def _changed(self, card: Card) -> bool:
        slots = [slot for row in card.rows for slot in row.slots]
        return self.view.changed(*slots, *([card.base] if card.base >= 0 else []))

    def _row(self, card: Card, row: Row) -> None:
        pen, view, box = self.pen, self.view, self.layout.rows[row.key]
        spans = row.spans(view)
        changed = any(span.look in ("old", "new") for span in spans)
        y = box.y + (16.0 if row.framed else 12.5)
        pen.begin(data_row=row.key)
        if row.framed:
            look = "f-wash s-changed" if changed else "f-row"
            pen.rect(box.x, box.y + 1.5, box.w, box.h - 3, f"{look} thin", 3)
        elif changed and card.kind != "frame":
            pen.rect(box.x - 4, box.y, box.w + 8, box.h - 1, "f-wash", 3)
        # The sign stands where the line begins: at the side of the frames.
        before = row.framed and card.key in self.layout.right
        x = box.x + (SIGN if before else 6.0 if row.framed else 0.0)
        name = card.kind == "frame" and bool(row.label)
        if row.label:
            own = "name f-ink" if name else "f-quiet"
            pen.write(x, y + (2 if name else 0), row.label, own)
        if row.many:
            label = self.layout.labels[card.key]
            x += label + 2 * GAP if label and isinstance(row, ListRow) else 0.0
            room = box.right - x + 0.5
            for n, line in enumerate(wrapped(spans, room)):
                pen.spans(x, y + n * LINE, line)
        elif row.framed or name or isinstance(row, LockRow):
            end = box.right - (0.0 if not row.framed else 6.0 if before else SIGN)
            for span in reversed(spans):
                end -= span.width
                pen.spans(end, y, [span])
                end -= GAP
        else:
            pen.spans(x, y, spans)
        if sign := row.sign(view):
            pen.sign(box.x + 10 if before else box.right - 10, box.y + box.h / 2, sign)
        pen.end()

    def _lines(self) -> None:
        links = [(row, link) for row in self.layout.cards.rows if (link := row.link(self.view))]
        for row, link in links:
            route = self.layout.routes.get((row.key, link.target))
            if route is None or not self._there(link.target):
                continue
            changed = any(span.look in ("old", "new") for span in row.spans(self.view))
            about = f'data-from="{_attribute(row.key)}" data-to="{_attribute(link.target)}"'
            self.pen.line(route.points, link.kind, "thicker" if changed else "", about)

    def _there(self, target: str) -> bool:
        card = next((card for card in self.layout.cards if card.key == target), None)
        return card is None or card.base < 0 or bool(self.view[card.base])

    def _legend(self) -> None:
        pen = self.pen
        for kind, x, y in self.layout.legend:
            pen.sign(x + 5, y, kind)
            pen.line(((x + 14, y), (x + 40, y)), kind, "", 'data-legend=""')
            pen.write(x + LEGEND_TEXT, y + 3.5, LEGEND[kind], "sans f-quiet")

    def _more(self) -> None:
        if self.k is None or not self.one:
            return
        changes = unshown(self.trace, self.k, self.layout.shown)
        if not changes:
            return
        pen, layout = self.pen, self.layout
        pen.write(MARGIN, layout.more, "also changed", "sans f-quiet")
        for n, line in enumerate(more_words(changes, layout.more_room)):
            pen.spans(MORE, layout.more + n * LINE, line)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
