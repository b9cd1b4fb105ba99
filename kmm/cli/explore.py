# SPDX-License-Identifier: GPL-2.0-only
"""Search all interleavings of several tasks for one that breaks something.

WHAT is FILE.py, which defines world() and tasks(world); or an actor beside a migration ("fault"),
a guard ("--guards" shows them all) or the number of a bug that really happened ("--history").
A guard, or a fix, is shown to hold, and to be needed.  What breaks is shown with the schedule that
leads there, which `--replay` runs again.  The status is 1 if something breaks that should hold, or
the other way round, 2 if a search was stopped before its end.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kmm.cli import workers
from kmm.cli.console import BAD, GOOD, Bar, out, progress
from kmm.errors import KmmError

if TYPE_CHECKING:
    from kmm.explore.search import Counts
    from kmm.explore.work import Answer, Order
    from kmm.sim import Trace


def arguments(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group()
    what.add_argument("what", nargs="?", metavar="WHAT", help="FILE.py, or the name of a case")
    what.add_argument(
        "--guards", nargs="?", const="", metavar="NAME", help="every guard of a migration, or one"
    )
    what.add_argument(
        "--history", nargs="?", const="", metavar="N", help="every bug that happened, or one"
    )
    workers.argument(command)
    command.add_argument(
        "--max-preemptions", type=_count, default=2, metavar="N",
        help="look for a run that breaks with up to N preemptions (2)",
    )  # fmt: skip
    command.add_argument(
        "--seconds", type=_seconds, metavar="S", help="stop each search after S seconds"
    )
    command.add_argument("--json", action="store_true", help="what was found as JSON")
    command.add_argument("--replay", metavar="SCHEDULE", help="run this schedule and tell its end")
    command.add_argument(
        "-o", "--output", metavar="FILE", help="the player of what breaks, as HTML"
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of preemptions is expected, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"a number of seconds above 0 is expected, not {text!r}")
    return seconds


def obey(options: argparse.Namespace) -> int:
    orders = _orders(options)
    if len(orders) > 1 and (options.replay is not None or options.output):
        raise KmmError("--replay and -o are for one case: say which, as in --guards NAME")
    if options.replay is not None:
        return _replay(options, orders[0])
    found = []
    with progress(len(orders)) as bar:
        for answer in _answers(orders, options.jobs, bar):
            found.append(answer)
            bar.show(len(found), f"{len(found)} of {len(orders)}")
            if not options.json:
                with bar.aside():
                    out().line((answer.text, GOOD if answer.right else BAD))
                    out().stream.flush()
    if options.json:
        out().line(json.dumps([answer.data for answer in found], indent=1))
    elif len(orders) > 1:
        right = sum(answer.right is True for answer in found)
        tally = f"{right} of {len(orders)} are as they should be"
        out().line((tally, GOOD if right == len(orders) else BAD))
    if options.output and found and found[0].breaks:
        _trace(orders[0], found[0].breaks).to_html(options.output)
    if len(found) < len(orders) or any(answer.interrupted for answer in found):
        raise KeyboardInterrupt
    if any(answer.right is False for answer in found):
        return 1
    return 2 if any(answer.right is None for answer in found) else 0


def _orders(options: argparse.Namespace) -> list[Order]:
    """What was asked for."""
    from kmm.explore import work

    if options.guards is not None:
        named = [work.Order("guards", options.guards)] if options.guards else work.orders("guards")
    elif options.history is not None:
        number = options.history
        named = [work.Order("history", number)] if number else work.orders("history")
    elif options.what is not None:
        named = [work.named(options.what)]
    else:
        raise KmmError("explore what? a FILE.py, a name, --guards or --history")
    for order in named:  # a wrong name is told before anything is done
        order.subject()
    return [work.with_options(order, options.seconds, options.max_preemptions) for order in named]


def _answers(orders: list[Order], jobs: int, bar: Bar) -> Iterator[Answer]:
    from kmm.explore import work

    jobs = min(jobs, len(orders))
    if jobs == 1:
        yield from work.answers(orders, None, _ticker(bar))
        return
    from concurrent.futures.process import BrokenProcessPool

    stop = workers.event()
    try:
        with workers.workers(jobs, work.heed, stop) as executor:
            yield from work.answers(orders, executor, _ticker(bar), stop)
    except BrokenProcessPool:
        raise KmmError("a process of --jobs died; try again with fewer of them") from None


def _ticker(bar: Bar) -> Callable[[Counts], None]:
    """Says now and then how far a long search is."""
    shown = time.monotonic()

    def tick(counts: Counts) -> None:
        nonlocal shown
        if time.monotonic() - shown > 0.2:
            shown = time.monotonic()
            bar.say(f"{counts.runs:,} runs, {counts.steps:,} steps")

    return tick


def _replay(options: argparse.Namespace, order: Order) -> int:
    trace = _trace(order, options.replay)
    wrong = trace.bug or trace.about.get("broken")
    out().line((f"broken: {wrong}", BAD) if wrong else ("nothing is broken", GOOD))
    if options.output:
        trace.to_html(options.output)
    return 1 if wrong else 0


def _trace(order: Order, schedule: str) -> Trace:
    from kmm.explore.work import broken_case

    return broken_case(order).replay(schedule)
