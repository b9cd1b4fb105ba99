# SPDX-License-Identifier: GPL-2.0-only
"""--jobs: processes that work side by side."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from multiprocessing.context import SpawnContext
    from multiprocessing.synchronize import Event


def argument(command: argparse.ArgumentParser) -> None:
    """The command has --jobs."""
    command.add_argument(
        "--jobs", type=_jobs, default=1, metavar="N", help="processes to run on; 0: one a CPU"
    )


def _jobs(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of processes is expected, not {text!r}")
    return int(text) or os.cpu_count() or 1


@contextmanager
def workers(
    jobs: int, begin: Callable[..., Any] | None = None, *args: Any
) -> Iterator[Executor | None]:
    """An executor of so many processes; None for one, which needs no other.

    Each process calls `begin(*args)` first.
    """
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    executor = ProcessPoolExecutor(
        jobs,
        mp_context=_context(),
        initializer=_begin,
        initargs=(begin, args),
    )
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def event() -> Event:
    """An event that can be given to `begin`."""
    return _context().Event()


def _context() -> SpawnContext:
    """A forked process would inherit the threads of a progress bar half alive."""
    import multiprocessing  # who works alone needs none of it

    return multiprocessing.get_context("spawn")


def _begin(begin: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who counts
    if begin is not None:
        begin(*args)
