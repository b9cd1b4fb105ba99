# SPDX-License-Identifier: GPL-2.0-only
"""trace.play(): the player of a trace in a notebook, an anywidget.

    player = trace.play(step=41, select="p0")
    player                                  forward and back, also while the kernel is busy
    player.step, player.selection           where it stands; set them, or observe them
    player.folds                            {"timeline": True}: what is folded
    trace.play(ask=3).answers               what was answered to three questions (kmm.Question)

The trace is sent once; all the rest is done in the browser (js/).  anywidget is imported when first
used: running and saving traces needs none of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kmm.errors import KmmError
from kmm.explain.once import once
from kmm.show.bundle import program, style
from kmm.show.export import exporting, framed
from kmm.show.html import page
from kmm.show.payload import MOST_STEPS, compact, packed
from kmm.show.questions import furthest, must_answer, open_answer, questions
from kmm.show.widget import no_widgets, with_still
from kmm.sim import Trace
from kmm.sim.numbered import numbered


@Trace.extend
def play(trace: Trace, step: int = 0, select: str | None = None, ask: Any = None) -> Any:
    """The player of the trace, at step `step`, which shows what that step did.

    Arguments: `step` the number of a step, -1 for the last; `select` the object or the field that
    is selected, "p0" or "p0._count", None for the first page that anything is done to; `ask`
    what to ask before it is shown: a list of kmm.Question, or how many trace.pivotal picks.

    Of a trace of more than MOST_STEPS it has the first ones, and says so.

    Returns a widget with the traits `step`, `selection`, `folds` and `answers`.

    Raises IndexError for a step that the trace does not have, KmmError for a selection or a
    question that it does not know, and where anywidget is not installed.
    """
    trace = trace.first(MOST_STEPS)
    if step or len(trace):
        step = numbered(step, len(trace), "step")
    if select is None:
        select = first_page(trace)
    else:
        must_be_known(trace, select)
    return _player_class()(trace, step, select, questions(trace, ask))


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
    if not isinstance(select, str) or select not in trace.slots.by_name:
        trace.slots.slot(select)


def _packed(trace: Trace) -> bytes:
    return packed(once(trace, compact))


@cache
def _player_class() -> type[Any]:
    """The widget's class, made when first needed: its base is anywidget's."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise no_widgets() from None

    class Player(anywidget.AnyWidget):
        """A trace, to be stepped through."""

        _esm = program()
        _css = style()
        payload = traitlets.Bytes().tag(sync=True)
        step = traitlets.Int(0).tag(sync=True)
        selection = traitlets.Unicode().tag(sync=True)
        folds = traitlets.Dict().tag(sync=True)
        questions: Any = traitlets.List().tag(sync=True)
        answers: Any = traitlets.List().tag(sync=True)

        def __init__(self, trace: Trace, step: int, select: str, asked: list[Any]) -> None:
            self._trace = trace
            answers = [open_answer(question) for question in asked]
            # The answers first: where they are open, no step behind them is stood at.
            super().__init__(questions=asked, answers=answers)
            self.set_trait("payload", once(trace, _packed))
            self.step, self.selection = step, select

        @traitlets.validate("step")
        def _within(self, proposal: Any) -> int:
            """A step that may be seen; -1 is the last, or the start where all is still asked."""
            steps = len(self._trace)
            step = numbered(int(proposal["value"]), steps, "step") if steps else 0
            return min(step, furthest(self.answers, steps)) if steps else 0

        @traitlets.validate("answers")
        def _answered(self, proposal: Any) -> Any:
            """Answers to the questions that are asked."""
            must_answer(proposal["value"], self.questions)
            return proposal["value"]

        @traitlets.validate("selection")
        def _known(self, proposal: Any) -> str:
            if proposal["value"]:
                must_be_known(self._trace, proposal["value"])
            return str(proposal["value"])

        def still(self) -> dict[str, str]:
            """The step as a sentence and as a picture, for where no widget can run."""
            picture = self._trace.svg(self.step if len(self._trace) and self.step >= 0 else None)
            return {"text/plain": picture.caption, "text/html": picture._repr_html_()}

        def html(self) -> str:
            """The player as it stands, as a page that is white as paper."""
            names = ("step", "selection", "folds", "questions", "answers")
            return page(self._trace, theme="light", **{n: getattr(self, n) for n in names})

        def _repr_mimebundle_(self, **arguments: Any) -> Any:
            if exporting():
                return framed(self.html(), self.still()["text/plain"])
            return with_still(super()._repr_mimebundle_(**arguments), self.still())

        def __repr__(self) -> str:
            return f"<Player of {self._trace!r} at step {self.step}>"

    return Player
