# SPDX-License-Identifier: GPL-2.0-only
"""Where in the course each branch of kmm/mm/migrate.py is met, measured by running its notebooks.

Each lecture and each solution runs in a kernel of its own, in which `branches.measuring` is at
work; after each cell it is noted which branches were taken in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import branches as br
import nbformat
from nbclient import NotebookClient

HOUSE = Path(__file__).resolve().parents[1]

#: Before the first cell: the kernel notes after each cell what was taken in it.
BEGIN = f"""
import sys
sys.path[:0] = {[str(HOUSE), str(HOUSE / "docs")]!r}
import branches as _branches
_measuring = _branches.measuring()
_taken, _cells = _measuring.__enter__(), []

def _note(result):
    _cells.append(sorted(_taken))
    _taken.clear()

get_ipython().events.register("post_run_cell", _note)
"""

#: After the last: what was noted, but for BEGIN itself.
END = "import json as _json; print(_json.dumps(_cells[1:]))"


class Met(NamedTuple):
    """A place in the course: "05" or "e03", and the heading under which a branch is taken."""

    notebook: str
    heading: str

    def __str__(self) -> str:
        return f"{self.notebook} *{self.heading}*"


class Where(NamedTuple):
    """The first lecture and the first exercise in which a branch is taken."""

    lecture: Met | None
    exercise: Met | None

    def __str__(self) -> str:
        return "; ".join(str(met) for met in self if met is not None)


def taken(path: Path) -> dict[br.Branch, Met]:
    """The branches that a notebook takes, each with the first heading under which it does."""
    notebook = nbformat.read(path, as_version=4)
    headings = list(_headings(notebook.cells))
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BEGIN))
    notebook.cells.append(nbformat.v4.new_code_cell(END))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        # A loop of its own, closed at its end: execute() leaves one open in each thread.
        asyncio.run(client.async_execute(env={**os.environ, "KMM_ATTEMPTS": "off"}))
    noted = json.loads(notebook.cells[-1].outputs[0].text)
    number = path.stem.partition("-")[0]
    found: dict[br.Branch, Met] = {}
    for heading, cell in zip(headings, noted, strict=True):
        for (function, text, nth, where), holds in cell:
            branch = br.Branch(br.Condition(function, text, nth, where), holds)
            found.setdefault(branch, Met(number, heading))
    return found


def _headings(cells: list[Any]) -> Iterator[str]:
    """For each cell of code the heading that it stands under."""
    heading = ""
    for cell in cells:
        if cell.cell_type == "code":
            yield heading
            continue
        for line in cell.source.splitlines():
            if line.startswith("#"):
                heading = line.lstrip("# ").rstrip(".?!")


@cache
def met() -> dict[br.Branch, Where]:
    """All branches that the course takes."""
    lectures, exercises = (sorted((HOUSE / room).glob("*.ipynb")) for room in
                           ("notebooks", "solutions"))  # fmt: skip
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(taken, [*lectures, *exercises]))
    rooms = found[: len(lectures)], found[len(lectures) :]
    firsts = [
        {branch: place for one in reversed(some) for branch, place in one.items()} for some in rooms
    ]
    branches = {branch for first in firsts for branch in first}
    return {branch: Where(*(first.get(branch) for first in firsts)) for branch in branches}
