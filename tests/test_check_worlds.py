# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a function in worlds that the seed draws, by the model or by a property of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kmm.explore.edit import Edit, body, edited
from kmm.learn.checks.worlds import Alike, Leaves, Wrong
from kmm.learn.exercise import Exercise
from kmm.learn.exercises import e07, e08, e09
from kmm.learn.given import buffers, copies, ptes
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import migrate_page_move_mapping as model
from kmm.scenario import Run, World

F = "migrate_page_move_mapping"
P = Parameters("e03", 3, {"pages": (1, 2)})


def moves(pages: int) -> Run:
    w = World(nodes=2)
    file = w.file()
    return w.migrate_pages([file.page(n) for n in range(pages)], 1)


def worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    yield "no page of a file", lambda: World().migrate_pages([], 1)
    yield f"{p.pages} pages", lambda: moves(p.pages)


def nothing(run: Run) -> Iterator[Wrong]:
    return iter(())


def without(text: str) -> Any:
    return body(F, (Edit(F, text),))


def test_alike_tells_the_world_and_what_differs() -> None:
    assert Alike(F, worlds).judge(model, P).right
    outcome = Alike(F, worlds).judge(without("get_page(newpage)"), P)
    assert not outcome.right
    assert outcome.says.startswith(f"with {P.pages} pages: They part")
    assert "lacks get_page" in outcome.facts
    assert outcome.mine is not None
    assert outcome.model is not None


def test_alike_can_leave_the_order_open() -> None:
    text = "__dec_zone_page_state(page, NR_FILE_PAGES)"
    late = "spin_unlock_irq(mapping.tree_lock)"
    mine = body(F, (Edit(F, text), Edit(F, late, f"{text}\n{late}", nth=2)))
    assert not Alike(F, worlds).judge(mine, P).right
    assert Alike(F, worlds, order=False).judge(mine, P).right


def test_leaves_compares_with_nothing_and_shows_no_run_of_the_model() -> None:
    def wrong(run: Run) -> Iterator[Wrong]:
        if any(step.primitive == "page_count" for step in run.trace):
            yield Wrong("looks", "it looks at the count")

    outcome = Leaves(F, worlds, wrong).judge(model, P)
    assert outcome.says == f"with {P.pages} pages: it looks at the count"
    assert outcome.facts == {"looks"}
    assert outcome.mine is not None
    assert outcome.model is None


def test_leaves_demands_the_invariants_too_and_knows_what_is_missing() -> None:
    assert Leaves(F, worlds, nothing).judge(model, P).right
    outcome = Leaves(F, worlds, nothing).judge(without("__put_page(page)"), P)
    assert {"broken: references", "lacks __put_page"} <= outcome.facts


def test_leaves_changes_the_model_around_the_function() -> None:
    edits = (Edit("move_to_new_page", "SetPageSwapBacked(newpage)"),)
    stops = (Edit("putback_lru_page", "ClearPageUnevictable(page)", "raise KeyError(page)"),)
    assert Leaves(F, worlds, nothing, edits=edits).judge(model, P).right
    outcome = Leaves(F, worlds, nothing, edits=stops).judge(model, P)
    assert not outcome.right


def raises(mapping: Any, newpage: Any, page: Any) -> int:
    raise KeyError("slot")


def idle(mapping: Any, newpage: Any, page: Any) -> int:
    return 0


@pytest.mark.parametrize("check", [Alike(F, worlds), Leaves(F, worlds, nothing)])
def test_whatever_the_answer_is_it_is_judged(check: Any) -> None:
    assert "of another kind" in check.judge(3, P).facts
    assert "raises KeyError" in check.judge(raises, P).says
    assert not check.judge(lambda: None, P).right
    outcome = check.judge(idle, P)
    assert not outcome.right
    assert not any(fact.startswith("lacks") for fact in outcome.facts)


@pytest.mark.parametrize("exercise", [e07.EXERCISE, e08.EXERCISE, e09.EXERCISE])
def test_the_models_own_function_is_no_answer_to_the_variant(exercise: Exercise) -> None:
    """It passes the practice for every seed, and breaks a rule of the variant for every seed."""
    practice, marked = exercise.problems[1:]
    for seed in range(6):
        p = exercise.drawn(seed)
        (alike,) = (check for check in practice.checks if isinstance(check, Alike))
        (leaves,) = (check for check in marked.checks if isinstance(check, Leaves))
        own = body(leaves.function, ())
        assert alike.judge(own, p).right
        outcome = leaves.judge(own, p)
        assert not outcome.right
        assert any(slip.matches(outcome, p) for slip in marked.slips)


def test_an_entry_remembers_what_was_in_the_pte() -> None:
    """The variant's kernel keeps the bits, which the model's own function throws away."""
    with edited(ptes.REMEMBERS):
        young, plain = ptes.moves(ptes.shared(1, "w-y")), ptes.moves(ptes.shared(1, "w--"))
    assert {wrong.fact for wrong in ptes.bits_wrong(young)} == {"young lost"}
    assert not list(ptes.bits_wrong(plain))


def test_two_functions_without_edits_are_two_bodies() -> None:
    assert body(F, ()) is not body("migrate_page_copy", ())


def test_the_rules_of_copying_are_broken_by_the_models_order() -> None:
    found = {wrong.fact for wrong in copies.rules_broken(copies.moves(("uptodate", "dirty")))}
    assert found == {"nowhere dirty", "not dirty yet"}
    assert not list(copies.rules_broken(copies.moves(("uptodate", "referenced"))))


def test_the_model_waits_for_a_buffer_and_locks_too_late() -> None:
    found = {wrong.fact for wrong in buffers.rules_broken(buffers.moves(2, locked=1))}
    assert found == {"locked too late", "waits"}
    assert not list(buffers.rules_broken(buffers.moves(2, pins=1)))
