# SPDX-License-Identifier: GPL-2.0-only
"""Boxes: what all figures but one are made of, drawn many at once, and the texts in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kmm.show.theme import LIGHT, sans_width

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection

    from kmm.show.plots.figure import Sheet

#: Points an inch, and the sizes of letters.
POINTS, SMALL, SMALLEST = 72, 8.0, 6.5
#: Points: the size of a mark, the width of the edge of a box, solid or dashed, and of a hatch.
MARK, EDGE, DASHED, HATCH = 5, 0.4, 0.8, 0.8
#: Pixels: a narrower box has neither edge nor hatch, a narrower phase neither shade nor name.
NARROW = 4


class Look(NamedTuple):
    """How a box is filled: a colour, a hatch, and the colour of hatch and letters.

    `dashed`: so is its edge.  `mark`: in the key stands this mark of matplotlib's, and no box.
    """

    fill: str
    hatch: str = ""
    ink: str = LIGHT["ink"]
    dashed: bool = False
    mark: str = ""


class Box(NamedTuple):
    """A box from `left` to `right` and from `low` to `high`, in the numbers of the axes."""

    left: float
    right: float
    low: float
    high: float


def boxes(on: Sheet, found: Sequence[Box], look: Look, label: str, *, edge: float = EDGE) -> None:
    """The boxes, all of one look, drawn at once; `label` is their name in the figure.

    The edge is so many points wide.  Of a narrow box neither edge nor hatch would leave anything
    to be seen, so that it has none.
    """
    least = 0 if look.dashed else NARROW * on.pixel
    wide = [box for box in found if box.right - box.left >= least]
    narrow = [box for box in found if box.right - box.left < least]
    edge = DASHED if look.dashed else edge
    for some, hatch, width in ((wide, look.hatch, edge), (narrow, "", 0.0)):
        if some:
            on.axes.add_collection(_polygons(some, look, hatch, width, label), autolim=False)


def _polygons(
    found: Sequence[Box], look: Look, hatch: str, width: float, label: str
) -> PolyCollection:
    import matplotlib as mpl
    from matplotlib.collections import PolyCollection

    corners = [
        [(box.left, box.low), (box.right, box.low), (box.right, box.high), (box.left, box.high)]
        for box in found
    ]
    with mpl.rc_context({"hatch.linewidth": HATCH}):
        return PolyCollection(
            corners, facecolors=look.fill, edgecolors=look.ink, hatch=hatch, linewidths=width,
            linestyles="--" if look.dashed else "-", label=label,
        )  # fmt: skip


def write(on: Sheet, box: Box, texts: Iterable[str], look: Look, *, row: float) -> None:
    """The first of the texts that fits into the box; a unit of y is `row` inches high."""
    ground = {"facecolor": look.fill, "edgecolor": "none", "pad": 0.8} if look.hatch else None
    wide, high = (box.right - box.left) * on.step, (box.high - box.low) * row
    for text in texts:
        for size in (SMALL, SMALLEST):
            if sans_width(text, size) / POINTS + 0.06 > wide or 1.4 * size / POINTS > high:
                continue
            on.axes.text(
                (box.left + box.right) / 2, (box.low + box.high) / 2, text, fontsize=size,
                color=look.ink, ha="center", va="center_baseline", bbox=ground,
            )  # fmt: skip
            return


def visible(box: Box, on: Sheet) -> Box:
    """The box, at least as wide as what can be seen."""
    return box._replace(right=max(box.right, box.left + on.pixel))
