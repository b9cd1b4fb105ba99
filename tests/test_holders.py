# SPDX-License-Identifier: GPL-2.0-only
"""Each reference of a page is accounted to who holds it, at every step.

The oracle counts by hand: a copy of the state is kept up to date with the changes of each step, and
the places that show a page are counted in it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmm
from kmm import KmmError, Trace, World
from kmm.mm.memory import FOLL_GET, follow_page
from kmm.mm.page import Page, get_page, page_count, page_freeze_refs, page_unfreeze_refs
from kmm.mm.pgtable import PTE_NONE, pte_pointer, pte_t, set_pte_at
from kmm.mm.swap import put_page
from kmm.scenario import library
from kmm.sim import kernel_function

VECTORS = Path(__file__).parent / "vectors" / "random.jsonl.gz"

#: Every leak in the library, and why it is one in the C.
LEAKS = {
    # The file's migratepage is migrate_page, which does not know of buffers: migrate_page_copy
    # does ClearPagePrivate(page), and no put_page follows, as one does in buffer_migrate_page.
    "migrate-page-with-buffers": {"p0": 1},
}


def flat_states(trace: Trace) -> Iterator[dict[str, Any]]:
    """state(0), state(1), ... as {path: value}; the same dict each time, changed in between."""
    state: dict[str, Any] = {}

    def enter(name: str, fields: Any) -> None:
        for key, value in fields.items():
            text = hex(key) if name.endswith(".pte") else key
            own = type(key) is str and not name.startswith(("node[", "pagelist"))
            state[f"{name}.{key}" if own else f"{name}[{text}]"] = value

    for name, fields in trace.state(0).to_dict().items():
        enter(name, fields)
    yield state
    for step in trace:
        for change in step.changes:
            if change.field == "exists":
                enter(change.object, trace.state(step.index + 1)[change.object])
        for change in step.changes:
            state[change.path] = change.new
        yield state


def count_places(state: dict[str, Any]) -> Counter[tuple[str, str]]:
    """(page, kind): in how many places of that kind the page stands."""
    found: Counter[tuple[str, str]] = Counter()
    for path, value in state.items():
        if isinstance(value, pte_t):
            if value.page is not None:
                found[value.page, "pte"] += 1
        elif value is None or value == 0:
            continue
        elif path.startswith("swapper.page_tree["):
            found[value, "swap cache"] += 1
        elif ".page_tree[" in path:
            found[value, "page cache"] += 1
        elif ".pagevec[" in path:
            found[value, "pagevec"] += 1
        elif path.endswith(".PG_private"):
            found[path.removesuffix(".PG_private"), "private"] += 1
        elif path.endswith(".pins"):
            found[path.removesuffix(".pins"), "pin"] += value
    for path, value in state.items():
        if path.startswith("pagelist") and value is not None and "[" in path:
            found[path.partition("[")[2].rstrip("]"), "isolator"] += 1
    return found


def pages_of(trace: Trace) -> list[str]:
    return [entry.name for entry in trace.objects if entry.type == "Page" and entry.name != "ZERO"]


ELSEWHERE = ("in flight", "reserved", "unaccounted")


def check_every_state(trace: Trace) -> Counter[str]:
    """Every state of every page against the count by hand; returns the leaks at the end."""
    pages = pages_of(trace)
    leaks: Counter[str] = Counter()
    for k, state in enumerate(flat_states(trace)):
        places = count_places(state)
        for page in pages:
            holders = trace.holders(page, k)
            told = Counter(
                "private" if h.kind in ("buffers", "private data") else h.kind
                for h in holders
                if h.kind not in ELSEWHERE
            )
            by_hand = {kind: n for (p, kind), n in places.items() if p == page}
            assert told == Counter(by_hand), (k, page)
            count = state.get(f"{page}._count", 0)
            assert holders.page_count == count
            kept = holders.frozen.kept if holders.frozen else count
            assert len(holders) + len(holders.unaccounted) == kept, (k, str(holders))
            assert holders.missing == 0
            leaks[page] = len(holders.unaccounted)
    return +leaks


def check_every_reference(trace: Trace) -> None:
    """Each step that takes a reference is told of exactly one, and so is each that drops one."""
    for page in pages_of(trace):
        everyone = {
            h
            for k in range(len(trace) + 1)
            for h in (*trace.holders(page, k), *trace.holders(page, k).unaccounted)
        }
        references = {(h.taken, h.dropped) for h in everyone}
        rises, falls = [], []
        for step in trace.history(f"{page}._count"):
            if step.primitive in ("page_freeze_refs", "page_unfreeze_refs"):
                continue
            for change in step.changes:
                if change.path == f"{page}._count":
                    (rises if change.new > change.old else falls).append(step.index)
        born = [step.index for step in trace.history(f"{page}.exists")]
        assert sorted(t for t, _ in references if t is not None) == sorted(born + rises)
        told = Counter(d for t, d in references if d is not None and t is not None)
        before = sorted(h.dropped for h in trace.holders(page, 0) if h.dropped is not None)
        assert sorted([*told.elements(), *before]) == sorted(falls)


@pytest.mark.parametrize("name", library.names())
def test_every_reference_of_every_scenario_has_its_holder(name: str) -> None:
    run = kmm.load(name).run()
    trace = run.trace
    leaks = check_every_state(trace)
    assert leaks == LEAKS.get(name, {})
    check_every_reference(trace)
    if run.result["bug"] is None:
        for page in pages_of(trace):
            assert all(h.kind != "in flight" for h in trace.holders(page, len(trace)))


def random_scenarios(every: int) -> Iterator[dict[str, Any]]:
    with gzip.open(VECTORS, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number % every == 0:
                # What is drained afterwards is drained behind the end of the trace.
                yield {**json.loads(line)["scenario"], "drain_after": False}


def test_random_scenarios_leak_nothing() -> None:
    for scenario in random_scenarios(20):
        assert check_every_state(kmm.load(scenario).run().trace) == {}, scenario


def test_what_has_leaked_is_the_reference_of_the_buffers() -> None:
    trace = kmm.load("migrate-page-with-buffers").run().trace
    buffers = next(h for h in trace.holders("p0", 0) if h.kind == "buffers")
    assert buffers.dropped is None
    (leak,) = trace.holders("p0", len(trace)).unaccounted
    assert (leak.kind, leak.taken) == ("unaccounted", None)
    assert "got back from buffers, first p0/bh0" in leak.name
    cleared = next(step for step in trace if step.primitive == "ClearPagePrivate")
    assert (leak.since, leak.function) == (cleared.index, "migrate_page_copy")


# One story, told by hand.


def test_the_life_of_the_references_of_a_cached_page() -> None:
    trace = kmm.load("file-clean").run().trace
    at = {step.primitive: step.index for step in trace if step.args[:1] == ("p0",)}
    isolated, frozen = at["get_page_unless_zero"], at["page_freeze_refs"]
    start = trace.holders("p0", 0)
    assert sorted((h.kind, h.name, h.taken) for h in start) == [
        ("page cache", "page cache f0[3]", None),
        ("pte", "pte 0x503000 of m0", None),
    ]
    flying = trace.holders("p0", isolated + 1)[-1]
    assert (flying.kind, flying.task, flying.function) == ("in flight", "t0", "isolate_lru_page")
    assert flying.taken == flying.since == isolated
    assert flying.line == trace[isolated].line > 0
    isolator = trace.holders("p0", isolated + 5)[-1]
    assert (isolator.kind, isolator.taken) == ("isolator", isolated)
    assert isolator.place == "pagelist[p0]"
    assert trace.value(isolator.place, isolated + 5) is not None
    ice = trace.holders("p0", frozen + 1)
    assert ice.page_count == 0
    assert ice.frozen is not None
    assert (ice.frozen.task, ice.frozen.since, ice.frozen.kept) == ("t0", frozen, 2)
    assert ice.frozen.until == at["page_unfreeze_refs"]
    assert {h.kind for h in ice} == {"page cache", "isolator"}
    cache = next(h for h in start if h.kind == "page cache")
    assert cache.dropped == at["__put_page"]
    assert cache.place is not None
    assert trace.value(cache.place, 0) == "p0"
    emptied = next(s.index for s in trace if s.primitive == "ptep_clear_flush")
    back = trace.holders("p0", emptied + 1)[-1]
    assert (back.kind, back.taken, back.since) == ("in flight", None, emptied)
    assert back.function == "try_to_unmap_one"
    assert back.name == "t0 in try_to_unmap_one, got back from pte 0x503000 of m0"
    new = next(h for h in trace.holders("n0", len(trace)) if h.kind == "page cache")
    assert new.function == "migrate_page_move_mapping"
    assert str(ice).startswith("p0, count 0, frozen with 2 kept: ")


def test_a_page_has_no_holders_before_it_exists_and_after_it_is_freed() -> None:
    trace = kmm.load("memory-with-drained-pagevec").run().trace
    born = trace.history("n0.exists")[0].index
    freed = trace.history("n0.PG_buddy")[0].index
    assert list(trace.holders("n0", born)) == []
    assert [h.taken for h in trace.holders("n0", born + 1)] == [born]
    assert list(trace.holders("n0", freed)) == []
    assert trace.holders("n0", freed).page_count == 0


def test_a_reference_from_before_the_trace_that_nobody_has_is_unaccounted() -> None:
    trace = kmm.load("move-ok").run().trace
    assert [h.kind for h in trace.holders("ZERO", 0)] == ["reserved"]
    w, page, _ = world()
    page._count += 1
    trace = w.run(lambda: get_page(page)).trace
    assert [h.kind for h in trace.holders("p0", 0)] == ["pte"]
    assert [h.taken for h in trace.holders("p0", 0).unaccounted] == [None]


# What goes wrong is shown.


def world(**options: Any) -> tuple[World, Any, Any]:
    """One page, mapped once, with one reference."""
    w = World(nodes=2, **options)
    vma = w.mm().mmap(pages=2)
    return w, vma.touch(0), vma


def test_a_function_that_returns_with_a_reference_has_leaked_it() -> None:
    w, _, vma = world()
    trace = w.run(lambda: follow_page(vma.struct, vma.address(0), FOLL_GET)).trace
    taken = next(step.index for step in trace if step.primitive == "get_page")
    assert [h.kind for h in trace.holders("p0", taken + 1)] == ["pte", "in flight"]
    end = trace.holders("p0", len(trace))
    assert [h.kind for h in end] == ["pte"]
    assert [(h.kind, h.taken, h.task) for h in end.unaccounted] == [("unaccounted", taken, "t0")]
    assert "unaccounted: nobody; it was t0 in follow_page" in str(end)


@kernel_function
def takes_two(page: Page) -> None:
    """Not the kernel's."""
    get_page(page)
    get_page(page)


