# SPDX-License-Identifier: GPL-2.0-only
"""What a notebook shows of a Kernel: the picture, the moves to choose from, and the way back.

Made of ipywidgets alone, so it works wherever widgets do.  All it does is call `do`, `undo` and
`reset` of the Kernel, which can be called from a cell just as well.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.show.widget import no_widgets, with_still

if TYPE_CHECKING:
    from kmm.learn.bekernel.kernel import Kernel

#: Text that can be selected, and scrolled by keyboard.
PRE = '<pre tabindex="0" style="margin:0;white-space:pre-wrap;max-height:16em">'


class KernelWidget:
    """A picture, a list of moves, three buttons, and the sequence as it is handed in."""

    def __init__(self, kernel: Kernel) -> None:
        try:
            import ipywidgets as w
        except ImportError:
            raise no_widgets() from None
        self.kernel = kernel
        self.moves = w.Select(
            options=[],
            rows=14,
            description="Next move",
            layout=w.Layout(width="28em"),
            style={"description_width": "6em"},
        )
        self.do = w.Button(description="Do it", button_style="primary")
        self.undo = w.Button(description="Undo")
        self.reset = w.Button(description="Start again")
        self.do.on_click(lambda _: self._act(lambda: kernel.do(self.moves.value or "")))
        self.undo.on_click(lambda _: self._act(kernel.undo))
        self.reset.on_click(lambda _: self._act(kernel.reset))
        self.picture, self.says, self.sequence = w.HTML(), w.HTML(), w.HTML()
        row = w.Layout(flex_flow="row wrap", grid_gap="1em")
        buttons = w.HBox([self.do, self.undo, self.reset], layout=row)
        left = w.VBox([self.moves, buttons])
        right = w.VBox([self.sequence], layout=w.Layout(width="28em"))
        self.root = w.VBox([self.picture, self.says, w.HBox([left, right], layout=row)])
        self.renew()

    def _act(self, act: Any) -> None:
        try:
            act()
        except KmmError as error:
            self._say(str(error))

    def renew(self) -> None:
        """Show the state as it is now."""
        kernel = self.kernel
        self.picture.value = kernel.picture._repr_html_()
        self._say(kernel.says)
        self.moves.options = kernel.moves
        self.moves.value = None
        self.do.disabled = not kernel.moves
        self.undo.disabled = self.reset.disabled = not kernel.sequence
        lines = "".join(f'    "{move}",\n' for move in kernel.sequence)
        self.sequence.value = f"Your moves, to copy:{PRE}[\n{escape(lines)}]</pre>"

    def _say(self, text: str) -> None:
        self.says.value = f'<div role="status" aria-live="polite"><p>{escape(text)}</p></div>'

    def bundle(self, **arguments: Any) -> Any:
        """What a notebook gets: the widget, and the picture where none can run."""
        self.renew()
        return with_still(self.root._repr_mimebundle_(**arguments), still(self.kernel))


def still(kernel: Kernel) -> dict[str, str]:
    """The picture and the moves, where no widget can run."""
    return {
        "text/plain": str(kernel),
        "text/html": f"{kernel.picture._repr_html_()}<p>{escape(str(kernel))}</p>",
    }
