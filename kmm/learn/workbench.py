# SPDX-License-Identifier: GPL-2.0-only
"""kmm.workbench(): choose a world and what goes wrong in it, press Run, and step through it.

    bench = kmm.workbench(kind="of a file", trouble="somebody holds a reference")
    bench                                   a form, the code that it stands for, and the player
    bench.run()                             as the button does; bench.trace, bench.code

Made of ipywidgets alone, so it works wherever widgets do.  What is run is the code that is shown.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import fields
from html import escape
from typing import Any

from kmm.errors import KmmError
from kmm.explore.guards import GUARDS
from kmm.learn.recipe import KINDS, PASSES, TROUBLES, Recipe
from kmm.show.widget import no_widgets
from kmm.sim import Trace
from kmm.sim.calls import Call

#: Code that can be selected, and scrolled by keyboard.
PRE = '<pre tabindex="0" style="margin:0;white-space:pre;overflow-x:auto">'


def workbench(**chosen: Any) -> Workbench:
    """A workbench; `chosen` is what stands in the form at first, as in Recipe.

    Raises KmmError for what there is not, and where ipywidgets is not installed.
    """
    known = [field.name for field in fields(Recipe)]
    for name in chosen:
        if name not in known:
            raise KmmError(f"workbench: there is no {name} to choose; there are {', '.join(known)}")
    return Workbench(Recipe(**chosen))


class Workbench:
    """A form for a Recipe, its code, and the player of what came of it."""

    def __init__(self, recipe: Recipe) -> None:
        try:
            import ipywidgets
        except ImportError:
            raise no_widgets() from None
        self._w = w = ipywidgets
        self.trace: Trace | None = None
        wide = {"description_width": "9em"}
        self.fields: dict[str, Any] = {
            "kind": w.Dropdown(options=list(KINDS), description="The page is"),
            "mappers": w.BoundedIntText(min=1, max=8, description="Processes"),
            "to_node": w.Dropdown(options=[0, 1, 2], description="Goes to node"),
            "dirty": w.Checkbox(description="a program has written to it", indent=True),
            "trouble": w.Dropdown(options=list(TROUBLES), description="What goes wrong"),
            "until": w.BoundedIntText(min=1, max=PASSES, description="For attempts"),
            "guard": w.Dropdown(options=list(GUARDS), description="Guard"),
        }
        for name, field in self.fields.items():
            field.value = getattr(recipe, name)
            field.style, field.layout = wide, w.Layout(width="auto")
            field.observe(self._changed, "value")
        # It stands under the fields, not under their labels.
        under = w.Layout(margin="2px 0 0 9.9em")
        self.button = w.Button(description="Run", button_style="primary", icon="play", layout=under)
        self.button.on_click(lambda _: self.run())
        self._code = w.HTML()
        self._said = w.HTML()
        self._player = w.VBox()
        form = w.VBox([*self.fields.values(), self.button], layout=w.Layout(width="28em"))
        beside = w.VBox([w.HTML("The same as code:"), self._code], layout=w.Layout(width="42em"))
        row = w.Layout(flex_flow="row wrap", grid_gap="1.5em")
        self.root = w.VBox([w.HBox([form, beside], layout=row), self._said, self._player])
        self._changed(None)

    @property
    def recipe(self) -> Recipe:
        """What is chosen now."""
        return Recipe(**{name: field.value for name, field in self.fields.items()})

    @property
    def code(self) -> str:
        """Python that does the same."""
        return self.recipe.code

    def run(self) -> None:
        """Run the code; the player shows its trace."""
        self.button.disabled = True
        self._say("Running ...")
        names: dict[str, Any] = {}
        try:
            exec(compile(self.code, "<workbench>", "exec"), names)
        except KmmError as error:
            self._say(str(error))
        else:
            self.trace = names["trace"]
            self._say("\n".join(told(names)))
            self._player.children = (self.trace.play(),)
        finally:
            self.button.disabled = False

    def _changed(self, _: Any) -> None:
        """Only what matters can be chosen; the code is that of what is chosen."""
        recipe, fields = self.recipe, self.fields
        guard = recipe.trouble == "a guard is taken away"
        for name in ("kind", "mappers", "to_node"):
            fields[name].disabled = guard
        fields["dirty"].disabled = guard or not recipe.kind.startswith("of a file")
        fields["until"].layout.display = "" if TROUBLES[recipe.trouble][1] else "none"
        fields["guard"].layout.display = "" if guard else "none"
        self._code.value = f"{PRE}{escape(recipe.code)}</pre>"

    def _say(self, text: str) -> None:
        lines = "".join(
            f"<p style='margin:0.2em 0'>{escape(line)}</p>" for line in text.split("\n")
        )
        self._said.value = f'<div role="status" aria-live="polite">{lines}</div>'

    def __repr__(self) -> str:
        return f"A workbench. Run the cell to use it; as it stands, it runs\n\n{self.code}"

    def _repr_mimebundle_(self, **arguments: Any) -> Any:
        shown = self.root._repr_mimebundle_(**arguments)
        # What is seen where there are no widgets: on paper, or before the cell has run.
        return {**shown, "text/plain": repr(self)}


def told(names: dict[str, Any]) -> Iterator[str]:
    """What came of it, in words."""
    if "found" in names:
        found = names["found"]
        yield found.claim.says
        yield from str(found.broken).split("\n")
        return
    run = names["run"]
    if run.bug:
        yield f"The kernel stops: {run.bug}."
        return
    attempts = sum(call.fn == "unmap_and_move" for call in every(run.trace.calls))
    error = f"-{errno.errorcode[-run.rc]}" if run.rc < 0 else str(run.rc)
    how = {0: "the page has moved", 1: "the page has not moved"}.get(run.rc, "it was given up")
    times = "once" if attempts == 1 else f"{attempts} times"
    yield f"migrate_pages returned {error}: {how}. It was tried {times}, in {len(run.trace)} steps."


def every(calls: Any) -> Iterator[Call]:
    """All calls, those inside others too."""
    for call in calls:
        yield call
        yield from every(call.children)
