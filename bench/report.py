# SPDX-License-Identifier: GPL-2.0-only
"""Answers on a terminal, and as `bench/RESULTS.md`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Answer, Figure

RESULTS = Path(__file__).parent / "RESULTS.md"
HEADS = ("what", "figure", "beside it, from the same run", "aim", "met")

MADE = (
    "Made by `python -m bench --write`; do not edit. Questions can be asked one by one, so a "
    "section may be older than the next."
)
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


def write(answers: list[Answer], machine: dict[str, str]) -> None:
    """Write RESULTS.md; the sections of questions that were not asked stay as they are."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = dict(_sections(old))
    for answer in answers:
        sections[answer.title] = _section(answer, machine)
    rows = [line for text in sections.values() for line in text.splitlines() if line[:2] == "| "]
    met = [row.endswith("| yes |") for row in rows if row.endswith(("| yes |", "| **no** |"))]
    lines = [
        "# Speed and size of kmm",
        "",
        f"{MADE} {sum(met)} of {len(met)} aims met.",
        "",
        *(f"- {name}: {value}" for name, value in machine.items() if name not in _OF_A_RUN),
        "",
        ABOUT,
    ]
    for title, text in sections.items():
        lines += ["", f"## {title}", "", text]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


#: What is told of each section, for it changes from run to run.
_OF_A_RUN = ("date", "load")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The sections of RESULTS.md by their titles."""
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        yield title, body.strip("\n")


def _section(answer: Answer, machine: dict[str, str]) -> str:
    of_run = ", ".join(f"{name} {machine[name]}" for name in _OF_A_RUN)
    lines = [f"{answer.how} Measured: {of_run}.", ""]
    lines += ["| " + " | ".join(HEADS) + " |", "| --- " * len(HEADS) + "|"]
    for figure in answer.figures:
        cells = [cell.replace("|", "\\|") for cell in _row(figure)]
        if figure.met is False:
            cells[-1] = "**no**"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
