# SPDX-License-Identifier: GPL-2.0-only
"""Values as a sentence writes them: objects by name, errors by name, ptes in words."""

from __future__ import annotations

import errno
from typing import Any

from kmm.mm.mmap import vm_operations_struct
from kmm.mm.page import anon_mapping
from kmm.mm.pgtable import pte_pointer, pte_t, table_pointer
from kmm.mm.radix_tree import slot_pointer
from kmm.mm.swapops import SWP_MIGRATION_READ, SWP_MIGRATION_WRITE, swp_entry_t
from kmm.mm.uaccess import user_pointer

#: Parameters and fields of these names are addresses, and so are the results of these functions.
ADDRESSES = frozenset({
    "addr", "address", "vm_start", "vm_end", "page_address_in_vma", "gfp_mask",
})  # fmt: skip


def word(value: Any, name: str = "") -> str:
    """A value; `name` is the parameter, field or function that it belongs to."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return number(int(value), name)
    if isinstance(value, pte_t):
        return pte(value)
    if isinstance(value, swp_entry_t):
        return entry(value)
    if isinstance(value, anon_mapping):
        return f"{value.anon_vma} (anonymous)"
    if isinstance(value, pte_pointer):
        return f"the pte of {value.mm} at {value.address:#x}"
    if isinstance(value, table_pointer):
        return f"the {value.level} entry of {value.mm} for {value.address:#x}"
    if isinstance(value, slot_pointer):
        return f"index {value.at} of {value.tree}"
    if isinstance(value, user_pointer):
        return f"element {value.i} of {value.array}"
    if isinstance(value, vm_operations_struct):
        return "its vm_ops"
    if isinstance(value, tuple):
        return some(list(map(word, value)))
    return str(value)


#: What may be negative without being an error.
COUNTS = frozenset({"_count", "_mapcount", "nid", "node", "pid", "index", "free"})


def number(value: int, name: str = "") -> str:
    """A number: an address in hex, an error by its name, any other as it is."""
    if -value in errno.errorcode and name not in COUNTS and value < 0:
        return f"-{errno.errorcode[-value]}"
    return hex(value) if value >= 0 and name in ADDRESSES else str(value)


def pte(value: pte_t) -> str:
    """What a pte holds."""
    if value.page is not None:
        return f"{value.page} ({bits(value)})"
    if value.entry is not None:
        return entry(value.entry)
    if value.pgoff is not None:
        return f"a file pte for index {value.pgoff}"
    return "a frame without struct page" if value.special else "nothing"


def bits(value: pte_t) -> str:
    """The bits of a present pte: "writable, dirty, young"."""
    dirty = "dirty" if value.dirty else "clean"
    return f"{access(value.write)}, {dirty}, {'young' if value.young else 'old'}"


def access(write: int) -> str:
    """What a write bit allows."""
    return "writable" if write else "read-only"


def entry(value: swp_entry_t) -> str:
    """A swap entry or a migration entry."""
    if moving(value):
        return f"a {access(writable(value))} migration entry for {value.offset}"
    return f"the swap entry of slot {value.offset}"


def moving(value: swp_entry_t) -> bool:
    """It is a migration entry."""
    return value.type in (SWP_MIGRATION_READ, SWP_MIGRATION_WRITE)


def writable(value: swp_entry_t) -> int:
    """1 if the migration entry is one of a pte that was writable."""
    return int(value.type == SWP_MIGRATION_WRITE)


def some(names: list[str], limit: int = 3) -> str:
    """A list in words: "p0, p1 and 4 more"."""
    if len(names) > limit + 1:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "nothing"
