# SPDX-License-Identifier: GPL-2.0-only
"""Dirty pages of files that cannot move them: what writepage does with them, and writeout then.

The page is p0, of the file f0.  It is dirty, mapped once, and its disk does not have its contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from kmm.explore.edit import Edit, edited
from kmm.learn.checks.situations import Demand, Situation, Wrong
from kmm.learn.given.one_attempt import one_attempt, told
from kmm.learn.parameters import Parameters
from kmm.mm.filemap import lock_page
from kmm.mm.page_writeback import (
    LLONG_MAX,
    WB_SYNC_NONE,
    WritebackControl,
    clear_page_dirty_for_io,
)
from kmm.scenario import Run, World


def dirty(how: str | None) -> World:
    """The page, and a writepage that does `how`; None is a file without one."""
    w = World(nodes=2, disk=True)
    file = w.file(migratepage=None, writepage=how)
    file.page(0, flags=("uptodate", "dirty"))
    mm = w.mm()
    mm.mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED")).touch(0, write=False)
    return w


def written(how: str) -> World:
    """The world after writepage has been called as writeout calls it."""
    w = dirty(how)
    page = w["p0"]

    def act() -> int:
        wbc = WritebackControl(
            sync_mode=WB_SYNC_NONE, nr_to_write=1, range_start=0, range_end=LLONG_MAX,
            nonblocking=1, for_reclaim=1,
        )  # fmt: skip
        lock_page(page)
        clear_page_dirty_for_io(page)
        rc: int = page.mapping.a_ops.writepage(page, wbc)
        return rc

    w.run(act)
    return w


def error_is(code: int) -> Edit:
    """The file system fails with that error."""
    return Edit("writepage", "return -EIO", f"return -{code}", nth=-1)


def tries(
    where: str,
    how: str | None,
    demand: Demand,
    *,
    meanwhile: str = "",
    code: Callable[[Parameters], int] | None = None,
) -> Situation:
    """One attempt with the page.

    `meanwhile`: what another CPU does to it while nobody has its lock.  `code`: with which error
    writepage fails.
    """

    def run(p: Parameters) -> Run:
        w = dirty(how)
        if meanwhile:
            w.meanwhile(w["p0"], meanwhile, at="lock_page")
        with edited((error_is(code(p)),) if code else ()):
            return w.run(partial(one_attempt, w["p0"], 0))

    return Situation(where, run, demand)


def ends(
    rc: int | Callable[[Parameters], int], *, on_list: bool = False, is_dirty: bool | None = None
) -> Demand:
    """It ends with `rc` and the page unlocked.

    `on_list`: it is to be tried again.  `is_dirty`: whether the page is dirty then.
    """

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        page, code = run.world["p0"], rc(p) if callable(rc) else rc
        if run.rc != code:
            yield f"returns {run.rc}", f"it returns {told(run.rc)}, and {told(code)} is right"
        there = page.lru.list is not None and page.lru.list.name.startswith("pagelist")
        if there != on_list:
            where = "still on" if there else "off"
            yield "list", f"the page is {where} the caller's list"
        if is_dirty and not page.PG_dirty:
            yield "clean", "the page is clean, and the disk does not have what it holds"
        if is_dirty is False and page.PG_dirty:
            yield "dirty", "the page is dirty"
        yield from _dirtied(run)
        zone = run.world.kernel.zones[0]
        if page.PG_dirty != zone.NR_FILE_DIRTY:
            counted = f"{zone.NR_FILE_DIRTY} dirty pages, and there is {page.PG_dirty}"
            yield "uncounted", f"the zone counts {counted}"

    return wrong


def _dirtied(run: Run) -> Iterator[Wrong]:
    """The migration makes nothing dirty without the lock."""
    for step in run.trace:
        if step.primitive.startswith("another_cpu"):
            continue
        made = any(c.path == "p0.PG_dirty" and c.new for c in step.changes)
        if made and not run.trace.value("p0.PG_locked", step.index):
            says = f"step {step.index} makes the page dirty, and nobody has its lock"
            yield "dirty without the lock", says
