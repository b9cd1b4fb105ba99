# SPDX-License-Identifier: GPL-2.0-only
"""Pages that go while move_pages(2) looks at them: freed beneath it, moved away, taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.answers import Answer, answers, ask
from kmm.explore.invariants import ALWAYS
from kmm.mm.madvise import sys_madvise
from kmm.mm.memory_hotplug import sparse_remove_one_section
from kmm.mm.page import PAGE_SIZE
from kmm.mm.swap import lru_add_drain_all
from kmm.scenario import World

Tasks = dict[str, Callable[[], Any]]


def _program(*threads: str) -> World:
    """A program with one page of memory, and its threads."""
    w = World(cpus=2)
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    for name in threads:
        w.task(name, mm=mm)
    return w


# 14: with the isolator's reference alone, there is nothing left to move.


def _move_and_zap(w: World) -> Tasks:
    mm, at = w["m0"], w["v0"].vm_start
    return {
        "move": lambda: ask([at], [1]),
        "zap": lambda: sys_madvise(mm, at, PAGE_SIZE),
    }


def _nothing_there(answer: Answer, books: Books) -> Iterator[str]:
    [node] = answer.status
    # A page that is free keeps what it held last.
    held = {page.node for page in books.pages if page.data == books.world["p0"].data}
    if node is not None and node >= 0 and node not in held:
        yield f"the status is node {node}, and nothing was ever copied to that node"


_ARRIVED = answers(
    "move", "arrived", "A status is a node only where the page has come to it.", _nothing_there
)

_NOT_THERE = Edit(
    "unmap_and_move",
    "goto(move_newpage)",
    "if result.value:\n"
    "    result.value.value = -ENOENT\n"
    "    result.value = None\n"
    "goto(move_newpage)",
    nth=0,
)

_freed = Case(
    "14 the memory is given up", lambda: _program("move", "zap"), _move_and_zap, (*ALWAYS, _ARRIVED)
)

FREED = Claim(
    name="14 success with a page that is gone",
    says="A page that only the isolator still holds counts as moved: the status is the node of a "
    "new page that was never used.",
    source="mm/migrate.c: unmap_and_move",
    actors=("move", "zap"),
    holds=_freed.mended("the status of a page that is gone is -ENOENT", _NOT_THERE),
    breaks=_freed,
    scope="one system call, ten passes",
    note="Derived from the code, and the model confirms it.  The fix is ours; 2.6.38-rc4 "
    "(57fc4a5ee32) mended what became of such a page on the list.",
)

# 15: a page that nobody keeps.


def _ask_and_offline(w: World) -> Tasks:
    at, page = w["v0"].vm_start, w["p0"]

    def offline() -> int:
        move(page)
        lru_add_drain_all()
        return sparse_remove_one_section(page)

    return {"ask": lambda: ask([at]), "offline": offline}


_HOLD_PAGE = (
    Edit("do_pages_stat", "follow_page(vma, addr, 0)", "follow_page(vma, addr, FOLL_GET)"),
    Edit(
        "do_pages_stat",
        "if not page or PageReserved(page):\n    goto(set_status)",
        "if not page:\n"
        "    goto(set_status)\n"
        "if PageReserved(page):\n"
        "    put_page(page)\n"
        "    goto(set_status)",
    ),
    Edit("do_pages_stat", "err = page_to_nid(page)", "err = page_to_nid(page)\nput_page(page)"),
)

_unheld = Case("15 the memory is taken out", lambda: _program("ask"), _ask_and_offline)

UNHELD = Claim(
    name="15 a page that nobody keeps",
    says="do_pages_stat looks at a page on which it has no reference: mmap_sem keeps the vma and "
    "not the page, which may have moved and its memory be taken out.",
    source="mm/migrate.c: do_pages_stat",
    actors=("ask", "offline"),
    holds=_unheld.mended("a reference on the page", *_HOLD_PAGE),
    breaks=_unheld,
    scope="one system call, one unmap_and_move",
    note="Mended in April 2022 (4cd614841c06).  Where no memory is taken out, the harm is a node "
    "that was right a moment ago, and that no reference would cure.",
)
