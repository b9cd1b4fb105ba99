# SPDX-License-Identifier: GPL-2.0-only
"""trace.plot_ptes("m0", "m1.pte[0x400000]"): what each pte holds, step by step.

A row is a pte, a box a stretch of steps in which it holds the same kind of thing.  Kinds differ in
colour, in hatch and, where there is room, in a letter, beside which stands what the pte points at.
Of many ptes, neighbours that change alike are drawn as one box: a thousand ptes are a few boxes.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.errors import KmmError
from kmm.show.fields import field_of
from kmm.show.plots.bands import named_phases
from kmm.show.plots.boxes import EDGE, Box, Look, boxes, visible, write
from kmm.show.plots.figure import heading, rows_named, sheet
from kmm.show.spans import pte_kind
from kmm.show.theme import LIGHT
from kmm.sim import Trace
from kmm.sim.slots import key_text
from kmm.sim.step import path_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHITE = LIGHT["paper"]


class Kind(NamedTuple):
    """A kind of pte: its letter, its name, its look."""

    letter: str
    name: str
    look: Look


#: What a pte can be.  "none" is not drawn: the paper is empty there.  Migration entries, which are
#: often too short for a hatch, differ in grey too from what stands on either side.
KINDS = {
    "writable": Kind("W", "present, writable", Look(LIGHT["present"], "", WHITE)),
    "read-only": Kind("R", "present, read-only", Look("#56b4e9", "..")),
    "migration": Kind("M", "migration entry", Look("#ffc266", "///")),
    "swap": Kind("S", "swap entry", Look(LIGHT["swap"], "\\\\\\", WHITE)),
    "file": Kind("F", "file pte (nonlinear)", Look("#f0e442", "xx")),
    "special": Kind("P", "a frame without struct page", Look("#999999", "++")),
    "none": Kind("", "none", Look(WHITE)),
}
#: Inches: a row, and all rows where there are many.
ROW, ALL_ROWS, MOST = 0.26, 8.0, 12.0
#: So many inches are the least that a row can have, and so many show the phases above the rows.
THIN, BAND = 0.015, 0.08
#: So many ptes are told of in words.
TOLD, CHANGES = 8, 8


class Run(NamedTuple):
    """The states `first` to `last`, without `last`, in which a pte holds a `kind` of `what`."""

    first: int
    last: int
    kind: str
    what: str


@Trace.extend
def plot_ptes(trace: Trace, *ptes: str) -> Figure:
    """What each pte holds over the steps: present (writable or not), a migration entry, ...

    Arguments: `ptes` by their paths, as "m0.pte[0x400000]"; the name of an address space stands for
    all ptes that it ever uses.  Without any, those of all address spaces.

    Returns a matplotlib Figure, which a notebook shows; its `alt` says in words what it shows.

    Raises KmmError, with the nearest names, for a pte that the trace does not know, where no pte is
    ever used, and where matplotlib is not installed.
    """
    rows = {path: course(trace, path) for path in _paths(trace, ptes)}
    names = list(rows)
    high = ROW * len(rows)
    if high > ALL_ROWS:
        high = min(max(ALL_ROWS, THIN * len(rows)), MOST)
    row = high / len(rows)
    there = {run.kind for runs in rows.values() for run in runs}
    key = [
        (f"{kind.letter}  {kind.name}".strip(), kind.look)
        for name, kind in KINDS.items()
        if name in there
    ]
    on = sheet(
        trace, _alt(trace, rows), "what the ptes hold", high=high + BAND, names=names, key=key
    )
    named_phases(trace, on)
    rows_named(on, names, row, above=BAND)
    alone = row > ROW / 2
    found = list(_blocks(list(rows.values()), alone=alone))
    for name, kind in KINDS.items():
        if name != "none" and name in there:
            shown = [visible(box, on) for run, box in found if run.kind == name]
            boxes(on, shown, kind.look, name, edge=EDGE if alone else 0)
    for run, box in found:
        kind = KINDS[run.kind]
        write(on, box, (f"{kind.letter} {run.what}".strip(), kind.letter), kind.look, row=row)
    return on.figure


def course(trace: Trace, path: str) -> list[Run]:
    """What the pte holds, from state 0 to the end of the trace."""
    steps = [*field_of(trace, path).course(trace), (len(trace) + 1, None)]
    runs: list[Run] = []
    for (first, pte), (last, _) in pairwise(steps):
        kind, what = _kind(pte)
        if runs and runs[-1][2:] == (kind, what):
            first = runs.pop().first
        runs.append(Run(first, last, kind, what))
    return runs


def _kind(pte: Any) -> tuple[str, str]:
    """What kind of pte it is, and what it points at."""
    match pte_kind(pte):
        case "present":
            return ("writable" if pte.write else "read-only"), str(pte.page)
        case "migration":
            return "migration", str(pte.entry.offset)
        case "swap":
            return "swap", f"slot {pte.entry.offset}"
        case "file":
            return "file", f"index {pte.pgoff}"
        case other:
            return other, ""


def _paths(trace: Trace, ptes: Sequence[str]) -> list[str]:
    """The paths of the ptes that are meant, as the trace writes them."""
    tables = {
        entry.name.removesuffix(".pte"): [
            path_of(entry.name, f"[{key_text(key, hex_keys=True)}]")
            for key in sorted(entry.cells or ())
        ]
        for entry in trace.objects
        if entry.type == "PageTable"
    }
    paths: dict[str, None] = {}
    for pte in ptes or tables:
        if isinstance(pte, str) and pte.removesuffix(".pte") in tables:
            mine = tables[pte.removesuffix(".pte")]
            paths.update(dict.fromkeys(path for path in mine if _used(trace, path)))
        else:
            paths[_known(pte, tables)] = None
    if not paths:
        whose = f"{', '.join(map(str, ptes))} uses" if ptes else "this trace has"
        raise KmmError(f"{whose} no pte: nothing is mapped from its first step to its last")
    return list(paths)


def _known(pte: Any, tables: dict[str, list[str]]) -> str:
    """The path of one pte; KmmError if there is none."""
    if not isinstance(pte, str):
        raise KmmError(f'a pte is named by a text, as in "m0.pte[0x400000]", not by {pte!r}')
    every = [path for paths in tables.values() for path in paths]
    if pte in every:
        return pte
    near = difflib.get_close_matches(pte, [*every, *tables], n=3, cutoff=0.4) or every[:3]
    hint = f"; try {', '.join(near)}" if near else ", nor any other"
    raise KmmError(f"{pte}: this trace knows no such pte{hint}")


def _used(trace: Trace, path: str) -> bool:
    return any(run.kind != "none" for run in course(trace, path))


def _blocks(rows: Sequence[Sequence[Run]], *, alone: bool) -> Iterable[tuple[Run, Box]]:
    """The boxes of all runs; unless each stands `alone`, alike ones of neighbours are one."""
    open_: dict[Run, int] = {}
    gap = 0.06 if alone else 0.0
    for n, runs in enumerate([*(rows if alone else map(_kinds, rows)), ()]):
        for run in [run for run in open_ if alone or run not in runs]:
            top = open_.pop(run)
            box = Box(run.first - 1.5, run.last - 1.5, top - 0.5 + gap, n - 0.5 - gap)
            if run.kind != "none":
                yield run, box
        for run in runs:
            open_.setdefault(run, n)


def _kinds(runs: Sequence[Run]) -> list[Run]:
    """The runs, whatever it is that they point at."""
    kinds: list[Run] = []
    for run in runs:
        first = kinds.pop().first if kinds and kinds[-1].kind == run.kind else run.first
        kinds.append(Run(first, run.last, run.kind, ""))
    return kinds


def _alt(trace: Trace, rows: dict[str, list[Run]]) -> str:
    """What the figure shows, in words."""
    told = []
    for path, runs in list(rows.items())[:TOLD]:
        states = [
            _said(run) + (f" after step {run.first - 1}" if run.first else " at the start")
            for run in runs[:CHANGES]
        ]
        left = len(runs) - CHANGES
        more = [f"{left} more changes"] if left > 0 else []
        told.append(f"{path} is {', '.join([*states, *more])}")
    others = list(rows.values())[TOLD:]
    if others:
        moved = sum(any(run.kind == "migration" for run in runs) for runs in others)
        told.append(f"{len(others)} more ptes, of which {moved} are migration entries for a while")
    ends = Counter(KINDS[runs[-1].kind].name for runs in rows.values())
    end = ", ".join(f"{n} {name}" for name, n in ends.items())
    return f"{'; '.join(told)}; at the end {end}; {heading(trace)}."


def _said(run: Run) -> str:
    name = KINDS[run.kind].name
    return f"{name} ({run.what})" if run.what else name
