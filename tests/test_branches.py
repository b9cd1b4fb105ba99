# SPDX-License-Identifier: GPL-2.0-only
"""Every branch of migrate.py is taken by a named scenario, or cannot be: docs/branches.md."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import kmm
from kmm.scenario import library

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.append(str(DOCS))

import branches  # noqa: E402
import generate  # noqa: E402
from branches import UNREACHABLE, Branch, Condition  # noqa: E402

FUNCTIONS = [
    node
    for node in ast.parse(branches.SOURCE.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef)
]
BOTH = [Branch(condition, holds) for condition in branches.conditions() for holds in (True, False)]


def test_the_page_is_what_the_library_takes_today() -> None:
    """If this fails: python docs/generate.py, and read what has changed."""
    assert generate.branches() == (DOCS / "branches.md").read_text(encoding="utf-8")


def test_every_branch_has_a_scenario_or_a_reason_and_none_has_both() -> None:
    taken = branches.found().taken
    without = [str(b) for b in BOTH if b not in taken and branches.reason(b) is None]
    assert without == []
    assert [str(b) for b in BOTH if b in taken and branches.reason(b) is not None] == []


def test_every_reason_is_of_a_branch() -> None:
    given = [b for b in BOTH if branches.reason(b) is not None]
    assert len(given) == len(UNREACHABLE)


def test_the_functions_are_those_of_the_c() -> None:
    assert len(branches.measured()) == 23
    assert set(branches.found().entered) >= {function.name for function in branches.measured()}


def test_no_condition_is_overlooked() -> None:
    """Counted by hand, so to say: what the source has of each kind of statement."""
    count: Counter[str] = Counter()
    for node in (inner for function in FUNCTIONS for inner in ast.walk(function)):
        if isinstance(node, ast.If | ast.IfExp | ast.For):
            count["decisions"] += 1
        elif isinstance(node, ast.While):
            count["decisions"] += not isinstance(node.test, ast.Constant)
        elif isinstance(node, ast.BoolOp):
            count["further operands"] += len(node.values) - 1
        elif isinstance(node, ast.Call):
            count["decisions"] += ast.unparse(node.func) in ("BUG_ON", "VM_BUG_ON")
        # Kinds of decisions that are not measured, and so must not be used in migrate.py.
        assert not isinstance(node, ast.Match | ast.Assert | ast.Try | ast.comprehension)
    assert len(branches.conditions()) == count.total()


@pytest.mark.parametrize("name", library.names()[::4])
def test_what_is_measured_runs_as_ever(name: str) -> None:
    with branches.measuring():
        measured = kmm.load(name).run().result
    assert measured == kmm.load(name).run().result


def lines_of_migrate(name: str) -> set[int]:
    """The lines of migrate.py that Python itself says it ran, without any change of the source."""
    lines: set[int] = set()
    file = str(branches.SOURCE)

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add(frame.f_lineno)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        return local if frame.f_code.co_filename == file else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        kmm.load(name).run(record=False)
    finally:
        sys.settrace(before)
    return lines


def plain_ifs() -> dict[Condition, int]:
    """Conditions that are the whole of one `if`, with the first line of what it guards."""
    found: dict[Condition, int] = {}
    for function in FUNCTIONS:
        ifs = [node for node in ast.walk(function) if isinstance(node, ast.If)]
        texts = Counter(ast.unparse(node.test) for node in ifs)
        for node in ifs:
            text = ast.unparse(node.test)
            if texts[text] == 1 and not isinstance(node.test, ast.BoolOp):
                found[Condition(function.name, text, 1, "if")] = node.body[0].lineno
    return found


@pytest.mark.parametrize("name", library.names()[::8])
def test_a_condition_has_held_where_python_ran_the_guarded_line(name: str) -> None:
    conditions = plain_ifs()
    assert len(conditions) > 60
    assert set(conditions) <= set(branches.conditions())
    lines = lines_of_migrate(name)
    with branches.measuring() as taken:
        kmm.load(name).run(record=False)
    for condition, line in conditions.items():
        assert (Branch(condition, True) in taken) == (line in lines), str(condition)


def test_the_shortest_scenario_is_named() -> None:
    """anon-simple and four-pages both copy a page; the one with fewer steps is kept."""
    some = {name: kmm.load(name) for name in ("four-pages", "anon-simple")}
    found = branches.find(some)
    copied = Condition("migrate_page_copy", "PageUptodate(page)", 1, "if")
    assert found.taken[Branch(copied, True)] == "anon-simple"
    assert found.entered["migrate_page_copy"] == "anon-simple"
