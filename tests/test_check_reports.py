# SPDX-License-Identifier: GPL-2.0-only
"""What is behind a bug report: the function, what it lacks, and a run that shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.learn.checks.reports import Behind, Report
from kmm.learn.checks.telling import Tells
from kmm.learn.exercises import e06
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import unmap_and_move
from kmm.scenario import Run

P = Parameters("e06", 0, {})
REPORTS = [report for _, reports in e06.REPORTS.values() for report in reports]
REPORT = {report.name: report for report in REPORTS}


def said(part: str, given: Any, report: Report) -> Outcome:
    return Behind(part, lambda p: report, "x").judge({part: given}, P)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_each_report_is_shown_by_its_example_and_not_by_the_model(report: Report) -> None:
    model = kmm.load(report.example).run()
    assert report.symptom(report.run(), model)
    assert not report.symptom(model, model)
    assert said("shows", report.example, report).right
    assert said("function", report.function, report).right
    assert all(said("lacks", name, report).right for name in report.lacks)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_each_report_says_where_it_happened_and_not_what_is_behind_it(report: Report) -> None:
    assert re.search(r"\b[0-9a-f]{11}\b.*\(2\.6\.\d+(-rc\d)?\)", report.history)
    assert report.function not in report.tells
    assert not any(name in report.tells for name in report.lacks)
    assert not re.search(r"\b[0-9a-f]{11}\b", report.tells)
    assert repr(report.kernel) == "<the kernel of the report>"


def test_an_answer_may_be_written_in_several_ways() -> None:
    report = REPORT["sleeping"]
    for text in ("unmap_and_move()", "kmm.mm.migrate.unmap_and_move", unmap_and_move):
        assert said("function", text, report).right
    for text in ("if PageAnon(page):", "not PageAnon(page)", " PageAnon "):
        assert said("lacks", text, report).right
    assert said("shows", kmm.load(report.example), report).right


def test_what_the_kernel_does_there_is_not_what_it_lacks() -> None:
    assert said("lacks", "page_count", REPORT["sleeping"]).facts == {"called there"}
    assert said("lacks", "get_page", REPORT["sleeping"]).facts == {"lacks get_page"}
    assert said("function", "get_page", REPORT["sleeping"]).facts == {"another function"}


def test_a_world_of_ones_own_may_show_it() -> None:
    def mine() -> Run:
        w = kmm.World(nodes=2)
        page = w.mm().mmap(pages=1, file=w.file()).touch(0, write=False)
        return w.migrate_pages([page], 1)

    assert said("shows", mine, REPORT["zones"]).right
    assert said("shows", mine, REPORT["stays"]).facts == {"as the model"}


def test_another_difference_than_the_reports_is_told_from_it() -> None:
    assert said("shows", "entry-wait", REPORT["count 0"]).facts == {"another symptom"}
    assert said("shows", "anon-simple", REPORT["shared"]).facts == {"another symptom"}


@pytest.mark.parametrize(
    ("shows", "fact"),
    [
        ("anonymous", "no scenario"),
        (7, "no scenario"),
        ({"kind": "anonymous"}, "no scenario"),
        (lambda: 0, "refused"),
        (lambda: 1 / 0, "raises"),
        (lambda x: x, "raises"),
    ],
)
def test_what_is_no_run_is_told_in_one_sentence(shows: Any, fact: str) -> None:
    assert said("shows", shows, REPORT["zones"]).facts == {fact}


def test_of_a_wrong_function_it_is_said_what_it_is() -> None:
    report = REPORT["sleeping"]
    assert said("function", "lock_buffer", report).facts == {"where it stops"}
    assert said("function", "migrate_pages", report).facts == {"a caller"}
    assert said("function", "unmapping", report).facts == {"no function"}
    assert said("lacks", "unmap_and_move", report).facts == {"the function itself"}
    assert said("lacks", "get_page", REPORT["count 0"]).facts == {"what is there"}


def test_a_test_that_compares_the_examples_knows_every_kernel() -> None:
    names = {report.example for report in REPORTS}
    right = {name: kmm.load(name).run().result for name in names}

    def healthy() -> bool:
        return all(kmm.load(name).run().result == right[name] for name in names)

    kernels = [e06.witness("the model"), *(e06.witness(r.name, *r.edits) for r in REPORTS)]
    assert Tells(lambda p: kernels).judge(healthy, P).right
    assert not Tells(lambda p: kernels).judge(lambda: True, P).right


def test_the_notebook_does_not_import_what_would_give_the_answer_away() -> None:
    folder = Path(__file__).resolve().parents[1] / "exercises"
    [student] = folder.glob("e06-*.ipynb")
    text = student.read_text("utf-8")
    assert "report_of" not in text
    runs = re.findall(r'load\(\\"([a-z0-9-]+)', "".join(text.split("```")[::2]))
    assert runs
    assert not {report.example for report in REPORTS} & set(runs)
