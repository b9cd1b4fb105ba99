# SPDX-License-Identifier: GPL-2.0-only
"""Unknown: a kernel that is not quite the model, without saying where.

    with kernel:
        run = kmm.load("file-clean").run()

What a trace shows as its code is the code of the model, which this kernel was not built from: of
what is different there is nothing to be seen but what it does.  (A case's edits do show their own
source.)  It is no secret: the exercises' tables are there to be read, and reading them spoils the
game.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from kmm.errors import KmmError
from kmm.explore.edit import Edit
from kmm.sim import FUNCTIONS, replace


class Unknown:
    """A context manager: inside, the kernel is as the edits make it.  May be entered again."""

    def __init__(self, name: str, *edits: Edit) -> None:
        self.name = name
        self.__edits = edits
        self.__inside: list[AbstractContextManager[None]] = []

    def __enter__(self) -> Unknown:
        names = dict.fromkeys(edit.function for edit in self.__edits)
        inside = replace(**{name: built(name, self.__edits) for name in names})
        inside.__enter__()
        self.__inside.append(inside)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.__inside.pop().__exit__(kind, error, where)

    def __repr__(self) -> str:
        return f"<{self.name}>"


_built: dict[tuple[str, tuple[Edit, ...]], Callable[..., Any]] = {}


def built(name: str, edits: tuple[Edit, ...]) -> Callable[..., Any]:
    """The body of the function after those edits that are of it; its lines are the model's."""
    key = name, tuple(edit for edit in edits if edit.function == name)
    if key not in _built:
        if name not in FUNCTIONS:
            raise KmmError(f"edit: the model has no function {name}")
        _built[key] = _compile(FUNCTIONS[name].original, key[1])
    return _built[key]


def _compile(original: Callable[..., Any], edits: tuple[Edit, ...]) -> Callable[..., Any]:
    lines, first = inspect.getsourcelines(original)
    tree: Any = ast.parse(textwrap.dedent("".join(lines)))
    tree.body[0].decorator_list = []
    ast.increment_lineno(tree, first - 1)
    for edit in edits:
        change = _Change(edit)
        tree = change.visit(tree)
        if not change.made:
            raise KmmError(f"edit of {edit}: it was found nowhere")
    scope: dict[str, Any] = {}
    flags = __future__.annotations.compiler_flag
    code = compile(tree, original.__code__.co_filename, "exec", flags)
    exec(code, original.__globals__, scope)
    made: Callable[..., Any] = scope[original.__name__]
    return made


class _Change(ast.NodeTransformer):
    """Does what an edit says to a tree, and leaves the numbers of the lines as they are."""

    def __init__(self, edit: Edit) -> None:
        whole: Any = ast.parse(edit.find).body[0]
        self.edit = edit
        # A call that stands alone is a statement, and inside another it is an expression.
        self.looks = {ast.dump(whole), ast.dump(whole.value) if isinstance(whole, ast.Expr) else ""}
        self.seen = self.made = 0

    def visit(self, node: ast.AST) -> Any:
        if ast.dump(node) not in self.looks:
            return super().visit(node)
        self.seen += 1
        if self.edit.nth not in (None, -1, self.seen - 1):
            return node
        self.made += 1
        put: Any = ast.parse(self.edit.put or "pass").body
        if isinstance(node, ast.expr):
            put = put[0].value
        for new in put if isinstance(put, list) else [put]:
            for part in ast.walk(new):
                ast.copy_location(part, node)
        return put
