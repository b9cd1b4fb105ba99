# SPDX-License-Identifier: GPL-2.0-only
"""What is worked out once for a trace is kept with the trace.

A trace does not change, so what follows from it does not either.  Kept on the trace itself, an
answer lives exactly as long as what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kmm.errors import NoSuchIndex
from kmm.sim import Trace

T = TypeVar("T")


def once(trace: Trace, make: Callable[[Trace], T]) -> T:
    """`make(trace)`, which is called for the first question only."""
    kept: dict[Callable[[Trace], T], T] = vars(trace).setdefault("_explained", {})
    if make not in kept:
        kept[make] = make(trace)
    return kept[make]


def numbered(k: int, end: int, what: str) -> int:
    """`k` as an index below `end`, where -1 is the last; IndexError as a trace itself raises it."""
    if not -end <= k < end:
        there = f"{what}s 0 to {end - 1}" if end else f"no {what}s"
        raise NoSuchIndex(f"no {what} {k}: this trace has {there}")
    return k % end
