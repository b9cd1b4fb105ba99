# SPDX-License-Identifier: GPL-2.0-only
"""Be the kernel: one page's migration, made move by move by whoever learns.

    k = kmm.kernel("e15.q2")            the page of that problem; or kmm.kernel(Setting("file", 2))
    k                                   the picture, and what can be done next (a notebook's widget)
    k.do("trylock_page", "p0")          makes a move; gives what the function gives back
    k.undo(); k.reset()
    k.sequence                          the moves made, as texts: the answer to hand in
    k.moves, k.says, k.picture, k.trace

Nothing is forbidden that can be done at all.  What a move breaks is said by the check, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kmm.errors import KmmError
from kmm.explain.differences import differences
from kmm.learn.bekernel.moves import NAMES, SAYS, cache_of, says_of, vmas_of
from kmm.learn.bekernel.play import Play, Setting, recorded
from kmm.learn.book import problem_of, seed_of
from kmm.show.picture import Picture
from kmm.sim import Trace
from kmm.sim.step import shown

#: More moves than any migration needs.
MOST = 100

#: So many changes of a move are told.
TOLD = 8


def _told(value: Any) -> str:
    """A value as it is told: of a list what is in it."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return ", ".join(map(str, value)) or "empty"
    return shown(value)


def texts(mine: Any) -> Iterator[str]:
    """The moves of an answer: a Kernel, a list, or a text with a move in each line."""
    if isinstance(mine, Kernel):
        yield from mine.sequence
        return
    parts = mine.replace(";", "\n").splitlines() if isinstance(mine, str) else mine
    for part in parts:
        text = part if isinstance(part, str) else " ".join(map(str, part))
        text = " ".join(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
        if text:
            yield text


class Kernel:
    """A migration in the making.  `do`, `undo` and `reset` work with or without a notebook."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.sequence: list[str] = []
        self._play = Play(setting)
        self._recorded: tuple[tuple[str, ...], Trace, Play] | None = None
        self._widget: Any = None

    @property
    def kind(self) -> str:
        """What the page is: "anon", "file" or "swap cache"."""
        return self.setting.kind

    @property
    def node(self) -> int:
        """Where the page shall go."""
        return self.setting.node

    @property
    def vmas(self) -> list[str]:
        """The vmas that map the page, by name."""
        return [vma.name for vma in vmas_of(self._play.world)]

    @property
    def tree_lock(self) -> str | None:
        """The lock of the cache that has the page, by name; None if none has it."""
        mapping = cache_of(self._play.world)
        return mapping.tree_lock.name if mapping else None

    @property
    def moves(self) -> list[str]:
        """What can be done now; whether it is wise is another question."""
        return list(self._play.moves())

    @property
    def help(self) -> str:
        """What each kind of move does, a line for each."""
        written = {name: text for text, name in NAMES.items()}
        return "\n".join(f"{written.get(name, name)}: {says}" for name, says in SAYS.items())

    def do(self, *move: Any) -> Any:
        """Make a move, `do("trylock_page", "p0")` or `do("trylock_page p0")`.

        Returns what the function gives back.  Raises KmmError for what cannot be done now; then
        nothing has changed.
        """
        text = next(texts([" ".join(map(str, move))]), "")
        found = self._play.find(text)
        if len(self.sequence) >= MOST:
            raise KmmError(f"{MOST} moves are more than any migration needs")
        result = self._play.make(found)
        self.sequence.append(found.text)
        if self._widget is not None:
            self._widget.renew()
        return result

    def undo(self) -> None:
        """As if the last move had not been made."""
        self._again(self.sequence[:-1])

    def reset(self) -> None:
        """As if no move had been made."""
        self._again([])

    def _again(self, sequence: list[str]) -> None:
        self.sequence, self._play = list(sequence), Play(self.setting)
        for text in sequence:
            self._play.make(self._play.find(text))
        if self._widget is not None:
            self._widget.renew()

    @property
    def trace(self) -> Trace:
        """Every step of the moves so far."""
        return self._record()[0]

    def _record(self) -> tuple[Trace, Play]:
        key = tuple(self.sequence)
        if self._recorded is None or self._recorded[0] != key:
            self._recorded = (key, *recorded(self.setting, key))
        return self._recorded[1], self._recorded[2]

    @property
    def picture(self) -> Picture:
        """The state now, with what the last move has changed."""
        trace, play = self._record()
        last = len(trace) - 1
        picture: Picture
        picture = (
            trace.svg(last, since=min(play.starts[-1], last)) if len(trace) else trace.svg(None)
        )
        return picture

    @property
    def says(self) -> str:
        """What the last move did, in a sentence, what it gave back and what it changed."""
        if not self.sequence:
            return f"{self.setting} Nothing is done yet."
        trace, play = self._record()
        last = self.sequence[-1]
        start = play.starts[-1]
        lines = [f"Move {len(self.sequence)}: {last}. {says_of(last)}"]
        if play.bug:
            return f"{lines[0]} The kernel stops: {play.bug}."
        if isinstance(play.results[-1], int):
            lines.append(f"It gives {play.results[-1]}.")
        found = [
            f"{one.field} {_told(one.left)} \N{RIGHTWARDS ARROW} {_told(one.right)}"
            if not one.field.endswith(".exists")
            else f"there is {one.field.removesuffix('.exists')}"
            for one in differences(trace, start, trace, len(trace))
        ]
        more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
        lines.append(f"Changed: {'; '.join(found[:TOLD])}{more}." if found else "Nothing changed.")
        return " ".join(lines)

    def __str__(self) -> str:
        return "\n".join([self.says, f"Next: {', '.join(self.moves)}"])

    __repr__ = __str__

    def _repr_mimebundle_(self, **arguments: Any) -> Any:
        if self._widget is None:
            from kmm.learn.bekernel.widget import KernelWidget, still

            try:
                self._widget = KernelWidget(self)
            except KmmError:  # there are no widgets: the picture will do
                return still(self)
        return self._widget.bundle(**arguments)


def kernel(what: str | Setting = "e15.q2") -> Kernel:
    """Be the kernel: `what` is a problem's name, with this notebook's numbers, or a Setting.

    Raises KmmError for a problem of another kind.
    """
    if isinstance(what, Setting):
        return Kernel(what)
    exercise, problem = problem_of(what)
    p = exercise.drawn(seed_of(exercise.name))
    for check in problem.checks:
        setting = getattr(check, "setting", None)
        if setting is not None:
            return Kernel(setting(p))
    raise KmmError(f"{what} asks for no moves")
