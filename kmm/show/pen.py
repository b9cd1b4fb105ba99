# SPDX-License-Identifier: GPL-2.0-only
"""The pen: SVG as a list of strings, without a library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from kmm.show.routes import Point
from kmm.show.spans import GAP, Span
from kmm.show.theme import mono_width

#: How far a corner of a line is rounded.
ROUND = 5.0


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


class Pen:
    """Draws; `text` is all that has been drawn."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def begin(self, **attributes: str) -> None:
        """Begin a group; `data_x` is written data-x."""
        names = ((name.replace("_", "-").rstrip("-"), value) for name, value in attributes.items())
        self.parts.append(f"<g{''.join(f' {n}={quoteattr(v)}' for n, v in names)}>")

    def end(self) -> None:
        """End the group."""
        self.parts.append("</g>")

    def title(self, text: str) -> None:
        """What a pointer that rests on the group is told."""
        self.parts.append(f"<title>{escape(text)}</title>")

    def rect(self, x: float, y: float, w: float, h: float, look: str, round: float = 5) -> None:
        """A rectangle; `look` are classes of the style sheet."""
        self.parts.append(
            f'<rect class="{look}" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"'
            f' rx="{_n(round)}"/>'
        )

    def write(self, x: float, y: float, text: str, look: str, *, end: bool = False) -> None:
        """A text that begins at x, or ends there."""
        anchor = ' text-anchor="end"' if end else ""
        self.parts.append(
            f'<text class="{look}" x="{_n(x)}" y="{_n(y)}"{anchor}>{escape(text)}</text>'
        )

    def spans(self, x: float, y: float, spans: Sequence[Span]) -> None:
        """Spans from x on, each at its measured place whatever the reader's font."""
        for span in spans:
            text = span.text.strip()
            blank = len(span.text) - len(span.text.lstrip())
            self.write(x + mono_width(" " * blank, 11.0), y, text, LOOKS[span.look])
            x += mono_width(span.text, 11.0) + GAP

    def line(self, points: Sequence[Point], kind: str, look: str, about: str) -> None:
        """A line through the points with round corners, and its head: an arrow or a diamond."""
        (x, y), (before, _) = points[-1], points[-2]
        way = 1.0 if x > before else -1.0
        stop = [*points[:-1], (x - way * (10.0 if kind == "buffer" else 8.0), y)]
        self.parts.append(
            f'<path class="line s-{kind} d-{kind} {look}" {about} d="{rounded(stop)}"/>'
        )
        corners: tuple[Point, ...]
        if kind == "buffer":
            corners = ((x, y), (x - way * 5, y - 4), (x - way * 10, y), (x - way * 5, y + 4))
        else:
            corners = ((x, y), (x - way * 9, y - 4.5), (x - way * 9, y + 4.5))
        self.polygon(corners, f"f-{kind}")

    def polygon(self, corners: Iterable[Point], look: str) -> None:
        """A filled shape."""
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        self.parts.append(f'<polygon class="{look}" points="{points}"/>')

    def path(self, d: str, look: str) -> None:
        """A path as SVG writes it."""
        self.parts.append(f'<path class="{look}" d="{d}"/>')

    def sign(self, x: float, y: float, kind: str) -> None:
        """The sign of a kind of pte, around (x, y): each kind has a shape of its own."""
        match kind:
            case "present":
                self.parts.append(f'<circle class="f-present" cx="{_n(x)}" cy="{_n(y)}" r="4"/>')
            case "buffer":
                self.polygon(((x - 5, y), (x, y - 4), (x + 5, y), (x, y + 4)), "f-buffer")
            case "migration":
                self.path(f"M{_n(x - 5)} {_n(y)}l5 -5l5 5l-5 5Z", "line none s-migration")
            case "swap":
                self.parts.append(
                    f'<rect class="line none s-swap" x="{_n(x - 4.5)}" y="{_n(y - 4.5)}" width="9"'
                    f' height="9" rx="1.5"/>'
                )
                self.path(f"M{_n(x - 4.5)} {_n(y)}H{_n(x + 4.5)}", "line s-swap")
            case "file":
                d = f"M{_n(x - 4)} {_n(y - 5)}h5l3 3v7h-8Z"
                self.path(d, "line thin none s-edge")
            case "special":
                self.polygon(((x - 4.5, y + 4), (x, y - 4.5), (x + 4.5, y + 4)), "f-quiet")
            case "none":
                self.path(f"M{_n(x - 4)} {_n(y)}h8", "line thin s-edge")

    @property
    def text(self) -> str:
        return "\n".join(self.parts)


#: The classes of each look of a span.
LOOKS = {
    "plain": "f-ink",
    "strong": "f-ink bold",
    "quiet": "f-quiet",
    "old": "f-quiet old",
    "new": "f-changed-text bold",
    "present": "f-present-text bold",
    "migration": "f-migration-text bold",
    "swap": "f-swap-text bold",
    "buffer": "f-buffer-text bold",
}


def rounded(points: Sequence[Point]) -> str:
    """The path through the points, its corners rounded where there is room."""
    (x, y), *rest = points
    parts = [f"M{_n(x)} {_n(y)}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, rest, rest[1:], strict=False):
        short = min(abs(bx - ax) + abs(by - ay), abs(cx - bx) + abs(cy - by))
        r = min(ROUND, short / 2)
        px, py = bx - _toward(ax, bx) * r, by - _toward(ay, by) * r
        qx, qy = bx + _toward(bx, cx) * r, by + _toward(by, cy) * r
        parts.append(f"L{_n(px)} {_n(py)}Q{_n(bx)} {_n(by)} {_n(qx)} {_n(qy)}")
    x, y = points[-1]
    return "".join([*parts, f"L{_n(x)} {_n(y)}"])


def _toward(a: float, b: float) -> int:
    return (b > a) - (b < a)
