# SPDX-License-Identifier: GPL-2.0-only
"""Pages that as many map, pin and use as a seed has drawn, and what is counted when they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.mm.page import Page
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
