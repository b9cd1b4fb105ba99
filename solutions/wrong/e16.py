# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong choices, and what is to be said to each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kmm.learn.exercises.e16 import shown, tight
from kmm.learn.given.situation import Situation

Answer = Callable[[Any], Any]

STUCK = ("just read", "dirty, no writepage", "pinned")
EASY = ("plain", "shared", "file", "swap cache", "buffers", "dirty, migratepage")
GOOD = (*EASY, "pagevec", "mlocked")


def of(s: Situation, *kinds: str) -> list[str]:
    """The pages of these kinds, in the order of the kinds."""
    return [name for kind in kinds for name in s.names if s.kind_of(name) == kind]


def stuck(*more: str, lacks: str = "") -> Answer:
    """What is right for q1, with some more, or without one."""
    return lambda p: of(shown(p), *more, *(kind for kind in STUCK if kind != lacks))


def some(*kinds: str, easy: int = 9) -> Answer:
    """Pages of these kinds, and so many that are easy."""
    return lambda p: [*of(shown(p), *GOOD)[:easy], *of(shown(p), *kinds)]


def full(*kinds: str) -> Answer:
    """For the full node: these first, then what is easy."""
    return lambda p: of(tight(p), *kinds, *EASY, "mlocked")


def everything(pages: Iterable[Any], want: int, most: int) -> list[str]:
    return [page.name for page in pages]


def the_first(pages: Iterable[Any], want: int, most: int) -> list[str]:
    return everything(pages, want, most)[:most]


def price(page: Any, *, node: bool = True, pins: bool = True, pagevec: bool = True) -> int | None:
    """What the page costs, with something forgotten."""
    expected = page.maps + page.cached + page.private + (pagevec and page.lru == "pagevec")
    if (node and page.node) or page.mapping == "NULL" or page.lru == "none":
        return None
    if pins and page.count > expected:
        return None
    if page.dirty and not page.migratepage and page.mapping == "file" and not page.writepage:
        return None
    writes = page.dirty and page.mapping == "file" and not page.migratepage
    return 1 + 3 * (page.locked or page.writeback) + writes


def cheapest(**forgets: bool) -> Answer:
    """The cheapest, by that price."""

    def choose(pages: Iterable[Any], want: int, most: int) -> list[str]:
        prices = {page.name: price(page, **forgets) for page in pages}
        able = [name for name, cost in prices.items() if cost is not None]
        return sorted(able, key=lambda name: prices[name] or 0)[:want]

    return lambda p: choose


def no_order(pages: Iterable[Any], want: int, most: int) -> list[str]:
    """Whatever moves is as good as anything else; what costs most comes first."""
    able = [page for page in pages if price(page) is not None]
    return [page.name for page in sorted(able, key=lambda page: -(price(page) or 0))][:want]


def misspelt(pages: Iterable[Any], want: int, most: int) -> list[str]:
    return [page.nmae for page in pages]


def nothing(pages: Iterable[Any], want: int, most: int) -> None:
    """What the student finds."""


WRONG = (
    ("e16.q1", stuck("pagevec"), "what does it do with pagevecs"),
    ("e16.q1", stuck("mlocked"), "a promise about swapping"),
    ("e16.q1", stuck("locked"), "it is set from pass 3 on"),
    ("e16.q1", stuck("dirty, writepage"), "which is no refusal"),
    ("e16.q1", stuck("elsewhere"), "does move: "),
    ("e16.q1", stuck(lacks="pinned"), "Compare the count"),
    ("e16.q1", stuck(lacks="just read"), "no mapping is sent away"),
    ("e16.q1", stuck(lacks="dirty, no writepage"), "Who could clean it?"),
    ("e16.q1", lambda p: [], "0 of 3 are named"),
    ("e16.q1", lambda p: 3, "a list of pages is asked for"),
    ("e16.q1", lambda p: ["p99"], "there is no page 'p99'"),
    ("e16.q2", lambda p: list(shown(p).names), "and 5 may be isolated at once"),
    ("e16.q2", some("pinned", easy=4), "tried ten times in vain"),
    ("e16.q2", some("elsewhere", easy=4), "node 0 has gained nothing"),
    ("e16.q2", some("just read", easy=4), "nothing to find its ptes by"),
    ("e16.q2", some("locked", easy=4), "8 attempts, and 6 would do"),
    ("e16.q2", some(easy=3), "3 of 5 frames become free"),
    ("e16.q2", lambda p: ["p0", "p0"], "p0 is there twice"),
    ("e16.q3", lambda p: list(tight(p).names), "gave up with -ENOMEM"),
    ("e16.q3", full("pinned"), "tried ten times in vain"),
    ("e16.q3", full("just read"), "that of a failed attempt waits in a pagevec"),
    ("e16.q3", full("not movable"), "fail_migrate_page gives -EIO"),
    ("e16.q3", full(), "frames that are possible become free"),
    ("e16.q4", lambda p: everything, "may be isolated at once"),
    ("e16.q4", lambda p: the_first, "frames become free"),
    ("e16.q4", cheapest(node=False), "node 0 has gained nothing"),
    ("e16.q4", cheapest(pins=False), "is held by somebody else"),
    ("e16.q4", cheapest(pagevec=False), "would do"),
    ("e16.q4", lambda p: no_order, "would do"),
    ("e16.q4", lambda p: misspelt, "has no attribute 'nmae'"),
    ("e16.q4", lambda p: nothing, "a list of pages is asked for"),
    ("e16.q4", lambda p: ["p0"], "a function is asked for"),
)
