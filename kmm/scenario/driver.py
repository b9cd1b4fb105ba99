# SPDX-License-Identifier: GPL-2.0-only
"""The callers of migrate.c: what a kernel does before it migrates, as scenarios ask for it.

In the kernel these are mempolicy.c, memory_hotplug.c, the system call entry and the page fault.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from kmm.mm.list import LIST_HEAD, list_add_tail
from kmm.mm.migrate import (
    migrate_pages,
    migrate_prep,
    migrate_vmas,
    migration_entry_wait,
    putback_lru_pages,
    sys_move_pages,
)
from kmm.mm.mmap import MmStruct
from kmm.mm.page import Page
from kmm.mm.page_alloc import GFP_HIGHUSER_MOVABLE, GFP_THISNODE, alloc_pages_node
from kmm.mm.pgtable import pgd_offset, pmd_offset, pud_offset
from kmm.mm.uaccess import UserArray
from kmm.mm.vmscan import isolate_lru_page
from kmm.sim import Cell, ListHead, current, current_machine, kernel_function

KERNEL_FILE = "the caller"


@kernel_function
def get_new_page(page: Page, private: int, result: Cell[Any]) -> Page | None:
    """A page of node `private`, None if it has no free frame."""
    return alloc_pages_node(private, GFP_HIGHUSER_MOVABLE | GFP_THISNODE, 0)


def _isolate(pages: Sequence[Page], pagelist: ListHead[Page]) -> list[str]:
    """Put the pages that can be isolated on the list; returns the names of the others."""
    not_isolated = []
    for page in pages:
        if isolate_lru_page(page) == 0:
            list_add_tail(page.lru, pagelist)
        else:
            not_isolated.append(page.name)
    return not_isolated


@kernel_function
def isolate_and_migrate(pages: Sequence[Page], to_node: int, prep: bool) -> int:
    """Isolate the pages in order and migrate them to a node; `prep`: empty the pagevecs before."""
    if prep:
        migrate_prep()
    pagelist: ListHead[Page] = LIST_HEAD("pagelist")
    current_machine().kernel.not_isolated = _isolate(pages, pagelist)
    return migrate_pages(pagelist, get_new_page, to_node)


@kernel_function
def isolate_and_put_back(pages: Sequence[Page]) -> int:
    """Isolate the pages in order and put them back."""
    pagelist: ListHead[Page] = LIST_HEAD("pagelist")
    current_machine().kernel.not_isolated = _isolate(pages, pagelist)
    return putback_lru_pages(pagelist)


@kernel_function
def fault_on_entry(mm: MmStruct, address: int) -> None:
    """A page fault finds something that is not present at the address, and waits if it moves."""
    pmd = pmd_offset(pud_offset(pgd_offset(mm, address), address), address)
    migration_entry_wait(mm, pmd, address)


@kernel_function
def ask_vmas(mm: MmStruct, to: int, from_: int, flags: int) -> int:
    """migrate_vmas, as migrate_pages(2) begins with it."""
    return migrate_vmas(mm, to, from_, flags)


def call_move_pages(
    pid: int,
    addresses: Sequence[int],
    nodes: Sequence[int] | None,
    flags: int,
    *,
    nr_pages: int | None = None,
    fault_pages: Collection[int] = (),
    fault_nodes: Collection[int] = (),
    fault_status: Collection[int] = (),
    status_at: int | None = None,
) -> int:
    """move_pages(2): a program has the arrays in its memory; `fault_*` cannot be accessed.

    `status_at`: the address of the status array in the running task's mm, which has to be mapped
    when it is written; None: it is there at any time, like the other arrays.
    """
    machine = current_machine()
    count = len(addresses)
    pages = UserArray(machine, "pages", count, addresses, fault_pages)
    where = None if nodes is None else UserArray(machine, "nodes", len(nodes), nodes, fault_nodes)
    mm = None if status_at is None else current().mm
    status = UserArray(machine, "status", count, (), fault_status, mm=mm, at=status_at or 0, size=4)
    machine.kernel.user_status = status
    return sys_move_pages(pid, count if nr_pages is None else nr_pages, pages, where, status, flags)
