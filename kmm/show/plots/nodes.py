# SPDX-License-Identifier: GPL-2.0-only
"""trace.plot_nodes(): where the pages are, before, after each pass of migrate_pages, at the end.

A row is a page of the list, a column a pass; the colour is the NUMA node, whose number stands in
the field, with a word if the page moved in this pass, or was tried and did not.  Pages that fare
alike share a row when there are many of them.  kmm/explain/passes.py knows what a pass is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from kmm.errors import KmmError
from kmm.explain.passes import OUTCOMES, Pass, Passes, passes_of
from kmm.show.plots.boxes import Box, Look, boxes, write
from kmm.show.plots.figure import heading, new_figure, rows_named, sheet
from kmm.show.theme import LIGHT
from kmm.sim import Trace

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from kmm.show.plots.figure import Sheet

    Grid = np.ndarray[tuple[int, int], np.dtype[np.int16]]

#: The colours of the nodes, light enough for a number; after the last comes the first again.
NODES = (
    "#e3f1fb", "#f2b134", "#4dbb98", "#f7ee9a", "#dba4c4", "#7cc4ee", "#c9c9c9", "#e8894a",
)  # fmt: skip
#: No node: the page does not exist.
GONE = -1
#: How the outcome of an attempt is hatched, over the colour of the node.
HATCHES = {
    "moved": "", "busy": "//", "failed": "xx", "unused": "..", "no memory": "++", "bug": "**",
}  # fmt: skip
#: More pages than this share rows; more rows than this are too low for letters.
MANY, ROWS = 32, 40
#: Inches: the height of a row, and of all that share the most room.
ROW, ALL_ROWS = 0.26, 8.0


class Placement(NamedTuple):
    """The node of each page (rows) in each column: before, each pass, at the end.

    `marks` has the outcome of the attempt there, "" where none was made.
    """

    nodes: Grid
    marks: list[list[str]]
    columns: list[str]


@Trace.extend
def plot_nodes(trace: Trace) -> Figure:
    """Where the pages of migrate_pages' list are, before, after each pass, and at the end.

    A pass is a round of the outer loop, counted from 0 as in the code: one attempt for each page
    that is still to be tried.

    Returns a matplotlib Figure, which a notebook shows; its `alt` says in words what it shows.

    Raises KmmError if migrate_pages tries no page, or one page once, and where matplotlib is not
    installed.
    """
    found = passes_of(trace)
    if not found.passes:
        raise KmmError("migrate_pages tries no page in this trace, so there is no pass to plot")
    if len(found.rows) == len(found.passes) == 1:
        raise KmmError(
            f"one page, {found.rows[0]}, is tried in one pass: a grid of passes would show nothing "
            "more; try trace.plot_ptes() or trace.plot_calls()"
        )
    new_figure("")  # numpy comes with matplotlib
    where = placement(trace, found)
    alt = _alt(trace, found, where)
    names, where = _shared(list(found.rows), where)
    high = min(ROW * len(names), ALL_ROWS)
    there = sorted({int(node) for node in where.nodes.flat} - {GONE})
    key = [(f"node {node}", Look(NODES[node % len(NODES)])) for node in there]
    marks = {mark for row in where.marks for mark in row} - {"", "moved"}
    key += [
        (OUTCOMES[mark], Look(LIGHT["paper"], hatch))
        for mark, hatch in HATCHES.items()
        if mark in marks
    ]
    on = sheet(
        trace, alt, "where the pages are", high=high, names=names, key=key,
        width=len(where.columns), above=0.75,
    )  # fmt: skip
    _draw(on, where, high / len(names))
    rows_named(on, names, high / len(names))
    return on.figure


def placement(trace: Trace, found: Passes) -> Placement:
    """The nodes of all pages in all columns."""
    import numpy as np

    frames = list(found.rows)
    columns = ["before", *(_title(found, one) for one in found.passes), "at the end"]
    nodes = np.full((len(frames), len(columns)), GONE, dtype=np.int16)
    marks = [[""] * len(columns) for _ in frames]
    states = [found.start, *(one.last for one in found.passes), len(trace)]
    for column, state in enumerate(states):
        if 0 < column <= len(found.passes):
            for row, attempt in found.passes[column - 1].attempts.items():
                marks[row][column] = attempt.outcome
                frames[row] = attempt.moved_to or frames[row]
        nodes[:, column] = [_node(trace, frame, state) for frame in frames]
    return Placement(nodes, marks, columns)


def _title(found: Passes, one: Pass) -> str:
    calls = found.passes[-1].call
    return f"call {one.call}\npass {one.number}" if calls else f"pass {one.number}"


def _node(trace: Trace, frame: str, state: int) -> int:
    """The node that the frame is on, GONE if it is free."""
    free = trace.value(f"{frame}.PG_buddy", state)
    return GONE if free else int(trace.value(f"{frame}.node", state))


def _shared(names: list[str], where: Placement) -> tuple[list[str], Placement]:
    """Pages that fare alike in one row, if there are many pages and that makes few rows."""
    if len(names) <= MANY:
        return names, where
    alike: dict[tuple[bytes, tuple[str, ...]], list[int]] = {}
    for row, marks in enumerate(where.marks):
        alike.setdefault((where.nodes[row].tobytes(), tuple(marks)), []).append(row)
    if len(alike) > ROWS:
        order = [row for rows in alike.values() for row in rows]
        names = [names[row] for row in order]
    else:
        order = [rows[0] for rows in alike.values()]
        names = [_together(names, rows) for rows in alike.values()]
    marks_of = [where.marks[row] for row in order]
    return names, where._replace(nodes=where.nodes[order], marks=marks_of)


def _together(names: Sequence[str], rows: Sequence[int]) -> str:
    first = names[rows[0]]
    return first if len(rows) == 1 else f"{first} and {len(rows) - 1:,} more"


def _draw(on: Sheet, where: Placement, row: float) -> None:
    """The grid, the marks on it, and the numbers where there is room."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    nodes = where.nodes
    most = max(int(nodes.max()), 0) + 1
    colours = [LIGHT["paper"], *(NODES[node % len(NODES)] for node in range(most))]
    edges = [node - 0.5 for node in range(GONE, most + 1)]
    on.axes.imshow(
        nodes, aspect="auto", interpolation="nearest", cmap=ListedColormap(colours),
        norm=BoundaryNorm(edges, len(colours)),
    )  # fmt: skip
    looks = {mark: Look("none", hatch, LIGHT["ink"]) for mark, hatch in HATCHES.items()}
    marked: dict[str, list[Box]] = {mark: [] for mark in HATCHES}
    for n, column in [(n, c) for n in range(len(nodes)) for c in range(nodes.shape[1])]:
        mark = where.marks[n][column]
        box = Box(column - 0.5, column + 0.5, n - 0.5, n + 0.5)
        if mark and row > ROW / 2:
            marked[mark].append(box)
        elif mark:
            _lengthen(marked[mark], box)
        node = int(nodes[n, column])
        colour = LIGHT["paper"] if node == GONE else NODES[node % len(NODES)]
        write(on, box, _texts(node, mark), Look(colour, HATCHES.get(mark, "")), row=row)
    for mark, found in marked.items():
        if found:
            boxes(on, found, looks[mark], mark, edge=0)
    if row > ROW / 2:
        for n in range(1, len(nodes)):
            on.axes.axhline(n - 0.5, color=LIGHT["paper"], linewidth=1)
    for column in range(1, len(where.columns)):
        on.axes.axvline(column - 0.5, color=LIGHT["paper"], linewidth=1)
    on.axes.set_xticks(range(len(where.columns)), where.columns)
    on.axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)


