# SPDX-License-Identifier: GPL-2.0-only
"""What is asked by its number: a step, a state, a pair."""

from __future__ import annotations

import operator
from typing import Any

from kmm.errors import NoSuchIndex, WrongType


def whole(k: Any, what: str) -> int:
    """`k` as an int: numpy's are taken too, a bool or 3.0 is no number of anything."""
    if type(k) is int:
        return k
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise WrongType(f"a {what} has a number, not {k!r:.60}")
    return operator.index(k)


def numbered(k: Any, end: int, what: str) -> int:
    """`k` as an index below `end`, where -1 is the last; IndexError if there is none."""
    number = whole(k, what)
    if not -end <= number < end:
        there = f"{what}s 0 to {end - 1}" if end else f"no {what}s"
        raise NoSuchIndex(f"no {what} {number}: this trace has {there}")
    return number % end
