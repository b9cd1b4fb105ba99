# SPDX-License-Identifier: GPL-2.0-only
"""The worlds that docs/pictures.md shows and tests/test_geometry.py measures."""

from __future__ import annotations

from collections.abc import Callable

import kmm
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
    """A page that is truncated by another CPU while it is migrated."""
    return kmm.load("truncated-meanwhile").run().trace


def pages_over_nodes(pages: int, nodes: int) -> Trace:
    """So many pages by turns on the nodes; move_pages(2) asks for the next node for each."""
    world = kmm.World(nodes=nodes)
    mm = world.mm()
    vma = mm.mmap(pages=pages)
    for n in range(pages):
        vma.touch(n, node=n % nodes)
    addresses = [vma.address(n) for n in range(pages)]
    return world.move_pages(addresses, [(n + 1) % nodes for n in range(pages)]).trace


#: Each world with the step that its picture shows, as a part of all steps, and the selection.
WORLDS: dict[str, tuple[Callable[[], Trace], float]] = {
    "one-page": (one_page, 0.4),
    "shared": (shared, 0.45),
    "buffers": (buffers, 0.5),
    "swap-cache": (swap_cache, 0.5),
    "many-pages": (many_pages, 0.5),
    "two-tasks": (two_tasks, 0.5),
}