def _lengthen(found: list[Box], box: Box) -> None:
    """The box joins one of the same column that ends where it begins."""
    for n, other in enumerate(found):
        if other.left == box.left and other.high == box.low:
            found[n] = other._replace(high=box.high)
            return
    found.append(box)


def _texts(node: int, mark: str) -> tuple[str, ...]:
    """What may stand in a field, the longest first."""
    number = "free" if node == GONE else str(node)
    return (f"{number} {mark}", number) if mark else (number,)


def _alt(trace: Trace, found: Passes, where: Placement) -> str:
    """What the figure shows, in words."""
    pages = len(found.rows)
    told = ["1 page" if pages == 1 else f"{pages:,} pages", f"before: {_nodes(where, 0)}"]
    for (call, ends), group in groupby(found.passes, key=lambda one: (one.call, _ends(one))):
        same = [one.number for one in group]
        which = f"call {call}, " if found.passes[-1].call else ""
        which += f"pass {same[0]}" if len(same) == 1 else f"each of passes {same[0]} to {same[-1]}"
        told.append(f"{which}: {ends}")
    told.append(f"at the end: {_nodes(where, -1)}")
    return f"{'; '.join(told)}; {heading(trace)}."


def _ends(one: Pass) -> str:
    """How the attempts of a pass ended."""
    outcomes = Counter(attempt.outcome for attempt in one.attempts.values())
    return ", ".join(f"{outcomes[end]:,} {OUTCOMES[end]}" for end in OUTCOMES if outcomes[end])


def _nodes(where: Placement, column: int) -> str:
    counts = Counter(map(int, where.nodes[:, column]))
    on = [f"{counts[node]:,} on node {node}" for node in sorted(counts) if node != GONE]
    return ", ".join([*on, *([f"{counts[GONE]:,} freed"] if counts[GONE] else [])])
