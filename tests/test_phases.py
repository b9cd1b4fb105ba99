# SPDX-License-Identifier: GPL-2.0-only
"""The phases of a trace cover it, and stand where the tree of calls says they must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import Run, Trace, World
from kmm.mm.page import get_page
from kmm.mm.swap import put_page
from kmm.scenario import library
from kmm.sim.trace import Call


@cache
def run_of(name: str) -> Run:
    return kmm.load(name).run()


def calls(trace: Trace) -> Iterator[Call]:
    """Every call of the trace."""
    waiting = list(trace.calls)
    while waiting:
        call = waiting.pop()
        yield call
        waiting += call.children


def names(trace: Trace) -> list[str]:
    return [phase.name for phase in trace.phases()]


@pytest.mark.parametrize("name", library.names())
def test_phases_cover_the_trace_without_gaps(name: str) -> None:
    trace = run_of(name).trace
    phases = trace.phases()
    assert [p.first for p in phases] == [0, *[p.last for p in phases]][: len(phases)]
    assert (phases[-1].last if phases else 0) == len(trace)
    assert all(p.first < p.last for p in phases)
    assert all(a[:1] + a[3:] != b[:1] + b[3:] for a, b in pairwise(phases))
    assert [phases.phase_at(k) for k in range(len(trace))] == [
        p for p in phases for _ in range(p.first, p.last)
    ]


def attempts(tree: list[dict[str, Any]]) -> Iterator[str]:
    """The pages for which a result tells of a call of unmap_and_move."""
    for node in tree:
        if node["fn"] == "unmap_and_move":
            yield node["page"]
        yield from attempts(node["calls"])


@pytest.mark.parametrize("name", library.names())
def test_each_attempt_of_each_page_has_its_phases(name: str) -> None:
    """The result's calls are the oracle: the real C has given the same."""
    run = run_of(name)
    made = Counter(attempts(run.result["calls"]))
    told = {(p.page, p.attempt) for p in run.trace.phases() if p.attempt is not None}
    assert told == {(page, k) for page, times in made.items() for k in range(times)}


#: Calls whose every step is of one phase, unless it belongs to a call with a phase of its own.
WHERE = {
    "migrate_page_copy": "copy",
    "try_to_unmap": "unmap",
    "migrate_page_move_mapping": "move mapping",
    "putback_lru_page": "put back",
    "isolate_lru_page": "isolate",
    "lru_add_drain_all": "drain pagevecs",
    "follow_page": "look up",
    "lock_buffer": "move buffers",
    "set_bh_page": "move buffers",
}


@pytest.mark.parametrize("name", library.names())
def test_a_phase_is_what_its_calls_say(name: str) -> None:
    trace = run_of(name).trace
    phases = trace.phases()
    for call in calls(trace):
        inside = {phases.phase_at(k).name for k in range(call.first, call.last)}
        if call.fn in WHERE and inside:
            assert inside == {WHERE[call.fn]}, call
        if call.fn == "remove_migration_ptes":
            undone = call.args["old"] == call.args["new"]
            assert inside == {"undo" if undone else "restore"}
        if call.fn == "unmap_and_move":
            pages = {phases.phase_at(k).page for k in range(call.first, call.last)}
            assert pages == {call.args["page"]}


def test_the_phases_of_the_simplest_migration() -> None:
    trace = run_of("anon-simple").trace
    assert names(trace) == [
        "isolate", "prepare", "lock", "unmap", "move mapping", "copy", "restore", "put back",
        "put back",
    ]  # fmt: skip
    assert [(p.page, p.attempt) for p in trace.phases()] == [
        ("p0", None), *[("p0", 0)] * 7, (None, None),
    ]  # fmt: skip


def test_unmapping_an_anonymous_page_begins_with_holding_its_anon_vma() -> None:
    trace = run_of("anon-simple").trace
    guarded = next(s for s in trace if s.primitive == "rcu_read_lock")
    assert guarded.function == "unmap_and_move"
    assert trace.phases().phase_at(guarded.index).name == "unmap"


def test_the_phases_of_a_system_call() -> None:
    assert names(run_of("move-ok").trace) == [
        "check", "copy in", "look up", "isolate", "prepare", "lock", "unmap", "move mapping",
        "copy", "restore", "put back", "put back", "copy out",
    ]  # fmt: skip


def test_a_failed_attempt_is_undone_and_tried_again() -> None:
    phases = run_of("pinned-until-pass-4").trace.phases()
    first = [p.name for p in phases if p.attempt == 0]
    last = [p.name for p in phases if p.attempt == 4]
    assert first == ["prepare", "lock", "unmap", "move mapping", "undo", "put back"]
    assert last == [
        "prepare", "lock", "unmap", "move mapping", "copy", "restore", "put back",
    ]  # fmt: skip
    assert {p.attempt for p in phases} == {None, 0, 1, 2, 3, 4}


def test_writing_out_puts_the_ptes_back_on_the_way() -> None:
    phases = run_of("writeout-ok").trace.phases()
    assert [p.name for p in phases if p.attempt == 0] == [
        "prepare", "lock", "unmap", "move mapping", "write out", "undo", "write out", "undo",
        "put back",
    ]  # fmt: skip


def test_waiting_for_a_migration_entry() -> None:
    assert names(run_of("entry-wait").trace) == ["fault", "wait", "let go"]


def test_each_page_of_a_list_is_isolated_by_itself() -> None:
    phases = run_of("putback").trace.phases()
    assert [(p.name, p.page) for p in phases] == [
        ("isolate", "p0"), ("isolate", "p1"), ("isolate", "p2"), ("isolate", "p3"),
        ("put back", None),
    ]  # fmt: skip


def test_what_others_do_falls_into_the_phase_that_it_meets() -> None:
    trace = run_of("speculative-reference").trace
    pinned = next(s.index for s in trace if s.task == "other CPUs")
    assert trace.phases().phase_at(pinned).name == "move mapping"


def test_what_is_done_outside_every_function_is_a_phase_too() -> None:
    w = World(nodes=2)
    page = w.mm().mmap(pages=1).touch(0)

    def by_hand() -> None:
        get_page(page)
        put_page(page)
        get_page(page)

    phases = w.run(by_hand).trace.phases()
    assert [(p.name, p.first, p.last) for p in phases] == [
        ("outside", 0, 1), ("put_page", 1, 2), ("outside", 2, 3),
    ]  # fmt: skip


def test_a_trace_without_steps_has_no_phases() -> None:
    phases = run_of("migrate-vmas").trace.phases()
    assert phases == ()
    with pytest.raises(IndexError, match="this trace has no steps"):
        phases.phase_at(0)


def test_a_step_that_is_not_there_is_in_no_phase() -> None:
    phases = run_of("anon-simple").trace.phases()
    assert phases.phase_at(-1) == phases[-1]
    with pytest.raises(IndexError, match="no step 126"):
        phases.phase_at(126)


def test_a_trace_from_a_file_has_the_same_phases(tmp_path: Path) -> None:
    for name in ("four-pages", "move-same-page-twice", "entry-wait"):
        trace = run_of(name).trace
        trace.save(tmp_path / "t.json")
        assert Trace.load(tmp_path / "t.json").phases() == trace.phases()


def test_phases_are_worked_out_once() -> None:
    trace = run_of("anon-simple").trace
    assert trace.phases() is trace.phases()
