# SPDX-License-Identifier: GPL-2.0-only
"""Candidates: the kinds of pages that one may want to isolate, and what can be seen of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from kmm.mm.fs import AddressSpace
from kmm.mm.page import Page
from kmm.scenario import World


@dataclass(frozen=True)
class Candidate:
    """What can be seen of a page before anything is done.

    `count` and `maps` are page_count() and page_mapcount().  `cached`: the page cache or the swap
    cache has it.  `private`: it has PG_private.  `lru`: "list", "pagevec" or "none".  `mapping`:
    "anon", "file" or "NULL".  `migratepage` and `writepage`: what its file system has, by name.
    """

    name: str
    node: int
    count: int
    maps: int
    mapping: str
    cached: bool
    private: bool
    lru: str
    locked: bool
    writeback: bool
    dirty: bool
    mlocked: bool
    migratepage: str | None
    writepage: str | None

    COLUMNS: ClassVar = ("page", "node", "count", "maps", "mapping", "LRU", "and", "file system")

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        words = ("cached", "private", "locked", "writeback", "dirty", "mlocked")
        flags = ", ".join(word for word in words if getattr(self, word))
        system = ""
        if self.mapping == "file":
            system = f"migratepage: {self.migratepage}, writepage: {self.writepage}"
        numbers = (str(self.node), str(self.count), str(self.maps))
        return (self.name, *numbers, self.mapping, self.lru, flags, system)

    def __str__(self) -> str:
        pairs = zip(self.COLUMNS[1:], self.cells[1:], strict=True)
        return f"{self.name}: " + "; ".join(f"{name} {cell}" for name, cell in pairs if cell)


def seen(w: World, page: Page) -> Candidate:
    """What can be seen of the page of that world."""
    mapping: Any = page.mapping
    of_file = mapping if isinstance(mapping, AddressSpace) else None
    waits = any(page in pvec.pages for pvecs in w.kernel.cpu_pvecs for pvec in pvecs.values())
    ops = of_file.a_ops if of_file is not None else None
    return Candidate(
        name=page.name,
        node=page.node,
        count=page._count,
        maps=page._mapcount + 1,
        mapping="NULL" if mapping is None else "file" if of_file is not None else "anon",
        cached=of_file is not None or bool(page.PG_swapcache),
        private=bool(page.PG_private),
        lru="list" if page.PG_lru else "pagevec" if waits else "none",
        locked=bool(page.PG_locked),
        writeback=bool(page.PG_writeback),
        dirty=bool(page.PG_dirty),
        mlocked=bool(page.PG_mlocked),
        migratepage=getattr(ops.migratepage, "__name__", None) if ops else None,
        writepage=getattr(ops.writepage, "__name__", None) if ops else None,
    )


@dataclass(frozen=True)
class PageKind:
    """`make` puts a page of this kind into a world; `why` is what becomes of it, in words."""

    make: Callable[[World], Page]
    why: str


def _anon(w: World, mappers: int = 1, **more: Any) -> Page:
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0, **more)
    for _ in range(mappers - 1):
        mm.fork()
    return page


def _file(
    w: World, flags: tuple[str, ...] = (), maps: int = 1, lru: str | None = "list", **ops: Any
) -> Page:
    file = w.file(**ops)
    page = file.page(0, flags=("uptodate", *flags), lru=lru)
    for _ in range(maps):
        w.mm().mmap(pages=1, file=file).touch(0, write=False)
    return page


def _pinned(w: World) -> Page:
    page = _anon(w)
    w.pin(page)
    return page


def _pinned_file(w: World) -> Page:
    page = _file(w, maps=2)
    w.pin(page)
    return page


def _locked(w: World, page: Page) -> Page:
    w.lock(page)
    return page


def _in_a_pagevec(w: World) -> Page:
    page = _file(w, lru=None)
    pvec = w.kernel.cpu_pvecs[1]["inactive_file"]
    pvec.put(len(pvec), page)
    page._count += 1
    return page


def _with_buffers(w: World) -> Page:
    page = _file(w, migratepage="buffer_migrate_page")
    w.add_buffers(page, 2)
    return page


def _mlocked(w: World) -> Page:
    vma = w.mm().mmap(pages=1, flags=("READ", "WRITE", "LOCKED"))
    return vma.touch(0, flags=("uptodate", "mlocked", "unevictable"))


def _locked_and_pinned(w: World) -> Page:
    return _locked(w, _pinned(w))


#: By what they are called; the names tell nothing of what becomes of them.
KINDS: dict[str, PageKind] = {
    "plain": PageKind(_anon, "is in nobody's way: it moves at once"),
    "shared": PageKind(
        lambda w: _anon(w, 3), "is mapped by three processes: that is more ptes, but no obstacle"
    ),
    "file": PageKind(_file, "is a clean page of a file, and only the cache and a pte hold it"),
    "swap cache": PageKind(
        lambda w: _anon(w, swap=20 + len(w.pages)),
        "is in the swap cache, which has a migratepage of its own: it moves at once",
    ),
    "mlocked": PageKind(
        _mlocked, "is mlocked: it may not be swapped out, but to move it is allowed"
    ),
    "pagevec": PageKind(
        _in_a_pagevec,
        "waits in a pagevec of another CPU, which holds a reference: migrate_prep() empties the "
        "pagevecs, and without it the page is on no list and cannot be isolated",
    ),
    "buffers": PageKind(
        _with_buffers,
        "has buffers, which hold one reference together, and a file system that moves them along",
    ),
    "dirty, migratepage": PageKind(
        lambda w: _file(w, ("dirty",)), "is dirty, but its file system has a migratepage"
    ),
    "dirty, writepage": PageKind(
        lambda w: _file(w, ("dirty",), migratepage=None, writepage="ok"),
        "is dirty, and its file system has no migratepage: the first attempt only writes it",
    ),
    "locked": PageKind(
        lambda w: _locked(w, _anon(w)),
        "is locked by somebody: three attempts give up, and only the fourth waits for the lock",
    ),
    "writeback": PageKind(
        lambda w: _file(w, ("writeback",)),
        "is being written: three attempts give up, and only the fourth waits for the disk",
    ),
    "locked, writepage": PageKind(
        lambda w: _locked(w, _file(w, ("dirty",), migratepage=None, writepage="ok")),
        "is locked, and then it has to be written first: the fourth attempt waits for the lock, "
        "and only the one after it moves the page",
    ),
    "pinned": PageKind(
        _pinned,
        "is held by somebody else, its count is more than its ptes and the cache: it is tried ten "
        "times in vain",
    ),
    "pinned file": PageKind(
        _pinned_file,
        "is held by somebody else, its count is more than its ptes and the cache: it is tried ten "
        "times in vain",
    ),
    "locked, pinned": PageKind(
        _locked_and_pinned,
        "is locked, and held by somebody else as well: waiting for the lock does not help",
    ),
    "dirty, no writepage": PageKind(
        lambda w: _file(w, ("dirty",), migratepage=None),
        "is dirty, and its file system can neither migrate nor write it: -EINVAL, at once",
    ),
    "not movable": PageKind(
        lambda w: _file(w, migratepage="fail_migrate_page"),
        "belongs to a mapping whose pages must not move: fail_migrate_page gives -EIO",
    ),
    "just read": PageKind(
        lambda w: w.page(swap=20 + len(w.pages), flags=("uptodate",)),
        "was just read into the swap cache and has no mapping yet: each attempt gives up (later "
        "kernels can: abfc3488118, 2.6.32)",
    ),
    "on no list": PageKind(
        lambda w: _anon(w, lru=None),
        "is on no LRU list, and in no pagevec: isolate_lru_page gives -EBUSY",
    ),
    "elsewhere": PageKind(
        lambda w: _anon(w, node=2), "is on node 2: if it moves, node 0 has gained nothing"
    ),
}
