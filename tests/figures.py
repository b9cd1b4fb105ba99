# SPDX-License-Identifier: GPL-2.0-only
"""Traces to draw; what a figure shows, read back from what is drawn; whether it can be read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import kmm
from kmm.mm.rcupdate import rcu_read_lock, rcu_read_unlock
from kmm.mm.sched import cond_resched
from kmm.scenario.driver import isolate_and_migrate
from kmm.sim import Call, Trace, kernel_function

Point = tuple[float, float]

PLOTS = ("plot_ptes", "plot_locks", "plot_nodes", "plot_calls")
#: Traces of many kinds: shared, files, buffers, swap, faults, waits, several passes, a bug.
NAMES = (
    "anon-shared", "file-buffers", "swap-cache", "nonlinear", "entry-wait", "four-pages",
    "locked-until-pass-3", "file-buffer-locked", "move-mixedmap", "move-ok", "writeout-error",
    "freed-page-tried-again", "memory-runs-out-in-the-pagevec", "truncated-meanwhile",
)  # fmt: skip

#: Of these, some calls are narrower than a pixel.
LONG = ("four-pages", "freed-page-tried-again")


@cache
def trace_of(name: str) -> Trace:
    return kmm.load(name).run().trace


@cache
def sixteen() -> Trace:
    """16 pages of node 0 that go to nodes 1 and 2 in turn.

    p3 is pinned for ever; p9 is locked by others, so that pass 3 waits for it; p12 is pinned until
    pass 2 begins.
    """
    w = kmm.World(nodes=3)
    vma = w.mm().mmap(pages=16)
    pages = [vma.touch(i) for i in range(16)]
    w.pin(pages[3])
    w.lock(pages[9])
    w.pin(pages[12])
    w.meanwhile(pages[12], "unpin", attempt=2)
    to = [1 + i % 2 for i in range(16)]
    return w.move_pages([vma.address(i) for i in range(16)], to).trace


@cache
def many(pages: int = 150) -> Trace:
    """Many pages that go to node 1, of which p3 is pinned."""
    w = kmm.World(nodes=2, free=3 * pages)
    vma = w.mm().mmap(pages=pages)
    touched = [vma.touch(i) for i in range(pages)]
    w.pin(touched[3])
    return w.migrate_pages(touched, to_node=1).trace


@cache
def two_tasks() -> Trace:
    w = kmm.World(nodes=2)
    mm = w.mm()
    vma = mm.mmap(pages=2)
    pages = [vma.touch(0), vma.touch(1)]
    w.task("t0", mm=mm)
    other = w.task("t1", mm=mm)

    def operation() -> int:
        isolate_and_migrate([pages[0]], 1, True)
        with w.machine.as_task(other):
            return isolate_and_migrate([pages[1]], 1, True)

    return w.run(operation).trace


@cache
def long_names() -> Trace:
    """A phase of a long name, in the middle and at the end: it has no room to be named there."""

    @kernel_function
    def a_function_of_ones_own_whose_name_is_much_too_long_for_a_phase() -> None:
        cond_resched()

    def operation() -> None:
        cond_resched()
        for _ in range(3):
            a_function_of_ones_own_whose_name_is_much_too_long_for_a_phase()
            cond_resched()
        rcu_read_lock()
        rcu_read_unlock()
        a_function_of_ones_own_whose_name_is_much_too_long_for_a_phase()

    w = kmm.World(nodes=2)
    w.mm().mmap(pages=1).touch(0)
    return w.run(operation).trace


def flat(calls: tuple[Call, ...] | list[Call]) -> list[Call]:
    return [one for call in calls for one in (call, *flat(call.children))]


class Drawn(NamedTuple):
    """A box as it is drawn."""

    label: str
    left: float
    right: float
    low: float
    high: float


def drawn(figure: Any) -> list[Drawn]:
    """All boxes of the figure's axes."""
    (axes,) = figure.axes
    found = []
    for collection in axes.collections:
        for path in collection.get_paths():
            (left, low), (right, high) = path.vertices.min(0), path.vertices.max(0)
            label = collection.get_label()
            found.append(Drawn(label, *(round(float(v), 6) for v in (left, right, low, high))))
    return found


def texts(figure: Any) -> list[str]:
    """Everything that is written inside the axes."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def _written(figure: Any) -> Iterator[Any]:
    """Every text that can be seen: of ticks only those within the axes."""
    from matplotlib.text import Text

    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    hidden |= {tick.label1, tick.label2}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in hidden:
            yield text


def _corners(text: Any, renderer: Any) -> list[Point]:
    """The rectangle that a text takes on the paper, turned as the text is, in pixels."""
    angle = math.radians(text.get_rotation())
    text.set_rotation(0)
    box = text.get_window_extent(renderer)
    text.set_rotation(math.degrees(angle))
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    if not angle:
        return corners
    assert text.get_rotation_mode() == "anchor"
    assert (text.get_ha(), text.get_va()) == ("left", "bottom")
    cos, sin = math.cos(angle), math.sin(angle)
    moved = [(x - box.x0, y - box.y0) for x, y in corners]
    return [(box.x0 + x * cos - y * sin, box.y0 + x * sin + y * cos) for x, y in moved]


def _apart(one: list[Point], other: list[Point], slack: float) -> bool:
    """Some side of one of the two has the other rectangle all beyond it."""
    for a, b in ((one, other), (other, one)):
        for (x0, y0), (x1, y1) in zip(a, [*a[1:], a[0]], strict=True):
            nx, ny = y1 - y0, x0 - x1
            long = math.hypot(nx, ny)
            if long and all(((x - x0) * nx + (y - y0) * ny) / long >= -slack for x, y in b):
                return True
    return False


def unreadable(figure: Any, *, slack: float = 1.0) -> list[str]:
    """Texts that are cut off at the edge of the paper, and pairs that stand in one another."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    wide, high = figure.canvas.get_width_height()
    # A tick label is drawn twice where axes are labelled above and below; each is an object.
    rectangles = [(text.get_text(), _corners(text, renderer)) for text in _written(figure)]
    wrong = [
        f"cut off: {text}"
        for text, corners in rectangles
        if not all(0 <= x <= wide and 0 <= y <= high for x, y in corners)
    ]
    for n, (text, corners) in enumerate(rectangles):
        wrong += [
            f"overlap: {text} and {other}"
            for other, theirs in rectangles[n + 1 :]
            if not _apart(corners, theirs, slack)
        ]
    return wrong
