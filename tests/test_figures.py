# SPDX-License-Identifier: GPL-2.0-only
"""Figures on paper: what is drawn is what the trace holds, and can be read."""

from __future__ import annotations

import builtins
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from figures import Drawn, drawn, texts, unreadable

import kmm
from kmm.errors import KmmError
from kmm.explain.passes import passes_of
from kmm.mm.swap import lru_add_drain
from kmm.sim import Call, Machine, Trace

pytest.importorskip("matplotlib").use("agg")

PLOTS = ("plot_ptes", "plot_locks", "plot_nodes", "plot_calls")
#: Traces of many kinds: shared, files, buffers, swap, faults, waits, several passes, a bug.
NAMES = (
    "anon-shared", "file-buffers", "swap-cache", "nonlinear", "entry-wait", "four-pages",
    "locked-until-pass-3", "file-buffer-locked", "move-mixedmap", "move-ok", "writeout-error",
    "freed-page-tried-again", "memory-runs-out-in-the-pagevec", "truncated-meanwhile",
)  # fmt: skip

#: Of these, some calls are narrower than a pixel.
LONG = ("four-pages", "freed-page-tried-again")


@cache
def trace_of(name: str) -> Trace:
    return kmm.load(name).run().trace


@cache
def sixteen() -> Trace:
    """16 pages of node 0 that go to nodes 1 and 2 in turn.

    p3 is pinned for ever; p9 is locked by others, so that pass 3 waits for it; p12 is pinned until
    pass 2 begins.
    """
    w = kmm.World(nodes=3)
    vma = w.mm().mmap(pages=16)
    pages = [vma.touch(i) for i in range(16)]
    w.pin(pages[3])
    w.lock(pages[9])
    w.pin(pages[12])
    w.meanwhile(pages[12], "unpin", attempt=2)
    to = [1 + i % 2 for i in range(16)]
    return w.move_pages([vma.address(i) for i in range(16)], to).trace


@cache
def many(pages: int = 150) -> Trace:
    """Many pages that go to node 1, of which p3 is pinned."""
    w = kmm.World(nodes=2, free=3 * pages)
    vma = w.mm().mmap(pages=pages)
    touched = [vma.touch(i) for i in range(pages)]
    w.pin(touched[3])
    return w.migrate_pages(touched, to_node=1).trace


@pytest.fixture(scope="module")
def long() -> Trace:
    trace = many()
    assert len(trace) > 20_000
    return trace


# Ptes.


def kind(pte: Any) -> str:
    """What the state says that a pte holds, in the words of the figure."""
    if pte is None or pte == type(pte)():
        return "none"
    if pte.page is not None:
        return "writable" if pte.write else "read-only"
    if pte.entry is not None:
        return "migration" if pte.entry.type >= 30 else "swap"
    return "special" if pte.special else "file"


def heat_map(figure: Any, states: int) -> dict[str, list[str]]:
    """The kinds by row and state, as they are painted."""
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    return painted(figure, rows, states)


def painted(figure: Any, rows: list[str], states: int) -> dict[str, list[str]]:
    grid = {row: ["none"] * states for row in rows}
    for box in drawn(figure):
        for n in range(round(box.low + 0.5), round(box.high + 0.5)):
            for state in range(round(box.left + 1.5), round(box.right + 1.5)):
                assert grid[rows[n]][state] == "none", "two boxes in one place"
                grid[rows[n]][state] = box.label
    return grid


def held(trace: Trace, path: str) -> list[str]:
    table, _, address = path.removesuffix("]").partition("[")
    return [kind(trace.state(k)[table].get(int(address, 0))) for k in range(len(trace) + 1)]


@pytest.mark.parametrize("name", [*NAMES, "anon-zapped-meanwhile"])
def test_the_heat_map_is_what_each_state_says(name: str) -> None:
    trace = trace_of(name)
    shown = heat_map(trace.plot_ptes(), len(trace) + 1)
    assert shown == {path: held(trace, path) for path in shown}
    used = {
        f"{table}[{address:#x}]"
        for k in range(len(trace) + 1)
        for table, cells in trace.state(k).items()
        if table.endswith(".pte")
        for address, pte in cells.items()
        if kind(pte) != "none"
    }
    assert set(shown) == used


def test_neighbours_of_many_ptes_that_are_alike_are_one_box() -> None:
    """100 ptes, of which three move: the other 97 are three boxes."""
    w = kmm.World(nodes=2)
    vma = w.mm().mmap(pages=100)
    pages = [vma.touch(i) for i in range(100)]
    w.map(w.page(anon_vma=w.anon_vma()), w.mms["m0"], 0x900000)
    trace = w.migrate_pages([pages[i] for i in (10, 50, 51)], to_node=1).trace
    figure = trace.plot_ptes("m0")
    paths = [f"m0.pte[{vma.address(i):#x}]" for i in range(100)] + ["m0.pte[0x900000]"]
    assert painted(figure, paths, len(trace) + 1) == {path: held(trace, path) for path in paths}
    assert len(drawn(figure)) < 20
    assert "92 more ptes" not in figure.alt
    assert "93 more ptes, of which 3 are migration entries for a while" in figure.alt


