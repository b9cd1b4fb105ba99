# SPDX-License-Identifier: GPL-2.0-only
"""replace: a person's own function takes the model's place for every caller."""

from __future__ import annotations

from errno import EAGAIN
from typing import Any

import pytest

import kmm
from kmm.mm import migrate, page
from kmm.mm.page import page_count


def mine(mapping: Any, newpage: Any, page: Any) -> int:
    """Never moves anything."""
    page_count(page)
    return -EAGAIN


def test_every_caller_gets_it_and_it_is_recorded_like_the_original() -> None:
    """The name was imported by migrate.py long ago; the trace shows lines of this file."""
    with kmm.replace(migrate_page_move_mapping=mine):
        run = kmm.load("file-clean").run()
    assert run.result["rc"] == 1
    calls = [s for s in run.trace if s.function == "migrate_page_move_mapping"]
    assert {step.file for step in calls} == {"test_replace.py"}
    assert len(calls) == 10
    assert "Never moves anything" in str(run.trace.to_dict()["codes"])


def test_it_counts_as_a_function_of_migrate_c_in_the_result() -> None:
    with kmm.replace(migrate_page_move_mapping=mine):
        result = kmm.load("anon-simple").run().result
    assert ["page_count", "p0", 1] in result["trace_full"]


def test_afterwards_the_model_is_as_it_was_even_after_an_error() -> None:
    before = kmm.load("file-clean").run().result
    with pytest.raises(ZeroDivisionError), kmm.replace(migrate_page_copy=lambda n, p: 1 / 0):
        kmm.load("file-clean").run()
    assert kmm.load("file-clean").run().result == before


def test_replacements_nest() -> None:
    with kmm.replace(migrate_page_move_mapping=mine):
        with kmm.replace(migrate_page_move_mapping=migrate.migrate_page_move_mapping):
            assert kmm.load("file-clean").run().result["rc"] == 0
        assert kmm.load("file-clean").run().result["rc"] == 1


def test_a_primitive_can_be_replaced_and_stays_one_step() -> None:
    """Without VM_BUG_ON, a get_page on a free page goes unnoticed."""

    def get_page(page: Any) -> None:
        page._count += 1

    with kmm.replace(get_page=get_page):
        trace = kmm.load("file-clean").run().trace
    steps = [step for step in trace if step.primitive == "get_page"]
    assert steps
    assert all(len(step.changes) == 1 for step in steps)
    assert "assign" not in {s.primitive for s in trace if s.function == "remove_migration_pte"}
    assert page.get_page.__name__ == "get_page"


def test_a_bug_in_it_is_told_by_the_kernels_name() -> None:
    """What the C calls migrate_page_copy is called so, whatever the student called it."""

    def my_copy(newpage: Any, page: Any) -> None:
        kmm.sim.BUG()

    with kmm.replace(migrate_page_copy=my_copy):
        assert kmm.load("file-clean").run().result["bug"] == "BUG() in migrate_page_copy"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"migrate_page_mov_mapping": mine},
            "the model has no function migrate_page_mov_mapping; did you mean",
        ),
        ({"assign": mine}, "the model has no function assign"),
        ({"migrate_page_copy": 3}, "migrate_page_copy must be a function, not int"),
        ({"migrate_page_copy": mine}, "is called as migrate_page_copy(newpage, page)"),
        ({"get_page": lambda: None}, "is called as get_page(page)"),
    ],
)
def test_what_cannot_take_the_place_is_refused_in_one_sentence(
    wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(kmm.KmmError) as caught, kmm.replace(**wrong):
        pass
    assert told in str(caught.value)
