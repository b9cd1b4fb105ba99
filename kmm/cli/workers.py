# SPDX-License-Identifier: GPL-2.0-only
"""--jobs: processes that work side by side."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


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
    executor = ProcessPoolExecutor(
        jobs,
        # A forked process would inherit the threads of a progress bar half alive.
        mp_context=CONTEXT,
        initializer=_begin,
        initargs=(begin, args),
    )
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


CONTEXT = multiprocessing.get_context("spawn")


def _begin(begin: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who counts
    if begin is not None:
        begin(*args)
