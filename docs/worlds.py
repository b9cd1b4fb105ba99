# SPDX-License-Identifier: GPL-2.0-only
"""The worlds that docs/pictures.md shows and tests/test_geometry.py measures."""

from __future__ import annotations

from collections.abc import Callable

import kmm
from kmm.explore import Case
from kmm.explore.actors import move
from kmm.mm.cpu import read_memory
from kmm.sim import Trace


def one_page() -> Trace:
    """One anonymous page of one process."""
    return kmm.load("anon-simple").run().trace


def shared() -> Trace:
    """An anonymous page that three processes share, parent, child and grandchild."""
    world = kmm.World(nodes=2)
    parent = world.mm("parent")
    page = parent.mmap().touch()
    parent.fork("child").fork("grandchild")
    return world.migrate_pages(page, to_node=1).trace


def buffers() -> Trace:
    """A page of a file with four buffers."""
    return kmm.load("file-buffers").run().trace


def swap_cache() -> Trace:
    """An anonymous page in the swap cache."""
    return kmm.load("swap-cache").run().trace


def many_pages() -> Trace:
    """Sixteen pages of two processes, on three nodes, moved to others."""
    return pages_over_nodes(16, 3)


def two_tasks() -> Trace:
    """A page of a file is migrated, and a program that reads it finds a migration entry."""
    return Case("two tasks", _mapped_file, _migrate_and_read).replay("migrate 60, reader, migrate")


def _mapped_file() -> kmm.World:
    world = kmm.World(nodes=2)
    world.mm("m").mmap(pages=1, file=world.file()).touch(0, write=False)
    return world


def _migrate_and_read(world: kmm.World) -> dict[str, Callable[[], object]]:
    mm, page = world.mms["m"], world["p0"]
    address = mm.vmas[0].address(0)
    return {"migrate": lambda: move(page), "reader": lambda: read_memory(mm.struct, address)}


def pages_over_nodes(pages: int, nodes: int) -> Trace:
    """So many pages by turns on the nodes; move_pages(2) asks for the next node for each."""
    world = kmm.World(nodes=nodes)
    mm = world.mm()
    vma = mm.mmap(pages=pages)
    for n in range(pages):
        vma.touch(n, node=n % nodes)
    addresses = [vma.address(n) for n in range(pages)]
    return world.move_pages(addresses, [(n + 1) % nodes for n in range(pages)]).trace


#: Each world with the step that its picture shows: the n-th call of a primitive.
WORLDS: dict[str, tuple[Callable[[], Trace], tuple[str, int]]] = {
    "one-page": (one_page, ("set_pte_at", 0)),
    "shared": (shared, ("set_pte_at", 2)),
    "buffers": (buffers, ("set_bh_page", 2)),
    "swap-cache": (swap_cache, ("radix_tree_replace_slot", 0)),
    "many-pages": (many_pages, ("set_pte_at", 22)),
    "two-tasks": (two_tasks, ("page_count", 1)),
}


def moment(trace: Trace, primitive: str, n: int) -> int:
    """The number of the step that is the n-th call of the primitive."""
    return [step.index for step in trace if step.primitive == primitive][n]
