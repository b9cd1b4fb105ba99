# SPDX-License-Identifier: GPL-2.0-only
"""trace.plot_calls(): a box for each call, as wide as the steps that it takes; callers below.

Each task has a strip of its own, for its calls are a tree of its own.  A box's look says which file
of the kernel the function is from, its text which function, where there is room.  What others do
during a call is among its steps.  Neighbours that are narrower than a pixel are drawn as one box,
in the look of the file that has most of their steps.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kmm.errors import KmmError
from kmm.show.plots.bands import named_phases
from kmm.show.plots.boxes import Box, Look, boxes, visible, write
from kmm.show.plots.figure import heading, sheet
from kmm.sim import Trace
from kmm.sim.trace import Call

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The files of the kernel that have a look of their own in every figure.
FILES = {
    "mm/migrate.c": Look("#f5b183"),
    "mm/rmap.c": Look("#a6cee9", "//"),
    "mm/swap.c": Look("#9fd8c5", "\\\\"),
    "mm/vmscan.c": Look("#f3e9a0", ".."),
    "fs/buffer.c": Look("#e5bfd3", "xx"),
    "mm/filemap.c": Look("#e2e5e9", "||"),
    "mm/page-writeback.c": Look("#f8d49b", "--"),
    "include/linux/mm.h": Look("#cfd6dd", "++"),
    "the caller": Look("#ffffff"),
}
#: The looks of the others, in the order in which they come up.
OTHERS = tuple(
    Look("#d0d0d0", hatch) for hatch in ("oo", "//..", "\\\\..", "xx..", "||..", "--..", "**", "OO")
)
#: Where a function of one's own is from.
NO_FILE = "no file of the kernel"
#: Inches: the height of a box, and the gap between two tasks, in boxes.
ROW, GAP = 0.27, 1


class Bar(NamedTuple):
    """A call, or `many` that are too narrow, at a depth of a task's tree; `last` is not in it."""

    file: str
    fn: str
    depth: int
    first: int
    last: int
    many: int = 1


@Trace.extend
def plot_calls(trace: Trace, task: str | None = None) -> Figure:
    """A flame chart: a box for each call of a kernel function, over the steps that it took.

    Arguments: `task` the name of a task; None is every task that calls something.

    Returns a matplotlib Figure, which a notebook shows; its `alt` says in words what it shows.

    Raises KmmError, with the nearest names, for a task that the trace does not know, where no
    function is called, and where matplotlib is not installed.
    """
    calls = _by_task(trace, task)
    strips = {name: list(_all(calls[name])) for name in calls}
    depths = {name: max(bar.depth for bar in bars) + 1 for name, bars in strips.items()}
    looks = _looks([bar.file for bars in strips.values() for bar in bars])
    rows = sum(depths.values()) + GAP * (len(depths) - 1)
    on = sheet(
        trace, _alt(trace, strips), "who calls whom", high=ROW * rows, names=strips,
        key=list(looks.items()),
    )  # fmt: skip
    named_phases(trace, on)
    base, middles, found = 0, [], []
    for name, bars in strips.items():
        found += [(bar, _box(bar, base)) for bar in _seen(bars, on.pixel)]
        middles.append(base + (depths[name] - 1) / 2)
        base += depths[name] + GAP
    for file, look in looks.items():
        boxes(on, [visible(box, on) for bar, box in found if bar.file == file], look, file)
    for bar, box in found:
        write(on, box, (bar.fn,), looks[bar.file], row=ROW)
    if any(bar.many > 1 for bar, _ in found):
        on.axes.set_xlabel("step (neighbouring calls narrower than a pixel are drawn as one)")
    on.axes.set_yticks(middles, list(strips))
    on.axes.set_ylim(-0.5, rows - 0.5)
    return on.figure


def _by_task(trace: Trace, task: str | None) -> dict[str, list[Call]]:
    """The outermost calls that have steps, by task."""
    calls: dict[str, list[Call]] = {}
    for call in trace.calls:
        if call.last > call.first:
            calls.setdefault(call.task, []).append(call)
    if not calls:
        raise KmmError("no kernel function is called in this trace, so there are no calls to plot")
    if task is None:
        return calls
    if not isinstance(task, str) or task not in calls:
        near = difflib.get_close_matches(str(task), calls, n=3, cutoff=0.3) or list(calls)[:3]
        what = "calls no kernel function" if task in trace.tasks else "is no task of this trace"
        raise KmmError(f"{task} {what}; try {', '.join(near)}")
    return {task: calls[task]}


def _all(calls: Sequence[Call], depth: int = 0) -> Iterator[Bar]:
    """The calls and all that they call; one without steps has no width."""
    for call in calls:
        if call.last > call.first:
            yield Bar(call.file or NO_FILE, call.fn, depth, call.first, call.last)
            yield from _all(call.children, depth + 1)


def _looks(files: Sequence[str]) -> dict[str, Look]:
    """The files that come up, those of FILES first, each with its look."""
    there = set(files)
    others = [file for file in dict.fromkeys(files) if file not in FILES]
    looks = {file: look for file, look in FILES.items() if file in there}
    return looks | {file: OTHERS[n % len(OTHERS)] for n, file in enumerate(others)}


def _seen(bars: Sequence[Bar], pixel: float) -> Iterator[Bar]:
    """The bars as they are drawn: neighbours narrower than a pixel are one."""
    narrow: dict[int, list[Bar]] = {}
    for bar in bars:
        group = narrow.setdefault(bar.depth, [])
        alone = bar.last - bar.first >= pixel
        if group and (alone or not _together(group, bar, pixel)):
            yield _one(group)
            group.clear()
        if alone:
            yield bar
        else:
            group.append(bar)
    for group in narrow.values():
        if group:
            yield _one(group)


def _together(group: Sequence[Bar], bar: Bar, pixel: float) -> bool:
    """The bar touches the group, and is of the same file or within the same two pixels."""
    touches = bar.first - group[-1].last < pixel
    return touches and (bar.file == group[-1].file or bar.last - group[0].first <= 2 * pixel)


def _one(group: Sequence[Bar]) -> Bar:
    """Several bars as one."""
    steps: Counter[str] = Counter()
    for bar in group:
        steps[bar.file] += bar.last - bar.first
    first, last = group[0], group[-1]
    fn = first.fn if len(group) == 1 else ""
    return Bar(steps.most_common(1)[0][0], fn, first.depth, first.first, last.last, len(group))


def _box(bar: Bar, base: int) -> Box:
    return Box(bar.first - 0.5, bar.last - 0.5, base + bar.depth - 0.46, base + bar.depth + 0.46)


def _alt(trace: Trace, strips: dict[str, list[Bar]]) -> str:
    """What the figure shows, in words."""
    told = []
    for task, bars in strips.items():
        deep = max(bar.depth for bar in bars) + 1
        widest = sorted((b for b in bars if b.depth), key=lambda b: b.first - b.last)[:3]
        most = ", ".join(f"{b.fn} steps {b.first} to {b.last - 1}" for b in widest)
        roots = Counter(bar.fn for bar in bars if not bar.depth)
        outer = ", ".join(fn if n == 1 else f"{fn} {n} times" for fn, n in roots.items())
        told.append(
            f"{task} makes {_calls(len(bars))}, {deep} deep, the outermost {outer}"
            + (f"; within, the longest are {most}" if most else "")
        )
    files = Counter(bar.file for bars in strips.values() for bar in bars)
    by_file = ", ".join(f"{n} of {file}" for file, n in files.most_common())
    return f"{'; '.join(told)}; by file {by_file}; {heading(trace)}."


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number:,} calls"
