# SPDX-License-Identifier: GPL-2.0-only
"""The stages: a short trace and a long one, each played in a notebook of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import oracle
from handle import Player
from playwright.sync_api import Page

import kmm
from bench.lab import JupyterLab, Notebook
from bench.worlds import migrate_pages
from kmm.sim import Trace

#: Two traces: how the notebook makes each, which is how this process makes it too.
TRACES = {
    "short": "kmm.load('fallback-buffers-released').run().trace",
    "long": "migrate_pages(145).run(record=True).trace",
}


#: Two traces side by side.
BESIDE = "kmm.compare(*[kmm.load(f'file-{name}').run() for name in ('clean', 'buffers')])"


@dataclass
class Stage:
    """A notebook with a player, and the same trace in this process."""

    #: The cells: one shows the player, one waits until it is told to go on, one shows it again,
    #: one shows two traces side by side, one the workbench.
    SHOWN: ClassVar[int] = 1
    WAITING: ClassVar[int] = 2
    AGAIN: ClassVar[int] = 3
    BESIDE: ClassVar[int] = 4
    WORKBENCH: ClassVar[int] = 5

    notebook: Notebook
    trace: Trace
    _player: Player | None = None
    _settings: str = ""

    @classmethod
    def open(cls, server: JupyterLab, page: Page, name: str) -> Self:
        """The notebook in the page, its first cell run; the trace is one of TRACES."""
        cells = [
            "import kmm\nfrom bench.worlds import migrate_pages",
            f"trace = {TRACES[name]}\nplayer = trace.play()\nplayer",
            "print('waiting')\nprint(open('gate').read())",
            "player",
            f"sides = {BESIDE}.play(0)\nsides",
            "kmm.workbench()",
        ]
        notebook = server.open(page, cells)
        notebook.begin(0)
        trace = eval(TRACES[name], {"kmm": kmm, "migrate_pages": migrate_pages})
        notebook.until_ended(0)
        return cls(notebook, trace)

    @cached_property
    def starts(self) -> tuple[int, int]:
        """Two steps from which the moves lead to different places."""
        return oracle.before_a_call(self.trace), oracle.amid_a_function(self.trace)

    @cached_property
    def page(self) -> str:
        """The page that is migrated at the first of them."""
        pages = [phase.page for phase in self.trace.phases() if phase.first <= self.starts[0]]
        return next(filter(None, reversed(pages)))

    def player(self) -> Player:
        """The player as it is at first, at the first start; a new one if somebody changed it."""
        if self._player is None or self._player.settings() != self._settings:
            self._player = Player(self.notebook.run(self.SHOWN).locator(".kmm"))
            self._settings = self._player.settings()
        self._player.put(self.starts[0], f"{self.page}._count")
        return self._player
