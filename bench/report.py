# SPDX-License-Identifier: GPL-2.0-only
"""Answers on a terminal, and as `bench/RESULTS.md`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Answer, Figure

RESULTS = Path(__file__).parent / "RESULTS.md"
HEADS = ("what", "figure", "beside it, from the same run", "aim", "met")

ABOUT = (
    "Figures are medians of several samples, with the least in brackets. What is compared was "
    "measured in turns in the same run. Times are of the CPU unless they say otherwise. The "
    "garbage collector runs before each sample and stays on during it."
)


def _row(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return figure.what, figure.figure, figure.beside, figure.aim, met


def show(console: Console, answer: Answer) -> None:
    """Print one answer."""
    table = Table(title=answer.title, title_justify="left", title_style="bold", show_lines=True)
    for head in HEADS:
        table.add_column(head, overflow="fold")
    for figure in answer.figures:
        style = "bold red" if figure.met is False else None
        table.add_row(*_row(figure), style=style)
    console.print(table)
    console.print(answer.how, style="dim", highlight=False)
    console.print()


def tally(answers: list[Answer]) -> str:
    """How many aims are met."""
    judged = [f.met for answer in answers for f in answer.figures if f.met is not None]
    return f"{sum(judged)} of {len(judged)} aims met"


def write(answers: list[Answer], machine: dict[str, str], command: str) -> None:
    """Write RESULTS.md."""
    lines = [
        "# Speed and size of kmm",
        "",
        f"Made by `{command}`; do not edit. {tally(answers)}.",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
        "",
        ABOUT,
    ]
    for answer in answers:
        lines += ["", f"## {answer.title}", "", answer.how, ""]
        lines += ["| " + " | ".join(HEADS) + " |", "| --- " * len(HEADS) + "|"]
        for figure in answer.figures:
            cells = [cell.replace("|", "\\|") for cell in _row(figure)]
            if figure.met is False:
                cells[-1] = "**no**"
            lines.append("| " + " | ".join(cells) + " |")
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
