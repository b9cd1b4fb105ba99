# SPDX-License-Identifier: GPL-2.0-only
"""The boxes over a step are the functions that run in it."""

from __future__ import annotations

import pytest
from figures import LONG, NAMES, drawn, flat, trace_of, two_tasks

from kmm.errors import KmmError

pytest.importorskip("matplotlib").use("agg")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG])
def test_the_boxes_over_a_step_are_the_functions_that_run_in_it(name: str) -> None:
    trace = trace_of(name)
    boxes = [box for box in drawn(trace.plot_calls()) if box.right - box.left > 0.9]
    files = {entry.name: entry.file for entry in trace.functions.values()}
    for k, step in enumerate(trace):
        if step.task == "t0":
            over = sorted((b for b in boxes if b.left < k < b.right), key=lambda box: box.low)
            assert [box.label for box in over] == [files[fn] for fn in step.stack]


@pytest.mark.parametrize("name", ["anon-shared", "file-buffers", "swap-cache", "entry-wait"])
def test_boxes_stand_in_one_another_and_part_the_steps_between_them(name: str) -> None:
    trace = trace_of(name)
    boxes = drawn(trace.plot_calls())
    assert len(boxes) == sum(call.last > call.first for call in flat(trace.calls))
    inside = sum(bool(step.stack) for step in trace if step.task == "t0")
    inside += sum(step.task != "t0" for step in trace)
    depth = {box: round((box.low + box.high) / 2) for box in boxes}
    alone = 0.0
    for box in boxes:
        below = [b for b in boxes if depth[b] == depth[box] - 1 and b.left <= box.left < b.right]
        assert len(below) == (depth[box] > 0)
        assert all(box.right <= b.right for b in below)
        above = [b for b in boxes if depth[b] == depth[box] + 1]
        mine = [b for b in above if box.left <= b.left < box.right]
        alone += box.right - box.left - sum(b.right - b.left for b in mine)
    assert alone == inside


def test_each_task_has_a_strip_of_its_own() -> None:
    trace = two_tasks()
    both = trace.plot_calls()
    assert [label.get_text() for label in both.axes[0].get_yticklabels()] == ["t0", "t1"]
    one = trace.plot_calls("t1")
    assert [label.get_text() for label in one.axes[0].get_yticklabels()] == ["t1"]
    t1 = [call for call in flat(trace.calls) if call.task == "t1" and call.last > call.first]
    assert len(drawn(one)) == len(t1)
    assert one.alt.startswith(f"t1 makes {len(t1)} calls, ")


def test_a_wrong_task() -> None:
    trace = two_tasks()
    with pytest.raises(KmmError, match=r"t7 is no task of this trace; try t[01], t[01]"):
        trace.plot_calls("t7")
    with pytest.raises(KmmError, match="other CPUs calls no kernel function; try t0"):
        trace_of("four-pages").plot_calls("other CPUs")


def test_calls_are_told_in_words() -> None:
    trace = trace_of("entry-wait")
    assert trace.plot_calls().alt == (
        "t0 makes 6 calls, 3 deep, the outermost fault_on_entry; within, the longest are "
        "migration_entry_wait steps 3 to 13, wait_on_page_locked steps 10 to 12, "
        "pte_offset_map_lock steps 3 to 3; by file 2 of include/linux/mm.h, 1 of the caller, "
        "1 of mm/migrate.c, 1 of include/linux/pagemap.h, 1 of mm/swap.c; entry-wait, 14 steps."
    )
