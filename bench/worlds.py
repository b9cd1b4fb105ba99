# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: operations in worlds that nobody has run in before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import kmm
from kmm.mm.migrate import MPOL_MF_MOVE
from kmm.scenario import library
from kmm.scenario.build import operation
from kmm.scenario.driver import call_move_pages, isolate_and_migrate


@dataclass
class Case:
    """A world, and what is to be done in it."""

    world: kmm.World
    operation: Callable[[], Any]

    def run(self, *, record: bool) -> kmm.Run:
        """Do it; once only, for afterwards the world is another."""
        return self.world.run(self.operation, record=record)


def _anonymous(count: int) -> tuple[kmm.World, list[Any], kmm.scenario.world.Vma]:
    """`count` anonymous pages of one process, on node 0; node 1 has room for them."""
    world = kmm.World(nodes=2, free=count + 100)
    vma = world.mm().mmap(pages=count)
    return world, [vma.touch(i) for i in range(count)], vma


def migrate_pages(count: int) -> Case:
    """migrate_pages() of so many anonymous pages to node 1."""
    world, pages, _ = _anonymous(count)
    return Case(world, partial(isolate_and_migrate, pages, 1, True))


def move_pages(count: int) -> Case:
    """move_pages(2) of so many anonymous pages to node 1."""
    world, _, vma = _anonymous(count)
    addresses = [vma.address(i) for i in range(count)]
    return Case(world, partial(call_move_pages, 0, addresses, [1] * count, MPOL_MF_MOVE))


def scenario(name: str) -> Case:
    """A scenario of the library."""
    document = kmm.load(name)
    world = document.world()
    return Case(world, operation(world, document.spec))


def whole_library() -> list[Case]:
    """Every scenario of the library."""
    return [scenario(name) for name in library.names()]
