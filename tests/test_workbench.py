# SPDX-License-Identifier: GPL-2.0-only
"""The workbench runs the code that it shows; what comes of it is what the C does (by hand)."""

from __future__ import annotations

from errno import ENOMEM
from typing import Any

import pytest

import kmm
from kmm import KmmError
from kmm.learn.recipe import KINDS, TROUBLES, Recipe
from kmm.learn.workbench import every

MOVING = ("anonymous", "in the swap cache", "of a file", "of a file, with buffers")


def attempts(recipe: Recipe) -> tuple[int, int]:
    """What migrate_pages returns, and how often it tried, by the code of the recipe alone."""
    names: dict[str, Any] = {}
    exec(recipe.code, names)
    calls = every(names["trace"].calls)
    return names["run"].rc, sum(call.fn == "unmap_and_move" for call in calls)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mappers", [1, 3])
def test_alone_every_page_moves_at_once(kind: str, mappers: int) -> None:
    assert attempts(Recipe(kind, mappers)) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("until", [1, 4, 9])
def test_a_reference_too_many_costs_as_many_attempts_as_it_lasts(kind: str, until: int) -> None:
    trouble = "somebody holds a reference"
    assert attempts(Recipe(kind, trouble=trouble, until=until)) == (0, until + 1)
    assert attempts(Recipe(kind, trouble=trouble, until=10)) == (1, 10)


@pytest.mark.parametrize("kind", MOVING)
@pytest.mark.parametrize(
    "trouble", ["somebody holds the page lock", "the page is being written to disk"]
)
def test_what_can_be_waited_for_costs_three_attempts_at_most(kind: str, trouble: str) -> None:
    """From the fourth pass on it is waited for."""
    for until, tried in ((1, 2), (2, 3), (3, 4), (7, 4), (10, 4)):
        assert attempts(Recipe(kind, trouble=trouble, until=until)) == (0, tried)


def test_a_dirty_page_that_nobody_can_migrate_is_written_first() -> None:
    assert attempts(Recipe("of a file without migratepage", dirty=True)) == (0, 2)


@pytest.mark.parametrize("node", [0, 1, 2])
def test_on_a_full_node_there_is_no_frame(node: int) -> None:
    recipe = Recipe(to_node=node, trouble="the other node is full")
    assert attempts(recipe)[0] == -ENOMEM


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": "huge"}, "there is no kind 'huge'; there are anonymous, "),
        ({"trouble": "rain"}, "there is no trouble 'rain'; there are nothing, "),
        ({"guard": "dog"}, "there is no guard 'dog'; there are "),
        ({"mappers": 0}, "mappers is a number from 1 to 8, not 0"),
        ({"to_node": 3}, "to_node is a number from 0 to 2, not 3"),
        ({"until": "x"}, "until is a number from 1 to 10, not 'x'"),
    ],
)
def test_what_there_is_not_is_one_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(KmmError, match=sentence):
        kmm.workbench(**wrong)


# The form.


def test_the_form_the_code_and_the_run_are_of_one_choice() -> None:
    bench = kmm.workbench(kind="of a file", trouble="somebody holds a reference", until=2)
    assert bench.recipe == Recipe("of a file", trouble="somebody holds a reference", until=2)
    assert bench.code == bench.recipe.code
    assert bench._player.children == ()
    bench.button.click()
    [player] = bench._player.children
    assert player._trace is bench.trace
    assert "the page has moved. It was tried 3 times" in bench._said.value
    bench.fields["until"].value = 10
    assert "w.meanwhile" not in bench.code
    bench.button.click()
    assert "the page has not moved. It was tried 10 times" in bench._said.value
    assert bench._player.children[0] is not player


def test_only_what_matters_can_be_chosen() -> None:
    bench = kmm.workbench()
    shown = {name: f.layout.display != "none" for name, f in bench.fields.items()}
    assert [name for name in shown if not shown[name]] == ["until", "guard"]
    assert bench.fields["dirty"].disabled
    bench.fields["kind"].value = "of a file"
    assert not bench.fields["dirty"].disabled
    bench.fields["trouble"].value = "a guard is taken away"
    assert bench.fields["guard"].layout.display == ""
    assert bench.fields["kind"].disabled


def test_without_a_guard_the_run_that_breaks_is_shown() -> None:
    bench = kmm.workbench(trouble="a guard is taken away", guard="page-lock-new")
    bench.run()
    assert bench.trace is not None
    assert bench.trace.about["broken"] or bench.trace.bug
    assert "broken. " in bench._said.value


def test_every_trouble_has_its_code() -> None:
    codes = {Recipe(trouble=trouble).code for trouble in TROUBLES}
    assert len(codes) == len(TROUBLES)
