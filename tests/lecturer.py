# SPDX-License-Identifier: GPL-2.0-only
"""The lecturer's pages of docs/teaching, to be read and run.

In a block of Python, `# -> X` is what the line gives, or the line above.  In a table of answers the
last column is code to run, and `gives` says what comes out.
"""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

from kmm import cli
from kmm.cli import lab, present

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = "| they say | what it shows | turn it with |"


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without its blocks and without what stands between backticks."""
    bare = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", bare)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def section(page: Path, title: str) -> str:
    _, found, rest = text_of(page).partition(f"\n## {title}\n")
    assert found, f"{page.name} has no section {title!r}"
    return rest.partition("\n## ")[0]


def headings(page: Path) -> list[tuple[int, str]]:
    """Depth and text of each heading of the lecture that a page is about."""
    lecture = json.loads((ROOT / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8"))
    lines = [
        line
        for cell in lecture["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
    ]
    found = [line.partition(" ") for line in lines if re.match("#+ ", line)]
    return [(len(marks), words.replace("`", "")) for marks, _, words in found]


def rows(table: str) -> list[list[str]]:
    """The cells of a table's lines, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def answers(page: Path) -> list[list[list[str]]]:
    """The tables of wrong answers, each as its rows."""
    table = rf"^{re.escape(ANSWERS)}\n(?:\|.*\n)+"
    return [rows(found) for found in re.findall(table, text_of(page), re.MULTILINE)]


def outcome(code: str, namespace: dict[str, Any]) -> str:
    """What an expression gives, as a person sees it in a cell: printed, or its repr."""
    out = io.StringIO()
    with redirect_stdout(out):
        value = eval(code, namespace)
    return out.getvalue().strip() if value is None and out.getvalue() else repr(value)


def run_block(source: str, namespace: dict[str, Any]) -> None:
    """Statement by statement; where a line says what it gives, it has to."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        end = node.end_lineno or 1
        below = lines[end] if end < len(lines) and lines[end].startswith("# -> ") else ""
        wanted = below[len("# -> ") :] or lines[end - 1].partition("  # -> ")[2]
        code = ast.get_source_segment(source, node) or ""
        if isinstance(node, ast.Expr):
            found = outcome(code, namespace)
            assert not wanted or found == wanted, f"{code} gives {found}, not {wanted}"
        else:
            assert not wanted, f"only an expression gives something: {code}"
            exec(code, namespace)


def run_answer(cell: str, namespace: dict[str, Any]) -> None:
    """What stands in the last column of a table of answers."""
    for code, wanted in re.findall(r"(?<!gives )`([^`]+)`(?: gives `([^`]+)`)?", cell):
        if code.startswith("kmm "):
            command(code)
            continue
        found = outcome(code, namespace)
        assert not wanted or found == wanted, f"{code} gives {found}, not {wanted}"


def command(line: str) -> None:
    """Run a command of `kmm`; what would open JupyterLab has only to find its notebook."""
    _, *words = shlex.split(line.partition("  # ")[0])
    if words[:2] == ["lab", "--present"]:
        present.chosen(lab.notebooks(), words[2])
    elif words[0] != "lab":
        with redirect_stdout(io.StringIO()):
            assert cli.main(words) == 0, line
