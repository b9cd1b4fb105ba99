# SPDX-License-Identifier: GPL-2.0-only
"""trace.plot("p0._count", "p0.mapcount"): numbers over the steps, as a matplotlib Figure.

Each object has a strip of its own, two fields at most in one.  The lines differ in colour, in
dashes and in where their numbers stand; each is named at its end.  "p0.mapcount" is what
page_mapcount() says, "p0._mapcount" what the kernel keeps (fields.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.show.fields import Field, numbers_of
from kmm.show.plots.bands import named_phases, shades
from kmm.show.plots.boxes import POINTS
from kmm.show.plots.figure import WIDE, Sheet, heading, new_figure
from kmm.show.theme import LIGHT, sans_width
from kmm.sim import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour, dashes, and the side of the line on which its numbers and its name stand.
LOOKS: tuple[tuple[str, Any, int], ...] = (
    ("present-text", "solid", 1),
    ("migration-text", (0, (5, 2)), -1),
)
#: So many fields share a strip.
TOGETHER = len(LOOKS)
#: Inches: the height of a strip, and of what stands above and below.
STRIP, AROUND = 1.5, 1.45
#: The part of the width left of the axes, and the least room right of them in inches.
LEFT, RIGHT = 0.06, 1.4
#: Points: the size of numbers and names, and how far behind the end of a line its name begins.
LETTERS, BEHIND = 9, 16
#: A strip with so few values has a mark on its axis for each.
FEW = 6
#: So far lines of the same value are drawn apart.
APART = 0.07
#: So many changes of a field are written as numbers; of more, the axis must tell.
MANY_NUMBERS = 40

Course = list[tuple[int, "int | None"]]


@Trace.extend
def plot(trace: Trace, *fields: str) -> Figure:
    """The fields over the steps of the trace: the value at step k is the one after step k.

    Arguments: `fields` by their paths; a page's "mapcount" is its _mapcount + 1.  Without any, the
    counts of the first page.

    Returns a matplotlib Figure, which a notebook shows; its `alt` says in words what it shows.

    Raises KmmError for a field that the trace does not know or that holds no numbers, and where
    matplotlib is not installed.
    """
    if not fields:
        fields = _counts(trace)
    courses = [numbers_of(trace, path) for path in fields]
    figure: Figure = new_figure(_alt(trace, courses))
    strips = _strips(courses)
    high = STRIP * len(strips) + AROUND
    longest = max(sans_width(field.path, LETTERS, bold=True) for field, _ in courses)
    right = 1 - max(RIGHT, (BEHIND + longest) / POINTS + 0.05) / WIDE
    figure.set_size_inches(WIDE, high)
    axes = figure.subplots(len(strips), 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=LEFT, right=right, top=1 - 0.95 / high, bottom=0.5 / high, hspace=0.12
    )
    on = Sheet(figure, axes[0], WIDE * (right - LEFT) / (len(trace) + 1))
    named_phases(trace, on)
    for ax, strip in zip(axes, strips, strict=True):
        if ax is not on.axes:
            shades(trace, on._replace(axes=ax))
        _strip(trace, on._replace(axes=ax), strip)
    axes[-1].set_xlabel("step", color=LIGHT["quiet"])
    figure.text(LEFT, 1 - 0.2 / high, heading(trace), weight="bold", color=LIGHT["ink"])
    return figure


def _counts(trace: Trace) -> tuple[str, ...]:
    pages = [entry.name for entry in trace.objects if entry.type == "Page" and entry.name != "ZERO"]
    if not pages:
        raise KmmError('this trace has no page; name a field, as in trace.plot("t0.rcu_depth")')
    return f"{pages[0]}._count", f"{pages[0]}.mapcount"


def _strips(courses: Sequence[tuple[Field, Course]]) -> list[list[tuple[Field, Course]]]:
    """The fields by their objects, TOGETHER at most in one strip."""
    by_owner: dict[str, list[tuple[Field, Course]]] = {}
    for field, course in courses:
        by_owner.setdefault(field.owner, []).append((field, course))
    return [
        group[n : n + TOGETHER]
        for group in by_owner.values()
        for n in range(0, len(group), TOGETHER)
    ]


def _strip(trace: Trace, on: Sheet, strip: list[tuple[Field, Course]]) -> None:
    """The lines of one strip, and as many of their numbers as there is room for."""
    ax = on.axes
    values = [value for _, course in strip for _, value in course if value is not None] or [0]
    low, high = min(values), max(values)
    room = max(high - low, 1)
    # Inches: a unit of y, a number, and where there are some already.
    unit = STRIP / (1.9 * room)
    widest = max(sans_width(str(value), LETTERS, bold=True) for value in values) / POINTS
    tall = LETTERS / POINTS
    numbers: list[tuple[float, float]] = []
    ax.set_ylim(low - 0.45 * room, high + 0.45 * room)
    ax.set_xlim(-1.5, len(trace) - 0.5)
    ax.set_yticks(range(low, high + 1) if high - low <= FEW else [low, high])
    ax.tick_params(colors=LIGHT["quiet"], labelsize=8)
    for edge, spine in ax.spines.items():
        spine.set_visible(edge in ("left", "bottom"))
        spine.set_color(LIGHT["edge"])
    for (field, course), (colour, dashes, side) in zip(strip, LOOKS, strict=False):
        shift = APART * room * side * (len(strip) > 1) / 2
        ink = LIGHT[colour]
        xs = [state - 1 for state, _ in course] + [len(trace) - 1]
        ys = [None if value is None else value + shift for _, value in course]
        nan = [float("nan") if y is None else y for y in [*ys, ys[-1]]]
        ax.plot(xs, nan, drawstyle="steps-post", color=ink, linestyle=dashes, linewidth=1.8)
        for state, value in course[:MANY_NUMBERS]:
            if value is None:
                continue
            place = state * on.step, (value + shift) * unit + side * tall
            if all(abs(place[0] - x) >= widest or abs(place[1] - y) >= tall for x, y in numbers):
                numbers.append(place)
                _note(ax, str(value), (state - 1, value + shift), (2, 3 * side), ink, side)
        if (last := ys[-1]) is not None:
            _note(ax, field.path, (len(trace) - 1, last), (BEHIND, 4 * side), ink, side)
        elif there := [(x, y) for x, y in zip(xs, ys, strict=False) if y is not None]:
            _note(ax, field.path, there[-1], (BEHIND, 4 * side), ink, side)


def _note(
    ax: Axes, text: str, at: tuple[float, float], off: tuple[float, float], ink: str, side: int
) -> None:
    from matplotlib.patheffects import withStroke

    ax.annotate(
        text, at, off, textcoords="offset points", color=ink, fontsize=LETTERS, weight="bold",
        va="bottom" if side > 0 else "top", annotation_clip=False,
        path_effects=[withStroke(linewidth=2, foreground=LIGHT["paper"])],
    )  # fmt: skip


def _alt(trace: Trace, courses: Sequence[tuple[Field, Course]]) -> str:
    """What the figure shows, in words."""
    told = []
    for field, course in courses:
        first = course[0][1]
        steps = [
            f"{'gone' if value is None else value} after step {state - 1}"
            for state, value in course[1:9]
        ]
        left = len(course) - 9
        more = [f"{left} more changes"] if left > 0 else []
        start = "not there at the start" if first is None else f"{first} at the start"
        told.append(f"{field.path} is {', '.join([start, *steps, *more])}")
    return f"{'; '.join(told)}; {heading(trace)}."
