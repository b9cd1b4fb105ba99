# SPDX-License-Identifier: GPL-2.0-only
"""python -m bench [QUESTION ...] [--write]"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from bench import (
    conform,
    explorer,
    growth,
    harmony,
    imports,
    machine,
    peer,
    player,
    report,
    size,
    state,
    steps,
)
from bench.figures import Answer, Question

QUESTIONS: dict[str, Question] = {
    "steps": steps.ask,
    "peer": peer.ask,
    "size": size.ask,
    "state": state.ask,
    "growth": growth.ask,
    "conform": conform.ask,
    "imports": imports.ask,
    "player": player.ask,
    "explorer": explorer.ask,
    "harmony": harmony.ask,
}


def main() -> None:
    """Ask all questions, or those that are named."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="How fast kmm is and how much it keeps.",
        epilog="questions: "
        + "; ".join(f"{name}: {_about(question)}" for name, question in QUESTIONS.items()),
    )
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help="one of those below")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write bench/RESULTS.md; the sections of other questions stay",
    )
    options = parser.parse_args()
    for name in options.questions:
        if name not in QUESTIONS:
            parser.error(f"no question {name}; there are {', '.join(QUESTIONS)}")
    # Before anything runs: the load is to be that of others.
    about = machine.described()
    console = Console()
    for name, value in about.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print()
    answers: list[Answer] = []
    for name in options.questions or QUESTIONS:
        with console.status(f"{name} ..."):
            answers.append(QUESTIONS[name]())
        report.show(console, answers[-1])
    console.print(report.tally(answers))
    if options.write:
        report.write(answers, about)
        console.print(f"written to {report.RESULTS}")


def _about(question: Question) -> str:
    return (sys.modules[question.__module__].__doc__ or "").splitlines()[0].rstrip(".?")


if __name__ == "__main__":
    main()
