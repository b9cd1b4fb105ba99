# SPDX-License-Identifier: GPL-2.0-only
"""The phases of a trace in a figure: every second one shaded, their names above."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from kmm.show.plots.boxes import NARROW, POINTS
from kmm.show.plots.figure import ABOVE, RIGHT
from kmm.show.theme import LIGHT, sans_width
from kmm.sim import Trace

if TYPE_CHECKING:
    from kmm.show.plots.figure import Sheet

#: Names of phases begin at least so many inches apart, are so large, and rise by so many degrees.
NAMES_APART, NAME_SIZE, NAME_ANGLE = 0.24, 8, 35
#: The ground of every second phase.
SHADE = "#e8edf2"


def shades(trace: Trace, on: Sheet) -> None:
    """Every second phase is shaded, if it is wide enough to be seen."""
    least = NARROW * on.pixel
    for n, phase in enumerate(trace.phases()):
        if n % 2 == 0 and phase.last - phase.first >= least:
            on.axes.axvspan(
                phase.first - 0.5, phase.last - 0.5, color=SHADE, linewidth=0, zorder=-1
            )


def phase_names(
    trace: Trace, room: float, least: float, fits: Callable[[str, float], bool]
) -> list[tuple[float, str]]:
    """Where the names of phases stand: those of long ones first, as far as there is room.

    They are `room` steps apart; a phase of fewer steps than `least`, or whose name does not fit,
    has none.
    """
    named: list[tuple[float, str]] = []
    for phase in sorted(trace.phases(), key=lambda phase: phase.first - phase.last):
        if phase.last - phase.first < least:
            break
        middle = (phase.first + phase.last - 1) / 2
        apart = all(abs(middle - other) >= room for other, _ in named)
        if apart and fits(phase.name, middle):
            named.append((middle, phase.name))
    return named


def named_phases(trace: Trace, on: Sheet) -> None:
    """The phases of a sheet whose x are steps, shaded and named.

    No name goes over the edge of the paper or into the heading.
    """
    least = NARROW * on.pixel
    end = on.step * (len(trace) + 1) + RIGHT
    angle = math.radians(NAME_ANGLE)

    def fits(name: str, at: float) -> bool:
        long = sans_width(name, NAME_SIZE) / POINTS
        high = long * math.sin(angle) + NAME_SIZE / POINTS
        right = (at + 1.5) * on.step + long * math.cos(angle)
        return right + 0.05 <= end and high <= ABOVE - 0.35

    shades(trace, on)
    for middle, name in phase_names(trace, NAMES_APART / on.step, least, fits):
        on.axes.annotate(
            name, (middle, 1), (0, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", rotation=NAME_ANGLE, fontsize=NAME_SIZE,
            color=LIGHT["quiet"], ha="left", va="bottom", rotation_mode="anchor",
            annotation_clip=False,
        )  # fmt: skip
