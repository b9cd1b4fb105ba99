# SPDX-License-Identifier: GPL-2.0-only
"""Which problems of the exercises are solved.

What is known is kept in one file of your own, which is named at the end; --forget deletes it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from kmm.cli.console import out


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="one JSON document")
    command.add_argument("--forget", action="store_true", help="delete what is known")


def obey(options: argparse.Namespace) -> int:
    from kmm.learn import attempts
    from kmm.learn.progress import progress

    if options.forget:
        attempts.forget()
    found = progress()
    if options.json:
        out().line(json.dumps([asdict(one) for one in found.standings], indent=1))
    else:
        for line in str(found).splitlines():
            out().line(line)
    return 0
