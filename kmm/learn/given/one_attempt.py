# SPDX-License-Identifier: GPL-2.0-only
"""One attempt to migrate one page: worlds in which it may fail, and what is demanded of its end.

The page is p0.  `unmap_and_move` is called once, by somebody who has isolated it; what it leaves on
its caller's list stays there, so that it can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import EAGAIN, errorcode
from functools import partial
from typing import Any

from kmm.explore.invariants import ALWAYS, LOCKS
from kmm.learn.checks.situations import Demand, Situation, Wrong
from kmm.learn.parameters import Parameters
from kmm.mm.list import LIST_HEAD, list_add_tail
from kmm.mm.migrate import unmap_and_move
from kmm.mm.page import Page
from kmm.mm.vmscan import isolate_lru_page
from kmm.scenario import Run, World
from kmm.scenario.driver import get_new_page


def at_peace(p: Parameters, **options: Any) -> World:
    """An anonymous page, which one process maps."""
    w = World(nodes=2, **options)
    w.mm().mmap(pages=1).touch(0)
    return w


def locked(p: Parameters) -> World:
    """Somebody else has locked it."""
    w = at_peace(p)
    w.lock(w["p0"])
    return w


def being_written(p: Parameters) -> World:
    """The disk reads the page, which is of a file."""
    w = World(nodes=2)
    file = w.file()
    vma = w.mm().mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED"))
    vma.touch(0, write=False, flags=("uptodate", "writeback"))
    return w


def pinned(p: Parameters) -> World:
    """Somebody holds references."""
    w = at_peace(p)
    w.pin(w["p0"], p.pins)
    return w


def nobody_else(p: Parameters) -> World:
    """Everybody lets go of the page when the attempt begins."""
    w = at_peace(p)
    w.meanwhile(w["p0"], "free", at="page_count")
    return w


def full(p: Parameters) -> World:
    """Node 1 has no free frame."""
    return at_peace(p, free=(100, 0))


def one_attempt(page: Page, force: int) -> int:
    """The page is isolated, and unmap_and_move called once; what stays on the list stays there."""
    pagelist = LIST_HEAD("pagelist")
    isolate_lru_page(page)
    list_add_tail(page.lru, pagelist)
    return unmap_and_move(get_new_page, 1, page, force)


def attempted(build: Callable[[Parameters], World], force: int, p: Parameters) -> Run:
    """One attempt in that world."""
    w = build(p)
    return w.run(partial(one_attempt, w["p0"], force))


#: A page that somebody else has locked stays locked where nobody waits for it.
SOUND = tuple(one for one in ALWAYS if one is not LOCKS)


#: How the steps begin that wait, for the lock and for the disk.
WAITS = ("__lock_page", "wait_on_page_")


def ends(rc: int, *, on_list: bool = False, locked: bool = False, waits: bool = False) -> Demand:
    """An attempt ends with `rc`: 0 and the page has moved, or an error and nobody has waited.

    `on_list`: it is to be tried again.  `locked`: somebody else still has its lock.  `waits`: it
    may wait all the same.
    """

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        page = run.world["p0"]
        waited = [s for s in run.trace if s.primitive.startswith(WAITS)]
        if rc and waited and not waits:
            yield "waits", f"it waits, in step {waited[0].index}, and force does not allow that"
        if run.rc != rc:
            fact = f"returns {run.rc}" if rc else "gives up"
            yield fact, f"it returns {told(run.rc)}, and {told(rc)} is asked for"
            return
        if not rc and page._mapcount != -1:
            yield "does not move", "it returns 0, and the old page is still mapped"
        there = page.lru.list is not None and page.lru.list.name.startswith("pagelist")
        if there and not on_list:
            yield "stays on the list", "the page is still on the caller's list"
        if on_list and not there:
            yield "leaves the list", "the page is off the caller's list: nobody tries it again"
        if page.PG_locked and not locked:
            yield "stays locked", "the page is still locked"

    return wrong


def without_buffers(run: Run, p: Parameters) -> Iterator[Wrong]:
    """The page stays for the next attempt, and its buffers are gone."""
    yield from ends(-EAGAIN, on_list=True)(run, p)
    if run.world["p0"].PG_private:
        yield "keeps its buffers", "the page still has its buffers"


def told(rc: Any) -> str:
    """A code in words."""
    known = isinstance(rc, int) and -rc in errorcode
    return f"-{errorcode[-rc]}" if known else str(rc)


def status_first(run: Run, p: Parameters) -> Iterator[Wrong]:
    """The status is right, and was made before the new page could go."""
    yield from ends(0)(run, p)
    status = run.result["status"]
    if status != [1]:
        yield "other status", f"the status is {status[0]}, and the page is on node 1"
    of_new = {s.primitive: s.index for s in run.trace if [str(a) for a in s.args[:1]] == ["n0"]}
    if of_new.get("page_to_nid", 0) > of_new.get("put_page_testzero", len(run.trace)):
        asks, puts = of_new["page_to_nid"], of_new["put_page_testzero"]
        says = f"step {asks} asks for the node of the new page, whose reference went in step {puts}"
        yield "looks too late", says


def says_status(run: Run, p: Parameters) -> Iterator[Wrong]:
    """The program is told where its page is, or why it has not moved."""
    page = run.world["p0"]
    wanted = -EAGAIN if page._mapcount >= 0 else 1
    status = run.result["status"][0]
    if status != wanted:
        yield "other status", f"the status is {told(status)}, and {told(wanted)} is right"


def moved_by_call(p: Parameters, build: Callable[[Parameters], World] = at_peace) -> Run:
    """move_pages(2) of the one page."""
    w = build(p)
    return w.move_pages([w.mms["m0"].vmas[0].address(0)], [1])


def situation(
    where: str,
    build: Callable[[Parameters], World],
    force: Callable[[Parameters], int],
    demand: Demand,
) -> Situation:
    """One attempt with that `force`."""
    return Situation(where, lambda p: attempted(build, force(p), p), demand)


def orphaned(p: Parameters) -> World:
    """Truncate has taken the page out of its file, and left its buffers."""
    w = World(nodes=2)
    w.add_buffers(w.page(flags=("uptodate",)), 2)
    return w
