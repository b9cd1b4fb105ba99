# SPDX-License-Identifier: GPL-2.0-only
"""trace.play(): the player of a trace in a notebook, an anywidget.

    player = trace.play(step=41, select="p0")
    player                                  forward and back, also while the kernel is busy
    player.step, player.selection           where it stands; set them, or observe them
    player.folds                            {"timeline": True}: what is folded

The trace is sent once; all the rest is done in the browser (js/).  anywidget is imported when first
used: running and saving traces needs none of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kmm.errors import KmmError
from kmm.explain.once import numbered, once
from kmm.show.bundle import program, style
from kmm.show.payload import MOST_STEPS, compact
from kmm.sim import Trace

#: What a notebook shows where no widget can run.
STILL = ("text/plain", "text/html")


@Trace.extend
def play(trace: Trace, step: int = 0, select: str | None = None) -> Any:
    """The player of the trace, at step `step`, which shows what that step did.

    Arguments: `step` the number of a step, -1 for the last; `select` the object or the field that
    is selected, "p0" or "p0._count", None for the first page that anything is done to.

    Of a trace of more than MOST_STEPS it has the first ones, and says so.

    Returns a widget with the traits `step`, `selection` and `folds`.

    Raises IndexError for a step that the trace does not have, KmmError for a selection that it
    does not know, and where anywidget is not installed.
    """
    trace = trace.first(MOST_STEPS)
    if step or len(trace):
        step = numbered(step, len(trace), "step")
    if select is None:
        select = first_page(trace)
    else:
        must_be_known(trace, select)
    return _player_class()(trace, step, select)


@Trace.extend
def _repr_mimebundle_(trace: Trace, include: Any = None, exclude: Any = None) -> Any:
    """A trace shown by itself in a cell is its player; without anywidget, the picture of a step."""
    try:
        shown = trace.play()
    except KmmError:
        shown = trace.svg(0 if len(trace) else None)
    return shown._repr_mimebundle_(include=include, exclude=exclude)


def first_page(trace: Trace) -> str:
    """The first page that a step changes, "" if there is none."""
    objects = (trace.slots.name(slot)[0] for slot in trace.columns.slot)
    return next((str(name) for name in objects if name.type == "Page"), "")


def must_be_known(trace: Trace, select: str) -> None:
    """KmmError, with the nearest names, unless `select` is an object or a field of the trace."""
    if select not in trace.slots.by_name:
        trace.slots.slot(select)


@cache
def _player_class() -> type[Any]:
    """The widget's class, made when first needed: its base is anywidget's."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise KmmError(
            "a player in a notebook needs anywidget: pip install 'kmm[lab]'; "
            "trace.to_html('trace.html') writes one that needs nothing"
        ) from None

    class Player(anywidget.AnyWidget):
        """A trace, to be stepped through."""

        _esm = program()
        _css = style()
        payload = traitlets.Unicode().tag(sync=True)
        step = traitlets.Int(0).tag(sync=True)
        selection = traitlets.Unicode().tag(sync=True)
        folds = traitlets.Dict().tag(sync=True)

        def __init__(self, trace: Trace, step: int, select: str) -> None:
            self._trace = trace
            super().__init__(payload=once(trace, compact), step=step, selection=select)

        @traitlets.validate("step")
        def _within(self, proposal: Any) -> int:
            """A step that the trace has; -1 is the last."""
            step = int(proposal["value"])
            return numbered(step, len(self._trace), "step") if len(self._trace) else 0

        @traitlets.validate("selection")
        def _known(self, proposal: Any) -> str:
            if proposal["value"]:
                must_be_known(self._trace, proposal["value"])
            return str(proposal["value"])

        def still(self) -> dict[str, str]:
            """The step as a sentence and as a picture, for where no widget can run."""
            picture = self._trace.svg(self.step if len(self._trace) else None)
            both = {"text/plain": picture.caption, "text/html": picture._repr_html_()}
            return {kind: both[kind] for kind in STILL}

        def _repr_mimebundle_(self, **arguments: Any) -> Any:
            bundle = super()._repr_mimebundle_(**arguments)
            data, *metadata = bundle if isinstance(bundle, tuple) else (bundle or {},)
            data = {**data, **self.still()}
            return (data, *metadata) if metadata else data

        def __repr__(self) -> str:
            return f"<Player of {self._trace!r} at step {self.step}>"

    return Player
