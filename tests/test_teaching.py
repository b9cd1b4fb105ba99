# SPDX-License-Identifier: GPL-2.0-only
"""The lecturer's pages: each number in them is what the model says, each heading is in its lecture.

How a page is written, tests/lecturer.py says.  What stands in *italics* is a heading of the
lecture that the page is about.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lecturer import (
    ROOT,
    answers,
    blocks,
    command,
    headings,
    prose,
    rows,
    run_answer,
    run_block,
    section,
    text_of,
)

import kmm
from kmm.explore.history import HISTORY

TEACHING = ROOT / "docs" / "teaching"
README = TEACHING / "README.md"
LECTURES = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
PAGES = sorted(TEACHING.glob("[0-9]*.md"))
QUESTIONS = "Three questions to take along"  # of each lecture; they need no time of the class
SECTIONS = ("Goal", "Time", "Before you begin", "What to ask", "For the strong", "Afterwards")
OWN_TASKS = 1  # hours a week for what the lectures themselves ask

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


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


def exercises() -> dict[str, list[str]]:
    """The rows of the table of exercises by their names."""
    return {row[0][1:4]: row for row in rows(section(README, "The exercises"))}


def points(notebook: Path) -> int:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return sum(cell["metadata"].get("nbgrader", {}).get("points") or 0 for cell in cells)


def test_the_table_of_exercises_has_their_points_and_what_is_drawn() -> None:
    table = exercises()
    notebooks = sorted((ROOT / "solutions").glob("e*.ipynb"))
    assert list(table) == [path.name[:3] for path in notebooks]
    for (name, row), path in zip(table.items(), notebooks, strict=True):
        assert int(row[3]) == points(path), row
        assert set(re.findall(r"`(\w+)`", row[6])) == set(kmm.exercise(name, seed=0)), row


@every_page
def test_a_page_gives_an_exercise_its_points(page: Path) -> None:
    table = exercises()
    afterwards = re.sub(r"\]\([^)]*\)", "", section(page, "Afterwards"))
    for name, worth in re.findall(r"(e\d\d)[^.;:]{0,60}?(\d+)\s+points", afterwards):
        assert table[name][3] == worth, name


def test_every_plan_adds_up() -> None:
    """The minutes of the class of two hours, and the hours of the four weeks."""
    *parts, (_, whole, _) = rows(section(README, "A class of two hours"))
    clock = 0
    for begins, minutes, _ in parts:
        assert begins == f"{clock // 60}:{clock % 60:02}"
        clock += int(minutes)
    assert clock == int(whole) == 120
    table = exercises()
    *weeks, total = rows(section(README, "A unit of four weeks"))
    for _, _, _, given, home, worth in weeks:
        names = re.findall(r"e\d\d", given)
        assert sum(int(table[name][3]) for name in names) == int(worth)
        assert sum(float(table[name][5]) for name in names) + OWN_TASKS == float(home)
    for column in (2, 4, 5):
        assert sum(float(week[column]) for week in weeks) == float(total[column])
