# SPDX-License-Identifier: GPL-2.0-only
"""Play: a page in its world, and the moves that somebody makes with it ("Be the kernel").

play = Play(Setting("file", mappers=2))
play.make(play.find("isolate_lru_page p0"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.learn.bekernel.cannot import why_not
from kmm.learn.bekernel.moves import OLD, Move, moves
from kmm.mm.swap import lru_add_drain
from kmm.scenario import World
from kmm.sim import KernelBug, Trace, kernel_function

KERNEL_FILE = "you"


#: What the page can be, in words.
KINDS = {
    "anon": "an anonymous page",
    "file": "a page of a file",
    "swap cache": "an anonymous page in the swap cache",
}


@dataclass(frozen=True)
class Setting:
    """The page that moves: `kind` is "anon", "file" or "swap cache", and p0 its name.

    `mappers`: how many processes map it.  `node`: where it shall go.  `pins`: so many references
    does somebody else hold, who does not let go of them.
    """

    kind: str = "anon"
    mappers: int = 1
    node: int = 1
    pins: int = 0

    def __post_init__(self) -> None:
        """Raises KmmError for what there is not."""
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise KmmError(f"Setting: kind is one of {', '.join(KINDS)}, not {self.kind!r}")
        numbers = (self.mappers, self.node, self.pins)
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
        if not (whole and 1 <= self.mappers <= 8 and 0 <= self.node <= 2 and self.pins >= 0):
            raise KmmError("Setting: 1 to 8 mappers, node 0 to 2, and pins from 0 on")

    def world(self) -> World:
        """A new world with the page, on its LRU list, at rest."""
        w = World(nodes=3)
        if self.kind == "file":
            file = w.file()
            page = file.page(0)
            for _ in range(self.mappers):
                w.mm().mmap(pages=1, file=file).touch(0, write=False)
        else:
            first = w.mm()
            page = first.mmap(pages=1).touch(0, swap=5 if self.kind == "swap cache" else None)
            for _ in range(self.mappers - 1):
                first.fork()
        if self.pins:
            w.pin(page, self.pins)
        w.task("you")
        return w

    def __str__(self) -> str:
        maps = "one process maps" if self.mappers == 1 else f"{self.mappers} processes map"
        held = {0: "", 1: "; somebody else holds a reference"}.get(
            self.pins, f"; somebody else holds {self.pins} references"
        )
        return f"{OLD} is {KINDS[self.kind]}, which {maps}{held}. It shall go to node {self.node}."


class Play:
    """The moves, made one after another in a new world.  A BUG ends it: `bug` says which."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.world = setting.world()
        self.results: list[Any] = []
        self.bug: str | None = None
        #: For each move, how many steps had been made before it, where steps are recorded.
        self.starts: list[int] = []

    def moves(self) -> dict[str, Move]:
        """What can be done now."""
        return {} if self.bug else {move.text: move for move in moves(self.world)}

    def find(self, text: str) -> Move:
        """The move of that text; KmmError, in one sentence, if it cannot be made now."""
        if self.bug:
            raise KmmError(f"the kernel has stopped ({self.bug}): undo the last move")
        can = self.moves()
        if text not in can:
            why = why_not(self.world, text, ", ".join(can))
            raise KmmError(f"{text}: this cannot be done now: {why}")
        return can[text]

    def make(self, move: Move) -> Any:
        """Make the move; what the function gives back, None where the kernel stops."""
        recorder = self.world.machine.recorder
        if recorder is not None:
            self.starts.append(len(recorder.columns.site))
        result = self._run(move.make)
        self.results.append(result)
        return result

    def rest(self) -> None:
        """What comes when you have gone home: the pagevecs are emptied."""
        if self.bug is None:
            self._run(lru_add_drain)

    def _run(self, what: Callable[[], Any]) -> Any:
        with self.world.machine:
            try:
                return what()
            except KernelBug as bug:
                self.bug = bug.message
        return None


@kernel_function
def your_migration(play: Play, sequence: Iterable[str]) -> Trace:
    """All the moves, as one function of yours, and the record of them before it returns."""
    for text in sequence:
        if play.bug is None:
            play.make(play.find(text))
    return play.world.machine.trace()


def recorded(setting: Setting, sequence: Iterable[str]) -> tuple[Trace, Play]:
    """The moves once more, with every step written down."""
    play = Play(setting)
    play.world.machine.record()
    with play.world.machine:
        trace = your_migration(play, sequence)
    return trace, play
