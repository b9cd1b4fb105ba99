# SPDX-License-Identifier: GPL-2.0-only
"""Calls and values as a kernel developer writes them.

Objects and constants by their bare names, addresses in hex, NULL, and errors by name: `-EAGAIN`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

from kmm.sim.function import FUNCTIONS
from kmm.sim.step import Change, shown

#: Parameters and fields of these names are written in hex, unless they are small numbers.
IN_HEX = ("addr", "address", "gfp_mask")
SMALL = 0x1000


def called(function: str, args: Iterable[Any]) -> str:
    """A call: `migrate_page_move_mapping(f0, n0, p0)`."""
    known = FUNCTIONS.get(function)
    names = chain(known.parameters if known else (), repeat(""))
    return f"{function}({', '.join(map(passed, names, args))})"


def passed(name: str, value: Any) -> str:
    """The value of a parameter or a field of this name."""
    if isinstance(value, int) and value >= SMALL and name in IN_HEX:
        return hex(value)
    return written(value)


def written(value: Any) -> str:
    """A value; the kernel's own values (a pte) know how they are written."""
    if type(value) is tuple:
        return f"({', '.join(map(written, value))})"
    return shown(value)


def marked(change: Change) -> str:
    """A change: `p0._count 2 → 1`."""
    old, new = (passed(change.field, value) for value in (change.old, change.new))
    return f"{change.path} {old} → {new}"


def returned(result: Any, function: str = "") -> str:
    """What a call returned; the kernel returns errors as negative numbers."""
    if isinstance(result, int) and result >= SMALL and "address" in function:
        return hex(result)
    if isinstance(result, int) and -result in errno.errorcode:
        return f"-{errno.errorcode[-result]}"
    return written(result)


def is_void(function: str, result: Any) -> bool:
    """The function returns nothing, rather than NULL: its signature says which."""
    if result is not None:
        return False
    known = FUNCTIONS.get(function)
    return known is None or known.signature.return_annotation in ("None", None)
