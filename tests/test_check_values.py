# SPDX-License-Identifier: GPL-2.0-only
"""Checks of values: what is right is computed by the model, what is wrong is told by its name."""

from __future__ import annotations

from typing import Any

import pytest

import kmm
from kmm.learn.book import exercise_of, names
from kmm.learn.checks.values import StepNumber, Table, Value
from kmm.learn.parameters import Parameters

P = Parameters("e01", 0, {})


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 7])
def test_the_answers_are_those_that_one_counts_by_hand(seed: int) -> None:
    """Each pte and each holder is one; this count does not ask the model."""
    p = kmm.exercise("e01", seed)
    assert kmm.check("e01.q1", p.processes + 1).right
    assert kmm.check(
        "e01.q2", {"p0._count": 1, "p0.mapcount": 0, "n0._count": 1, "n0.mapcount": 0}
    ).right
    end = {"p0._count": 1, "n0._count": p.processes + 1, "n0.mapcount": p.processes}
    assert kmm.check("e01.q3", end).right
    p = kmm.exercise("e02", seed)
    assert kmm.check("e02.q1", p.maps + p.pins + 2).right
    assert kmm.check("e02.q2", p.pins + 3).right
    assert kmm.check("e02.q3", "-EAGAIN").right
    assert kmm.check("e02.q4", 10).right


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (-11, True), ("-EAGAIN", True), (" -eagain ", True), ("-11", True), (-11.0, True),
        (11, False), ("EAGAIN", False), ("-EWHAT", False), (True, False), ([], False),
        (float("nan"), False), (float("inf"), False), ("1_1", False), (object(), False),
    ],
)  # fmt: skip
def test_a_number_is_taken_as_people_write_it(given: Any, right: bool) -> None:
    assert Value(lambda p: -11).judge(given, P).right is right


def test_a_tolerance_is_how_far_one_may_be_off() -> None:
    check = Value(lambda p: 2.5, tolerance=0.1)
    assert check.judge(2.6, P).right
    assert not check.judge(2.7, P).right


def test_a_text_is_compared_without_its_spaces_and_capitals() -> None:
    check = Value(lambda p: "migration p0")
    assert check.judge("  Migration   P0", P).right
    assert not check.judge("none", P).right
    assert "a text is asked for" in check.judge(3, P).says


def test_a_table_names_the_first_value_that_is_wrong_and_how_many_more() -> None:
    check = Table(lambda p: {"a": 1, "b": 2, "c": 3})
    assert check.judge({"a": 1, "b": 2, "c": 3, "d": 4}, P).right
    outcome = check.judge({"a": 1, "b": 0, "c": 0}, P)
    assert outcome.says == "b: it is not 0 (1 more)"
    assert outcome.facts == {"b is 0", "c is 0"}
    assert "c is missing" in check.judge({"a": 1, "b": 2}, P).says
    assert "a dict with a, b, c" in check.judge([1, 2, 3], P).says


def test_a_step_that_is_wrong_is_told_by_what_it_does() -> None:
    trace = kmm.load("anon-simple").run().trace
    locks = [step.index for step in trace if step.primitive == "trylock_page"]
    check = StepNumber(lambda p: trace, lambda trace: locks)
    assert check.judge(locks[0], P).right
    outcome = check.judge(4, P)
    assert trace.narrate(4) in outcome.says
    assert f"at {trace[4].primitive}" in outcome.facts
    for none in (-1, len(trace), 2.5, "x", None):
        assert "a step from 0 to" in check.judge(none, P).says


def test_whatever_an_answer_does_while_it_is_looked_at_it_is_judged() -> None:
    class Wild:
        def __float__(self) -> float:
            raise ZeroDivisionError("wild")

        def __repr__(self) -> str:
            raise SystemExit

    result = kmm.check("e01.q1", Wild())
    assert result.right is False
    assert "raises ZeroDivisionError: wild" in str(result)


def test_no_answer_is_no_attempt() -> None:
    for nothing in (None, ...):
        result = kmm.check("e01.q1", nothing)
        assert result.right is None
        assert "Replace None" in str(result)
    assert all(one.attempts == 0 for one in kmm.progress().standings)


@pytest.mark.parametrize("name", ["e01", "e01.q9", "e99.q1", "", "e01.q1.x", 7, None])
def test_a_name_that_there_is_not_is_one_sentence(name: Any) -> None:
    with pytest.raises(kmm.KmmError):
        kmm.check(name, 1)


def test_every_exercise_is_complete() -> None:
    for name in names():
        exercise = exercise_of(name)
        assert exercise.name == name
        assert len({problem.name for problem in exercise.problems}) == len(exercise.problems)
        for problem in exercise.problems:
            assert problem.checks, problem.name
            assert problem.hints, problem.name
            assert problem.why, problem.name
            assert len(problem.slips) >= 3, (name, problem.name)


def test_the_same_seed_draws_the_same_numbers_and_seeds_differ() -> None:
    drawn = [dict(exercise_of("e02").drawn(seed)) for seed in range(30)]
    assert drawn == [dict(exercise_of("e02").drawn(seed)) for seed in range(30)]
    assert len({tuple(numbers.values()) for numbers in drawn}) > 5
    assert drawn[0] == {"maps": 2, "pins": 1}


@pytest.mark.parametrize("seed", [-1, True, "3", 2.0])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(kmm.KmmError, match="a seed is a whole number"):
        kmm.exercise("e01", seed)


def test_a_function_may_be_named_with_its_brackets() -> None:
    told = {"0": "nobody", "AOP_WRITEPAGE_ACTIVATE": "the migration", "an error": "nobody"}
    assert kmm.check("e12.q1", {**told, "function": "writeout()"}, seed=0).right
