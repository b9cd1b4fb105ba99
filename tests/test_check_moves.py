# SPDX-License-Identifier: GPL-2.0-only
"""Moves and Plays: any safe order is right, and of another the first harmful move is named.

The right moves and what each lack does were found by hand, from the C.
"""

from __future__ import annotations

import sys
from itertools import permutations
from typing import Any

import pytest

import kmm
from kmm import KmmError
from kmm.learn.bekernel.judgement import judged
from kmm.learn.bekernel.kernel import Kernel, texts
from kmm.learn.bekernel.play import Setting
from kmm.learn.checks.sequences import Plays

BEGIN = """
isolate_lru_page p0
alloc_pages_node 1
trylock_page p0
try_to_unmap_one p0 v0
trylock_page n0
n0.mapping = p0.mapping
"""
END = """
unlock_page n0
unlock_page p0
putback_lru_page p0
putback_lru_page n0
"""
SLOT = """
spin_lock_irq f0.tree_lock
page_freeze_refs p0 2
get_page n0
radix_tree_replace_slot p0 n0
page_unfreeze_refs p0 2
__put_page p0
spin_unlock_irq f0.tree_lock
"""
MAP = "migrate_page_copy n0 p0\nremove_migration_pte v0 p0 n0\n"
ANON = list(texts(f"{BEGIN}page_count p0\n{MAP}{END}"))
FILE = list(texts(BEGIN + SLOT + MAP + END))
REFUSED = "spin_lock_irq f0.tree_lock\npage_freeze_refs p0 2\nspin_unlock_irq f0.tree_lock\n"
BACK = "n0.mapping = NULL\nremove_migration_pte v0 p0 p0\n"
HELD = list(texts(BEGIN + REFUSED + BACK + END))
SETTINGS = {"anon": (Setting(), ANON), "file": (Setting("file"), FILE)}
SETTINGS["held"] = (Setting("file", pins=1), HELD)


def moved(sequence: list[str], text: str, before: str) -> list[str]:
    rest = [move for move in sequence if move != text]
    at = rest.index(before)
    return [*rest[:at], text, *rest[at:]]


@pytest.mark.parametrize("name", SETTINGS)
def test_right_moves_are_right_and_none_can_be_left_out(name: str) -> None:
    setting, sequence = SETTINGS[name]
    assert judged(setting, sequence).wrong == ""
    for i, move in enumerate(sequence):
        # Where it cannot move, the new page need not have been made ready, nor be locked.
        if name != "held" or move not in ("trylock_page n0", "n0.mapping = p0.mapping"):
            assert judged(setting, sequence[:i] + sequence[i + 1 :]).wrong, move


def test_pages_that_are_held_need_no_new_page_at_all() -> None:
    sequence = [move for move in HELD if "n0" not in move and "alloc" not in move]
    assert judged(Setting("file", pins=1), sequence).wrong == ""


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("alloc_pages_node 1", "isolate_lru_page p0"),
        ("trylock_page n0", "trylock_page p0"),
        ("spin_unlock_irq f0.tree_lock", "__put_page p0"),
        ("migrate_page_copy n0 p0", "spin_unlock_irq f0.tree_lock"),
        ("get_page n0", "page_freeze_refs p0 2"),
        ("unlock_page p0", "unlock_page n0"),
        ("putback_lru_page n0", "unlock_page p0"),
    ],
)
def test_another_order_that_is_safe_is_right_too(text: str, before: str) -> None:
    assert judged(Setting("file"), moved(FILE, text, before)).wrong == ""


def test_the_thaw_may_leave_out_the_reference_of_the_cache() -> None:
    """As later kernels do it, and e03 asks for."""
    sequence = [m.replace("unfreeze_refs p0 2", "unfreeze_refs p0 1") for m in FILE]
    sequence.remove("__put_page p0")
    assert judged(Setting("file"), sequence).wrong == ""


def test_the_ends_may_come_in_any_order_in_which_nobody_touches_what_he_gave_back() -> None:
    end = list(texts(END))
    for order in permutations(end):
        left = [order.index(f"unlock_page {page}") for page in ("p0", "n0")]
        gone = [order.index(f"putback_lru_page {page}") for page in ("p0", "n0")]
        safe = all(a < b for a, b in zip(left, gone, strict=True))
        assert (judged(Setting(), ANON[: -len(end)] + list(order)).wrong == "") is safe


