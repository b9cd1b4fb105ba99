# SPDX-License-Identifier: GPL-2.0-only
"""What the figures share: a sheet of paper, a heading, rows with names, the key below.

Step k stands over the tick k, and what is drawn there is the state after it: the stretch from
k - 1/2 to k + 1/2.  The start of the trace is left of step 0.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.errors import KmmError
from kmm.show.enlarge import enlarged
from kmm.show.plots.boxes import DASHED, EDGE, HATCH, MARK, POINTS, SMALL, Look
from kmm.show.theme import LIGHT, sans_width
from kmm.sim import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches: the width of a figure, and what stands above and below the axes of a sheet.
WIDE, ABOVE, BELOW = 10.0, 1.05, 0.5
#: Inches: the room right of the axes, and the height of a line of the key.
RIGHT, LINE = 0.75, 0.24
#: A figure is shown with so many dots an inch.
DOTS = 100


class Sheet(NamedTuple):
    """A figure with one pair of axes; `step` is the width of a unit of x in inches."""

    figure: Figure
    axes: Axes
    step: float

    @property
    def pixel(self) -> float:
        """What is narrower than this in x would not be seen."""
        return 1 / (self.step * DOTS)


def new_figure(alt_text: str) -> Any:
    """A Figure that shows itself with a text in its place; KmmError without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise KmmError(
            "plots need matplotlib, which is not installed here: python -m pip install matplotlib"
        ) from None

    class Plot(Figure):
        """A figure, and `alt`, what it shows in words."""

        alt = alt_text

        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
            wide, high = (round(enlarged(inches * DOTS)) for inches in self.get_size_inches())
            picture = io.BytesIO()
            self.savefig(picture, format="png", dpi=2 * DOTS, metadata={"Description": self.alt})
            about = {"width": wide, "height": high, "alt": self.alt}
            data = {"image/png": picture.getvalue(), "text/plain": self.alt}
            return data, {"image/png": about}

    figure = Plot(facecolor=LIGHT["paper"])
    FigureCanvasAgg(figure)
    return figure


def heading(trace: Trace) -> str:
    """The scenario's name, if the trace has one, and how many steps there are."""
    name = trace.about.get("scenario")
    steps = "1 step" if len(trace) == 1 else f"{len(trace)} steps"
    return f"{name}, {steps}" if name else steps


def sheet(
    trace: Trace,
    alt: str,
    what: str,
    *,
    high: float,
    names: Iterable[str] = (),
    key: Sequence[tuple[str, Look]] = (),
    width: float | None = None,
    above: float = ABOVE,
) -> Sheet:
    """A figure with axes `high` inches high.

    `what` stands in the heading; `names` are written left of the axes, `key` below; `width` is how
    many units of x there are, one a step unless it is given, and `above` the room for what
    stands above, in inches.
    """
    figure = new_figure(alt)
    left = max([sans_width(name, SMALL) for name in names], default=20) / POINTS + 0.2
    lines, columns = _key_lines([label for label, _ in key])
    below = (BELOW if width is None else 0.15) + LINE * lines + (0.05 if lines else 0)
    whole = above + high + below
    figure.set_size_inches(WIDE, whole)
    wide = WIDE - left - RIGHT
    place = (left / WIDE, below / whole, wide / WIDE, high / whole)
    axes = figure.add_axes(place, facecolor=LIGHT["paper"])
    axes.tick_params(colors=LIGHT["quiet"], labelsize=SMALL, length=3)
    for edge, spine in axes.spines.items():
        spine.set_visible(edge == "bottom")
        spine.set_color(LIGHT["edge"])
    figure.text(
        0.1 / WIDE, 1 - 0.22 / whole, f"{heading(trace)}: {what}", weight="bold", color=LIGHT["ink"]
    )
    if width is None:
        width = len(trace) + 1
        axes.set_xlim(-1.5, len(trace) - 0.5)
        axes.set_xlabel("step", color=LIGHT["quiet"], fontsize=9, labelpad=2)
        axes.xaxis.get_major_locator().set_params(integer=True)
    if key:
        _draw_key(figure, key, columns)
    return Sheet(figure, axes, wide / width)


def _key_lines(labels: Sequence[str]) -> tuple[int, int]:
    """How many lines and columns the key has."""
    if not labels:
        return 0, 1
    widest = max(sans_width(label, SMALL) for label in labels) / POINTS + 0.65
    columns = max(1, min(len(labels), int((WIDE - 0.3) / widest)))
    return math.ceil(len(labels) / columns), columns


def _draw_key(figure: Figure, key: Sequence[tuple[str, Look]], columns: int) -> None:
    import matplotlib as mpl
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    with mpl.rc_context({"hatch.linewidth": HATCH}):
        signs = [
            Line2D([], [], linestyle="", marker=look.mark, color=look.ink, markersize=MARK)
            if look.mark
            else Patch(
                facecolor=look.fill, hatch=look.hatch, edgecolor=look.ink,
                linewidth=DASHED if look.dashed else EDGE, linestyle="--" if look.dashed else "-",
            )
            for _, look in key
        ]  # fmt: skip
    figure.legend(
        signs, [label for label, _ in key], loc="lower left", bbox_to_anchor=(0.005, 0),
        ncols=columns, frameon=False, fontsize=SMALL, handlelength=2.6, handleheight=1.3,
        labelcolor=LIGHT["ink"], borderaxespad=0.4, columnspacing=1.2,
    )  # fmt: skip


def rows_named(on: Sheet, names: Sequence[str], row: float, *, above: float = 0.0) -> None:
    """The rows from 0 at the top, `row` inches high each; as many are named as there is room.

    `above`: so many inches are left free above them.
    """
    every = max(1, math.ceil(1.4 * SMALL / POINTS / row))
    on.axes.set_yticks(range(0, len(names), every), names[::every])
    on.axes.set_ylim(len(names) - 0.5, -0.5 - above / row)