@kernel_function
def calls_takes_two(page: Page) -> None:
    """Not the kernel's."""
    takes_two(page)
    page_count(page)


def test_a_task_may_keep_references_until_its_outermost_function_returns() -> None:
    w, page, _ = world()
    trace = w.run(lambda: calls_takes_two(page)).trace
    leaked = [len(trace.holders("p0", k).unaccounted) for k in range(len(trace) + 1)]
    assert leaked == [0, 0, 0, 2]


def test_a_task_drops_first_what_it_has_got_back() -> None:
    w, page, vma = world()
    mm, address = vma.mm.struct, vma.address(0)

    def unmap_while_holding() -> None:
        set_pte_at(mm, address, pte_pointer(mm, address), PTE_NONE)
        get_page(page)
        put_page(page)

    trace = w.run(unmap_while_holding).trace
    assert [h.taken for h in trace.holders("p0", 3)] == [1]


def test_a_pte_that_only_grows_old_keeps_its_reference() -> None:
    trace = kmm.load("nonlinear").run().trace
    aged = next(s.index for s in trace if s.primitive == "ptep_clear_flush_young")
    before, after = (
        [h for h in trace.holders("p0", k) if h.kind == "pte"] for k in (aged, aged + 1)
    )
    assert before == after
    assert [h.since for h in after] == [None]


