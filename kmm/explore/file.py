# SPDX-License-Identifier: GPL-2.0-only
"""A case of your own: a Python file that defines `world()`, `tasks(world)` and, if it wants,
`invariants`, a list of Invariant.

    import kmm

    def world():
        w = kmm.World(nodes=2)
        w.mm("m").mmap(pages=1).touch(0)
        return w

    def tasks(world):
        return {"migrate": lambda: ..., "reader": lambda: ...}
"""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.explore.case import Case
from kmm.explore.invariants import ALWAYS, Invariant


def load(path: str | Path) -> Case:
    """The case that the file defines; KmmError, with file and line, where it defines none."""
    path = Path(path)
    if not path.is_file():
        raise KmmError(f"{path}: there is no such file")
    try:
        names = runpy.run_path(str(path))
    except SyntaxError as error:
        raise KmmError(f"{path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - whatever a person's file does is told in one line
        raise KmmError(f"{path}, line {_line(error, path)}: {_told(error)}") from None
    for name, takes in (("world", "no argument"), ("tasks", "the world")):
        if not callable(names.get(name)):
            raise KmmError(f"{path}: it must define {name}(), a function that takes {takes}")
    invariants = names.get("invariants", ALWAYS)
    if not isinstance(invariants, list | tuple) or not all(
        isinstance(one, Invariant) for one in invariants
    ):
        raise KmmError(f"{path}: invariants must be a list of Invariant")
    return Case(
        path.stem,
        _guarded(names["world"], path),
        _guarded(names["tasks"], path),
        tuple(invariants),
    )


def _guarded(function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    """`function`, whose mistakes are told in one sentence."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except KmmError:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            raise KmmError(f"{path}, line {_line(error, path)}: {_told(error)}") from None

    return call


def _line(error: BaseException, path: Path) -> int:
    """The line of the person's own file at which it went wrong."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return lines[-1] or 0 if lines else 0


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
