# SPDX-License-Identifier: GPL-2.0-only
"""An exercise is tried out before students get it.

Its solution has to get every point, the notebook that is derived from it none, and each typical
wrong answer what is meant to be said to it.  Those stand beside the solutions, in wrong/e03.py:

    WRONG = ((problem, the answer as a function of the parameters, words of the feedback),)
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.learn import attempts
from kmm.learn.book import exercise_of
from kmm.learn.check import check
from kmm.learn.derive import derived, read, seeded

#: A typical wrong answer: to which problem, the answer, and what has to be said to it.
Wrong = tuple[str, Callable[[Any], Any], str]


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: it is as it should be, or not."""

    right: bool
    says: str


def wrong_answers(path: Path) -> tuple[Wrong, ...]:
    """The typical wrong answers to the exercise of that notebook, if there are any."""
    file = path.parent / "wrong" / f"{path.stem.partition('-')[0]}.py"
    if not file.is_file():
        return ()
    spec = importlib.util.spec_from_file_location(f"wrong_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[Wrong, ...] = module.WRONG
    return found


def tried_wrong(answer: Wrong, seed: int = 0) -> Finding:
    """Whether a wrong answer is told from a right one, and gets its feedback."""
    problem, make, words = answer
    p = exercise_of(problem.partition(".")[0]).drawn(seed)
    result = check(problem, make(p), seed=seed)
    if result.right is not False:
        return Finding(False, f"{problem}: a wrong answer passes: it should be told {words!r}")
    if words not in str(result):
        return Finding(False, f"{problem}: a wrong answer is not told {words!r}, but: {result}")
    return Finding(True, f"{problem}: a wrong answer is told {words!r}")


def marked(notebook: Any, folder: Path) -> dict[str, tuple[float, float]]:
    """The notebook is run: for each cell that is marked, its points and how many there are."""
    try:
        from nbclient import NotebookClient
        from nbgrader.utils import determine_grade, is_grade
    except ImportError:
        raise KmmError("this needs nbgrader: pip install 'kmm[teach]'") from None
    environment = {**os.environ, attempts.VARIABLE: attempts.OFF}
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    found = {}
    for cell in notebook.cells:
        if is_grade(cell) and cell.cell_type == "code":
            points, most = determine_grade(cell)
            found[cell.metadata.nbgrader.grade_id] = (points or 0.0, most)
    return found


def tried(path: Path, folder: Path, seed: int = 0) -> Iterator[Finding]:
    """All that is found of the notebook; it runs in `folder`."""
    import nbformat

    solution = read(path)
    seeded(solution, seed, path.name)
    for name, (points, most) in marked(solution, folder).items():
        yield Finding(points == most, f"{name}: the solution gets {points:g} of {most:g} points")
    stub = nbformat.reads(derived(path, seed), as_version=4)
    hidden = {
        cell.metadata.nbgrader.grade_id
        for cell in solution.cells
        if "BEGIN HIDDEN TESTS" in cell.source
    }
    for name, (points, most) in marked(stub, folder).items():
        if name not in hidden:  # with its hidden tests the cell has lost what marks it
            yield Finding(points == 0, f"{name}: the stub gets {points:g} of {most:g} points")
    answers = wrong_answers(path)
    if not answers:
        yield Finding(False, "there is no typical wrong answer")
    for answer in answers:
        yield tried_wrong(answer, seed)
