# SPDX-License-Identifier: GPL-2.0-only
"""The lecturer's pages: each number in them is what the model says, each heading is in its lecture.

In a block of Python, `# -> X` is what the line gives, or the line above.  In a table of answers the
last column is code to run, and `gives` says what comes out.  What stands in *italics* is a heading
of the lecture.
"""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import cli
from kmm.cli import lab, present
from kmm.explore.history import HISTORY

ROOT = Path(__file__).resolve().parents[1]
TEACHING = ROOT / "docs" / "teaching"
README = TEACHING / "README.md"
LECTURES = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
PAGES = sorted(TEACHING.glob("[0-9]*.md"))
QUESTIONS = "Three questions to take along"  # of each lecture; they need no time of the class
ANSWERS = "| they say | what it shows | turn it with |"
SECTIONS = ("Goal", "Time", "Before you begin", "What to ask", "For the strong", "Afterwards")
OWN_TASKS = 1  # hours a week for what the lectures themselves ask

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without its blocks and without what stands between backticks."""
    bare = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", bare)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def section(page: Path, title: str) -> str:
    _, found, rest = text_of(page).partition(f"\n## {title}\n")
    assert found, f"{page.name} has no section {title!r}"
    return rest.partition("\n## ")[0]


def headings(page: Path) -> list[tuple[int, str]]:
    """Depth and text of each heading of the lecture that a page is about."""
    lecture = json.loads((ROOT / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))
    lines = [
        line
        for cell in lecture["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
    ]
    found = [line.partition(" ") for line in lines if re.match("#+ ", line)]
    return [(len(marks), words.replace("`", "")) for marks, _, words in found]


def rows(table: str) -> list[list[str]]:
    """The cells of a table's lines, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def answers(page: Path) -> list[list[list[str]]]:
    """The tables of wrong answers, each as its rows."""
    table = rf"^{re.escape(ANSWERS)}\n(?:\|.*\n)+"
    return [rows(found) for found in re.findall(table, text_of(page), re.MULTILINE)]


# Which pages there are, and what they consist of.


def test_every_lecture_has_its_page_and_every_page_its_lecture() -> None:
    assert [page.stem for page in PAGES] == [lecture.stem for lecture in LECTURES]


def test_the_readme_leads_to_every_page_and_has_its_minutes() -> None:
    table = {row[0]: row[1:] for row in rows(text_of(README).partition("\n## ")[0])}
    for page in PAGES:
        full, short = rows(section(page, "Time"))[-1][1:3]
        title = headings(page)[0][1]
        assert table[f"[{page.name[:2]}]({page.name})"] == [title, full, short]
    assert len(table) == len(PAGES)


def test_the_readme_names_headings_that_are_in_their_lecture() -> None:
    pages = {page.name[:2]: page for page in PAGES}
    for _, _, what in rows(section(README, "A class of two hours"))[:-1]:
        there = {title for _, title in headings(pages[what[:2]])} if what[:2] in pages else set()
        assert set(re.findall(r"\*([^*]+)\*", what)) <= there


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(page)):
        assert link.startswith("https://") or (TEACHING / link).exists(), link


@every_page
def test_a_page_can_be_read_before_the_class(page: Path) -> None:
    lines = [line for line in text_of(page).splitlines() if line.strip()]
    assert 45 <= len(lines) <= 100
    assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []
    for title in SECTIONS:
        assert section(page, title).strip()
    assert len(re.findall(r"^- ", section(page, "Goal"), re.MULTILINE)) >= 3


# Time.


@every_page
def test_the_minutes_of_the_parts_make_the_time_that_is_said(page: Path) -> None:
    *parts, (_, full, short, _) = rows(section(page, "Time"))
    assert sum(int(minutes) for _, minutes, _, _ in parts) == int(full)
    assert sum(int(minutes) for _, _, minutes, _ in parts) == int(short) < int(full)
    assert 15 <= int(full) <= 30


@every_page
def test_the_table_of_times_has_every_part_of_the_lecture_in_its_order(page: Path) -> None:
    named = [part.replace("`", "") for part, *_ in rows(section(page, "Time"))[:-1]]
    there = headings(page)
    assert named == [title for _, title in there if title in named]
    parts = [title for depth, title in there if depth == 2]
    assert [title for title in parts if title not in (*named, QUESTIONS)] == []


@every_page
def test_every_heading_that_is_named_is_in_the_lecture(page: Path) -> None:
    there = {title for _, title in headings(page)}
    named = re.findall(r"^### (.*)$", section(page, "What to ask"), re.MULTILINE)
    text = text_of(page).replace("**", "")
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    named += re.findall(r"(?<![\w*`])\*([^*\n]+)\*(?!\w)", bare)
    assert [name for name in named if name.replace("`", "") not in there] == []


# What is run.


def outcome(code: str, namespace: dict[str, Any]) -> str:
    """What an expression gives, as a person sees it in a cell: printed, or its repr."""
    out = io.StringIO()
    with redirect_stdout(out):
        value = eval(code, namespace)
    return out.getvalue().strip() if value is None and out.getvalue() else repr(value)


