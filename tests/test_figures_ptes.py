# SPDX-License-Identifier: GPL-2.0-only
"""The heat map of the ptes is what each state says."""

from __future__ import annotations

from typing import Any

import pytest
from figures import NAMES, drawn, trace_of

import kmm
from kmm.errors import KmmError
from kmm.sim import Trace

pytest.importorskip("matplotlib").use("agg")


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
