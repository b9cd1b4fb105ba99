# SPDX-License-Identifier: GPL-2.0-only
"""Function: what the machine knows of a function of the kernel, and the table of all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from kmm.errors import WrongType


class Function:
    """A function of the kernel: its name, the C file it is from, and its present body.

    `kind` is "primitive" (one atomic step), "function" (made of steps) or "statement" (a step
    that no function stands for).
    """

    __slots__ = (
        "body", "file", "held_by", "kind", "name", "number", "original", "parameters", "signature",
        "until",
    )  # fmt: skip

    def __init__(self, body: Callable[..., Any], kind: str, file: str, name: str = "") -> None:
        self.name = name or body.__name__
        self.kind = kind
        self.file = file
        self.original = body
        self.body = body
        self.signature = inspect.signature(body)
        self.parameters = tuple(self.signature.parameters)
        self.number = len(NUMBERED)
        #: The step can only happen when `until(*args)` holds; `held_by(*args)` is who must let go.
        self.until: Callable[..., object] | None = None
        self.held_by: Callable[..., Any] | None = None
        if self.name in FUNCTIONS:
            raise ValueError(f"two functions of the kernel are called {self.name}")
        FUNCTIONS[self.name] = self
        NUMBERED.append(self)

    def positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments of a call in order, however they were written."""
        try:
            return self.signature.bind(*args, **kwargs).args
        except TypeError as error:
            raise WrongType(f"{self.name}({', '.join(self.parameters)}): {error}") from None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} ({self.file})>"


#: Every function of the kernel by its name; and by its number, which the record keeps.
FUNCTIONS: dict[str, Function] = {}
NUMBERED: list[Function] = []


def _assign(place: str, value: object) -> None:
    """A write outside any primitive: `newpage.index = page.index`."""


def _read(place: object, field: str) -> None:
    """A read outside any primitive, where somebody watches: `if not page.mapping`."""


def _stop(text: str) -> None:
    """BUG(): the kernel stops here."""


ASSIGN = Function(_assign, "statement", "", "assign")
READ = Function(_read, "statement", "", "read")
STOP = Function(_stop, "statement", "", "BUG")