def run_block(source: str, namespace: dict[str, Any]) -> None:
    """Statement by statement; where a line says what it gives, it has to."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        end = node.end_lineno or 1
        below = lines[end] if end < len(lines) and lines[end].startswith("# -> ") else ""
        wanted = below[len("# -> ") :] or lines[end - 1].partition("  # -> ")[2]
        code = ast.get_source_segment(source, node) or ""
        if isinstance(node, ast.Expr):
            found = outcome(code, namespace)
            assert not wanted or found == wanted, f"{code} gives {found}, not {wanted}"
        else:
            assert not wanted, f"only an expression gives something: {code}"
            exec(code, namespace)


def run_answer(cell: str, namespace: dict[str, Any]) -> None:
    """What stands in the last column of a table of answers."""
    for code, wanted in re.findall(r"(?<!gives )`([^`]+)`(?: gives `([^`]+)`)?", cell):
        if code.startswith("kmm "):
            command(code)
            continue
        found = outcome(code, namespace)
        assert not wanted or found == wanted, f"{code} gives {found}, not {wanted}"


@every_page
def test_what_a_page_says_is_what_the_model_does(page: Path) -> None:
    """Its blocks and the calls in its tables run, in one namespace, and give what they say."""
    namespace: dict[str, Any] = {}
    for source in blocks(page, "python"):
        run_block(source, namespace)
    tables = answers(page)
    assert len(tables) >= 2
    for table in tables:
        assert len(table) >= 3
        for _, _, cell in table:
            assert "`" in cell
            run_answer(cell, namespace)


def test_what_the_readme_says_of_seeds_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMM_ATTEMPTS", "off")
    namespace: dict[str, Any] = {}
    for source in blocks(README, "python"):
        run_block(source, namespace)


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_every_step_that_the_prose_names_stands_in_code_too(page: Path) -> None:
    """So that it is run, and a change of the model cannot leave it behind."""
    code = " ".join(re.findall(r"`[^`\n]+`|^```.*?^```$", text_of(page), re.DOTALL | re.MULTILINE))
    for number in re.findall(r"\bsteps? (\d+)", prose(page)):
        assert re.search(rf"\b{number}\b", code), f"step {number}"


def command(line: str) -> None:
    """Run a command of `kmm`; what would open JupyterLab has only to find its notebook."""
    _, *words = shlex.split(line.partition("  # ")[0])
    if words[:2] == ["lab", "--present"]:
        present.chosen(lab.notebooks(), words[2])
    elif words[0] != "lab":
        with redirect_stdout(io.StringIO()):
            assert cli.main(words) == 0, line


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_every_command_in_a_block_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMM_ATTEMPTS", "off")
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            assert line.startswith("kmm "), line
            command(line)


@every_page
def test_every_bug_that_the_prose_sends_to_is_in_the_collection(page: Path) -> None:
    for number in re.findall(r"kmm explore --history (\d+)", text_of(page)):
        assert int(number) in HISTORY


# Facts.


@every_page
def test_a_commit_is_named_with_its_version_or_its_year(page: Path) -> None:
    for fact in re.split(r"\n(?=- |\||\n)", text_of(page)):
        if re.search(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{11,12}\b", fact):
            assert re.search(r"\b\d\.\d+|\b20[012]\d\b", fact), fact


def points(notebook: Path) -> int:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return sum(cell["metadata"].get("nbgrader", {}).get("points") or 0 for cell in cells)


def test_the_table_of_exercises_has_their_points_and_what_is_drawn() -> None:
    table = {row[0]: row for row in rows(section(README, "The exercises"))}
    for path in sorted((ROOT / "solutions").glob("e*.ipynb")):
        row = table[path.name[:3]]
        assert int(row[3]) == points(path), row
        drawn = set(re.findall(r"`(\w+)`", row[6]))
        assert drawn == set(kmm.exercise(row[0], seed=0)), row


@every_page
def test_a_page_gives_an_exercise_its_points(page: Path) -> None:
    table = {row[0]: row[3] for row in rows(section(README, "The exercises"))}
    afterwards = re.sub(r"\]\([^)]*\)", "", section(page, "Afterwards"))
    for name, worth in re.findall(r"(e\d\d)[^.;:]{0,60}?(\d+)\s+points", afterwards):
        assert table[name] == worth, name


def test_every_plan_adds_up() -> None:
    """The minutes of the class of two hours, and the hours of the four weeks."""
    *parts, (_, whole, _) = rows(section(README, "A class of two hours"))
    clock = 0
    for begins, minutes, _ in parts:
        assert begins == f"{clock // 60}:{clock % 60:02}"
        clock += int(minutes)
    assert clock == int(whole) == 120
    exercises = {row[0]: row for row in rows(section(README, "The exercises"))}
    *weeks, total = rows(section(README, "A unit of four weeks"))
    for _, _, _, given, home, worth in weeks:
        names = re.findall(r"e\d\d", given)
        assert sum(int(exercises[name][3]) for name in names) == int(worth)
        assert sum(float(exercises[name][5]) for name in names) + OWN_TASKS == float(home)
    for column in (2, 4, 5):
        assert sum(float(week[column]) for week in weeks) == float(total[column])
