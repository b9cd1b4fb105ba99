# SPDX-License-Identifier: GPL-2.0-only
"""A course that has nbgrader takes the same files: its own commands, on a copy of solutions/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kmm.learn.derive import STUB

HOUSE = Path(__file__).resolve().parents[1]
NAMES = ("e02-count-the-references", "e03-write-move-mapping")

CONFIG = f"""
c = get_config()
c.CourseDirectory.course_id = "kmm"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
"""


def nbgrader(course: Path, *words: str) -> str:
    """One command of nbgrader, which runs `alembic` by its name."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env={**os.environ, "PATH": path, "KMM_ATTEMPTS": "off"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one assignment, released by nbgrader itself."""
    course = tmp_path_factory.mktemp("course")
    (course / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    source = course / "source" / "ps1"
    source.mkdir(parents=True)
    for name in NAMES:
        shutil.copy(HOUSE / "solutions" / f"{name}.ipynb", source)
    nbgrader(course, "generate_assignment", "ps1", "--create")
    return course


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_releases_what_we_derive(course: Path, name: str) -> None:
    """Cell by cell, with the checksums."""
    theirs = json.loads((course / "release" / "ps1" / f"{name}.ipynb").read_text("utf-8"))
    ours = json.loads((HOUSE / "exercises" / f"{name}.ipynb").read_text("utf-8"))
    assert theirs["cells"] == ours["cells"]
    assert theirs["metadata"]["kmm"] == ours["metadata"]["kmm"]


def test_nbgrader_marks_what_students_hand_in(course: Path) -> None:
    """One hands in the solutions, one a wrong variant and few answers, one nothing at all."""
    for student in ("all", "some", "none"):
        handed_in = course / "submitted" / student / "ps1"
        handed_in.mkdir(parents=True)
        for name in NAMES:
            from_ = HOUSE / ("exercises" if student == "none" else "solutions")
            text = (from_ / f"{name}.ipynb").read_text("utf-8")
            if student == "some":
                text = text.replace("q2 = 3 + p.pins", "q2 = 3")
                text = text.replace("page_unfreeze_refs(page, expected - 1)", "pass")
            (handed_in / f"{name}.ipynb").write_text(text, "utf-8")
    nbgrader(course, "autograde", "ps1", "--create")
    ask = (
        "from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        "    for s in book.assignment_submissions('ps1'):\n"
        "        for n in s.notebooks:\n"
        "            print(s.student.id, n.name, n.score, n.max_score)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=course, capture_output=True, text=True, check=True
    )
    marks = {tuple(line.split()[:2]): line.split()[2:] for line in done.stdout.splitlines()}
    count, write = NAMES
    assert marks["all", count] == ["4.0", "4.0"]
    assert marks["all", write] == ["15.0", "15.0"]
    assert marks["some", count] == ["3.0", "4.0"]
    assert 4 <= float(marks["some", write][0]) < 15
    # The hidden tests are back, and a stub that does nothing gains nothing by most of them.
    assert marks["none", count] == ["0.0", "4.0"]
    assert marks["none", write] == ["0.0", "15.0"]
