# SPDX-License-Identifier: GPL-2.0-only
"""A step that is wrong is found in a trace, and a test is asked about right and wrong kernels."""

from __future__ import annotations

from typing import Any

import pytest

import kmm
from kmm.explore.edit import Edit
from kmm.learn.book import exercise_of
from kmm.learn.checks.faults import Fault, Found
from kmm.learn.checks.telling import Tells, Witness
from kmm.learn.exercises import e05
from kmm.learn.given.unknown import Unknown
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters

P = Parameters("e05", 0, {"processes": (2,), "buffers": (2,)})

KERNELS = [(q, n) for q, (_, edits) in e05.WORLDS.items() for n in range(len(edits))]


def fault(*edits: Edit) -> Fault:
    with Unknown("a kernel", *edits):
        faulty = kmm.load("file-clean").run().trace
    return Fault(kmm.load("file-clean").run().trace, faulty)


NO_REFERENCE = fault(Edit("migrate_page_move_mapping", "get_page(newpage)"))
WRONG_THAW = fault(
    Edit(
        "migrate_page_move_mapping",
        "page_unfreeze_refs(page, expected_count)",
        "page_unfreeze_refs(page, 7)",
    )
)


def said(part: str, given: Any, of: Fault = NO_REFERENCE) -> Outcome:
    return Found(part, lambda p: of, "x").judge({part: given}, P)


def test_a_step_that_is_left_out_is_found_where_it_should_stand() -> None:
    model, k = NO_REFERENCE.model, NO_REFERENCE.step
    assert model[k].primitive == "get_page"
    assert model[k].args == ("n0",)
    assert NO_REFERENCE.names == ("get_page",)
    assert NO_REFERENCE.fields == ("n0._count",)


def test_a_step_with_a_wrong_number_is_found_itself() -> None:
    k = WRONG_THAW.step
    assert WRONG_THAW.faulty[k].args == ("p0", 7)
    assert WRONG_THAW.fields == ("p0._count",)


@pytest.mark.parametrize(("problem", "number"), KERNELS)
def test_every_kernel_of_e05_has_a_step_a_name_and_a_field(problem: str, number: int) -> None:
    world, edits = e05.WORLDS[problem]
    with Unknown("a kernel", edits[number]):
        faulty = world(P).trace
    found = Fault(world(P).trace, faulty)
    assert 3 < found.step < len(faulty) - 1
    assert found.names[0] != "assign"
    assert found.fields


def test_each_of_the_three_answers_is_judged_by_itself() -> None:
    right = {"step": NO_REFERENCE.step, "instead": "get_page()", "field": "n0._count"}
    for part, answer in right.items():
        assert said(part, answer).right
    assert not said("step", None).right
    for field in ("n0.count", "page_count(n0)"):
        assert said("field", field).right
    for field in ("n0.mapcount", "page_mapcount(n0)"):
        assert said("field", field).facts == {"another field of it"}
    assert said("instead", "kmm.mm.page.get_page(newpage)").right
    assert said("field", "p0._count").facts == {"of another object"}
    assert said("field", "count").facts == {"no field"}


def test_of_a_wrong_step_it_is_said_where_it_lies() -> None:
    k = NO_REFERENCE.step
    assert said("step", k - 1).facts == {"just before"}
    assert said("step", k + 1).facts == {"too late"}
    assert said("step", 0).facts == {"too early"}
    assert said("step", len(NO_REFERENCE.faulty) - 1).facts == {"at the end"}
    for no in (-1, 10**9, "x", 2.5, True, [3]):
        assert said("step", no).facts == {"no step"}


def test_of_a_wrong_name_it_is_said_what_it_is() -> None:
    there = NO_REFERENCE.faulty[NO_REFERENCE.step]
    assert said("instead", there.primitive).facts == {"what is there"}
    assert said("instead", "migrate_page_move_mapping").facts == {"the function around it"}
    assert said("instead", "got_page").facts == {"no function"}
    assert said("instead", "put_page").facts == {"names put_page"}


def test_an_unknown_kernel_does_not_say_what_is_different() -> None:
    edit = Edit("migrate_page_move_mapping", "get_page(newpage)")
    kernel = Unknown("a kernel", edit)
    with kernel:
        run = kmm.load("file-clean").run()
    assert repr(kernel) == "<a kernel>"
    codes = [run.trace.sources.code(n) for n in range(len(run.trace.sources.raw_codes))]
    [code] = [code for code in codes if code.name == "migrate_page_move_mapping"]
    assert code.file == "kmm/mm/migrate.py"
    assert "get_page(newpage)" in code.source
    assert len(run.trace) == len(kmm.load("file-clean").run().trace) - 1


def test_afterwards_the_kernel_is_the_model_whatever_happened_inside() -> None:
    before = kmm.load("file-clean").run().result
    kernel = Unknown("a kernel", Edit("unmap_and_move", "unlock_page(page)"))
    with pytest.raises(ZeroDivisionError), kernel, kernel:
        _ = 1 / 0
    assert kmm.load("file-clean").run().result == before


def test_an_edit_that_finds_nothing_is_told() -> None:
    for edit in (Edit("unmap_and_move", "lock_pages(page)"), Edit("nothing", "x")):
        with pytest.raises(kmm.KmmError), Unknown("a kernel", edit):
            pass


WITNESSES = (
    Witness("a right one", lambda mine: mine(1), False, "a right kernel"),
    Witness("a wrong one", lambda mine: mine(2), True, "a lock"),
)


def told(mine: Any) -> Outcome:
    return Tells(lambda p: WITNESSES).judge(mine, P)


def test_a_test_has_to_tell_right_from_wrong() -> None:
    assert told(lambda n: n == 2).right
    assert told(lambda n: True).facts == {"always True", "wrong about a right kernel"}
    assert told(lambda n: False).facts == {"always False", "wrong about a lock"}
    assert "2 of 2 are wrong" in told(lambda n: n == 1).says


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        (3, "a function is asked for"),
        (lambda n: None, "True or False is asked for"),
        (lambda n: 1, "True or False is asked for"),
        (lambda n: 1 / 0, "asked about a right one: your <lambda>(), line"),
    ],
)
def test_what_is_no_test_is_told_in_one_sentence(mine: Any, says: str) -> None:
    assert says in told(mine).says


def test_every_seed_draws_kernels_that_there_are() -> None:
    exercise = exercise_of("e05")
    for seed in range(20):
        p = exercise.drawn(seed)
        for problem in e05.WORLDS:
            assert len(e05.trace_of(p, problem)) > 100
