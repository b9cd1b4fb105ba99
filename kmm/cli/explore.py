# SPDX-License-Identifier: GPL-2.0-only
"""Search all interleavings of several tasks for one that breaks something.

FILE.py defines world() and tasks(world): what the tasks run, by their names.  What breaks is
shown with the schedule that leads there, which `--replay` runs again.  The status is 1 if
something breaks, 2 if the search was stopped before its end.
"""

from __future__ import annotations

import argparse
import json

from kmm.cli.console import BAD, GOOD, out


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", metavar="FILE.py", help="the world and its tasks")
    command.add_argument(
        "--max-preemptions", type=int, default=2, metavar="N",
        help="look for a run that breaks with up to N preemptions (2)",
    )  # fmt: skip
    command.add_argument("--seconds", type=float, metavar="S", help="stop after S seconds")
    command.add_argument("--json", action="store_true", help="the verdict as JSON")
    command.add_argument("--replay", metavar="SCHEDULE", help="run this schedule and tell its end")
    command.add_argument(
        "-o", "--output", metavar="FILE", help="the player of what breaks, as HTML"
    )


def obey(options: argparse.Namespace) -> int:
    from kmm.explore.file import load
    from kmm.explore.verdict import as_json, explore

    case = load(options.what)
    if options.replay is not None:
        trace = case.replay(options.replay)
        wrong = trace.bug or trace.about.get("broken")
        out().line((f"broken: {wrong}", BAD) if wrong else ("nothing is broken", GOOD))
        if options.output:
            trace.to_html(options.output)
        return 1 if wrong else 0
    verdict = explore(case, seconds=options.seconds, max_preemptions=options.max_preemptions)
    if options.json:
        out().line(json.dumps([as_json(verdict)], indent=1))
    else:
        out().line((str(verdict), BAD if verdict.violation else GOOD))
    if options.output and verdict.violation:
        verdict.trace.to_html(options.output)
    if verdict.violation:
        return 1
    return 0 if verdict.complete else 2