def test_outside_every_function_a_task_keeps_what_it_has_taken() -> None:
    w, page, _ = world()
    trace = w.run(lambda: get_page(page)).trace
    end = trace.holders("p0", 1)
    assert [(h.kind, h.name) for h in end] == [("pte", "pte 0x400000 of m0"), ("in flight", "t0")]
    assert not end.unaccounted


def test_a_reference_that_is_dropped_once_too_often_is_missing() -> None:
    w, page, _ = world()
    trace = w.run(lambda: put_page(page)).trace
    end = trace.holders("p0", len(trace))
    assert [h.kind for h in end] == ["pte"]
    assert (end.page_count, end.missing) == (0, 1)
    assert end.frozen is None


def test_a_pte_that_comes_before_its_reference_is_missing_one_until_then() -> None:
    w, page, vma = world()
    mm, address = vma.mm.struct, vma.address(1)

    def wrong_order() -> None:
        set_pte_at(mm, address, pte_pointer(mm, address), pte_t(page))
        get_page(page)

    trace = w.run(wrong_order).trace
    assert [trace.holders("p0", k).missing for k in range(3)] == [0, 1, 0]
    assert [h.taken for h in trace.holders("p0", 2)] == [None, 1]


def test_unfreezing_erases_a_reference_that_was_taken_meanwhile() -> None:
    """BUGS 27: with plain get_page instead of get_page_unless_zero."""
    w, page, _ = world(debug_vm=False)
    get_page(page)

    def erase() -> None:
        page_freeze_refs(page, 2)
        get_page(page)
        page_unfreeze_refs(page, 2)

    trace = w.run(erase).trace
    assert [trace.holders("p0", k).missing for k in range(4)] == [0, 0, 0, 1]
    assert [trace.holders("p0", k).page_count for k in range(4)] == [2, 0, 1, 2]


