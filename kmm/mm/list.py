# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's linked lists (include/linux/list.h).

A struct is on a list by the list_head inside it: `list_del(page.lru)`.  Walking a list gives the
structs themselves, as list_for_each_entry does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from kmm.sim import Entry, ListHead, current_machine, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "include/linux/list.h"

M = TypeVar("M")


@primitive
def LIST_HEAD(name: str) -> ListHead[Any]:
    """A new, empty list, called `name` in the record."""
    return ListHead(current_machine(), name)


@primitive
def list_del(entry: Entry[M]) -> None:
    """The entry is on no list; it must be on one."""
    if entry.list is None:
        oops("oops: list_del of an entry that is on no list", entry.name)
    entry.list.remove(entry)


@primitive
def list_add(entry: Entry[M], head: ListHead[M]) -> None:
    """The entry is the first of the list."""
    head.add(entry)


@primitive
def list_add_tail(entry: Entry[M], head: ListHead[M]) -> None:
    """The entry is the last of the list."""
    head.add_tail(entry)


@primitive
def list_empty(head: ListHead[M]) -> int:
    """1 if nothing is on the list."""
    return int(head.first is None)


def list_for_each_entry(head: ListHead[M]) -> Iterator[M]:
    """Each struct on the list, first to last."""
    yield from head


def list_for_each_entry_safe(head: ListHead[M]) -> Iterator[M]:
    """Each struct on the list; the one that was given out last may be taken off meanwhile."""
    entry = head.first
    while entry is not None:
        following = head.next(entry)
        yield entry.owner
        entry = following
