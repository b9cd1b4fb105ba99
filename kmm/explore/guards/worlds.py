# SPDX-License-Identifier: GPL-2.0-only
"""The worlds of the guards, as small as they can be, and who disturbs the migration in them.

The page is isolated already, by the task "migrate", which makes one attempt to move it to node 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from errno import errorcode
from typing import Any

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.invariants import ALWAYS, AT_END, LOCKED_ENTRIES, Invariant
from kmm.mm.buffer import get_bh, lock_buffer, put_bh, set_buffer_dirty, unlock_buffer
from kmm.mm.filemap import find_get_page, find_lock_page, unlock_page
from kmm.mm.fs import AddressSpace
from kmm.mm.list import LIST_HEAD, list_add_tail
from kmm.mm.memory_zap import unmap_mapping_range
from kmm.mm.migrate import unmap_and_move
from kmm.mm.page import Page, page_mapped
from kmm.mm.page_flags import PageUptodate
from kmm.mm.page_writeback import set_page_dirty
from kmm.mm.swap import put_page
from kmm.mm.vmscan import isolate_lru_page
from kmm.mm.vmtruncate import truncate_complete_page
from kmm.mm.writes import Place, place_of, remember
from kmm.scenario import World
from kmm.scenario.driver import get_new_page
from kmm.scenario.handles import Mm
from kmm.sim import primitive

KERNEL_FILE = "the other task"

SHARED = ("READ", "WRITE", "SHARED")
SIZE = 4096

Acts = Callable[[World], Callable[[], Any]]


def world(**options: Any) -> World:
    """Two nodes, two CPUs; the task "migrate" is on the first.

    A pagevec is full with one page, so that what has no reference left is really freed; and there
    is no memory control group, whose assertions would come before the harm.
    """
    w = World(**{"nodes": 2, "cpus": 2, "pagevec_size": 1, "memcg": False, **options})
    w.task("migrate")
    return w


def isolated(w: World, *pages: Page) -> None:
    """The pages are on the list of who will migrate them."""
    with w.machine:
        for page in pages:
            pagelist = LIST_HEAD(f"pages of {w.machine.current.name}")
            assert isolate_lru_page(page) == 0
            list_add_tail(page.lru, pagelist)


def moves(w: World, page: str = "p0", force: int = 0) -> Callable[[], int]:
    """One attempt with a page."""
    return lambda: unmap_and_move(get_new_page, 1, w[page], force)


def cached(**options: Any) -> World:
    """A clean page of a file, which nobody maps."""
    w = world(**options)
    isolated(w, w.file(writepage="ok").page(0))
    return w


def mapped(**options: Any) -> World:
    """The same, mapped by one address space that may write to it, and has not yet."""
    w = world(**options)
    vma = w.mm("m").mmap(pages=1, file=w.file(writepage="ok"), flags=SHARED)
    isolated(w, vma.touch(0, write=False))
    return w


def buffered(flags: Sequence[str] = ("uptodate",), dirty: int = 0, **options: Any) -> World:
    """A page of a file, which nobody maps, with two buffers; `dirty`: so many of them are."""
    w = world(**options)
    page = w.file(migratepage="buffer_migrate_page", writepage="ok").page(0, flags=flags)
    w.add_buffers(page, [{"dirty": n < dirty} for n in range(2)])
    isolated(w, page)
    return w


def private(**options: Any) -> World:
    """An anonymous page, written to by the one address space that maps it."""
    w = world(**options)
    isolated(w, w.mm("m").mmap(pages=1).touch(0))
    return w


def mm(w: World) -> Mm:
    """The one address space."""
    return w.mms["m"]


def at(w: World) -> int:
    """Where its page is."""
    return mm(w).vmas[0].address(0)


def mapping(w: World) -> AddressSpace:
    """The one file."""
    return w.files["f0"].mapping


def against(
    name: str,
    build: Callable[[], World],
    *,
    edits: tuple[Edit, ...] = (),
    invariants: tuple[Invariant, ...] = (),
    fixes: tuple[str, ...] = (),
    migrate: Acts = moves,
    **others: Acts,
) -> Case:
    """One attempt to move p0, and what others do meanwhile, by the names of their tasks."""

    def tasks(w: World) -> Mapping[str, Callable[[], Any]]:
        return {name: act(w) for name, act in {"migrate": migrate, **others}.items()}

    return Case(name, build, tasks, (*ALWAYS, LOCKED_ENTRIES, *invariants), edits, fixes=fixes)


def guard(
    case: Case,
    says: str,
    source: str,
    actors: str,
    *without: Edit,
    backed_by: tuple[str, ...] = (),
    and_without: tuple[Edit, ...] = (),
    note: str = "",
) -> Claim:
    """The guard of that case's name; `without`: what takes it away, `and_without` what backs it."""
    alone = replace(case.without(*without), name=f"without {case.name}")
    both = None
    if backed_by:
        name = f"without {case.name} and {' and '.join(backed_by)}"
        both = replace(case.without(*without, *and_without), name=name)
    return Claim(
        case.name,
        says,
        source,
        tuple(actors.split(", ")),
        case,
        alone,
        backed_by=backed_by,
        breaks_without_both=both,
        note=note,
    )


