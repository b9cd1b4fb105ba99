# SPDX-License-Identifier: GPL-2.0-only
"""Where commands write: colours and a progress bar on a terminal, plain text everywhere else.

`rich` is imported only where a terminal shows what it makes; a pipe never waits for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

#: A piece of a line: plain text, or text with one of the styles below.
Piece: TypeAlias = "str | tuple[str, str]"

# A style underlines what the words already say; nothing is told by colour alone.
QUIET = "dim"
STRONG = "bold"
CHANGED = "yellow"
GOOD = "green"
BAD = "bold red"


class Paper:
    """One output stream, written line by line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        #: A person looks on and has not asked to be spared the colours (https://no-color.org).
        self.styled = stream.isatty() and not os.environ.get("NO_COLOR")

    @cached_property
    def console(self) -> Console:
        """The terminal, as rich sees it."""
        from rich.console import Console

        return Console(file=self.stream, highlight=False, markup=False, emoji=False)

    def line(self, *pieces: Piece) -> None:
        """Write one line; a long one is left to the terminal to wrap, and stays one line."""
        if self.styled:
            from rich.text import Text

            self.console.print(Text.assemble(*pieces), soft_wrap=True)
        else:
            print(*(p if isinstance(p, str) else p[0] for p in pieces), sep="", file=self.stream)


def out() -> Paper:
    """Standard output: what was asked for."""
    return Paper(sys.stdout)


class Bar:
    """A progress bar on standard error; where that is no terminal, nothing at all."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total) if progress else None

    def show(self, done: int, text: str) -> None:
        """So much is done; `text` says what is known so far."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, completed=done, description=text)

    def say(self, text: str) -> None:
        """What is known so far."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, description=text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside, standard output may be written: the bar is out of the way."""
        if self._progress:
            self._progress.stop()
        yield
        if self._progress:
            self._progress.start()


@contextmanager
def progress(total: int) -> Iterator[Bar]:
    """A bar from 0 to `total`, gone when the work is over."""
    if not sys.stderr.isatty():
        yield Bar(None, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR"))),
        transient=True,
        # Standard output is for results, and may be a file: the bar keeps its hands off it.
        redirect_stdout=False,
        redirect_stderr=False,
    ) as shown:
        yield Bar(shown, total)
