# SPDX-License-Identifier: GPL-2.0-only
"""Bars stand where the states say that a lock is held."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from figures import Drawn, drawn, sixteen, texts, trace_of

import kmm
from kmm.sim import Trace

pytest.importorskip("matplotlib").use("agg")


@pytest.mark.parametrize("name", ["anon-shared", "file-buffers", "swap-cache", "move-ok"])
def test_a_bar_stands_where_the_state_says_that_the_lock_is_held(name: str) -> None:
    trace = trace_of(name)
    figure = trace.plot_locks()
    lanes = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    shown = {
        (lanes[round((box.low + box.high) / 2)], state)
        for box in drawn(figure)
        for state in range(round(box.left + 1.5), round(box.right + 1.5))
    }
    expected = set()
    for k in range(len(trace) + 1):
        state = trace.state(k)
        for lock in lanes:
            if lock == "RCU read side":
                there = state["t0"]["rcu_depth"]
            elif " " in lock:
                owner, bit = lock.split()
                there = owner in state and state[owner][bit]
            else:
                there = state[lock].get("owner") or state[lock].get("readers")
            if there:
                expected.add((lock, k))
    assert shown == expected
    assert {box.label for box in drawn(figure)} == {"t0"}


def test_whose_a_bar_is_stands_in_its_look_and_in_its_text() -> None:
    figure = trace_of("locked-until-pass-3").plot_locks()
    looks = {
        one.get_label(): (tuple(one.get_facecolor()[0]), one.get_hatch())
        for one in figure.axes[0].collections
    }
    assert looks["t0"][0] != looks["other CPUs"][0]
    assert looks["t0"][1] != looks["other CPUs"][1]
    assert {"t0", "other CPUs"} <= set(texts(figure))


def test_a_wait_stands_below_the_bar_that_is_in_its_way() -> None:
    """t0 waits in state 64 only, see test_locks.py; five tries found the lock taken."""
    figure = trace_of("locked-until-pass-3").plot_locks()
    (wait,) = (box for box in drawn(figure) if box.label == "waits")
    assert (wait.left + 1.5, wait.right + 1.5) == (64, 65)
    (way,) = (box for box in drawn(figure) if box.label == "other CPUs")
    assert way.right == wait.right
    assert way.high < wait.low
    (tries,) = (line for line in figure.axes[0].lines if line.get_label() == "tries")
    assert list(tries.get_xdata()) == [14, 30, 46, 62, 63]
    assert (
        "p0 PG_locked: held by other CPUs from the start to step 64, held by t0 from step 65 to "
        "step 153, waited for by t0 after step 63 until step 64, found taken in step 14, 30, 46, "
        "62 and 1 more" in figure.alt
    )


def twelve_buffers() -> Trace:
    """A page of a file with 12 buffers, which are locked and unlocked in the same order."""
    w = kmm.World(nodes=2)
    page = w.file(migratepage="buffer_migrate_page").page(0)
    w.add_buffers(page, 12)
    return w.migrate_pages(page, to_node=1).trace


@pytest.mark.parametrize(("make", "kind"), [(sixteen, "PG_locked"), (twelve_buffers, "BH_Lock")])
def test_many_locks_of_a_kind_share_a_lane_without_hiding_one_another(make: Any, kind: str) -> None:
    trace = make()
    figure = trace.plot_locks()
    lanes = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    together = [lock for lock in trace.locks() if lock.kind == kind]
    assert f"{kind}, {len(together)} locks" in lanes
    boxes = [box for box in drawn(figure) if box.label in trace.tasks]
    assert Counter(round(box.left + 1.5) for box in boxes) == Counter(
        hold.first for lock in trace.locks() for hold in lock.holds
    )
    by_row: dict[float, list[Drawn]] = {}
    for box in sorted(boxes, key=lambda box: box.left):
        by_row.setdefault(box.low, []).append(box)
    pixel = len(trace) / 700 if len(trace) > 700 else 0
    for row in by_row.values():
        for one, other in pairwise(row):
            assert one.right <= other.left + pixel