@pytest.mark.parametrize(
    ("name", "text", "before", "sign"),
    [
        ("anon", "try_to_unmap_one p0 v0", "trylock_page p0", "p0 not locked"),
        ("anon", "migrate_page_copy n0 p0", "try_to_unmap_one p0 v0", "copied while mapped"),
        ("anon", "page_count p0", "try_to_unmap_one p0 v0", "copied without a look"),
        ("anon", "remove_migration_pte v0 p0 n0", "page_count p0", "mapped before the copy"),
        ("anon", "unlock_page p0", "remove_migration_pte v0 p0 n0", "unlocked with entries"),
        ("anon", "putback_lru_page p0", "migrate_page_copy n0 p0", "put back with entries"),
        ("anon", "putback_lru_page p0", "unlock_page p0", "p0 is not yours any more"),
        ("file", "try_to_unmap_one p0 v0", "radix_tree_replace_slot p0 n0", "not frozen"),
        ("file", "radix_tree_replace_slot p0 n0", "page_freeze_refs p0 2", "not frozen"),
        ("file", "spin_lock_irq f0.tree_lock", "page_unfreeze_refs p0 2", "no tree_lock"),
        ("file", "migrate_page_copy n0 p0", "get_page n0", "copied before the slot"),
        ("file", "unlock_page n0", "remove_migration_pte v0 p0 n0", "n0 unlocked with entries"),
        ("file", "unlock_page n0", "migrate_page_copy n0 p0", "n0 unlocked with entries"),
        ("held", "unlock_page p0", "remove_migration_pte v0 p0 p0", "unlocked with entries"),
    ],
)
def test_of_a_harmful_order_the_first_harm_is_named(
    name: str, text: str, before: str, sign: str
) -> None:
    setting, sequence = SETTINGS[name]
    found = judged(setting, moved(sequence, text, before))
    assert found.sign == sign


def test_the_bug_of_a_harmful_move_is_the_kernel_s_own() -> None:
    """Under the spinlock the copy of a dirty page takes it once more."""
    setting = Setting("swap cache")
    k = Kernel(setting)
    for move in [*BEGIN.split("\n"), "spin_lock_irq swapper.tree_lock", "page_freeze_refs p0 2"]:
        if move:
            k.do(move)
    for move in ("get_page n0", "SetPageSwapCache n0", "radix_tree_replace_slot p0 n0"):
        k.do(move)
    k.do("page_unfreeze_refs p0 1")
    k.do("migrate_page_copy n0 p0")
    assert "deadlock" in judged(setting, k.sequence).wrong
    assert "The kernel stops: deadlock" in k.says
    assert k.moves == []
    with pytest.raises(KmmError, match="undo the last move"):
        k.do("spin_unlock_irq swapper.tree_lock")
    k.undo()
    assert "spin_unlock_irq swapper.tree_lock" in k.moves


@pytest.mark.parametrize("kind", ["anon", "file", "swap cache"])
@pytest.mark.parametrize("mappers", [1, 3])
def test_whatever_can_be_done_can_be_undone(kind: str, mappers: int) -> None:
    k = Kernel(Setting(kind, mappers))
    k.do("isolate_lru_page", "p0")
    before = k.moves
    for move in before:
        k.do(move)
        assert move in k.says
        k.undo()
        assert k.moves == before
    k.reset()
    assert k.sequence == []
    assert "Nothing is done yet" in k.says


def test_the_moves_are_recorded_and_one_s_own_reference_is_no_leak() -> None:
    k = Kernel(Setting("file", 2))
    for move in FILE[:4]:
        k.do(move)
    held = k.trace.holders("p0", len(k.trace))
    assert held.page_count == 3
    assert not held.unaccounted
    assert k.trace is k.trace
    assert "p0._count 3" in k.says or "p0._count 4 \N{RIGHTWARDS ARROW} 3" in k.says
    assert "svg" in k.picture.text


