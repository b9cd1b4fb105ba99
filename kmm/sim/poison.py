# SPDX-License-Identifier: GPL-2.0-only
"""Poison: what stands in the fields of an object whose memory has been given back.

Reading such a field is not noticed, as it is not in a kernel; whoever does anything with what he
read (follows it, calls it, compares it, counts with it) stops the machine.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, NoReturn

from kmm.sim.bug import KernelBug, function_of
from kmm.sim.fields import Tracked
from kmm.sim.function import FUNCTIONS
from kmm.sim.running import stop


class Poison:
    """The contents of the freed object `of`, in its `generation`: how often it had been freed."""

    __slots__ = ("generation", "of")

    #: Not the name of an object: the record keeps what `repr` says.
    name = None

    def __init__(self, of: str, generation: int) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "generation", generation)

    def __repr__(self) -> str:
        return f"freed {self.of}"

    __hash__ = object.__hash__

    def used(self, *_: Any) -> NoReturn:
        """Stop the machine: somebody uses the object although it is gone."""
        frame = _function(sys._getframe(1))
        text = f"{self.of} (generation {self.generation}) has been freed"
        stop(KernelBug("use after free", function_of(frame), text), frame)

    def __getattr__(self, field: str) -> Any:
        if field.startswith("__"):
            raise AttributeError(field)
        self.used()

    def _find(self, *_: Any) -> Any:
        self.used()

    __setattr__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _find
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _find
    __and__ = __rand__ = __or__ = __ror__ = __lshift__ = __rshift__ = _find
    __index__ = __int__ = __iter__ = __len__ = __contains__ = __getitem__ = __call__ = _find


def poison(thing: Tracked, *, keep: frozenset[str] = frozenset(), generation: int = 0) -> None:
    """Every field of `thing` but those of `keep` is poison; to be called inside a primitive."""
    value = Poison(thing.name, generation)
    for field in thing.FIELDS:
        if field not in keep:
            setattr(thing, field, value)


def _function(frame: FrameType) -> FrameType:
    """The innermost frame that runs a function of the kernel; if none does, who used the object."""
    while frame.f_globals.get("__name__") == __name__ and frame.f_back is not None:
        frame = frame.f_back
    inner: FrameType | None = frame
    while inner is not None:
        if function_of(inner) in FUNCTIONS:
            return inner
        inner = inner.f_back
    return frame
