# SPDX-License-Identifier: GPL-2.0-only
"""Two players side by side: of a comparison in a notebook, as one file, and as pictures.

Both traces are sent as for their own players (payload.py), and with them which step stands beside
which: js/compare.js does the rest.
"""

from __future__ import annotations

import json
import os
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.explain.once import once
from kmm.show.bundle import program, style
from kmm.show.export import exporting, framed
from kmm.show.html import document, write
from kmm.show.payload import Strings, compact, packed
from kmm.show.widget import no_widgets, with_still
from kmm.sim.numbered import numbered

if TYPE_CHECKING:
    from kmm.show.compare import Comparison

FORMAT = "kmm-comparison/1"


def payload(comparison: Comparison) -> str:
    """All that the two players need, as a JSON text."""
    kinds = Strings()
    head = {
        "format": FORMAT,
        "names": comparison.names,
        "sentence": comparison.sentence,
        "beginning": comparison.beginning,
        "parting": comparison.parts.pair if comparison.parts else None,
        "runs": _runs(comparison, kinds),
        "kinds": kinds.all,
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False)
    left, right = (once(trace, compact) for trace in (comparison.left, comparison.right))
    return f'{text[:-1]},"left":{left},"right":{right}}}'


def _runs(comparison: Comparison, kinds: Strings) -> list[list[int]]:
    """The pairs as [left, right, how many, kind], both rising by one; -1 stands for no step."""
    runs: list[list[int]] = []
    for n, (left, right) in enumerate(comparison.pairs):
        here = [-1 if step is None else step for step in (left, right)]
        kind = kinds.number(comparison.kind(n))
        if runs:
            *first, many, before = runs[-1]
            if kind == before and here == [-1 if k < 0 else k + many for k in first]:
                runs[-1][2] += 1
                continue
        runs.append([*here, 1, kind])
    return runs


def page(comparison: Comparison, **options: Any) -> str:
    """The two players as a page; `options` as mountComparison() in js/beside.js takes them."""
    left, right = comparison.names
    title = f"{left} and {right}: two page migrations, side by side"
    return document(title, payload(comparison), mount="mountComparison", **options)


def to_html(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write the two players as one HTML file; KmmError where that is impossible."""
    write(path, page(comparison, address=True))


def play(comparison: Comparison, pair: int | None = None) -> Any:
    """The widget, at a pair: where they part unless told."""
    if pair is None:
        pair = comparison.parts.pair if comparison.parts else 0
    elif pair or comparison.pairs:
        pair = numbered(pair, len(comparison.pairs), "pair")
    return _widget_class()(comparison, pair)


def bundle(comparison: Comparison, include: Any = None, exclude: Any = None) -> Any:
    """What a notebook shows: the players; without anywidget, pictures of where they part."""
    try:
        widget = play(comparison)
    except KmmError:
        return still(comparison, comparison.parts.pair if comparison.parts else 0)
    return widget._repr_mimebundle_(include=include, exclude=exclude)


def still(comparison: Comparison, pair: int) -> dict[str, str]:
    """A pair as sentences and as two pictures, for where no widget can run."""
    states = comparison.states(pair) if comparison.pairs else (0, 0)
    figures = [
        f'<div style="flex:1 1 420px;min-width:0"><strong>{escape(name)}</strong>'
        f"{picture._repr_html_()}</div>"
        for name, trace, state in zip(
            comparison.names, (comparison.left, comparison.right), states, strict=True
        )
        for picture in (trace.svg(state - 1 if state else None),)
    ]
    sentences = "".join(f"<p>{escape(line)}</p>" for line in str(comparison).splitlines())
    return {
        "text/plain": str(comparison),
        "text/html": f'{sentences}<div style="display:flex;flex-wrap:wrap;gap:16px">'
        f"{''.join(figures)}</div>",
    }


@cache
def _widget_class() -> type[Any]:
    """The widget's class, made when first needed: its base is anywidget's."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise no_widgets() from None

    class SideBySide(anywidget.AnyWidget):
        """Two traces, to be stepped through together."""

        _esm = program("renderComparison")
        _css = style()
        payload = traitlets.Bytes().tag(sync=True)
        pair = traitlets.Int(0).tag(sync=True)
        folds = traitlets.Dict().tag(sync=True)

        def __init__(self, comparison: Comparison, pair: int) -> None:
            self._comparison = comparison
            super().__init__(payload=packed(payload(comparison)), pair=pair)

        @traitlets.validate("pair")
        def _within(self, proposal: Any) -> int:
            """A pair that the comparison has; -1 is the last."""
            pairs = self._comparison.pairs
            return numbered(int(proposal["value"]), len(pairs), "pair") if pairs else 0

        def _repr_mimebundle_(self, **arguments: Any) -> Any:
            if exporting():
                html = page(self._comparison, theme="light", pair=self.pair, folds=self.folds)
                return framed(html, str(self._comparison))
            shown = super()._repr_mimebundle_(**arguments)
            return with_still(shown, still(self._comparison, self.pair))

        def __repr__(self) -> str:
            return f"<Players of {self._comparison!r} at pair {self.pair}>"

    return SideBySide
