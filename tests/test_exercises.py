# SPDX-License-Identifier: GPL-2.0-only
"""Exercises have one source: solutions/, from which exercises/ is derived."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import kmm
import kmm.cli.exercises
from kmm.cli import main
from kmm.learn import template
from kmm.learn.book import exercise_of, names
from kmm.learn.derive import STUB, derived
from kmm.learn.trial import tried_wrong, wrong_answers

HOUSE = Path(__file__).resolve().parents[1]
SOLUTIONS = sorted((HOUSE / "solutions").glob("*.ipynb"))
WRONG = [pytest.param(w, id=f"{w[0]}-{w[2]}") for path in SOLUTIONS for w in wrong_answers(path)]


def cells(path: Path) -> list[dict[str, Any]]:
    document = json.loads(path.read_text("utf-8"))
    return [{**cell, "source": "".join(cell["source"])} for cell in document["cells"]]


def exercise_at(path: Path) -> Path:
    return HOUSE / "exercises" / path.name


def test_exercises_are_what_their_solutions_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises", "derive", "--check"]) == 0, capsys.readouterr().out


def test_a_difference_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises", "derive", "--to", str(tmp_path)]) == 0
    changed = tmp_path / SOLUTIONS[0].name
    changed.write_text(changed.read_text("utf-8") + "\n", "utf-8")
    (tmp_path / "e98-nobody.ipynb").write_text("{}", "utf-8")
    (tmp_path / SOLUTIONS[1].name).unlink()
    assert main(["exercises", "derive", "--check", "--to", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert f"{changed} is not what its solution gives" in told
    assert f"{SOLUTIONS[1].name} is not what its solution gives" in told
    assert "e98-nobody.ipynb has no solution" in told


def test_every_exercise_has_one_notebook() -> None:
    assert tuple(path.stem.partition("-")[0] for path in SOLUTIONS) == names()


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_and_hidden_tests_stay_at_home(path: Path) -> None:
    student = exercise_at(path).read_text("utf-8")
    for word in ("BEGIN", "END", "HIDDEN", "SOLUTION"):
        assert f"### {word}" not in student
    stubs = [cell for cell in cells(exercise_at(path)) if STUB in cell["source"]]
    assert stubs
    for before, after in zip(cells(path), cells(exercise_at(path)), strict=True):
        assert before["id"] == after["id"]
        hidden = re.findall(r"### BEGIN [A-Z ]+\n(.*?)\n *### END", before["source"], re.DOTALL)
        assert len(hidden) == before["source"].count("### BEGIN")
        for part in hidden:
            assert part not in after["source"]
        assert after.get("outputs", []) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_cells_are_marked_as_nbgrader_wants_them(path: Path) -> None:
    ids = []
    points: dict[str, float] = {}
    for cell in cells(path):
        meta = cell["metadata"]["nbgrader"]
        assert meta["schema_version"] == 3
        assert meta["cell_type"] == cell["cell_type"]
        assert meta["locked"] is not meta["solution"]
        ids.append(meta["grade_id"])
        if cell["cell_type"] == "code":
            ast.parse(cell["source"])
            assert max(map(len, cell["source"].splitlines())) <= 100
        if meta["grade"] and "HIDDEN" not in cell["source"]:
            name = re.findall(r'kmm\.check\("([^"]+)"', cell["source"])[-1]
            points[name] = meta["points"]
    assert len(set(ids)) == len(ids)
    exercise = exercise_of(path.stem.partition("-")[0])
    assert points == {
        f"{exercise.name}.{problem.name}": sum(check.points for check in problem.checks)
        for problem in exercise.problems
    }


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_seed_stands_in_the_metadata_and_in_the_cell_that_begins(path: Path) -> None:
    document = json.loads(derived(path, 41))
    name = path.stem.partition("-")[0]
    assert document["metadata"]["kmm"] == {"exercise": name, "seed": 41}
    code = "\n".join("".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code")
    assert code.count(f'kmm.exercise("{name}", seed=41)') == 1
    assert "seed=0" not in code


def test_another_seed_goes_elsewhere() -> None:
    with pytest.raises(kmm.KmmError, match="seed 0"):
        kmm.cli.exercises._derive(
            kmm.cli.exercises.argparse.Namespace(seed=3, to=None, what=[], check=False)
        )


@pytest.mark.parametrize("answer", WRONG)
def test_a_typical_wrong_answer_is_told_what_it_gets_wrong(answer: Any) -> None:
    finding = tried_wrong(answer)
    assert finding.right, finding.says


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_problem_knows_three_wrong_answers(path: Path) -> None:
    problems = [problem for problem, _, _ in wrong_answers(path)]
    exercise = exercise_of(path.stem.partition("-")[0])
    for problem in exercise.problems:
        assert problems.count(f"{exercise.name}.{problem.name}") >= 3


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("path", SOLUTIONS[1:2], ids=lambda path: path.stem)
def test_wrong_answers_are_wrong_with_other_numbers_too(path: Path, seed: int) -> None:
    for answer in wrong_answers(path):
        finding = tried_wrong(answer, seed)
        assert finding.right, finding.says


def test_a_wrong_answer_that_passes_or_gets_other_words_is_told() -> None:
    assert "passes" in tried_wrong(("e01.q1", lambda p: p.processes + 1, "x")).says
    assert "is not told" in tried_wrong(("e01.q1", lambda p: 1, "something else")).says


def test_the_command_tries_a_notebook_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises", "check", str(SOLUTIONS[1]), "--seed", "4"]) == 0
    told = capsys.readouterr().out
    assert "the solution gets 1 of 1 points" in told
    assert "the stub gets 0 of 1 points" in told
    assert "wrong  " not in told


def test_a_solution_that_is_wrong_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(SOLUTIONS[1].read_text("utf-8"))
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"]).replace("q4 = 10", "q4 = 9")
    broken = tmp_path / SOLUTIONS[1].name
    broken.write_text(json.dumps(document), "utf-8")
    assert main(["exercises", "check", str(broken)]) == 1
    told = capsys.readouterr().out
    assert "wrong  e02-q4-marks: the solution gets 0 of 1 points" in told
    assert "there is no typical wrong answer" in told


def test_a_new_exercise_works_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = template.files("e97-count-the-pins", tmp_path)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    table, _wrong, notebook = files
    scope: dict[str, Any] = {}
    exec(compile(table.read_text("utf-8"), str(table), "exec"), scope)
    monkeypatch.setattr(kmm.learn.book, "names", lambda: ("e97",))
    monkeypatch.setattr(kmm.learn.book, "exercise_of", lambda name: scope["EXERCISE"])
    monkeypatch.setattr(kmm.learn.trial, "exercise_of", lambda name: scope["EXERCISE"])
    solution = next(cell["source"] for cell in cells(notebook) if "SOLUTION" in cell["source"])
    names = {"p": kmm.exercise("e97", 2)}
    exec(solution, names)
    assert kmm.check("e97.q1", names["q1"]).right
    (answer,) = wrong_answers(notebook)
    assert tried_wrong(answer).right
    assert STUB in derived(notebook)
    with pytest.raises(kmm.KmmError, match="is there already"):
        template.files("e97-count-the-pins", tmp_path)


@pytest.mark.parametrize("name", ["x", "e1-x", "e01", "e01-", "e01-A", "../e01-x"])
def test_a_name_of_an_exercise_has_a_form(name: str) -> None:
    with pytest.raises(kmm.KmmError, match="an exercise is called"):
        template.files(name, HOUSE)


def test_a_notebook_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "e01-x.ipynb"
    with pytest.raises(kmm.KmmError, match="cannot be read"):
        derived(bad)
    bad.write_text("no JSON", "utf-8")
    with pytest.raises(kmm.KmmError, match="no notebook"):
        derived(bad)
    document = json.loads(SOLUTIONS[0].read_text("utf-8"))
    document["cells"] = document["cells"][:1]
    bad.write_text(json.dumps(document), "utf-8")
    with pytest.raises(kmm.KmmError, match="no cell begins an exercise"):
        derived(bad)


def test_two_cells_of_one_name_are_refused(tmp_path: Path) -> None:
    document = json.loads(SOLUTIONS[0].read_text("utf-8"))
    for cell in document["cells"]:
        cell["metadata"]["nbgrader"]["grade_id"] = "same"
    bad = tmp_path / "e01-x.ipynb"
    bad.write_text(json.dumps(document), "utf-8")
    with pytest.raises(kmm.KmmError, match=r"e01-x\.ipynb: "):
        derived(bad)


def test_the_list_names_every_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises"]) == 0
    told = capsys.readouterr().out
    for name in names():
        assert exercise_of(name).title in told
        assert all(f"{name}.{problem.name}" in told for problem in exercise_of(name).problems)


def test_without_nbgrader_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(kmm.KmmError, match=r"kmm\[teach\]"):
        derived(SOLUTIONS[0])


def test_files_may_stand_behind_the_options(tmp_path: Path) -> None:
    (source,) = (HOUSE / "solutions").glob("e01-*.ipynb")
    words = ["derive", "--seed", "7", "--to", str(tmp_path), str(source)]
    assert kmm.cli.main(["exercises", *words]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    assert kmm.cli.main(["exercises", "derive", "--sed", "7"]) == 2
