# SPDX-License-Identifier: GPL-2.0-only
"""All figures: they can be read, say what they show, and do without pyplot."""

from __future__ import annotations

import builtins
import re
from typing import Any

import pytest
from figures import (
    NAMES,
    PLOTS,
    drawn,
    flat,
    long_names,
    many,
    sixteen,
    trace_of,
    two_tasks,
    unreadable,
)

from kmm.errors import KmmError
from kmm.explain.passes import passes_of
from kmm.sim import Machine, Trace

pytest.importorskip("matplotlib").use("agg")


@pytest.fixture(scope="module")
def long() -> Trace:
    trace = many()
    assert len(trace) > 20_000
    return trace


def plotted(trace: Trace) -> list[Any]:
    found = passes_of(trace)
    several = len(found.rows) * len(found.passes) > 1
    return [getattr(trace, name)() for name in PLOTS if several or name != "plot_nodes"]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off_and_none_stands_in_another(name: str) -> None:
    for figure in plotted(trace_of(name)):
        assert unreadable(figure) == []
        assert figure.alt.endswith(" steps.")


@pytest.mark.parametrize("make", [sixteen, two_tasks, many, long_names])
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


def test_in_a_lecture_hall_figures_and_pictures_are_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_of("four-pages")
    figure, picture = trace.plot_nodes(), trace.svg(0)

    def widths() -> tuple[float, float]:
        said = re.search(r' width="([0-9.]+)"', picture._repr_html_())
        return figure._repr_mimebundle_()[1]["image/png"]["width"], float(said[1])

    small = widths()
    for said, times in (("1.5", 1.5), ("large", 1)):
        monkeypatch.setenv("KMM_ENLARGE", said)
        assert widths() == tuple(times * width for width in small)


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
