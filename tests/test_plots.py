# SPDX-License-Identifier: GPL-2.0-only
"""Plots: the numbers that the trace has, named where they are drawn, and in words."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from figures import NAMES, long_names, sixteen, trace_of, unreadable

import kmm
from kmm.errors import KmmError
from kmm.sim import Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    return kmm.load("anon-simple").run().trace


@pytest.fixture
def _matplotlib() -> None:
    pytest.importorskip("matplotlib").use("agg")


def texts(figure: Any) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.usefixtures("_matplotlib")
def test_a_line_holds_what_the_field_held_after_each_step(trace: Trace) -> None:
    figure = trace.plot("p0._count")
    (line,) = figure.axes[0].lines
    xs, ys = line.get_xdata(), line.get_ydata()
    for k in range(len(trace)):
        shown = [y for x, y in zip(xs, ys, strict=True) if x <= k][-1]
        assert shown == trace.value("p0._count", k + 1)


@pytest.mark.usefixtures("_matplotlib")
def test_mapcount_is_what_page_mapcount_says(trace: Trace) -> None:
    (raw,) = trace.plot("p0._mapcount").axes[0].lines
    (counted,) = trace.plot("p0.mapcount").axes[0].lines
    assert [y + 1 for y in raw.get_ydata()] == list(counted.get_ydata())


@pytest.mark.usefixtures("_matplotlib")
def test_changes_are_written_as_numbers_and_lines_are_named(trace: Trace) -> None:
    figure = trace.plot("p0._count", "p0.mapcount", "n0._count")
    assert len(figure.axes) == 2
    written = texts(figure)
    assert {"p0._count", "p0.mapcount", "n0._count", "1", "2", "3"} <= set(written)
    assert {phase.name for phase in trace.phases()} & set(written)


@pytest.mark.usefixtures("_matplotlib")
def test_lines_of_a_strip_differ_in_more_than_colour(trace: Trace) -> None:
    one, other = trace.plot("p0._count", "p0.mapcount").axes[0].lines
    assert one.get_color() != other.get_color()
    assert one.get_linestyle() != other.get_linestyle()


@pytest.mark.usefixtures("_matplotlib")
def test_a_page_has_no_count_before_it_exists(trace: Trace) -> None:
    (line,) = trace.plot("n0._count").axes[0].lines
    first = line.get_ydata()[0]
    assert first != first  # not a number
    assert "not there at the start" in trace.plot("n0._count").alt


@pytest.mark.usefixtures("_matplotlib")
def test_without_fields_it_plots_the_counts_of_the_first_page(trace: Trace) -> None:
    assert {"p0._count", "p0.mapcount"} <= set(texts(trace.plot()))


@pytest.mark.usefixtures("_matplotlib")
def test_a_figure_says_in_words_what_it_shows(trace: Trace) -> None:
    figure = trace.plot("p0._count")
    data, about = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.alt
    assert about["image/png"]["alt"] == figure.alt
    assert data["image/png"].startswith(b"\x89PNG")
    assert "p0._count is 1 at the start, 2 after step 4" in figure.alt


@pytest.mark.usefixtures("_matplotlib")
@pytest.mark.parametrize("name", ["pinned-for-ever", "four-pages", "entry-wait"])
def test_long_and_short_traces(name: str) -> None:
    kmm.load(name).run().trace.plot()._repr_mimebundle_()


@pytest.mark.usefixtures("_matplotlib")
@pytest.mark.parametrize("name", [name for name in NAMES if name != "move-mixedmap"])
def test_no_text_is_cut_off_and_none_stands_in_another(name: str) -> None:
    fields = "p0._count", "p0.mapcount", "p0.PG_locked", "p0.PG_writeback", "p0.PG_unevictable"
    assert unreadable(trace_of(name).plot(*fields)) == []


@pytest.mark.usefixtures("_matplotlib")
@pytest.mark.parametrize("make", [sixteen, long_names])
def test_nor_in_a_long_trace_or_a_crowded_one(make: Any) -> None:
    assert unreadable(make().plot()) == []


@pytest.mark.usefixtures("_matplotlib")
def test_pyplot_knows_nothing_of_it(trace: Trace) -> None:
    from matplotlib import pyplot

    trace.plot("p0._count")
    assert pyplot.get_fignums() == []


def test_a_field_without_numbers(trace: Trace) -> None:
    with pytest.raises(KmmError, match="which is no number"):
        trace.plot("p0.mapping")
    with pytest.raises(KmmError, match="no field 'count'"):
        trace.plot("p0.count")
    with pytest.raises(KmmError, match="named by a text"):
        trace.plot(38)


def test_without_matplotlib_one_sentence_says_what_to_install(
    trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(KmmError, match="python -m pip install matplotlib"):
        trace.plot("p0._count")
