# SPDX-License-Identifier: GPL-2.0-only
"""Each actor of the VM beside a migration: the cases that have a name of their own.

The kernel is as it was, bugs and all: beside most actors nothing breaks, and beside those that met
a bug of this version the search finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.explore.case import Case
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.exit import exit_mm
from kmm.mm.filemap import find_get_page
from kmm.mm.fork import dup_mm
from kmm.mm.gup import get_user_pages
from kmm.mm.madvise import sys_madvise
from kmm.mm.mmap import VM_READ
from kmm.mm.mprotect import sys_mprotect
from kmm.mm.mremap import sys_mremap
from kmm.mm.page import PAGE_SIZE
from kmm.mm.page_writeback import LLONG_MAX, WritebackControl
from kmm.mm.reclaim import shrink_inactive_list
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.swap import put_page
from kmm.mm.vmtruncate import vmtruncate
from kmm.mm.writeback import write_cache_pages
from kmm.scenario import World
from kmm.scenario.driver import isolate_and_migrate

Act = Callable[["Mapped"], Callable[[], Any]]


@dataclass(frozen=True)
class Mapped:
    """A world with one mapped page, p0, and what somebody needs who does something to it."""

    world: World

    @classmethod
    def anonymous(cls) -> World:
        """The page is a program's own."""
        return cls._mapped(World(nodes=2, cpus=2), None)

    @classmethod
    def of_a_file(cls) -> World:
        """The page is of a file, mapped shared."""
        world = World(nodes=2, cpus=2)
        return cls._mapped(world, world.file(writepage="ok"))

    @staticmethod
    def _mapped(world: World, file: Any) -> World:
        mm = world.mm("m")
        flags = ("READ", "WRITE", "SHARED") if file else ("READ", "WRITE")
        mm.mmap(pages=1, file=file, flags=flags).touch(0, write=file is None)
        world.task("migrate")
        world.task("other", mm=mm)
        return world

    @property
    def page(self) -> Any:
        return self.world["p0"]

    @property
    def mm(self) -> Any:
        return self.world.mms["m"].struct

    @property
    def at(self) -> int:
        return self.world.mms["m"].vmas[0].address(0)

    @property
    def mapping(self) -> Any:
        return self.page.mapping


def _look_up(mapping: Any) -> None:
    page = find_get_page(mapping, 0)
    if page is not None:
        put_page(page)


def _pin(mm: Any, at: int) -> None:
    pages: list[Any] = []
    down_read(mm.mmap_sem)
    get_user_pages(mm, at, 1, 1, pages)
    up_read(mm.mmap_sem)
    for page in pages:
        put_page(page)


def _write_back(mapping: Any) -> None:
    write_cache_pages(mapping, WritebackControl(1, 1, 0, LLONG_MAX, 0, 0))


def _reclaim(world: World) -> None:
    shrink_inactive_list(1, world.kernel.zones[0], "inactive_anon")


ANONYMOUS: dict[str, Act] = {
    "fault": lambda p: lambda: read_memory(p.mm, p.at),
    "write": lambda p: lambda: write_memory(p.mm, p.at, "w1"),
    "zap": lambda p: lambda: sys_madvise(p.mm, p.at, PAGE_SIZE),
    "fork": lambda p: lambda: dup_mm(p.world.tasks["other"]),
    "exit": lambda p: lambda: exit_mm(p.world.tasks["other"]),
    "mprotect": lambda p: lambda: sys_mprotect(p.mm, p.at, PAGE_SIZE, VM_READ),
    "mremap": lambda p: lambda: sys_mremap(p.mm, p.at, PAGE_SIZE, PAGE_SIZE, p.at + AWAY),
    "pin": lambda p: lambda: _pin(p.mm, p.at),
    "reclaim": lambda p: lambda: _reclaim(p.world),
    "migrator": lambda p: lambda: move(p.page),
}

OF_A_FILE: dict[str, Act] = {
    "file-fault": lambda p: lambda: read_memory(p.mm, p.at),
    "file-write": lambda p: lambda: write_memory(p.mm, p.at, "w1"),
    "file-zap": lambda p: lambda: sys_madvise(p.mm, p.at, PAGE_SIZE),
    "lookup": lambda p: partial(_look_up, p.mapping),
    "truncate": lambda p: partial(vmtruncate, p.mapping, 0),
    "writeback": lambda p: partial(_write_back, p.mapping),
    "file-migrator": lambda p: lambda: move(p.page),
}

#: Of these ten passes can be searched to the end as well.
TEN_PASSES = ("fault", "zap", "lookup", "truncate", "file-fault", "file-zap")

#: Where mremap moves the page to, from where it is.
AWAY = 0x400000


def _case(name: str, world: Callable[[], World], act: Act, passes: str) -> Case:
    def tasks(world: World) -> dict[str, Callable[[], Any]]:
        here = Mapped(world)
        page = here.page
        if passes:
            return {"migrate": lambda: isolate_and_migrate([page], 1, False), "other": act(here)}
        return {"migrate": lambda: move(page), "other": act(here)}

    how = "ten passes" if passes else "one attempt"
    return Case(name + passes, world, tasks, about=f"{name} beside {how} to migrate the page")


def _cases() -> dict[str, Case]:
    kinds = ((Mapped.anonymous, ANONYMOUS), (Mapped.of_a_file, OF_A_FILE))
    made = [
        _case(name, world, act, passes)
        for world, acts in kinds
        for name, act in acts.items()
        for passes in ("", "-ten-passes")
        if not passes or name in TEN_PASSES
    ]
    return {case.name: case for case in made}


#: Each case by its name.
BESIDE: dict[str, Case] = _cases()
