# SPDX-License-Identifier: GPL-2.0-only
"""Write the player of a scenario or of a saved trace as one HTML file.

NAME is a scenario of the library (`kmm scenarios` shows them), FILE a scenario or a trace
(kmm-trace/1) of your own as JSON.  The file needs no network: open it in any browser.
With --against two players stand side by side, where the two traces first part.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kmm.cli.console import out

if TYPE_CHECKING:
    from kmm.sim import Trace

#: The beginning of a trace, as `trace.save` writes it.
TRACE = '{"format":"kmm-trace/'


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", metavar="NAME|FILE", help="the scenario, or the saved trace")
    command.add_argument("--ask", metavar="N", type=int, help="ask N questions on the way")
    command.add_argument(
        "--against", metavar="NAME|FILE", help="another one, to be compared with the first"
    )
    command.add_argument("-o", "--output", metavar="FILE", help="where to (NAME.html)")


def obey(options: argparse.Namespace) -> int:
    trace = _trace(options.what)
    name = _name(options.what)
    if options.against is not None:
        return _compare(trace, options, name, _name(options.against))
    path = options.output or f"{name}.html"
    trace.to_html(path, ask=options.ask)
    cut = f", cut off: {trace.stopped}" if trace.stopped else ""
    out().line(f"{path}: {len(trace)} steps{cut}")
    return 0


def _compare(trace: Trace, options: argparse.Namespace, name: str, other: str) -> int:
    import kmm

    # What is compared with itself, or with a file of the same name, still has two names.
    names = (name, other) if name != other else ("left", "right")
    comparison = kmm.compare(trace, _trace(options.against), names=names)
    path = options.output or f"{name}-{other}.html"
    comparison.to_html(path)
    out().line(f"{path}: {len(comparison.pairs)} pairs of steps")
    for sentence in str(comparison).splitlines():
        out().line(sentence)
    return 0


def _name(what: str) -> str:
    return Path(what).stem or "trace"


def _trace(what: str) -> Trace:
    import kmm

    if _is_trace(Path(what)):
        return kmm.Trace.load(what)
    return kmm.load(what).run().trace


def _is_trace(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(4 * len(TRACE))
    except (OSError, ValueError):
        return False
    return "".join(head.split()).startswith(TRACE)
