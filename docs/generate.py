# SPDX-License-Identifier: GPL-2.0-only
"""Makes the pages of docs/ that say what is so by running or reading kmm.

    python docs/generate.py [PAGE ...]    writes them
    python docs/generate.py --check       fails if one is not what it would be

kmm must be installed, as `make test` does it.  One function a page; PAGES has them all.
tests/test_branches.py, test_met.py and test_docs.py compare the pages with what they would be.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import branches as br
import met as course

DOCS = Path(__file__).resolve().parent
KMM = DOCS.parent / "kmm"

#: Rooms whose docstrings tell where the model is simpler than the kernel.
ROOMS = ("mm", "scenario")


def _cell(text: str) -> str:
    """Code in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, tuple("---" for _ in head), *rows):
        yield f"| {' | '.join(row)} |"


# branches.md


def branches() -> str:
    """Every branch of migrate.py and the scenario that takes it, or why none does."""
    return "\n".join(_branch_lines(br.found())) + "\n"


def _branch_lines(found: br.Found) -> Iterator[str]:
    conditions = br.conditions()
    reasons = {
        branch: why
        for condition in conditions
        for branch in (br.Branch(condition, True), br.Branch(condition, False))
        if (why := br.reason(branch)) is not None
    }
    yield "# The branches of migrate.py"
    yield ""
    yield "Made by `python docs/generate.py`, which runs every scenario of the library."
    yield ""
    yield _paragraph(
        f"""`kmm/mm/migrate.py` has {len(br.measured())} functions. In them are {len(conditions)}
        conditions, each of which holds or does not: that makes {2 * len(conditions)} branches. The
        library takes {len(found.taken)} of them; the other {len(reasons)} cannot be taken, and the
        first table says why. The tables after it have one row a condition, and name for each
        outcome the shortest scenario in which it occurs: `kmm run NAME` shows it."""
    )
    yield ""
    yield _paragraph(
        """Of an `and` or `or` each operand is a condition of its own, because C stops at the one
        that decides: *if, 2 of 5* is the second of five. A `for` holds when its body is entered,
        and does not when it has come to its end. A number behind a condition tells it from earlier
        ones of the function with the same text. `while True` decides nothing; the `if` that leaves
        it does, and stands for the condition of C's `do ... while`. CONFIG_SWAP, CONFIG_BLOCK and
        CONFIG_NUMA are on."""
    )
    yield ""
    yield "## Branches that cannot be taken"
    yield ""
    yield from _table(
        ("function", "condition", "outcome", "why not"),
        [
            (
                f"[{b.condition.function}](#{b.condition.function})",
                _cell(b.condition.text),
                "holds" if b.holds else "does not",
                why,
            )
            for b, why in reasons.items()
        ],
    )
    for function in br.measured():
        yield ""
        yield f"## {function.name}"
        yield ""
        entered = f"Entered in `{found.entered[function.name]}`"
        if not function.conditions:
            yield f"{entered}; it decides nothing."
            continue
        yield f"{entered}."
        yield ""
        yield from _table(
            ("", "condition", "holds in", "does not in"),
            [
                (
                    condition.where,
                    _cell(condition.text) + (f" ({condition.nth})" if condition.nth > 1 else ""),
                    _scenario(found, br.Branch(condition, True)),
                    _scenario(found, br.Branch(condition, False)),
                )
                for condition in function.conditions
            ],
        )


def _scenario(found: br.Found, branch: br.Branch) -> str:
    if branch in found.taken:
        return f"`{found.taken[branch]}`"
    return "*cannot*" if br.reason(branch) else "**no scenario**"


# met.md


def met() -> str:
    """Every branch of migrate.py, and where in the course it is met."""
    return "\n".join(_met_lines(course.met())) + "\n"


