# SPDX-License-Identifier: GPL-2.0-only
"""What move_pages(2) tells, and what is so: holes, pages named twice, full nodes, zero pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from errno import EAGAIN, EFAULT
from typing import Any

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.answers import Answer, answers, ask
from kmm.explore.invariants import ALWAYS
from kmm.mm.page import PAGE_SIZE
from kmm.scenario import World

Tasks = dict[str, Callable[[], Any]]


def _program(pages: int, **options: Any) -> World:
    """One program with so many pages of memory, all touched."""
    w = World(**options)
    vma = w.mm().mmap(pages=pages)
    for i in range(pages):
        vma.touch(i)
    w.task("move", mm=w.mms["m0"])
    return w


def _page(w: World, i: int) -> int:
    """Where page number `i` of the program is."""
    return w.mms["m0"].vmas[0].address(i)


def _moves(w: World, pages: Sequence[int], nodes: Sequence[int]) -> Tasks:
    """The program asks for these of its pages to be moved."""
    addresses = [_page(w, i) for i in pages]
    return {"move": lambda: ask(addresses, nodes)}


# 8: a vma that ends above the address need not contain it.


def _two_vmas() -> World:
    w = _program(1)
    w.mms["m0"].mmap(pages=1).touch(0)
    return w


def _ask_holes(w: World) -> Tasks:
    """Below the vmas, in the first, between them, in the second, behind them; asked and moved."""
    first, second = w["v0"], w["v1"]
    addresses = [
        first.vm_start - PAGE_SIZE, first.vm_start, first.vm_end, second.vm_start, second.vm_end
    ]  # fmt: skip
    return {"move": lambda: (ask(addresses), ask(addresses, [1] * 5))}


def _holes(told: Any, books: Books) -> Iterator[str]:
    for how, answer in zip(("asked", "moved"), told, strict=True):
        for i in (0, 2, 4):
            if answer.status[i] != -EFAULT:
                yield f"{how}, status[{i}] is {answer.status[i]}, and there is no vma"


_HOLES = answers("move", "holes", "An address that is in no vma is -EFAULT.", _holes)

_INSIDE = (
    Edit("do_pages_stat", "not vma", "not vma or addr < vma.vm_start"),
    Edit(
        "do_move_page_to_node_array",
        "not vma or not vma_migratable(vma)",
        "not vma or pp.addr < vma.vm_start or not vma_migratable(vma)",
    ),
)

_below = Case("08 five addresses", _two_vmas, _ask_holes, (*ALWAYS, _HOLES))

HOLE = Claim(
    name="08 the vma above the address",
    says="find_vma gives the first vma that ends above the address, so a hole below a vma is "
    "told as memory without a page (-ENOENT), not as no memory (-EFAULT).",
    source="mm/migrate.c: do_pages_stat, do_move_page_to_node_array",
    actors=("move",),
    holds=_below.mended("the vma must begin below the address", *_INSIDE),
    breaks=_below,
    scope="two system calls",
    note="Mended in 2.6.37-rc1 (70384dc6dcc).",
)

# 10: the array is searched for the page, and a page may be in it twice.


def _twice(w: World) -> Tasks:
    """The page is on node 0; first it shall stay, then it shall go."""
    return _moves(w, [0, 0], [0, 1])


def _elsewhere(answer: Answer, _: Books) -> Iterator[str]:
    for i, status in enumerate(answer.status):
        if status >= 0 and status != i:
            yield f"status[{i}] is node {status}, and node {i} was asked for"


_ASKED_FOR = answers(
    "move", "destination", "A status is the node that was asked for, or an error.", _elsewhere
)

#: Only an entry that has isolated its page can be found by it.
_OWN_ENTRY = (
    Edit("do_move_page_to_node_array", "pp.page = page", ""),
    Edit(
        "do_move_page_to_node_array",
        "list_add_tail(page.lru, pagelist)",
        "pp.page = page\nlist_add_tail(page.lru, pagelist)",
    ),
)

_named_twice = Case("10 a page named twice", lambda: _program(1), _twice, (*ALWAYS, _ASKED_FOR))

TWICE = Claim(
    name="10 the first entry with that page",
    says="The destination is that of the first entry with the page, also where another entry has "
    "isolated it: the page is copied to the node that it is on, and success is told.",
    source="mm/migrate.c: new_page_node",
    actors=("move",),
    holds=_named_twice.mended("an entry without an isolated page is not found", *_OWN_ENTRY),
    breaks=_named_twice,
    scope="one system call",
    note="Derived from the code, and the model confirms it.  The fix is ours; 4.17 gave up the "
    "search itself (a49bd4d71637).  If both entries want another node, the second is -EBUSY.",
)

# 11: how many did not move.


def _one_pinned() -> World:
    w = _program(2)
    w.pin(w["p1"])
    return w


def _uncounted(answer: Answer, _: Books) -> Iterator[str]:
    left = answer.status.count(-EAGAIN)
    if answer.rc != left:
        yield f"{left} pages are where they were, and the call returns {answer.rc}"


_COUNTED = answers(
    "move", "left behind", "The call returns how many pages could not be moved.", _uncounted
)

_ALL_OR_NOTHING = Edit(
    "do_pages_move",
    "err = do_move_page_to_node_array(mm, pm, flags & MPOL_MF_MOVE_ALL)",
    "err = min(0, do_move_page_to_node_array(mm, pm, flags & MPOL_MF_MOVE_ALL))",
)

_pinned = Case(
    "11 a page that is pinned",
    _one_pinned,
    lambda w: _moves(w, [0, 1], [1, 1]),
    (*ALWAYS, _COUNTED),
)

POSITIVE = Claim(
    name="11 success with pages left behind",
    says="A version that keeps only the error of each part of the array returns 0 although pages "
    "have stayed where they were.",
    source="mm/migrate.c: do_pages_move",
    actors=("move",),
    holds=_pinned.mended("the count is passed on"),
    breaks=_pinned.without(_ALL_OR_NOTHING),
    scope="ten passes",
    note="rc3 passes it on.  From 2.6.29 (3140a227300) to 4.16 it was lost, 4.17 (a49bd4d71637) "
    "brought it back by accident, and in 2020 (5984fabb6e82) it was written down.",
)

# 12: a node without a free frame.


def _one_frame() -> World:
    return _program(3, free=(100, 1))


def _untold(answer: Answer, books: Books) -> Iterator[str]:
    """Where each page is now, beside what was told of it."""
    ptes = books.world["m0"].page_table.cells
    for i, status in enumerate(answer.status):
        node = ptes[_page(books.world, i)].page.node
        if status is None or (status >= 0 and status != node) or (status < 0 and node == 1):
            yield f"page {i} is on node {node}, and status[{i}] is {status}"


_TOLD = answers("move", "told", "The program is told of each page whether it moved.", _untold)

_TELL_ALL = (
    Edit("do_pages_move", "err >= 0", "True"),
    Edit(
        "do_move_page_to_node_array",
        "list_add_tail(page.lru, pagelist)",
        "list_add_tail(page.lru, pagelist)\nerr = -EAGAIN",
    ),
    Edit(
        "unmap_and_move",
        "if not newpage:\n    return -ENOMEM",
        "if not newpage:\n"
        "    if result.value:\n"
        "        result.value.value = -ENOMEM\n"
        "    return -ENOMEM",
    ),
)

_full = Case(
    "12 a node with one free frame",
    _one_frame,
    lambda w: _moves(w, [0, 1, 2], [1, 1, 1]),
    (*ALWAYS, _TOLD),
)

FULL = Claim(
    name="12 moved and not told",
    says="When the node is full in the middle, the pages before have moved, the call returns "
    "-ENOMEM, and no status is written.",
    source="mm/migrate.c: do_pages_move, unmap_and_move",
    actors=("move",),
    holds=_full.mended("statuses are written in any case, and set where it fails", *_TELL_ALL),
    breaks=_full,
    scope="one system call",
    note="Derived from the code, and the model confirms it.  The fix is ours: -ENOMEM for the page "
    "that found no frame, -EAGAIN for those that were not tried.",
)

# 13: the zero page.


def _zero_mapped() -> World:
    w = World()
    vma = w.mm().mmap(pages=1, flags=("READ",))
    w.map(w.kernel.zero_page, w.mms["m0"], vma.address(0))
    w.task("move", mm=w.mms["m0"])
    return w


def _zero(answer: Answer, _: Books) -> Iterator[str]:
    if answer.status != (-EFAULT,):
        yield f"the status of the zero page is {answer.status[0]}"


_ZERO = answers("move", "zero page", "The zero page is -EFAULT, as the manual says.", _zero)

_SAY_SO = Edit(
    "do_move_page_to_node_array",
    "if PageReserved(page):\n    goto(put_and_set)",
    "if PageReserved(page):\n    err = -EFAULT\n    goto(put_and_set)",
)

_reserved = Case("13 the zero page", _zero_mapped, lambda w: _moves(w, [0], [1]), (*ALWAYS, _ZERO))

ZERO = Claim(
    name="13 the error of the test before",
    says="The zero page is told as -ENOENT, because that is what the test before it would have "
    "said, and nobody has set another error.",
    source="mm/migrate.c: do_move_page_to_node_array",
    actors=("move",),
    holds=_reserved.mended("the zero page has its own error", _SAY_SO),
    breaks=_reserved,
    scope="one system call",
    note="Mended in 4.3 (d899844e9c98), which by accident changed the error of memory without a "
    "page too, until 6.12 (7dff875c9436).",
)
