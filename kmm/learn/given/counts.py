# SPDX-License-Identifier: GPL-2.0-only
"""Pages that as many map, pin and use as a seed has drawn, and what is counted when they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import EAGAIN

from kmm.learn.checks.worlds import Wrong
from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.mm.migrate import migrate_page_move_mapping
from kmm.mm.page import Page
from kmm.mm.vmscan import isolate_lru_page
from kmm.scenario import Run, World

FUNCTION = "migrate_page_move_mapping"


def anonymous(processes: int) -> Run:
    """An anonymous page that so many processes map moves to node 1."""
    w = World(nodes=2)
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0)
    for _ in range(processes - 1):
        mm.fork()
    return moves(w, page)


def cached(processes: int, buffers: int = 0, pins: int = 0) -> Run:
    """The same with a page of a file, with buffers, and references that nobody expects."""
    w = World(nodes=2)
    file = w.file(migratepage="buffer_migrate_page")
    page = file.page(0)
    for _ in range(processes):
        w.mm().mmap(pages=1, file=file).touch(0, write=False)
    if buffers:
        w.add_buffers(page, buffers)
    if pins:
        w.pin(page, pins)
    return moves(w, page)


def moves(w: World, page: Page) -> Run:
    """The page is migrated to node 1."""
    return w.migrate_pages([page], 1, limit=STEPS)


def worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """The four pages of the first problem, by what they are called there."""
    many = p.processes
    yield "anonymous", lambda: anonymous(many)
    yield "of a file", lambda: cached(many)
    yield "with buffers", lambda: cached(many, p.buffers)
    yield "pinned", lambda: cached(many, p.buffers, p.pins)


def found(p: Parameters) -> dict[str, int]:
    """What page_count() says to the function, at the first attempt with each page."""
    counts = {}
    for name, make in worlds(p):
        steps = (step for step in make().trace if step.function == FUNCTION)
        counts[name] = next(int(step.result) for step in steps if step.primitive == "page_count")
    return counts


def slots(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """The slot holds another page: the function is called with the mapping of another file."""
    yield "a slot that holds another page", lambda: another_in_the_slot(p.buffers)


def another_in_the_slot(buffers: int) -> Run:
    """A page with buffers, whose count is as expected, and a mapping that has another in its place.

    No caller does so; it is what the second half of the first question is there for.
    """
    w = World(nodes=2)
    page, other = w.file().page(0), w.file().page(0)
    w.add_buffers(page, buffers)
    newpage = w.page(node=1)
    w.pin(newpage)

    def move() -> int:
        isolate_lru_page(page)
        return migrate_page_move_mapping(other.mapping, newpage, page)

    return w.run(move)


def slot_taken(run: Run) -> Iterator[Wrong]:
    """The page is refused, and its count is as it was, and not frozen."""
    if run.rc != -EAGAIN:
        yield Wrong("another's slot", "the slot holds another page, and the function goes on")
    elif not run.world["p0"]._count:
        yield Wrong("stays frozen", "p0 is refused, and its count stays frozen at 0")
