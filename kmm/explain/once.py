# SPDX-License-Identifier: GPL-2.0-only
"""What is worked out once for a trace is kept with the trace.

A trace does not change, so what follows from it does not either.  Kept on the trace itself, an
answer lives exactly as long as what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kmm.sim import Trace

T = TypeVar("T")


def once(trace: Trace, make: Callable[[Trace], T]) -> T:
    """`make(trace)`, which is called for the first question only."""
    kept: dict[Callable[[Trace], T], T] = vars(trace).setdefault("_explained", {})
    if make not in kept:
        kept[make] = make(trace)
    return kept[make]
