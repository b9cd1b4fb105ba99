# SPDX-License-Identifier: GPL-2.0-only
"""The memory control group: which pages are charged to it (mm/memcontrol.c).

Simplified: there is one group without a limit; `page.charged` is the page_cgroup, the group keeps
how many pages it has and, for the lessons, how often each function was called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmm.mm.page import Page, anon_vma_of
from kmm.mm.sched import might_sleep
from kmm.sim import VM_BUG_ON, Tracked, current_machine, primitive

if TYPE_CHECKING:
    from kmm.mm.mmap import MmStruct

KERNEL_FILE = "mm/memcontrol.c"


class MemCgroup(Tracked):
    """struct mem_cgroup.  `refuses` is what the next mem_cgroup_prepare_migration returns."""

    disabled: int = 0
    usage: int = 0
    prepare: int = 0
    end: int = 0
    charge: int = 0
    uncharge_cache: int = 0
    refuses: int = 0


def _group() -> MemCgroup:
    group: MemCgroup = current_machine().kernel.memcg
    return group


def charge_page(page: Page) -> None:
    """The page is charged; nothing happens to one that is already."""
    group = _group()
    if not group.disabled and not page.charged:
        page.charged = 1
        group.usage += 1


def uncharge_page(page: Page) -> None:
    """The page is not charged; nothing happens to one that is not."""
    group = _group()
    if not group.disabled and page.charged:
        page.charged = 0
        group.usage -= 1


def _mapped(page: Page) -> bool:
    return page._mapcount >= 0


@primitive
def mem_cgroup_prepare_migration(page: Page, newpage: Page) -> int:
    """0, and newpage is charged if page is; -ENOMEM if the group has no room.  May sleep."""
    might_sleep()
    group = _group()
    group.prepare += 1
    if group.refuses and not group.disabled:
        refusal, group.refuses = group.refuses, 0
        return refusal
    if page.charged:
        charge_page(newpage)
    return 0


@primitive
def mem_cgroup_end_migration(newpage: Page) -> None:
    """A charge that nobody will need any more is given back."""
    _group().end += 1
    if newpage.mapping is None or (anon_vma_of(newpage) is not None and not _mapped(newpage)):
        uncharge_page(newpage)


@primitive
def mem_cgroup_charge(page: Page, mm: MmStruct, gfp_mask: int) -> int:
    """The page is charged for `mm`; not if it is mapped already or a file's.  Returns 0."""
    _group().charge += 1
    is_file = page.mapping is not None and anon_vma_of(page) is None
    if not _mapped(page) and not is_file:
        charge_page(page)
    return 0


@primitive
def mem_cgroup_uncharge_page(page: Page) -> None:
    """An anonymous page that nobody maps any more is not charged."""
    if not _mapped(page) and (page.mapping is None or anon_vma_of(page) is not None):
        uncharge_page(page)


@primitive
def mem_cgroup_uncharge_cache_page(page: Page) -> None:
    """A page that has left the page cache is not charged."""
    VM_BUG_ON(lambda: page._mapcount >= 0)
    VM_BUG_ON(lambda: page.mapping)
    _group().uncharge_cache += 1
    uncharge_page(page)
