# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to mend writeout, and what is to be said to each."""

from __future__ import annotations

from collections.abc import Callable
from errno import EAGAIN, EINVAL, EIO
from typing import Any

from kmm.explore.edit import body
from kmm.explore.history import HISTORY
from kmm.learn.exercises.e12 import owners
from kmm.mm.filemap import lock_page
from kmm.mm.fs import AOP_WRITEPAGE_ACTIVATE
from kmm.mm.migrate import remove_migration_ptes
from kmm.mm.page_flags import SetPageDirty
from kmm.mm.page_writeback import (
    LLONG_MAX,
    WB_SYNC_NONE,
    WritebackControl,
    clear_page_dirty_for_io,
    set_page_dirty,
)
from kmm.scenario import World


def table(name: str, value: str) -> Callable[[Any], Any]:
    """The right table with one value changed."""
    return lambda p: {**owners(p), name: value}


def world(debug_vm: bool = True, dirty: bool = True, **file: Any) -> Callable[[Any], Any]:
    """A case whose file is as told."""

    def case() -> tuple[World, Any]:
        w = World(nodes=2, debug_vm=debug_vm)
        flags = ("uptodate", "dirty") if dirty else ("uptodate",)
        return w, w.file(**{"migratepage": None, **file}).page(0, flags=flags)

    return lambda p: case


def anonymous() -> tuple[World, Any]:
    """A page of no file."""
    w = World(nodes=2)
    return w, w.mm().mmap(pages=1).touch(0)


def frozen() -> tuple[World, Any]:
    """A page that nobody could migrate in any version: its count is a lie."""
    w = World(nodes=2)
    page = w.file(migratepage=None, writepage="error").page(0, flags=("uptodate", "dirty"))
    page._count += 1
    return w, page


def variant(*mistakes: str, of: int = 4) -> Callable[[Any], Any]:
    """The mended function of problem 3 or 4 with these mistakes."""

    def made(p: Any) -> Any:
        def writeout(mapping: Any, page: Any) -> int:
            if not mapping.a_ops.writepage:
                return -EINVAL
            if not clear_page_dirty_for_io(page):
                return -EAGAIN
            if "no ptes" not in mistakes:
                remove_migration_ptes(page, page)
            wbc = WritebackControl(WB_SYNC_NONE, 1, 0, LLONG_MAX, 1, 1)
            rc: int = mapping.a_ops.writepage(page, wbc)
            keep = rc < 0 and of == 4 and "not kept" not in mistakes
            if keep and "early" in mistakes:
                set_page_dirty(page)
            unlocked = rc != AOP_WRITEPAGE_ACTIVATE or "always" in mistakes
            if unlocked and (rc >= 0 or "unlocked" not in mistakes):
                lock_page(page)
            if keep and ("anybody's" in mistakes or page.mapping is mapping):
                if "flag" in mistakes:
                    SetPageDirty(page)
                else:
                    set_page_dirty(page)
            if rc >= 0 or "again" in mistakes:
                return -EAGAIN
            return -EIO if of == 3 or "EIO" in mistakes else rc

        return writeout

    return made


def empty(mapping: Any, page: Any) -> None:
    """What the student finds."""


WRONG = (
    ("e12.q1", table("an error", "the migration"), "what rc3 believes"),
    ("e12.q1", table("0", "the migration"), "gives the lock up"),
    ("e12.q1", table("AOP_WRITEPAGE_ACTIVATE", "nobody"), "the page stays locked"),
    ("e12.q1", table("function", "unmap_and_move"), "Somebody in between"),
    ("e12.q1", table("function", "fallback_migrate_page"), "one call deeper"),
    ("e12.q2", world(migratepage="migrate_page", writepage="error"), "as they are"),
    ("e12.q2", world(), "it is -EINVAL"),
    ("e12.q2", lambda p: anonymous, "for pages of files"),
    ("e12.q2", world(writepage="error", dirty=False), "need not be written"),
    ("e12.q2", world(writepage="ok"), "written without an error"),
    ("e12.q2", world(writepage="activate"), "another row"),
    ("e12.q2", world(writepage="error_locked"), "breaks the rule"),
    ("e12.q2", world(writepage="error", debug_vm=False), "Leave debug_vm"),
    ("e12.q2", lambda p: frozen, "but so it does with the bug mended"),
    ("e12.q2", lambda p: lambda: None, "a world and a page are asked for"),
    ("e12.q3", lambda p: body("writeout", ()), "unlocks the page twice"),
    ("e12.q3", variant("again", of=3), "It is told: -EIO"),
    ("e12.q3", variant("always", of=3), "waits for his own lock"),
    ("e12.q3", variant("no ptes", of=3), "have to come back"),
    ("e12.q3", variant("unlocked", of=3), "unlocks the page twice"),
    ("e12.q3", lambda p: empty, "returns None"),
    ("e12.q4", lambda p: body("writeout", HISTORY[1].holds.edits), "is lost as soon as"),
    ("e12.q4", variant(of=3), "the file system's own"),
    ("e12.q4", variant("not kept"), "is lost as soon as memory is short"),
    ("e12.q4", variant("EIO"), "the file system's own"),
    ("e12.q4", variant("anybody's"), "has left its file"),
    ("e12.q4", variant("early"), "lock it first"),
    ("e12.q4", variant("flag"), "the flag alone does not"),
    ("e12.q4", variant("again"), "nobody is to try again"),
    ("e12.q4", variant("unlocked"), "Somebody unlocks"),
    ("e12.q4", lambda p: empty, "returns None"),
)
