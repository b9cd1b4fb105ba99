# SPDX-License-Identifier: GPL-2.0-only
"""What the tasks of cases run: one attempt to migrate a page, and who has no place in kmm.mm."""

from __future__ import annotations

from errno import EAGAIN

from kmm.mm.list import LIST_HEAD, list_add_tail, list_del
from kmm.mm.migrate import unmap_and_move
from kmm.mm.page import Page
from kmm.mm.vmscan import isolate_lru_page, putback_lru_page
from kmm.scenario.driver import get_new_page
from kmm.sim import ListHead


def move(page: Page, to_node: int = 1, force: int = 0) -> int:
    """One attempt to migrate the page to a node, by somebody who holds no mmap_sem."""
    if isolate_lru_page(page):
        return -EAGAIN
    pagelist: ListHead[Page] = LIST_HEAD("pagelist")
    list_add_tail(page.lru, pagelist)
    rc = unmap_and_move(get_new_page, to_node, page, force)
    if page.lru.list is pagelist:
        list_del(page.lru)
        putback_lru_page(page)
    return rc
