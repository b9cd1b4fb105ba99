# SPDX-License-Identifier: GPL-2.0-only
"""Check the model against recorded answers of the real C.

FILE is a file of vectors, .jsonl or .jsonl.gz, - one on standard input.  Each vector that fails
is shown with the first place where the model differs: - what C gave, + what the model gave.  The
last line of standard output is the tally; the status is 1 if any vector failed.
"""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

from kmm.cli import vectors, workers
from kmm.cli.console import BAD, GOOD, STRONG, Bar, Paper, out, progress
from kmm.cli.vectors import Chunk, Outcome
from kmm.errors import KmmError


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE", help="vectors, or - for a pipe")
    workers.argument(command)
    command.add_argument("--fail-fast", action="store_true", help="stop at the first failure")


def obey(options: argparse.Namespace) -> int:
    tally = Tally(out(), options.jobs, options.fail_fast)
    try:
        sizes = [vectors.size(name) for name in options.files]
        with workers.workers(options.jobs) as executor, progress(sum(sizes)) as bar:
            for number, name in enumerate(options.files):
                tally.before = sum(sizes[:number])
                tally.file(name, executor, bar)
                if tally.enough:
                    break
    except BrokenProcessPool:
        raise KmmError("a process of --jobs died; try again with fewer of them") from None
    finally:
        # Whatever ended the run, what is known is said, and it is the last line.
        tally.print()
    return 1 if tally.failed else 0


class Tally:
    """What has passed and failed so far."""

    def __init__(self, paper: Paper, jobs: int, fail_fast: bool) -> None:
        self.paper = paper
        self.jobs = jobs
        self.fail_fast = fail_fast
        self.passed = self.failed = 0
        #: The bytes of the files that are finished.
        self.before = 0

    @property
    def enough(self) -> bool:
        """One failure is all that was wanted."""
        return self.fail_fast and self.failed > 0

    def file(self, name: str, executor: Executor | None, bar: Bar) -> None:
        """Check one file, and show each failure when it is known."""
        with vectors.opened(name) as file:
            for outcome in checked(file.chunks(), executor, 2 * self.jobs):
                if outcome.malformed:
                    raise KmmError(outcome.malformed)
                self.count(outcome, bar)
                bar.show(self.before + file.position(), str(self))
                if self.enough:
                    return

    def count(self, outcome: Outcome, bar: Bar) -> None:
        """One vector more."""
        if outcome.difference is None:
            self.passed += 1
            return
        self.failed += 1
        with bar.aside():
            self.paper.line((outcome.name, STRONG))
            for line in outcome.difference.splitlines():
                self.paper.line("  ", line)
            self.paper.line()
            self.paper.stream.flush()

    def print(self) -> None:
        """The last line."""
        self.paper.line((str(self), BAD if self.failed else GOOD))

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


def checked(
    chunks: Iterable[Chunk], executor: Executor | None = None, ahead: int = 8
) -> Iterator[Outcome]:
    """The outcome of every vector, in order; `executor` runs chunks side by side.

    It is given `ahead` chunks more than have been answered: enough to keep every process busy, few
    enough that a large file is never all in memory.
    """
    if executor is None:
        for chunk in chunks:
            yield from vectors.check(chunk)
        return
    waiting: deque[Future[list[Outcome]]] = deque()
    trouble = None
    try:
        for chunk in chunks:
            waiting.append(executor.submit(vectors.check, chunk))
            if len(waiting) > ahead:
                yield from waiting.popleft().result()
    except KmmError as error:
        # The file cannot be read on; what was read counts, and then the sentence is due.
        trouble = error
    while waiting:
        yield from waiting.popleft().result()
    if trouble:
        raise trouble