def _met_lines(met: dict[br.Branch, course.Where]) -> Iterator[str]:
    yield "# Where the course meets each branch"
    yield ""
    yield _paragraph(
        f"""Made by `python docs/generate.py`, which runs every lecture and the solution of every
        exercise, and notes after each cell which branches of `kmm/mm/migrate.py` it took. Of the
        branches that can be taken (see [branches.md](branches.md)) the lectures take
        {sum(where.lecture is not None for where in met.values())}, the exercises
        {sum(where.exercise is not None for where in met.values())}, and both together {len(met)}.
        Named are the first lecture and the first exercise, each with the heading to look under."""
    )
    for function in br.measured():
        if function.conditions:
            yield ""
            yield f"## {function.name}"
            yield ""
            rows = [
                (
                    _cell(condition.text) + (f" ({condition.nth})" if condition.nth > 1 else ""),
                    "holds" if holds else "does not",
                    _place(met, br.Branch(condition, holds)),
                )
                for condition in function.conditions
                for holds in (True, False)
            ]
            yield from _table(("condition", "outcome", "where"), rows)


def _place(met: dict[br.Branch, course.Where], branch: br.Branch) -> str:
    if branch in met:
        return str(met[branch])
    return "*cannot be taken*" if br.reason(branch) else "**nowhere**"


# simplified.md


class Simplification(NamedTuple):
    """Where the model is simpler than the kernel, in the words of a docstring."""

    file: str
    #: The function or class, "" for all of the file.
    owner: str
    #: The C file, "" where the module has none.
    kernel_file: str
    text: str


MARK = "Simplified:"


def simplifications() -> list[Simplification]:
    """All of them, file by file."""
    return [
        found
        for room in ROOMS
        for path in sorted((KMM / room).rglob("*.py"))
        for found in _simplifications_of(path)
    ]


def _simplifications_of(path: Path) -> Iterator[Simplification]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kernel_file = next(
        (
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KERNEL_FILE"
        ),
        "",
    )
    file = path.relative_to(KMM.parent).as_posix()
    for owner, node in _documented(tree):
        for paragraph in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
            _, mark, text = " ".join(paragraph.split()).partition(MARK)
            if mark:
                source = _source_of(node) or kernel_file
                yield Simplification(file, owner, source, text.strip())


Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def _documented(node: Documented, name: str = "") -> Iterator[tuple[str, Documented]]:
    yield name, node
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef):
            yield from _documented(inner, f"{name}.{inner.name}".lstrip("."))


def _source_of(node: Documented) -> str:
    """The C file that a decorator names: @primitive(source="include/linux/mm.h")."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "source":
                    return str(ast.literal_eval(keyword.value))
    return ""


def simplified() -> str:
    """Every place where the model is simpler than the kernel."""
    found = simplifications()
    lines = [
        "# Where the model is simpler than the kernel",
        "",
        _paragraph(
            f"""Made by `python docs/generate.py` from the docstrings, where each of these sentences
            stands behind `{MARK}`. What is not listed is meant to do what the C of Linux 2.6.28
            does, as far as page migration can tell. There are {len(found)}."""
        ),
    ]
    for room, title in zip(ROOMS, ("The kernel: kmm/mm", "Scenarios: kmm/scenario"), strict=True):
        rows = [
            (
                f"`{s.file.removeprefix('kmm/')}`",
                f"`{s.owner}`" if s.owner else "all of it",
                f"`{s.kernel_file}`" if s.kernel_file else "",
                s.text[0].upper() + s.text[1:].replace("|", "\\|"),
            )
            for s in found
            if s.file.startswith(f"kmm/{room}/")
        ]
        if rows:
            head = ("file", "in", "kernel's file", "what is simpler")
            lines += ["", f"## {title}", "", *_table(head, rows)]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "branches.md": branches,
    "met.md": met,
    "simplified.md": simplified,
}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description="Make the pages that say what is so by running.")
    parser.add_argument("page", nargs="*", metavar="PAGE", help=f"of {', '.join(PAGES)}; or all")
    parser.add_argument("--check", action="store_true", help="write none; fail if one is stale")
    options = parser.parse_args(arguments)
    for name in options.page:
        if name not in PAGES:
            parser.error(f"there is no page {name}; there are {', '.join(PAGES)}")
    stale = 0
    for name in options.page or PAGES:
        path, text = DOCS / name, PAGES[name]()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not options.check:
            path.write_text(text, encoding="utf-8")
        print(f"{name}: {'is not up to date' if options.check else 'written'}")
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