@pytest.mark.parametrize(
    ("move", "why"),
    [
        ("lock p0", "there is no such move"),
        ("unlock_page p0", "p0 is not locked"),
        ("trylock_page n0", "there is no n0 yet"),
        ("page_freeze_refs p0 2", "p0 is in no cache"),
        ("trylock_page p7", "there is no p7 here"),
        ("try_to_unmap_one p0", "something is missing"),
        ("try_to_unmap_one p0 v3", "v3 does not map p0"),
        ("remove_migration_pte v0 p0 p0", "v0 holds no migration entry"),
        ("", "there is no such move"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(move: str, why: str) -> None:
    k = Kernel(Setting())
    with pytest.raises(KmmError, match=why):
        k.do(move)
    assert k.sequence == []


def test_an_answer_may_be_written_in_several_ways() -> None:
    k = Kernel(Setting())
    for move in ANON:
        k.do(move)
    as_code = [
        move.replace(" ", "(", 1).replace(" ", ", ") + ")" for move in ANON if "=" not in move
    ]
    assert list(texts(as_code)) == [move for move in ANON if "=" not in move]
    p = kmm.exercise("e15", 0)
    ours = [move.replace("node 1", f"node {p.node}") for move in ANON]
    for answer in (ours, tuple(ours), "\n".join(ours), "; ".join(ours)):
        assert kmm.check("e15.q2", answer).right


def test_a_function_is_judged_by_what_it_did_before_it_was_refused() -> None:
    def mine(k: Any) -> None:
        for move in ANON[1:]:
            k.do(move)
        k.do("nothing like that")

    (first,) = Plays(lambda p: (Setting(),)).judge(mine, kmm.exercise("e15")).facts
    assert first == "no reference"


def test_a_run_that_does_harm_stands_beside_the_kernel_s() -> None:
    result = kmm.check("e15.q2", ANON[:3])
    assert result.wrong is not None
    assert result.wrong.outcome.mine is not None
    assert result.wrong.outcome.model is not None
    assert isinstance(kmm.kernel("e15.q3"), Kernel)
    with pytest.raises(KmmError, match="asks for no moves"):
        kmm.kernel("e15.q1")


def test_the_widget_does_what_its_buttons_say() -> None:
    pytest.importorskip("ipywidgets")
    k = Kernel(Setting())
    bundle = k._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert {"text/plain", "text/html"} <= set(data)
    widget = k._widget
    assert widget.moves.description
    widget.moves.value = "isolate_lru_page p0"
    assert "Takes the page off its LRU list" in widget.about.value
    widget.do.click()
    assert k.sequence == ["isolate_lru_page p0"]
    assert "isolate_lru_page p0" in widget.sequence.value
    assert "p0._count 1" in widget.says.value
    widget.do.click()  # nothing is chosen
    assert "Choose a move in the list" in widget.says.value
    k.do("trylock_page p0")  # in a cell: the widget follows
    assert "trylock_page p0" in widget.sequence.value
    widget.undo.click()
    widget.undo.click()
    widget.undo.click()  # there is nothing to take back
    assert k.sequence == []
    assert "Nothing is done yet" in widget.says.value
    # A button that is disabled loses the focus of whoever has pressed it.
    assert not any(button.disabled for button in (widget.do, widget.undo, widget.reset))


def test_without_widgets_the_picture_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "<img" in Kernel(Setting())._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("wrong", [{"kind": "huge"}, {"mappers": 0}, {"node": 7}, {"pins": -1}])
def test_a_setting_that_there_is_not_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(KmmError, match="Setting"):
        Setting(**wrong)


def test_without_a_name_there_is_a_page_to_move() -> None:
    assert "isolate_lru_page p0" in kmm.kernel().moves


def test_a_new_page_that_does_not_say_where_it_belongs_is_not_copied_to() -> None:
    moves = [move for move in BEGIN.split("\n") if move and "mapping" not in move]
    found = judged(Setting(), [*moves, "page_count p0", "migrate_page_copy n0 p0"])
    assert found.sign == "n0 without mapping"


def test_the_picture_shows_what_the_whole_move_has_changed() -> None:
    k = kmm.kernel(Setting())
    k.do("isolate_lru_page p0")
    assert k.picture.caption == "After steps 0 to 6."
    assert "node[0].inactive_anon p0 \N{RIGHTWARDS ARROW} empty" in k.says
    k.do("page_count p0")
    assert k.picture.alt.startswith("After step 7: p0 on node 0 has count 2")
