# SPDX-License-Identifier: GPL-2.0-only
"""Run one scenario and list every step of it.

NAME is a scenario of the library (`kmm scenarios` shows them), FILE a scenario of your own as
JSON, - one on standard input.  A scenario that ends in a kernel BUG has been run: status 0.  One
that is cut off by the limit has not: status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from kmm.cli.console import BAD, QUIET, STRONG, Paper, out
from kmm.cli.words import returned

if TYPE_CHECKING:
    from kmm.scenario import Run, Scenario


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("scenario", metavar="NAME|FILE|-", help="the scenario to run")
    command.add_argument("--json", action="store_true", help="the whole result as JSON")
    command.add_argument("--limit", metavar="N", type=int, help="so many steps at most (2000000)")
    command.add_argument("--trace", metavar="FILE", help="save the trace (kmm-trace/1, JSON)")


def obey(options: argparse.Namespace) -> int:
    scenario = _load(options.scenario)
    run = scenario.run() if options.limit is None else scenario.run(limit=options.limit)
    if options.trace:
        run.trace.save(options.trace)
    paper = out()
    if options.json:
        paper.line(json.dumps(run.result))
    else:
        _show(scenario, run, paper)
    return 1 if run.stopped else 0


def _load(what: str) -> Scenario:
    import kmm
    from kmm.scenario import Scenario
    from kmm.scenario.check import parse

    if what != "-":
        return kmm.load(what)
    document: Any = parse(sys.stdin.buffer.read())
    return Scenario(document)


def _show(scenario: Scenario, run: Run, paper: Paper) -> None:
    from kmm.cli.listing import lines

    if scenario.name or scenario.doc:
        paper.line((scenario.name, STRONG), (f"  {scenario.doc}", QUIET))
        paper.line()
    for line in lines(run.trace):
        paper.line(*line)
    paper.line()
    _sum_up(run.result, paper)
    paper.line(f"{len(run.trace)} steps")


def _sum_up(result: dict[str, Any], paper: Paper) -> None:
    if "stopped" in result:
        paper.line((f"cut off: {result['stopped']}", BAD))
    elif result["bug"] is not None:
        paper.line((f"bug: {result['bug']}", BAD))
    elif result["rc"] is None:
        paper.line("rc: none, the operation returns nothing")
    else:
        paper.line(f"rc: {_code(result['rc'])}")
    if "status" in result:
        paper.line("status: ", ", ".join(map(_code, result["status"])))
    for warning in result["warnings"]:
        paper.line((f"warning: {warning}", BAD))


def _code(number: Any) -> str:
    """A return code with the name of the error that it is: "-EAGAIN (-11)"."""
    if number is None:
        return "unwritten"
    name = returned(number)
    return name if name == str(number) else f"{name} ({number})"
