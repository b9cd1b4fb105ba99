# SPDX-License-Identifier: GPL-2.0-only
"""The grid of pages and passes, against counting by hand."""

from __future__ import annotations

from typing import Any

import pytest
from figures import drawn, many, sixteen, texts, trace_of, unreadable

import kmm
from kmm.errors import KmmError
from kmm.explain.passes import passes_of
from kmm.mm.swap import lru_add_drain
from kmm.scenario.driver import isolate_and_migrate

pytest.importorskip("matplotlib").use("agg")


def grid(figure: Any) -> list[list[int]]:
    (image,) = figure.axes[0].images
    return image.get_array().tolist()  # type: ignore[no-any-return]


def marks(figure: Any) -> dict[str, set[tuple[int, int]]]:
    """Row and column of each mark."""
    found: dict[str, set[tuple[int, int]]] = {}
    for box in drawn(figure):
        for row in range(round(box.low + 0.5), round(box.high + 0.5)):
            found.setdefault(box.label, set()).add((row, round(box.left + 0.5)))
    return found


def test_four_pages_over_ten_passes() -> None:
    """By hand: p0 and p1 move at once, p3 at the fourth attempt (pass 3), p2 never."""
    figure = trace_of("four-pages").plot_nodes()
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["before", *(f"pass {n}" for n in range(10)), "at the end"]
    assert grid(figure) == [
        [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
    ]
    assert marks(figure) == {
        "moved": {(0, 1), (1, 1), (3, 4)},
        "busy": {(2, c) for c in range(1, 11)} | {(3, c) for c in (1, 2, 3)},
    }
    assert figure.alt == (
        "4 pages; before: 4 on node 0; pass 0: 2 moved, 2 busy (-EAGAIN); each of passes 1 to 2: "
        "2 busy (-EAGAIN); pass 3: 1 moved, 1 busy (-EAGAIN); each of passes 4 to 9: 1 busy "
        "(-EAGAIN); at the end: 1 on node 0, 3 on node 1; four-pages, 1387 steps."
    )


def test_sixteen_pages_over_three_nodes() -> None:
    """By hand, from what `sixteen` says of p3, p9 and p12."""
    figure = sixteen().plot_nodes()
    moves = dict.fromkeys(range(16), 1) | {9: 4, 12: 3, 3: 99}
    assert grid(figure) == [
        [1 + page % 2 if column >= moves[page] else 0 for column in range(12)] for page in range(16)
    ]
    written = texts(figure)
    assert written.count("1 moved") == 8  # the even ones
    assert written.count("2 moved") == 7  # the odd ones without p3
    assert written.count("0 busy") == 10 + 3 + 2


def test_pages_that_fare_alike_share_a_row_when_there_are_many() -> None:
    trace = many(40)
    figure = trace.plot_nodes()
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == ["p0 and 38 more", "p3"]
    assert grid(figure) == [[0] + [1] * 11, [0] * 12]
    assert "40 pages; before: 40 on node 0; pass 0: 39 moved, 1 busy (-EAGAIN)" in figure.alt


@pytest.mark.parametrize("pagevec", [14, 1])
def test_a_page_that_is_freed_is_nowhere(pagevec: int) -> None:
    """p0 is freed before its first attempt and stays on the list, for p1 is pinned.

    Then it is put back: with room in a pagevec it waits there, where it is; else it is gone.
    """
    w = kmm.World(nodes=2, pagevec_size=pagevec)
    vma = w.mm().mmap(pages=2)
    pages = [vma.touch(0), vma.touch(1)]
    w.meanwhile(pages[0], "free", attempt=0)
    w.pin(pages[1])
    figure = w.migrate_pages(pages, to_node=1).trace.plot_nodes()
    end = -1 if pagevec == 1 else 0
    assert grid(figure) == [[0] * 11 + [end], [0] * 12]
    assert marks(figure)["unused"] == {(0, column) for column in range(1, 11)}
    assert "each of passes 0 to 9: 1 busy (-EAGAIN), 1 used by nobody any more" in figure.alt
    assert ("1 freed" in figure.alt) == (pagevec == 1)


def test_two_calls_of_migrate_pages_follow_one_another() -> None:
    """A page goes to node 1, and under its new name back to node 0: the same row."""
    w = kmm.World(nodes=2)
    page = w.mm().mmap(pages=1).touch(0)

    def operation() -> int:
        isolate_and_migrate([page], 1, True)
        lru_add_drain()
        return isolate_and_migrate([w["n0"]], 0, True)

    figure = w.run(operation).trace.plot_nodes()
    assert grid(figure) == [[0, 1, 0, 0]]
    assert "call 0, pass 0: 1 moved; call 1, pass 0: 1 moved; at the end: 1 on node 0" in figure.alt
    assert unreadable(figure) == []


@pytest.mark.parametrize("name", ["memory-runs-out-in-the-pagevec", "no-memory", "writeout-error"])
def test_how_an_attempt_ends_otherwise(name: str) -> None:
    outcomes = {
        attempt.outcome
        for one in passes_of(trace_of(name)).passes
        for attempt in one.attempts.values()
    }
    assert outcomes - {"busy"} == {"bug" if name == "writeout-error" else "no memory"}


def test_one_page_in_one_pass_is_no_grid() -> None:
    with pytest.raises(KmmError, match="one page, p0, is tried in one pass"):
        trace_of("anon-simple").plot_nodes()
    with pytest.raises(KmmError, match="migrate_pages tries no page"):
        trace_of("entry-wait").plot_nodes()
