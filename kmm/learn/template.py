# SPDX-License-Identifier: GPL-2.0-only
"""A new exercise to begin with: its table, its notebook, and its typical wrong answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.learn.derive import written

NAME = re.compile(r"(e\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)")

TABLE = '''# SPDX-License-Identifier: GPL-2.0-only
"""One sentence: what is asked for, and about what."""

from __future__ import annotations

from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.parameters import Parameters
from kmm.learn.checks.values import Value
from kmm.scenario import World


def count(p: Parameters) -> int:
    """The right answer, as the model gives it."""
    w = World(nodes=2)
    page = w.mm().mmap(pages=1).touch(0)
    w.pin(page, p.pins)
    found: int = page._count
    return found


EXERCISE = Exercise(
    "{exercise}",
    "{title}",
    parameters={{"pins": (1, 2, 3)}},
    problems=(
        Problem(
            "q1",
            "page_count(p0)",
            (Value(count, label="page_count(p0)"),),
            slips=(Slip(lambda p: p.pins, "The pte holds a reference too."),),
            hints=("Who holds the page?",),
            why="The pte and the pins.",
        ),
    ),
)
'''

WRONG = '''# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong answers, and what is to be said to each."""

from __future__ import annotations

WRONG = (("{exercise}.q1", lambda p: p.pins, "The pte holds a reference too."),)
'''


def files(name: str, root: Path) -> dict[Path, str]:
    """The files of a new exercise, by where they belong in the house at `root`.

    Raises KmmError for a name that is not as in "e15-lost-writes", and for one that is there.
    """
    parts = NAME.fullmatch(name)
    if parts is None:
        raise KmmError(f'an exercise is called as in "e15-lost-writes", not {name}')
    exercise, words = parts[1], parts[2].replace("-", " ")
    made = {
        root / "kmm" / "learn" / "exercises" / f"{exercise}.py": TABLE,
        root / "solutions" / "wrong" / f"{exercise}.py": WRONG,
    }
    filled = {
        path: text.format(exercise=exercise, title=words.capitalize())
        for path, text in made.items()
    }
    filled[root / "solutions" / f"{name}.ipynb"] = written(_notebook(exercise, words))
    there = [path for path in filled if path.exists()]
    if there:
        raise KmmError(f"{there[0]} is there already")
    return filled


def _notebook(exercise: str, words: str) -> Any:
    from nbformat import v4

    problem = f"{exercise}-q1"
    cells = [
        _cell("markdown", "title", f"# {words.capitalize()}\n\nLinux 2.6.28-rc3.", locked=True),
        _cell(
            "code", "begin", f'import kmm\n\np = kmm.exercise("{exercise}", seed=0)\np', locked=True
        ),
        _cell("markdown", "q1-text", "## 1\n\nWhat is `page_count(p0)`?", locked=True),
        _cell(
            "code",
            "q1",
            "q1 = None\n### BEGIN SOLUTION\nq1 = 1 + p.pins\n### END SOLUTION",
            grade_id=problem,
            solution=True,
        ),
        _cell(
            "code",
            "q1-marks",
            f'kmm.check("{exercise}.q1", q1).marks()',
            grade_id=f"{problem}-marks",
            grade=True,
            points=1,
            locked=True,
        ),
    ]
    for cell in cells:
        nbgrader = cell.metadata.nbgrader
        nbgrader["grade_id"] = nbgrader["grade_id"] or f"{exercise}-{cell.id}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "kmm": {"exercise": exercise, "seed": 0},
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


def _cell(kind: str, name: str, source: str, grade_id: str = "", **more: Any) -> Any:
    """A cell with nbgrader's metadata, schema 3."""
    from nbformat import v4

    nbgrader = {
        "cell_type": kind,
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
        **more,
    }
    make = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    return make(source, id=name, metadata={"nbgrader": nbgrader})
