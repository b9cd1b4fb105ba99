# SPDX-License-Identifier: GPL-2.0-only
"""Stuck and Choice: the model does what was chosen; what each page costs was counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

import kmm
from kmm.learn.checks.choices import Choice, Stuck, allowed, cheapest, frees, frees_most
from kmm.learn.given.candidates import KINDS
from kmm.learn.given.situation import Report, Situation

P = kmm.exercise("e16", 0)

#: From the C: attempts, and whether the page moves.  Passes 0 to 2 do not wait.
BY_HAND = {
    "plain": (1, True),
    "shared": (1, True),
    "file": (1, True),
    "swap cache": (1, True),
    "mlocked": (1, True),
    "pagevec": (1, True),
    "buffers": (1, True),
    "dirty, migratepage": (1, True),
    "dirty, writepage": (2, True),
    "locked": (4, True),
    "writeback": (4, True),
    "locked, writepage": (5, True),
    "pinned": (10, False),
    "pinned file": (10, False),
    "locked, pinned": (10, False),
    "dirty, no writepage": (1, False),
    "not movable": (1, False),
    "just read": (10, False),
    "on no list": (0, False),
    "elsewhere": (1, True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_costs_what_the_c_says(kind: str) -> None:
    report = Situation((kind,)).run(["p0"])
    assert (report.total, bool(report.moved)) == BY_HAND[kind]
    assert report.freed == (BY_HAND[kind][1] and kind != "elsewhere")
    assert report.busy == (("p0",) if kind == "on no list" else ())


def test_without_migrate_prep_a_page_in_a_pagevec_is_not_isolated() -> None:
    assert Situation(("pagevec",), prep=False).run(["p0"]).busy == ("p0",)


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_seen_tells_whether_somebody_else_holds_the_page(kind: str) -> None:
    (page,) = Situation((kind,)).pages
    known = page.maps + page.cached + page.private + (page.lru == "pagevec")
    assert (page.count > known) is ("pinned" in kind)
    assert page.name in str(page)


def every_order(s: Situation) -> Iterator[Report]:
    """All choices in all orders, useful or not."""
    for count in range(1, min(len(s.kinds), s.most) + 1):
        for names in permutations(s.names, count):
            yield s.run(names)


@pytest.mark.parametrize("room", [2, 4, 6, 100])
def test_the_best_is_the_best_of_all_choices_in_all_orders(room: int) -> None:
    kinds = ("locked", "plain", "pinned", "dirty, writepage", "elsewhere")
    s = Situation(kinds, want=2, most=3, room=room)
    reports = list(every_order(s))
    assert s.best == min((one.total for one in reports if one.freed >= 2), default=None)
    assert s.most_freed == max(one.freed for one in reports)


def test_what_fails_takes_frames_of_the_other_node() -> None:
    s = Situation(("pinned", "plain", "plain"), room=3)
    assert s.run(["p1", "p2"]).freed == 2
    held_first = s.run(["p0", "p1", "p2"])
    assert (held_first.rc, held_first.freed) == (-12, 2)
    assert Situation(("pinned", "plain", "plain"), room=2).run(["p0", "p1", "p2"]).freed == 1


def outcome(aspect: Any, s: Situation, names: Any) -> Any:
    return Choice(aspect, lambda p: (s,)).judge(names, P)


def test_a_choice_is_judged_in_words_that_name_the_page() -> None:
    s = Situation(("plain", "locked", "pinned", "file", "elsewhere"), want=2, most=3)
    assert outcome(frees, s, ["p0", "p3"]).right
    assert outcome(cheapest, s, ["p0", "p3"]).right
    assert "p1 took 4" in outcome(cheapest, s, ["p0", "p1"]).says
    held = outcome(frees, s, ["p0", "p2"])
    assert "1 of 2 frames" in held.says
    assert "p2 is held" in held.says
    assert held.mine is not None
    assert "chose elsewhere" in outcome(frees, s, ["p0", "p4"]).facts
    assert outcome(cheapest, s, ["p0"]).facts == {"too few"}
    assert outcome(allowed, s, list(s.names)).facts == {"too many"}
    assert outcome(frees, s, list(s.names)).facts == {"not allowed"}
    assert outcome(cheapest, s, list(s.names)).facts == {"too few"}
    assert outcome(allowed, s, []).facts == {"empty"}
    assert outcome(frees, s, "p0, p3").right
    full = Situation(("locked", "locked", "plain"), room=2)
    assert "ENOMEM" in outcome(frees_most, full, ["p0", "p1", "p2"]).facts


@pytest.mark.parametrize(
    ("answer", "fact"),
    [(7, "of another kind"), ([3], "no page"), (["q"], "no page"), (["p0", "p0"], "twice")],
)
def test_what_is_no_choice_is_said_to_be_none(answer: Any, fact: str) -> None:
    s = Situation(("plain",))
    assert outcome(frees, s, answer).facts == {fact}
    assert Stuck(lambda p: s).judge(answer, P).facts == {fact}


def test_of_what_does_not_move_each_mistake_is_known_by_its_kind() -> None:
    check = Stuck(lambda p: Situation(("plain", "pinned", "just read")))
    assert check.judge(["p2", "p1"], P).right
    assert check.judge(["p0", "p1"], P).facts == {"lists plain", "lacks just read"}
    assert "1 of 2 are named, 1 too many" in check.judge(["p0", "p1"], P).says


def test_a_function_chooses_in_every_world_and_may_fail_in_any_way() -> None:
    s = Situation(("plain", "pinned"))
    check = Choice(frees, lambda p: (s, s), True)

    def by_count(pages: Any, want: int, most: int) -> list[str]:
        return [page.name for page in pages if page.count == page.maps][:want]

    assert check.judge(by_count, P).right
    assert check.judge(lambda pages, want, most: (page for page in pages[:1]), P).right
    assert "world 0" in check.judge(lambda pages, want, most: ["p1"], P).says
    assert "raises" in check.judge(lambda pages, want, most: pages.nobody, P).facts
    assert "raises" in check.judge(list, P).facts
    assert check.judge(["p0"], P).facts == {"of another kind"}


def test_tables_have_a_head_and_tell_no_kind() -> None:
    s = Situation(("pinned", "just read"))
    html = s._repr_html_()
    assert "<th scope='col'>count</th>" in html
    assert "pinned" not in html + repr(s)


def test_what_is_still_missing_is_not_given_away() -> None:
    found = str(kmm.check("e16.q1", [], seed=0))
    assert "others do not move either" in found
    assert not any(f"{name} is" in found for name in ("p0", "p2", "p5"))
