# SPDX-License-Identifier: GPL-2.0-only
"""Edits: a function of the model with something taken away or put in another way.

There is one source, kmm/mm.  A guard is removed, a historical bug put back, by an edit that says
what is to be found in a function and what stands there instead:

    Edit("migrate_page_move_mapping", "page_freeze_refs(page, expected_count)", "True")

What is found is a statement or an expression, compared as Python reads it, not as text.  The edited
function is installed by `replace`, and its source is what a trace shows.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.sim import FUNCTIONS, replace


@dataclass(frozen=True)
class Edit:
    """In `function`, `find` becomes `put`; "" takes a statement away.

    `nth`: which of several, from 0; None: there must be one, -1: all of them.
    """

    function: str
    find: str
    put: str = ""
    nth: int | None = None

    def __str__(self) -> str:
        what = f"{self.find!r} becomes {self.put!r}" if self.put else f"without {self.find!r}"
        return f"{self.function}: {what}"


@contextmanager
def edited(edits: Iterable[Edit]) -> Iterator[None]:
    """Inside, the functions are as the edits say.

    Raises KmmError for an edit that finds nothing, or more than it says.
    """
    bodies: dict[str, list[Edit]] = {}
    for edit in edits:
        bodies.setdefault(edit.function, []).append(edit)
    with replace(**{name: body(name, tuple(some)) for name, some in bodies.items()}):
        yield


_bodies: dict[tuple[str, tuple[Edit, ...]], Callable[..., Any]] = {}


def body(name: str, edits: tuple[Edit, ...]) -> Callable[..., Any]:
    """The body of the function `name` after the edits."""
    if (name, edits) not in _bodies:
        if name not in FUNCTIONS:
            raise KmmError(f"edit: the model has no function {name}")
        _bodies[name, edits] = _compile(FUNCTIONS[name].original, edits)
    return _bodies[name, edits]


def _compile(original: Callable[..., Any], edits: tuple[Edit, ...]) -> Callable[..., Any]:
    text = _undecorated(textwrap.dedent(inspect.getsource(original)))
    for edit in edits:
        text = _edit(text, edit)
    # The edited source is kept where tracebacks and traces look for it.
    file = f"<{'; '.join(map(str, edits))}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {}
    code = compile(text, file, "exec", __future__.annotations.compiler_flag)
    exec(code, original.__globals__, scope)
    made: Callable[..., Any] = scope[original.__name__]
    return made


def _undecorated(text: str) -> str:
    function = ast.parse(text).body[0]
    return "".join(text.splitlines(keepends=True)[function.lineno - 1 :])


def _edit(text: str, edit: Edit) -> str:
    """The text with what the edit finds replaced; comments and the rest stay as they are."""
    wanted = ast.parse(edit.find).body
    if len(wanted) != 1:
        raise KmmError(f"edit of {edit}: it must find one statement or one expression")
    whole = wanted[0]
    # A call that stands alone is a statement, and inside another it is an expression.
    looks = {ast.dump(whole), ast.dump(whole.value) if isinstance(whole, ast.Expr) else ""}
    found: list[Any] = [node for node in _top_down(ast.parse(text)) if ast.dump(node) in looks]
    if edit.nth is None and len(found) > 1:
        raise KmmError(f"edit of {edit}: it was found {len(found)} times")
    chosen = found if edit.nth in (None, -1) else found[edit.nth : edit.nth + 1]
    if not chosen:
        raise KmmError(f"edit of {edit}: it was found nowhere")
    for node in sorted(chosen, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        text = _spliced(text, node, edit.put)
    return text


def _top_down(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes in the order of the text; of a statement that is one expression only the first."""
    for child in ast.iter_child_nodes(tree):
        yield child
        yield from _top_down(child.value if isinstance(child, ast.Expr) else child)


def _spliced(text: str, node: Any, put: str) -> str:
    """`put` in the place of the node; in brackets if what stands around would tear it apart."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    if isinstance(node, ast.stmt):
        put = textwrap.indent(put or "pass", " " * node.col_offset).lstrip()
    made, safe = (
        "".join([*lines[:first], head, new, tail, *lines[last + 1 :]]) for new in (put, f"({put})")
    )
    torn = isinstance(node, ast.expr) and _reads(put) and _reads(made) != _reads(safe)
    return safe if torn else made


def _reads(text: str) -> str:
    """How Python reads the text; "" if it does not."""
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return ""
