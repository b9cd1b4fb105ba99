# SPDX-License-Identifier: GPL-2.0-only
"""replace: a person's own function in the place of the model's.

    with kmm.replace(migrate_page_move_mapping=mine):
        run = kmm.load("file-clean").run()

Every caller gets `mine`, whichever module imported the name, and it is recorded like the original.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kmm.errors import KmmError
from kmm.sim.bug import stand_ins
from kmm.sim.function import FUNCTIONS, Function


def replace(**mine: Callable[..., Any]) -> AbstractContextManager[None]:
    """Inside, each named function of the kernel has the given body; after it, its old one.

    Raises KmmError at once for a name that the model does not have, and for a body that cannot
    take the original's arguments.
    """
    return _replaced([(_function(name), _fitting(name, body)) for name, body in mine.items()])


@contextmanager
def _replaced(changes: list[tuple[Function, Callable[..., Any]]]) -> Iterator[None]:
    before = [function.body for function, _ in changes]
    for function, body in changes:
        function.body = body
        if hasattr(body, "__code__"):
            stand_ins[body.__code__] = function.name
    try:
        yield
    finally:
        for (function, body), old in zip(changes, before, strict=True):
            function.body = old
            if hasattr(body, "__code__"):
                stand_ins.pop(body.__code__, None)


def _function(name: str) -> Function:
    function = FUNCTIONS.get(name)
    if function is None or function.kind == "statement":
        near = difflib.get_close_matches(name, FUNCTIONS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise KmmError(f"replace: the model has no function {name}{hint}")
    return function


def _fitting(name: str, body: Callable[..., Any]) -> Callable[..., Any]:
    """`body`, if it can be called as the original is."""
    if not callable(body):
        raise KmmError(f"replace: {name} must be a function, not {type(body).__name__}")
    wanted = FUNCTIONS[name].parameters
    # A function of the model given back (replace(f=f)) stands for its own body.
    body = inspect.unwrap(body) if hasattr(body, "function") else body
    try:
        inspect.signature(body).bind(*wanted)
    except TypeError as error:
        raise KmmError(
            f"replace: {name} is called as {name}({', '.join(wanted)}): {error}"
        ) from None
    except ValueError:
        pass  # a builtin without a signature: it will be tried as it is
    return body
