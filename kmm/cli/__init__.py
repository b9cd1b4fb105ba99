# SPDX-License-Identifier: GPL-2.0-only
"""The command line: `kmm COMMAND`, one file for each command.

Exit status: 0 when the command did what was asked (a scenario that ends in a kernel BUG is a
result), 1 when the answer is no (a vector that fails, a run that is cut off), 2 when it was asked
wrongly, 130 after Ctrl-C.  Whatever a person can mend is one line on standard error, without a
traceback.
"""

# argparse and not a library: five commands with a handful of options are what it is for, and a
# command line that needs nothing installed can still say what is missing (`kmm doctor`).
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import NoReturn

from kmm import __version__
from kmm.errors import KmmError

#: Each command is the module of its name; one that is not asked for is not imported.
COMMANDS = (
    "scenarios", "run", "player", "export", "explore", "conform", "exercises", "progress", "lab",
    "doctor",
)  # fmt: skip

INTERRUPTED = 128 + 2  # as a shell says it of a command that SIGINT ended
BROKEN_PIPE = 128 + 13


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `argv` is what follows `kmm`."""
    _never_fail_to_print()
    try:
        status = _obey(sys.argv[1:] if argv is None else argv)
        # What is still in the buffer may meet a closed pipe too: better here than at exit.
        sys.stdout.flush()
    except KmmError as error:
        print(f"kmm: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _obey(argv: Sequence[str]) -> int:
    parser = _parser(argv[:1] if argv[:1] and argv[0] in COMMANDS else COMMANDS)
    try:
        options, rest = parser.parse_known_args(argv)
    except SystemExit as end:  # after --help and --version
        return int(end.code or 0)
    if "obey" not in options:
        parser.print_help()
        return 0
    if rest and not options.takes_rest:
        raise KmmError(f"what is {rest[0]!r}? `kmm {options.command} --help` knows the options")
    options.rest = rest
    status: int = options.obey(options)
    return status


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are like all others: one sentence, status 2."""

    def error(self, message: str) -> NoReturn:
        raise KmmError(f"{message}; `{self.prog} --help` says more")


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """A parser of these commands."""
    parser = _Parser(
        prog="kmm",
        description="Linux page migration (mm/migrate.c of 2.6.28-rc3), one step at a time.",
        formatter_class=partial(argparse.HelpFormatter, max_help_position=17),
        epilog="Begin with `kmm scenarios` and `kmm run anon-simple`.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"kmm {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in names:
        module = import_module(f"kmm.cli.{name}")
        summary, _, text = (module.__doc__ or "").partition("\n")
        command = commands.add_parser(
            name,
            help=summary.removesuffix("."),
            description=f"{summary}\n{text}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(obey=module.obey, takes_rest=False)
        module.arguments(command)
    return parser


def _never_fail_to_print() -> None:
    """A stream that cannot encode an arrow shows a question mark in its place."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _forget_stdout() -> None:
    """Nobody reads on: let the flush at exit go nowhere, and quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
