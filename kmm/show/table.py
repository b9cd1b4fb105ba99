# SPDX-License-Identifier: GPL-2.0-only
"""trace.table(): the steps, one a line, as a table that can be read aloud.

trace.table(28, 40)                     steps 28 to 39
trace.table(only="changes")             the steps that changed something
trace.table(only=["p0._count", "n0"])   the steps that changed this field or that object
trace.table(only="try_to_unmap")        the steps inside that function
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from kmm.errors import KmmError, WrongType
from kmm.show.words import code, real, result, written
from kmm.sim import Step, Trace
from kmm.sim.numbered import whole

#: The filter for steps that changed something.
CHANGES = "changes"
#: So many changes of one step are shown.
SO_MANY = 6
#: A value is short, and stands in one line; a sentence is not squeezed by the code beside it.
WHOLE, SENTENCE = "white-space:nowrap", "min-width:14em"
#: Where a call may go on below, and where the path of a field.
BEHIND_BRACKET, BEFORE_DOT = r"(?<=\()(?!\))", r"(?=\.)"


@dataclass(frozen=True)
class Line:
    """One step: its function with `depth` calls around it, the call as code, what it changed."""

    step: int
    task: str
    depth: int
    function: str
    code: str
    result: str
    changes: tuple[tuple[str, str, str], ...]
    sentence: str

    @property
    def call(self) -> str:
        """The call with what it returned."""
        if self.result == "stops":
            return f"{self.code} stops"
        return f"{self.code} = {self.result}" if self.result else self.code

    @property
    def changed(self) -> list[str]:
        """The changes as texts."""
        return [f"{path} {old} → {new}" for path, old, new in self.changes]


@dataclass(frozen=True, repr=False)
class Table:
    """The lines, with a caption; a notebook shows it as HTML, a terminal as aligned text."""

    caption: str
    lines: tuple[Line, ...]
    tasks: bool

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def _indent(self, line: Line) -> int:
        """The depth within the table: its outermost function is not indented."""
        return line.depth - min(other.depth for other in self.lines)

    def _repr_html_(self) -> str:
        heads = ["step", *(["task"] if self.tasks else []), "function", "primitive", "returns",
                 "changes", "what happens"]  # fmt: skip
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in heads)
        rows = "\n".join(map(self._html_row, self.lines))
        return (
            f'<table class="kmm-table">\n<caption style="text-align:left;caption-side:top">'
            f"{escape(self.caption)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
        )

    def _html_row(self, line: Line) -> str:
        changes = "<br>".join(
            f'{_code(path, BEFORE_DOT)} <span style="{WHOLE}"><del>{escape(old)}</del> → '
            f"<strong>{escape(new)}</strong></span>"
            for path, old, new in line.changes
        )
        indent = f"padding-left:{0.5 + self._indent(line):g}em"
        cells = [
            *([escape(line.task)] if self.tasks else []),
            f"<code>{escape(line.function)}</code>" if line.function else "",
            _code(line.code, BEHIND_BRACKET),
            f'<code style="{WHOLE}">{escape(line.result)}</code>' if line.result else "",
            changes,
            escape(line.sentence),
        ]
        styles = ["text-align:left;vertical-align:top"] * len(cells)
        styles[int(self.tasks)] += f";{indent}"
        styles[-1] += f";{SENTENCE}"
        body = "".join(
            f'<td style="{style}">{cell}</td>' for style, cell in zip(styles, cells, strict=True)
        )
        return f'<tr><th scope="row" style="vertical-align:top">{line.step}</th>{body}</tr>'

    def __str__(self) -> str:
        rows = [
            [str(line.step), *([line.task] if self.tasks else []),
             "  " * self._indent(line) + line.function, line.call, ", ".join(line.changed)]
            for line in self.lines
        ]  # fmt: skip
        heads = ["step", *(["task"] if self.tasks else []), "function", "primitive", "changes"]
        columns = list(zip(heads, *rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        lines = [
            "  ".join(
                cell.rjust(width) if n == 0 else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (heads, *rows)
        ]
        return "\n".join([self.caption, *lines])

    __repr__ = __str__


@Trace.extend
def table(
    trace: Trace,
    first: int = 0,
    last: int | None = None,
    task: str | None = None,
    only: str | Iterable[str] | None = None,
) -> Table:
    """The steps from `first` to `last`, without `last`, as a table.

    Arguments: `last` None is the end.  `task`: this task's steps only.  `only`: "changes" for the
    steps that changed something, or names of functions, primitives, objects and fields (several:
    one of them is enough).

    Returns a Table, which a notebook shows; it has one Line for each step.

    Raises KmmError, with the nearest names, for a task or a name that the trace does not have.
    """
    last = len(trace) if last is None else whole(last, "step")
    begin, end, _ = slice(whole(first, "step"), last).indices(len(trace))
    if task is not None and task not in trace.tasks:
        raise KmmError(f"this trace has no task {task}; there is {', '.join(trace.tasks)}")
    names = None if only is None else _names(only)
    if names is not None:
        _must_be_known(trace, names)
    found = [
        step
        for step in trace[begin:end]
        if (task is None or step.task == task) and (names is None or _concerns(step, names))
    ]
    return Table(
        caption=_caption(trace, begin, end, task, names, len(found)),
        lines=tuple(_line(trace, step) for step in found),
        tasks=len(trace.tasks) > 1,
    )


def _names(only: Any) -> set[str]:
    """The names, one or several."""
    one = isinstance(only, str | bytes | Mapping) or not isinstance(only, Iterable)
    several = [only] if one else list(only)
    for name in several:
        if not isinstance(name, str):
            raise WrongType(
                f'only names things by texts, as in ["get_page", "p0"], not {name!r:.60}'
            )
    return set(several)


def _caption(
    trace: Trace, begin: int, end: int, task: str | None, names: set[str] | None, found: int
) -> str:
    name = trace.about.get("scenario")
    which = f"Steps {begin} to {end - 1}" if end > begin else "No steps"
    of = f" of {name}" if name else ""
    parts = [f"task {task}"] if task else []
    parts += [", ".join(sorted(names))] if names else []
    chosen = f": {'; '.join(parts)} ({found} of {end - begin})" if parts else ""
    return f"{which}{of}{chosen}"


def _line(trace: Trace, step: Step) -> Line:
    changes = real(step.changes)
    rows = [(c.path, written(c.old, c.field), written(c.new, c.field)) for c in changes[:SO_MANY]]
    if len(changes) > SO_MANY:
        rows.append((f"and {len(changes) - SO_MANY} more", "", ""))
    return Line(
        step=step.index,
        task=step.task,
        depth=len(step.stack),
        function=step.function or "",
        code=code(trace, step),
        result=result(step),
        changes=tuple(rows),
        sentence=trace.narrate(step.index),
    )


def _code(text: str, place: str) -> str:
    """Code that may go on below at such places, and not only at blanks."""
    return f"<code>{re.sub(place, '<wbr>', escape(text))}</code>"


def _concerns(step: Step, names: set[str]) -> bool:
    changes = real(step.changes)
    return bool(
        (CHANGES in names and changes)
        or step.primitive in names
        or not names.isdisjoint(step.stack)
        or any(change.object in names or change.path in names for change in changes)
    )


def _must_be_known(trace: Trace, names: set[str]) -> None:
    called = {function.name for function in trace.functions.values()}
    known = {CHANGES, *called, *trace.slots.by_name}
    for name in names - known:
        try:
            trace.slots.slot(name)
        except KmmError:
            near = difflib.get_close_matches(str(name), known, n=3) or [CHANGES]
            raise KmmError(
                f"{name}: this trace has no such function, object or field; there is "
                f"{', '.join(near)}"
            ) from None
