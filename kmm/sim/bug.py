# SPDX-License-Identifier: GPL-2.0-only
"""The loud stop: BUG, BUG_ON, VM_BUG_ON and what they raise.

A function of the model has two ways to say no.  What the C returns (-EAGAIN) is returned.  What
the C cannot survive raises `KernelBug`, and after it the machine is dead: every further step on it
raises the same again, so that no `except Exception` of a student's goes on in a broken world.

The text of a bug is made as the kernel makes it, from the source of the condition, written in C's
signs: `BUG_ON(PageWriteback(page))` gives "BUG_ON(PageWriteback(page)) in migrate_page".
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from types import CodeType, FrameType
from typing import NoReturn

from kmm.sim import running


class KernelBug(Exception):
    """The kernel has stopped.

    `text` is what happened ("BUG_ON(charge)"), `function` the kernel function in which it did
    (None for an oops, which names no function), `detail` which object it was about and what was
    expected of it.
    """

    def __init__(self, text: str, function: str | None = None, detail: str = "") -> None:
        self.text = text
        self.function = function
        self.detail = detail
        super().__init__(text, function, detail)

    @property
    def message(self) -> str:
        """What happened and where, in the words that a result records."""
        return f"{self.text} in {self.function}" if self.function else self.text

    def __str__(self) -> str:
        return f"{self.message}: {self.detail}" if self.detail else self.message


class StepLimit(KernelBug):
    """A record is as long as it may get: the machine stops as it does for a bug.

    It was `function`, a function of one's own if there is one, that wanted to go on in `line`.
    """

    def __init__(self, limit: int, function: str, line: int) -> None:
        super().__init__(f"the limit of {limit:,} steps was reached", function)
        self.args = limit, function, line
        self.line = line

    @property
    def message(self) -> str:
        """Which limit, and where."""
        return f"{self.text} in {self.function}(), line {self.line}"


# The kernel's name for the body of a function that stands in for another (see replace).
stand_ins: dict[CodeType, str] = {}


def function_of(frame: FrameType) -> str:
    """The kernel function that `frame` is running."""
    return stand_ins.get(frame.f_code, frame.f_code.co_name)


def oops(text: str, detail: str = "", *, where: bool = True) -> NoReturn:
    """Stop the machine with `text`, in the function that called."""
    frame = running.caller()
    running.stop(KernelBug(text, function_of(frame) if where else None, detail), frame)


def BUG() -> NoReturn:
    """Stop the machine, here."""
    frame = running.caller()
    running.stop(KernelBug("BUG()", function_of(frame)), frame)


def BUG_ON(condition: object, detail: str = "") -> None:
    """Stop the machine if `condition` holds; the text is the source of the condition."""
    if condition:
        frame = running.caller()
        text = f"BUG_ON({_condition_at(frame)})"
        running.stop(KernelBug(text, function_of(frame), detail), frame)


def VM_BUG_ON(condition: Callable[[], object], detail: str = "") -> None:
    """BUG_ON for a kernel built with CONFIG_DEBUG_VM; elsewhere the condition is not evaluated.

    A C macro may leave its argument unevaluated, a Python function may not: hence the lambda.
    """
    machine = running.machine()
    if machine is not None and not machine.debug_vm:
        return
    if condition():
        frame = running.caller()
        text = f"VM_BUG_ON({_condition_at(frame)})"
        running.stop(KernelBug(text, function_of(frame), detail), frame)


def _condition_at(frame: FrameType) -> str:
    """The first argument of the call that `frame` is making, written as C writes it."""
    positions = list(frame.f_code.co_positions())
    line, end_line, column, end_column = positions[frame.f_lasti // 2]
    if line is None or end_line is None or column is None or end_column is None:
        return "?"
    lines = linecache.getlines(frame.f_code.co_filename)[line - 1 : end_line]
    if not lines:
        return "?"
    # Columns count bytes of UTF-8; the last line is cut first, for both may be one line.
    lines[-1] = lines[-1].encode()[:end_column].decode()
    lines[0] = lines[0].encode()[column:].decode()
    call = ast.parse("".join(lines).strip(), mode="eval").body
    if not isinstance(call, ast.Call) or not call.args:
        return "?"
    condition = call.args[0]
    return _in_c(condition.body if isinstance(condition, ast.Lambda) else condition)


def _in_c(node: ast.expr) -> str:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return f"!{_in_c(node.operand)}"
    return ast.unparse(node)
