# SPDX-License-Identifier: GPL-2.0-only
"""What is said to a mistake is about that mistake, and not about what comes of it."""

from __future__ import annotations

import kmm
from kmm.explore.edit import Edit, body
from kmm.learn.checks.functions import Calls, Conforms, Explored
from kmm.learn.checks.signs import signs
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import migrate_page_move_mapping as model

F = "migrate_page_move_mapping"
P = Parameters("e03", 0, {})


def test_signs_tell_what_is_missing_what_is_too_much_and_what_is_too_early() -> None:
    right = kmm.load("file-clean").run().trace
    early = (
        Edit(F, "get_page(newpage)"),
        Edit(
            F,
            "expected_count = 2 + (not not PagePrivate(page))",
            "get_page(newpage)\nexpected_count = 2 + (not not PagePrivate(page))\npage_index(page)",
        ),
    )
    with kmm.replace(**{F: body(F, early)}):
        mine = kmm.load("file-clean").run().trace
    found = signs(F, right, mine)
    assert {"get_page before page_freeze_refs", "adds page_index"} <= found
    assert "lacks page_index" in signs(F, mine, right)
    assert signs(F, right, right) == frozenset()


def facts_of(name: str, *edits: Edit) -> tuple[frozenset[str], str]:
    outcome = Conforms(F, (name,)).judge(body(F, edits), P)
    assert not outcome.right
    return outcome.facts, outcome.says


def test_of_what_comes_after_a_way_out_too_early_nothing_is_said() -> None:
    too_few = Edit(F, "2 + (not not PagePrivate(page))", "1 + (not not PagePrivate(page))")
    facts, says = facts_of("file-clean", too_few)
    assert not any(fact.startswith("lacks") for fact in facts)
    assert "returns -EAGAIN" in facts
    assert "Your function returns -EAGAIN, and the model's 0" in says


def test_who_leaves_out_most_of_it_is_not_told_each_thing() -> None:
    function = "remove_migration_pte"
    edit = Edit(function, "page_address_in_vma(new, vma)", "page_address_in_vma(old, vma)")
    outcome = Conforms(function, ("anon-simple",)).judge(body(function, (edit,)), P)
    assert "gives up early" in outcome.facts
    assert not any(fact.startswith("lacks") for fact in outcome.facts)
    assert "Your function does not get any further there" in outcome.says


def test_of_what_comes_after_a_stop_nothing_is_said() -> None:
    facts, says = facts_of("file-clean", Edit(F, "get_page(newpage)", "get_page(page)"))
    assert not any(fact.startswith("lacks") for fact in facts)
    assert {"stops", "stops in get_page"} <= facts
    assert "the model calls get_page(n0), yours calls get_page(p0)" in says


def test_what_is_returned_counts_also_where_nobody_looks_at_it() -> None:
    facts, says = facts_of("file-clean", Edit(F, "return 0", "return None", nth=1))
    assert "returns None" in facts
    assert "your function returns None, and the model's 0" in says
    assert (
        Conforms(F, ("anon-simple",))
        .judge(body(F, (Edit(F, "return 0", "return False", nth=0),)), P)
        .right
    )


def test_the_same_steps_in_another_order_are_told_to_be_that() -> None:
    look = "page_count(page) != expected_count or radix_tree_deref_slot(pslot) is not page"
    turned = "radix_tree_deref_slot(pslot) is not page or page_count(page) != expected_count"
    facts, says = facts_of("file-clean", Edit(F, look, turned))
    assert {"another order", "radix_tree_deref_slot before page_count"} <= facts
    assert says.endswith("The steps are the model's, in another order.")


def test_a_function_that_is_called_is_a_sign_as_a_step_is() -> None:
    put = "from kmm.mm.swap import put_page\nput_page(page)"
    facts, _ = facts_of("file-clean", Edit(F, "__put_page(page)", put))
    assert {"lacks __put_page", "adds put_page"} <= facts


def test_where_the_model_makes_one_step_and_mine_none_that_one_is_named() -> None:
    facts, _ = facts_of("anon-simple", Edit(F, "page_count(page) != 1", "False"))
    assert {"makes no step", "lacks page_count"} <= facts


def test_beside_another_task_the_model_takes_the_same_turns() -> None:
    held = Edit(F, "spin_unlock_irq(mapping.tree_lock)", "pass", nth=1)
    outcome = Explored(F, "freeze-not-only-check").judge(body(F, (held,)), P)
    assert {fact for fact in outcome.facts if "lacks" in fact} == {"lacks spin_unlock_irq"}


def test_a_step_that_can_be_saved_is_seen_in_what_is_called_too() -> None:
    put = "from kmm.mm.swap import put_page\nput_page(page)"
    mine = body(F, (Edit(F, "__put_page(page)", put),))
    calls = Calls(F, "file-clean", never=("put_page_testzero",))
    assert calls.judge(mine, P).facts == {"makes put_page_testzero"}
    assert calls.judge(model, P).right
