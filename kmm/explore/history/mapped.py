# SPDX-License-Identifier: GPL-2.0-only
"""The smallest worlds of the historical cases: one page, one address space, who moves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.mm.mmap import MmStruct
from kmm.mm.page import PAGE_SIZE
from kmm.scenario import World
from kmm.scenario.handles import Mm

#: Where the page is mapped, and the length of its vma in bytes.
AT, SIZE = Mm.BASE, PAGE_SIZE

Tasks = dict[str, Callable[[], Any]]


def anonymous(**options: Any) -> World:
    """An address space m0 with one anonymous page, p0, which it has written."""
    w = World(nodes=2, cpus=2, **options)
    w.mm().mmap(pages=1).touch(0)
    return w


def of_a_file(**options: Any) -> World:
    """An address space m0 that has read page 0 of a file, f0, which it shares: p0."""
    w = World(nodes=2, cpus=2, **options)
    file = w.file(writepage="ok")
    w.mm().mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED")).touch(0, write=False)
    return w


def beside(world: World, name: str, act: Callable[[], Any], **task: Any) -> Tasks:
    """One attempt to migrate p0, and a task of that name that does `act`."""
    if "migrate" not in world.tasks:
        world.task("migrate")
    if name not in world.tasks:
        world.task(name, mm=world.mms["m0"], **task)
    return {"migrate": partial(move, world["p0"]), name: act}


def m0(world: World) -> MmStruct:
    """The address space."""
    return world.mms["m0"].struct
