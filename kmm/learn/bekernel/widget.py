# SPDX-License-Identifier: GPL-2.0-only
"""What a notebook shows of a Kernel: the picture, the moves to choose from, and the way back.

Made of ipywidgets alone, so it works wherever widgets do.  All it does is call `do`, `undo` and
`reset` of the Kernel, which can be called from a cell just as well.

No button is ever disabled: whoever has the focus on it would lose the focus.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.learn.bekernel.moves import says_of
from kmm.show.widget import no_widgets, with_still

if TYPE_CHECKING:
    from kmm.learn.bekernel.kernel import Kernel

#: Text that can be selected, and scrolled by keyboard.
PRE = '<pre tabindex="0" style="margin:0;white-space:pre-wrap;max-height:16em;overflow-y:auto">'


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
            rows=12,
            description="Next move",
            layout=w.Layout(width="30em"),
            style={"description_width": "6em"},
        )
        self.moves.observe(lambda _: self._describe(), "value")
        self.do = w.Button(description="Do it", button_style="primary")
        self.undo = w.Button(description="Undo")
        self.reset = w.Button(description="Start again")
        self.do.on_click(lambda _: self._act(self._chosen))
        self.undo.on_click(lambda _: self._act(kernel.undo))
        self.reset.on_click(lambda _: self._act(kernel.reset))
        self.picture, self.says = w.HTML(), w.HTML()
        self.about, self.sequence = w.HTML(), w.HTML()
        row = w.Layout(flex_flow="row wrap", grid_gap="1em")
        # The buttons stand under the list, not under its label.
        below = w.Layout(flex_flow="row wrap", grid_gap="0.4em", margin="0 0 0 6.4em")
        buttons = w.HBox([self.do, self.undo, self.reset], layout=below)
        for button in buttons.children:
            button.layout.width = "7.4em"
        left = w.VBox([self.moves, buttons])
        right = w.VBox([self.about, self.sequence], layout=w.Layout(width="34em"))
        self.root = w.VBox([self.picture, self.says, w.HBox([left, right], layout=row)])
        self.renew()

    def _chosen(self) -> None:
        if self.moves.value is None:
            raise KmmError("Choose a move in the list first.")
        self.kernel.do(self.moves.value)

    def _act(self, act: Any) -> None:
        try:
            act()
        except KmmError as error:
            self._say(str(error))

    def renew(self) -> None:
        """Show the state as it is now."""
        kernel = self.kernel
        picture = kernel.picture
        self.picture.value = picture.bare
        with self.moves.hold_sync():
            self.moves.options = kernel.moves
            self.moves.value = None
        self._describe()
        lines = "".join(f'    "{move}",\n' for move in kernel.sequence)
        count = len(kernel.sequence)
        many = {0: "no move yet", 1: "1 move"}.get(count, f"{count} moves")
        self.sequence.value = f"Your moves, to copy ({many}):{PRE}[\n{escape(lines)}]</pre>"
        # Said last: whoever goes on when it is there finds the new list, not the old one.
        self._say(kernel.says)

    def _describe(self) -> None:
        """What the chosen move does, before it is made."""
        move = self.moves.value
        text = f"{move}: {says_of(move)}" if move else "Choose a move to read what it does."
        style = "margin:0 0 0.6em;min-height:3em;line-height:1.4"
        self.about.value = f'<p aria-live="polite" style="{style}">{escape(text)}</p>'

    def _say(self, text: str) -> None:
        style = "margin:0.3em 0;line-height:1.4"
        self.says.value = (
            f'<div role="status" aria-live="polite"><p style="{style}">{escape(text)}</p></div>'
        )

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