def test_ptes_can_be_chosen_one_by_one_or_by_address_space() -> None:
    trace = trace_of("anon-shared")
    rows = [label.get_text() for label in trace.plot_ptes("m1").axes[0].get_yticklabels()]
    assert rows == ["m1.pte[0x401000]"]
    both = trace.plot_ptes("m1.pte[0x401000]", "m0.pte")
    assert [label.get_text() for label in both.axes[0].get_yticklabels()] == [
        "m1.pte[0x401000]",
        "m0.pte[0x401000]",
    ]


def test_ptes_are_told_in_words() -> None:
    """From the state before and after each step that changes the pte."""
    trace = trace_of("swap-cache")
    (path,) = (f"{e.name}[0x401000]" for e in trace.objects if e.type == "PageTable")
    shown = held(trace, path)
    empty, swap = shown.index("none"), shown.index("swap")
    assert trace.plot_ptes().alt == (
        f"{path} is present, writable (p0) at the start, none after step {empty - 1}, "
        f"swap entry (slot 17) after step {swap - 1}; at the end 1 swap entry; "
        f"swap-cache, {len(trace)} steps."
    )


@pytest.mark.parametrize(
    ("ptes", "sentence"),
    [
        (("m0.pte[0x999]",), r"no such pte; try .*m0\.pte\[0x401000\]"),
        (("mm0.page_table[0x401000]",), r"no such pte; try .*m0\.pte\[0x401000\]"),
        (("p0._count",), "no such pte"),
        ((17,), "named by a text"),
    ],
)
def test_a_wrong_pte(ptes: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(KmmError, match=sentence):
        trace_of("anon-shared").plot_ptes(*ptes)


# Locks.


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


def test_many_locks_of_a_kind_share_a_lane_without_hiding_one_another() -> None:
    trace = sixteen()
    figure = trace.plot_locks()
    lanes = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    pages = [lock for lock in trace.locks() if lock.kind == "PG_locked"]
    assert f"PG_locked, {len(pages)} locks" in lanes
    boxes = [box for box in drawn(figure) if box.label in trace.tasks]
    assert Counter(round(box.left + 1.5) for box in boxes) == Counter(
        hold.first for lock in trace.locks() for hold in lock.holds
    )
    by_row: dict[float, list[Drawn]] = {}
    for box in sorted(boxes, key=lambda box: box.left):
        by_row.setdefault(box.low, []).append(box)
    pixel = len(trace) / 700
    for row in by_row.values():
        for one, other in pairwise(row):
            assert one.right <= other.left + pixel


# Placement.


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
        from kmm.scenario.driver import isolate_and_migrate

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


# Calls.


def flat(calls: tuple[Call, ...] | list[Call]) -> list[Call]:
    return [one for call in calls for one in (call, *flat(call.children))]


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


@cache
def two_tasks() -> Trace:
    w = kmm.World(nodes=2)
    mm = w.mm()
    vma = mm.mmap(pages=2)
    pages = [vma.touch(0), vma.touch(1)]
    w.task("t0", mm=mm)
    other = w.task("t1", mm=mm)

    def operation() -> int:
        from kmm.scenario.driver import isolate_and_migrate

        isolate_and_migrate([pages[0]], 1, True)
        with w.machine.as_task(other):
            return isolate_and_migrate([pages[1]], 1, True)

    return w.run(operation).trace


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


# All of them.


def plotted(trace: Trace) -> list[Any]:
    found = passes_of(trace)
    several = len(found.rows) * len(found.passes) > 1
    return [getattr(trace, name)() for name in PLOTS if several or name != "plot_nodes"]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off_and_none_stands_in_another(name: str) -> None:
    for figure in plotted(trace_of(name)):
        assert unreadable(figure) == []
        assert figure.alt.endswith(" steps.")


@pytest.mark.parametrize("make", [sixteen, two_tasks, many])
def test_nor_in_a_long_trace_or_a_crowded_one(make: Any) -> None:
    for figure in plotted(make()):
        assert unreadable(figure) == []


def test_many_steps_are_few_boxes(long: Trace) -> None:
    calls = sum(call.last > call.first for call in flat(long.calls))
    boxes = drawn(long.plot_calls())
    assert len(boxes) < calls / 2
    assert sum(box.right - box.left for box in boxes if box.low < 0) == len(long)
    assert "narrower than a pixel" in long.plot_calls().axes[0].get_xlabel()
    assert len(drawn(long.plot_ptes())) < 150 * 4


def test_a_figure_shows_itself_with_its_words() -> None:
    for figure in plotted(trace_of("four-pages")):
        data, about = figure._repr_mimebundle_()
        assert data["text/plain"] == about["image/png"]["alt"] == figure.alt
        assert data["image/png"].startswith(b"\x89PNG")


def test_pyplot_knows_nothing_of_them() -> None:
    from matplotlib import pyplot

    plotted(trace_of("four-pages"))
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", PLOTS)
def test_without_matplotlib_one_sentence_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = trace_of("four-pages")
    real = builtins.__import__

    def without(module: str, *args: Any, **kwargs: Any) -> Any:
        if module.partition(".")[0] in ("matplotlib", "numpy"):
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return real(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(KmmError, match="python -m pip install matplotlib"):
        getattr(trace, name)()


def test_a_trace_in_which_nothing_is_to_be_seen() -> None:
    machine = Machine()
    machine.record()
    nothing = machine.trace()
    for name, sentence in zip(
        PLOTS, ("no pte", "nobody holds a lock", "tries no page", "no kernel function"), strict=True
    ):
        with pytest.raises(KmmError, match=sentence):
            getattr(nothing, name)()