# Who disturbs.


@primitive
def writes(page: Page | None, place: Place, what: str) -> None:
    """`what` has been added to the frame, by somebody who believes that it is the place's."""
    assert page is not None
    page.data = f"{page.data}+{what}"
    remember(page.machine, place, what)


def file_is_read(w: World) -> Callable[[], None]:
    """A lookup: find_get_page, and the reference is dropped again."""

    def act() -> None:
        page = find_get_page(mapping(w), 0)
        if page is not None:
            put_page(page)

    return act


def file_is_written(w: World) -> Callable[[], None]:
    """write(2), as far as it matters here: the page is found, locked, written to and dirty."""

    def act() -> None:
        page = find_lock_page(mapping(w), 0)
        if page is not None:
            writes(page, ("file", mapping(w), 0), "w1")
            set_page_dirty(page)
            unlock_page(page)
            put_page(page)

    return act


def looked_up_and_written(w: World) -> Callable[[], None]:
    """Who has found the page, and sees that it is up to date, writes to it without its lock."""

    def act() -> None:
        page = find_get_page(mapping(w), 0)
        if page is not None:
            if PageUptodate(page):
                writes(page, ("file", mapping(w), 0), "w1")
                set_page_dirty(page)
            put_page(page)

    return act


def pinned(build: Callable[[], World]) -> Callable[[], World]:
    """The world, in which direct I/O has a reference that `written_by_device` will drop."""

    def world_with_pin() -> World:
        w = build()
        w["p0"]._count += 1
        return w

    return world_with_pin


def written_by_device(w: World) -> Callable[[], None]:
    """The device writes to the page that is pinned for it, and the pin is dropped."""
    page: Page = w["p0"]
    place = place_of(page)
    assert place is not None

    def act() -> None:
        writes(page, place, "d1")
        set_page_dirty(page)
        put_page(page)

    return act


def truncated(w: World) -> Callable[[], None]:
    """What truncate does with one page once it has found it."""

    def act() -> None:
        page = find_lock_page(mapping(w), 0)
        if page is not None:
            if page_mapped(page):
                unmap_mapping_range(mapping(w), 0, 1, 0)
            truncate_complete_page(mapping(w), page)
            unlock_page(page)
            put_page(page)

    return act


def buffer_is_written(w: World) -> Callable[[], None]:
    """Who uses a buffer: it is locked, its b_page is looked up, and written to."""

    def act() -> None:
        bh = w.buffers["p0"][0]
        get_bh(bh)
        lock_buffer(bh)
        writes(bh.b_page, ("buffer", bh), "b1")
        set_buffer_dirty(bh)
        unlock_buffer(bh)
        put_bh(bh)

    return act


# What must hold in some of these worlds only.


def _moved(books: Books) -> Iterator[str]:
    if books.returned["migrate"] != 0:
        yield f"p0 has not been moved: -{errorcode[-books.returned['migrate']]}"


MOVED = Invariant("moved", "The page moves whatever the other does.", _moved, AT_END)


def _writable(books: Books) -> Iterator[str]:
    for page, refers in books.refers.items():
        for mm_, address in refers.ptes:
            if not mm_.page_table.cells[address].write:
                yield f"pte {address:#x} of {mm_.name}, which maps {page.name}, lost its write bit"


WRITABLE = Invariant("write bits", "What could be written can be written still.", _writable, AT_END)
