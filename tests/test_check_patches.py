# SPDX-License-Identifier: GPL-2.0-only
"""Patch: edits are an answer, and what they make of the function is judged."""

from __future__ import annotations

from typing import Any

import pytest

import kmm
from kmm.explore.edit import Edit, body
from kmm.learn.checks.functions import Conforms
from kmm.learn.checks.patches import Patch
from kmm.learn.outcome import Outcome
from kmm.learn.parameters import Parameters

F = "do_pages_move"
P = Parameters("e13", 0, {})
CHECK = Patch(F, Conforms(F, ("move-ok", "move-enodev"), order=False, label="the same", points=2))
NOTHING = Edit(F, "err = -ENODEV", "err = -ENODEV")


def judged(answer: Any) -> Outcome:
    return CHECK.judge(answer, P)


def test_the_check_behind_it_judges_the_edited_function() -> None:
    assert (CHECK.label, CHECK.points) == ("the same", 2)
    assert judged([NOTHING]).right
    outcome = judged([Edit(F, "err = -ENODEV", "err = -EPERM")])
    assert not outcome.right
    assert "in move-enodev: it ends with -1, and the model with -19" in outcome.says


@pytest.mark.parametrize("answer", [NOTHING, [NOTHING], (NOTHING,)])
def test_one_edit_or_several_are_a_patch(answer: Any) -> None:
    assert judged(answer).right


@pytest.mark.parametrize("answer", [42, "err = 1", [], [NOTHING, "x"], {"x": NOTHING}, {NOTHING}])
def test_anything_else_is_none(answer: Any) -> None:
    assert "of another kind" in judged(answer).facts


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (Edit(F, "no_such_name", "1"), "found nowhere"),
        (Edit(F, "goto(out_pm)", "pass"), "times"),
        (Edit(F, "err = -ENODEV", "err = = 1"), "after the edits it is no Python"),
        (Edit(F, "err = ", "1"), ""),
        (Edit("new_page_node", "return None", "return 0"), "the bug is not in new_page_node"),
    ],
)
def test_an_edit_that_does_not_fit_is_one_sentence(edit: Edit, says: str) -> None:
    outcome = judged([edit])
    assert not outcome.right
    assert says in outcome.says
    assert outcome.facts & {"refused", "raises"}


def test_it_is_known_which_other_function_was_edited() -> None:
    assert "edits new_page_node" in judged(Edit("new_page_node", "return None", "x")).facts


def test_without_edits_each_function_is_its_own() -> None:
    one, other = body("writeout", ()), body("migrate_vmas", ())
    assert (one.__name__, other.__name__) == ("writeout", "migrate_vmas")


def test_an_expression_that_is_put_in_stays_one_expression() -> None:
    """`not` stands before the call that is replaced, and is about all of what replaces it."""
    found = "node_state(node.value, N_HIGH_MEMORY)"
    both = Edit("do_pages_move", found, f"0 <= node.value < MAX_NUMNODES and {found}")
    assert kmm.check("e13.q3", both, seed=0).right


def test_what_was_allocated_has_to_be_given_back() -> None:
    has_memory = "if not node_state(node.value, N_HIGH_MEMORY):\n    goto(out_pm)"
    leaves = "if not 0 <= node.value < MAX_NUMNODES:\n    return -ENODEV\n"
    wrong = kmm.check(
        "e13.q3", Edit("do_pages_move", has_memory, leaves + has_memory), seed=0
    ).wrong
    assert wrong is not None
    assert "leaks" in wrong.outcome.facts