def test_unfreezing_with_too_many_makes_one_that_nobody_asked_for() -> None:
    w, page, _ = world()

    def more() -> None:
        page_freeze_refs(page, 1)
        page_unfreeze_refs(page, 2)

    trace = w.run(more).trace
    assert [(h.kind, h.taken) for h in trace.holders("p0", 2)] == [("pte", None), ("in flight", 1)]


def test_a_page_that_another_cpu_had_frozen_before_keeps_its_holders() -> None:
    holders = kmm.load("entry-wait-frozen").run().trace.holders("p0", 0)
    assert holders.frozen is not None
    assert (holders.frozen.task, holders.frozen.kept) == (None, len(holders))
    assert len(holders) > 0
    assert holders.missing == 0


Act = Callable[[Any, Any], None]


def _map(page: Any, vma: Any) -> None:
    mm, address = vma.mm.struct, vma.address(1)
    set_pte_at(mm, address, pte_pointer(mm, address), pte_t(page))


def _unmap(page: Any, vma: Any) -> None:
    mm, address = vma.mm.struct, vma.address(1)
    set_pte_at(mm, address, pte_pointer(mm, address), PTE_NONE)


def _put(page: Any, vma: Any) -> None:
    if page._count > 1:
        put_page(page)


def _freeze(page: Any, vma: Any) -> None:
    if page._count > 1:
        page_freeze_refs(page, page._count)
        page_unfreeze_refs(page, 2)


def _pin(page: Any, vma: Any) -> None:
    page.pins += 1


def _unpin(page: Any, vma: Any) -> None:
    page.pins = 0


ACTS: list[Act] = [
    lambda page, vma: get_page(page), _put, _map, _unmap, _freeze, _pin, _unpin,
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=25))
def test_whatever_is_done_in_whatever_order_the_account_adds_up(acts: list[Act]) -> None:
    w, page, vma = world()

    def operation() -> None:
        for act in acts:
            act(page, vma)

    trace = w.run(operation).trace
    for k, state in enumerate(flat_states(trace)):
        holders = trace.holders("p0", k)
        by_hand = {kind: n for (p, kind), n in count_places(state).items() if p == "p0"}
        assert Counter(h.kind for h in holders if h.kind not in ELSEWHERE) == Counter(by_hand)
        held = len(holders) + len(holders.unaccounted)
        kept = holders.frozen.kept if holders.frozen else 0
        assert held == state["p0._count"] + kept + holders.missing
        assert holders.missing >= 0


# The question itself.


def test_a_trace_from_a_file_answers_the_same(tmp_path: Path) -> None:
    for name in ("migrate-page-with-buffers", "four-pages", "swap-cache", "truncated-meanwhile"):
        trace = kmm.load(name).run().trace
        trace.save(tmp_path / "t.json")
        loaded = Trace.load(tmp_path / "t.json")
        for page in pages_of(trace):
            for k in range(len(trace) + 1):
                ours, theirs = trace.holders(page, k), loaded.holders(page, k)
                assert ours == theirs
                assert ours.unaccounted == theirs.unaccounted


def test_an_unknown_page_is_refused_with_the_nearest_names() -> None:
    trace = kmm.load("four-pages").run().trace
    with pytest.raises(KmmError, match=r"^p7 is no page of this trace; there is p\d"):
        trace.holders("p7", 0)
    with pytest.raises(KmmError, match=r"^m0 is of type MmStruct, and no page"):
        trace.holders("m0", 0)
    with pytest.raises(IndexError, match="no state 99999"):
        trace.holders("p0", 99999)
    assert trace.holders("p0", -1) == trace.holders("p0", len(trace))


def test_what_does_not_change_is_answered_once() -> None:
    trace = kmm.load("file-clean").run().trace
    assert trace.holders("p0", 0) is trace.holders("p0", 1)
