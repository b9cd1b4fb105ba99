# SPDX-License-Identifier: GPL-2.0-only
"""The peer: a tracer that copies the reachable state at each line, as Python Tutor does.

Python Tutor (pg_logger.py) derives from bdb.Bdb.  At each line it encodes the local variables of
every frame, and all objects that can be reached from there, into a heap of plain data: id to type
and attributes.  Nothing is kept from one line to the next, so each line costs a walk through all.

This one does the same for the lines of kmm/mm, and is spared what would make it slower still: it
does not trace other files, does not follow an object to its machine (through which everything
else could be reached), does not capture output, and does not turn the copies into JSON.
"""

from __future__ import annotations

import bdb
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType
from typing import Any

import kmm.mm.page

MODEL = str(Path(kmm.mm.page.__file__).parent)

ATOMS = frozenset({type(None), bool, int, float, str})
FUNCTIONS = (type, FunctionType, BuiltinFunctionType, MethodType)

#: Attributes that are the tool's, not the kernel's.
OURS = frozenset({"machine", "base", "slots"})

Encoded = Any


class Encoder:
    """All objects that have been reached, as plain data."""

    def __init__(self) -> None:
        self.heap: dict[int, list[Encoded]] = {}

    def encode(self, value: Any) -> Encoded:
        """A plain value as it is, of any other object a reference into the heap."""
        if type(value) in ATOMS:
            return value
        number = id(value)
        if number not in self.heap:
            # Entered before its parts, which may lead back to it.
            self.heap[number] = entry = []
            entry.extend(self._parts(value))
        return ["REF", number]

    def _parts(self, value: Any) -> list[Encoded]:
        encode = self.encode
        if isinstance(value, (list, tuple, set, frozenset)):
            return [type(value).__name__, *map(encode, value)]
        if isinstance(value, dict):
            return ["dict", *([encode(k), encode(v)] for k, v in value.items())]
        if isinstance(value, FUNCTIONS):
            return ["FUNCTION", getattr(value, "__qualname__", repr(value))]
        return [
            "INSTANCE",
            type(value).__name__,
            *([name, encode(part)] for name, part in _attributes(value) if name not in OURS),
        ]


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """The attributes in the object's __dict__ and in the slots of its classes."""
    names = [
        name
        for cls in type(value).__mro__
        for name in cls.__dict__.get("__slots__", ())
        if name != "__dict__"
    ]
    slots = [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    return slots + list(getattr(value, "__dict__", {}).items())


class Tutor(bdb.Bdb):
    """Records a function: at each line of the model, the stack and the heap."""

    def __init__(self) -> None:
        super().__init__()
        self.record: list[dict[str, Encoded]] = []

    def runcall(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the function and record it."""
        self.reset()
        return super().runcall(function, *args, **kwargs)

    def dispatch_call(self, frame: FrameType, arg: Any) -> Any:
        """Trace the lines of the model only; what it calls elsewhere runs untraced."""
        if not frame.f_code.co_filename.startswith(MODEL):
            return None
        return super().dispatch_call(frame, arg)

    def user_line(self, frame: FrameType) -> None:
        """Copy all that the frames can reach."""
        encoder = Encoder()
        stack = []
        at: FrameType | None = frame
        while at is not None:
            if at.f_code.co_filename.startswith(MODEL):
                local = {name: encoder.encode(value) for name, value in at.f_locals.items()}
                stack.append({"function": at.f_code.co_name, "line": at.f_lineno, "locals": local})
            at = at.f_back
        self.record.append({"line": frame.f_lineno, "stack": stack, "heap": encoder.heap})
        self.set_step()
