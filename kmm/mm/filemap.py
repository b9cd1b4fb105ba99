# SPDX-License-Identifier: GPL-2.0-only
"""The page lock (mm/filemap.c, include/linux/pagemap.h).

PG_locked says that somebody works on the page and wants nobody beside him.  Waiting for it is one
step that cannot happen before the bit is clear.
"""

from __future__ import annotations

from kmm.mm.page import Page
from kmm.mm.page_flags import PageLocked
from kmm.mm.sched import might_sleep
from kmm.sim import VM_BUG_ON, current, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "mm/filemap.c"


def _unlocked(page: Page) -> bool:
    return not page.PG_locked


@primitive(source="include/linux/pagemap.h")
def trylock_page(page: Page) -> int:
    """1 and the running task has the page lock, if nobody had it; else 0."""
    if page.PG_locked:
        return 0
    page.PG_locked = 1
    page.lock_owner = current()
    return 1


@primitive(until=_unlocked, held_by=lambda page: page.lock_owner)
def __lock_page(page: Page) -> None:
    """The running task has the page lock; waits until it is free."""
    page.PG_locked = 1
    page.lock_owner = current()


@kernel_function(source="include/linux/pagemap.h")
def lock_page(page: Page) -> None:
    """The running task has the page lock; may sleep."""
    might_sleep()
    if not trylock_page(page):
        __lock_page(page)


@primitive
def unlock_page(page: Page) -> None:
    """The page lock is free; who waits for it goes on.

    Only a kernel with CONFIG_DEBUG_VM notices that it was not locked.
    """
    VM_BUG_ON(lambda: not PageLocked(page), f"{page.name} is not locked")
    if page.lock_owner not in (None, current()):
        oops("unlock of a page locked by another", f"{page.name}: {page.lock_owner.name}")
    page.PG_locked = 0
    page.lock_owner = None


@primitive(until=_unlocked, held_by=lambda page: page.lock_owner)
def wait_on_page_lock_bit(page: Page) -> None:
    """Nobody had the page lock; waits for that.  Somebody may have it again by now."""


@kernel_function(source="include/linux/pagemap.h")
def wait_on_page_locked(page: Page) -> None:
    """Nobody had the page lock at some moment; may sleep.  The caller holds a reference."""
    might_sleep()
    if PageLocked(page):
        wait_on_page_lock_bit(page)
