# SPDX-License-Identifier: GPL-2.0-only
"""A program asks where its pages are: worlds for do_pages_stat, and what is demanded of it.

What is right for an address is read off the page table and the vmas, not asked of any version of
the function.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from errno import EFAULT, ENOENT
from functools import partial
from typing import Any

from kmm.explore.invariants import ALWAYS, ENTRIES, LOCKS
from kmm.learn.checks.situations import Situation, Wrong
from kmm.learn.given.one_attempt import told
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import MPOL_MF_MOVE
from kmm.mm.page import PAGE_SIZE
from kmm.scenario import Run, World
from kmm.scenario.driver import call_move_pages

#: The page that is being moved has an entry, and its lock, all the time.
AT_REST = tuple(one for one in ALWAYS if one not in (ENTRIES, LOCKS))

#: The addresses of a call, by what is there.
Places = dict[str, int]


def program(node: int = 0) -> tuple[World, Places]:
    """A program with six kinds of addresses; its page is on that node."""
    w = World(nodes=3)
    mm = w.mm()
    vma = mm.mmap(pages=3)
    vma.touch(0, node=node)
    moving = w.page(node=node, anon_vma=vma.struct.anon_vma, index=2, flags=("uptodate",))
    w.lock(moving)
    w.pin(moving)
    mm.put_migration_entry(vma.address(2), moving)
    zero = mm.mmap(pages=1, flags=("READ",))
    w.map(w.kernel.zero_page, mm, zero.address(0))
    return w, {
        "below the first vma": vma.address(0) - PAGE_SIZE,
        "a page": vma.address(0),
        "never touched": vma.address(1),
        "migration entry": vma.address(2),
        "the zero page": zero.address(0),
        "behind the last vma": zero.struct.vm_end,
    }


def every_kind(p: Parameters) -> tuple[World, Sequence[int]]:
    """The six kinds of addresses, and two of them once more behind the others."""
    w, places = program(p.node)
    return w, (*places.values(), places["a page"], places["behind the last vma"])


def many(n: int) -> tuple[World, list[int]]:
    """A program with n pages, on two nodes; each third has never been touched."""
    w = World(nodes=2)
    vma = w.mm().mmap(pages=n + 1)
    for i in range(n):
        if i % 3 != 1:
            vma.touch(i, node=i % 2)
    return w, [vma.address(i) for i in range(n)]


def asked(w: World, addresses: Sequence[int], **faults: Any) -> Run:
    """move_pages(2) without nodes; `faults` is as call_move_pages takes it."""
    return w.run(partial(call_move_pages, 0, list(addresses), None, MPOL_MF_MOVE, **faults))


def right(w: World, address: int, *, hole: int = -EFAULT) -> int:
    """What is to be told of the address; `hole` where the next vma begins above it."""
    vmas = [vma.struct for mm in w.mms.values() for vma in mm.vmas]
    if not any(address < vma.vm_end for vma in vmas):
        return -EFAULT
    if not any(vma.vm_start <= address < vma.vm_end for vma in vmas):
        return hole
    page = w["m0"].page_table[address].page
    return -ENOENT if page is None or page.PG_reserved else int(page.node)


def _statuses(run: Run, addresses: Sequence[int], wanted: Sequence[Any]) -> Iterator[Wrong]:
    for i, (is_, should) in enumerate(zip(run.result["status"], wanted, strict=True)):
        if is_ != should:
            fact = "untold" if is_ is None else f"tells {is_}"
            if is_ is not None and should is None:
                fact = "tells too much"
            if i and is_ is not None and is_ != -EFAULT and is_ == run.result["status"][i - 1]:
                fact = "stale"
            where = f"status[{i}] (address {addresses[i]:#x})"
            yield fact, f"{where} is {_word(is_)}, and {_word(should)} is right"
            if fact.startswith("tells") and should is not None:
                yield f"tells {is_} for {should}", ""
            return


def _word(status: Any) -> str:
    return "not written" if status is None else told(status)


def nothing(p: Parameters) -> dict[str, Any]:
    """Every element of the arrays can be accessed."""
    return {}


def asks(
    where: str,
    build: Callable[[Parameters], tuple[World, Sequence[int]]],
    *,
    hole: int = -EFAULT,
    chunked: bool = False,
    held: bool = False,
    rc: int = 0,
    faults: Callable[[Parameters], dict[str, Any]] = nothing,
    written: Callable[[Parameters], int] = lambda p: sys.maxsize,
) -> Situation:
    """The program asks for the addresses that `build` gives, and is told what is right.

    `chunked`: in chunks of p.chunk, with mmap_sem held for the looking up alone.  `held`: with a
    reference on each page that is looked at.  `rc`: what is returned.  `faults`: what cannot be
    accessed.  `written`: so many statuses, from the first.
    """

    def run(p: Parameters) -> Run:
        w, addresses = build(p)
        return asked(w, addresses, **faults(p))

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        addresses = build(p)[1]
        if run.rc != rc:
            yield f"returns {run.rc}", f"it returns {told(run.rc)}, and {told(rc)} is right"
        wanted: list[int | None] = [right(run.world, a, hole=hole) for a in addresses]
        count = written(p)
        wanted[count:] = [None] * len(wanted[count:])
        yield from _statuses(run, addresses, wanted)
        if held:
            yield from _looks(run)
        if chunked:
            yield from _copies(run)
            yield from _rounds(run, len(addresses), p.chunk)

    return Situation(where, run, wrong)


def _looks(run: Run) -> Iterator[Wrong]:
    """No page is looked at without a reference."""
    held: set[str] = set()
    for step in run.trace:
        page = str(step.args[0]) if step.args else ""
        if step.primitive == "get_page":
            held.add(page)
        elif step.primitive == "put_page_testzero":
            held.discard(page)
        elif step.primitive == "page_to_nid" and page not in held:
            yield (
                "unheld",
                f"step {step.index} looks at {page}, on which nobody here has a reference",
            )
            return


def _copies(run: Run) -> Iterator[Wrong]:
    """No access to the program's memory while mmap_sem is held."""
    held = False
    for step in run.trace:
        if step.primitive in ("__down_read", "up_read"):
            held = step.primitive == "__down_read"
        elif held and step.primitive in ("get_user", "put_user"):
            says = f"step {step.index}, {step.primitive}(), is made with mmap_sem held"
            yield f"{step.primitive} under mmap_sem", says
            return


def _rounds(run: Run, count: int, chunk: int) -> Iterator[Wrong]:
    """mmap_sem is taken once for each chunk, and so many addresses are read before."""
    steps = [s.primitive for s in run.trace]
    taken, most = steps.count("__down_read"), -(-count // chunk)
    if run.rc == 0 and taken != most:
        often = "once" if taken == 1 else f"{taken} times"
        says = f"mmap_sem is taken {often}, and for chunks of {chunk} it should be {most}"
        yield "too often" if taken > most else "too seldom", says
    in_a_row = 0
    for name in steps:
        in_a_row = in_a_row + 1 if name == "get_user" else 0 if name == "__down_read" else in_a_row
        if in_a_row > chunk:
            yield "too many at once", f"more than {chunk} addresses are read before a look up"
            return
