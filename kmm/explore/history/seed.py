# SPDX-License-Identifier: GPL-2.0-only
"""The bugs that 2.6.28-rc3 has and 2.6.28 has not, and one that came with a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.answers import Answer, answers, ask
from kmm.explore.invariants import ALWAYS
from kmm.mm.filemap import find_lock_page, unlock_page
from kmm.mm.page import PAGE_SIZE
from kmm.mm.swap import put_page
from kmm.mm.uaccess import UserArray, get_user
from kmm.mm.vma import sys_munmap
from kmm.mm.vmalloc import UNINIT
from kmm.mm.workqueue import Mutex, Work, mutex_lock, mutex_unlock, worker_thread
from kmm.scenario import World
from kmm.sim import Cell

Tasks = dict[str, Callable[[], Any]]

# 1: writepage gives up the page lock, also where it fails.


def _unwritable() -> World:
    """A dirty page of a file without migratepage, whose disk fails; CONFIG_DEBUG_VM is off."""
    w = World(cpus=2, debug_vm=False)
    file = w.file(migratepage=None, writepage="error")
    w.mm().mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED")).touch(0)
    w.task("reader", mm=w.mms["m0"])
    return w


def _locks(w: World) -> None:
    """What every reader of a file does with a page that is not up to date: lock it, and let go."""
    page = find_lock_page(w["f0"], 0)
    if page is not None:
        unlock_page(page)
        put_page(page)


def _migrate_and_lock(w: World) -> Tasks:
    return {"migrate": partial(move, w["p0"]), "reader": partial(_locks, w)}


_RELOCK = (
    Edit("writeout", "if rc < 0:\n    return -EIO", ""),
    Edit("writeout", "return -EAGAIN", "return -EIO if rc < 0 else -EAGAIN", nth=1),
)

_writepage = Case("01 writepage fails", _unwritable, _migrate_and_lock)

# 2: waiting for every CPU with mmap_sem held.


def _network() -> World:
    """A program of three threads, one of them in an ioctl; link_watch waits for its turn."""
    w = World(workers=True)
    mm = w.mm()
    mm.mmap(pages=1)
    mm.mmap(pages=1)
    for name in ("migrate", "mmap", "ioctl"):
        w.task(name, mm=mm)
    rtnl = Mutex(w.machine, "rtnl")
    [queue] = w.kernel.keventd_wq

    def link_watch(_: Any) -> None:
        mutex_lock(rtnl)
        mutex_unlock(rtnl)

    queue.works = (Work(w.machine, "link_watch", func=link_watch, queue=queue),)
    return w


def _ioctl(w: World) -> None:
    """With the network's mutex held, a request is read from memory that was never touched."""
    request = UserArray(w.machine, "request", 1, (1,), (), mm=w["m0"], at=w["v1"].vm_start)
    rtnl = w["rtnl"]
    mutex_lock(rtnl)
    get_user(Cell(None), request + 0)
    mutex_unlock(rtnl)


def _four(w: World) -> Tasks:
    at, hole = w["v0"].vm_start, w["v0"].vm_end
    return {
        "migrate": lambda: ask([at], [1]),
        "mmap": lambda: sys_munmap(w["m0"], hole, PAGE_SIZE),
        "ioctl": partial(_ioctl, w),
        "events/0": partial(worker_thread, w.kernel.keventd_wq[0], 2),
    }


_PREP_EARLY = (
    Edit("do_move_page_to_node_array", "migrate_prep()", ""),
    Edit(
        "do_move_page_to_node_array",
        "down_read(mm.mmap_sem)",
        "migrate_prep()\ndown_read(mm.mmap_sem)",
    ),
)

_drain = Case("02 the pagevecs are drained", _network, _four)

# 3: the program's memory is touched with mmap_sem held; 4: how that was first mended.


def _threads() -> World:
    """A program with two threads; the status array lies in memory that was never touched."""
    w = World()
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    mm.mmap(pages=1)
    for name in ("stat", "mmap"):
        w.task(name, mm=mm)
    return w


def _stat_and_map(w: World) -> Tasks:
    memory, array, hole = w["v0"].vm_start, w["v1"].vm_start, w["v1"].vm_end
    return {
        "stat": lambda: ask([memory], status_at=array),
        "mmap": lambda: sys_munmap(w["m0"], hole, PAGE_SIZE),
    }


#: The addresses are read before mmap_sem is taken, the statuses written after it is given up.
_COPY_OUTSIDE = (
    Edit(
        "do_pages_stat",
        "down_read(mm.mmap_sem)",
        "addresses: list[int] = []\n"
        "told: list[Any] = []\n"
        "for i in range(nr_pages):\n"
        "    p: Cell[Any] = Cell(None)\n"
        "    if get_user(p, pages + i):\n"
        "        return -EFAULT\n"
        "    addresses.append(p.value)\n"
        "down_read(mm.mmap_sem)",
    ),
    Edit("do_pages_stat", "p: Cell[Any] = Cell(None)", "", nth=1),
    Edit("do_pages_stat", "if get_user(p, pages + i):\n    goto(out)", ""),
    Edit("do_pages_stat", "addr = p.value", "addr = addresses[i]"),
    Edit("do_pages_stat", "put_user(err, status + i)", "told.append(err)"),
    Edit(
        "do_pages_stat",
        "return err",
        "for i in range(nr_pages):\n"
        "    if put_user(told[i], status + i):\n"
        "        return -EFAULT\n"
        "return err",
    ),
)

_user_copy = Case("03 the status array is not mapped", _threads, _stat_and_map)


def _behind() -> World:
    w = World()
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    w.task("stat", mm=mm)
    return w


def _stat_behind(w: World) -> Tasks:
    addresses = [w["v0"].vm_start, w["v0"].vm_end]
    return {"stat": lambda: ask(addresses)}


def _leaks(answer: Answer, _: Books) -> Iterator[str]:
    for i, status in enumerate(answer.status):
        if status == UNINIT:
            yield f"status[{i}] is what happened to be in the kernel's stack"


_SET = answers("stat", "status", "The program gets only what the kernel has set.", _leaks)

_garbage = Case(
    "04 an address behind the last vma",
    _behind,
    _stat_behind,
    (*ALWAYS, _SET),
    (*_COPY_OUTSIDE, Edit("do_pages_stat", "err = -EFAULT", "err = UNINIT")),
)

_SET_FIRST = Edit("do_pages_stat", "err = UNINIT", "err = -EFAULT")

WRITEPAGE = Claim(
    name="01 an unlock too many",
    says="When writepage fails it has unlocked the page, so the migration, which unlocks it "
    "again, unlocks it for whoever has locked it meanwhile.",
    source="mm/migrate.c: writeout",
    actors=("migrate", "reader"),
    holds=_writepage.mended("the page is locked again after an error", *_RELOCK),
    breaks=_writepage,
    note="Mended in 2.6.28-rc6 (bda8550deed).  A kernel with CONFIG_DEBUG_VM stops at the second "
    "unlock, with nobody else around.",
)

DRAIN = Claim(
    name="02 draining with mmap_sem held",
    says="Who holds mmap_sem and waits for the work of every CPU waits for whatever that work "
    "waits for, and that may be mmap_sem.",
    source="mm/migrate.c: do_move_page_to_node_array",
    actors=("migrate", "mmap", "ioctl", "events/0"),
    holds=_drain.mended("the pagevecs are drained before mmap_sem is taken", *_PREP_EARLY),
    breaks=_drain,
    scope="one system call that finds no page",
    note="Mended in 2.6.28-rc4 (0aedadf91a7).  Draining early is enough: a page that comes into a "
    "pagevec later is busy, and nothing worse.",
)

USER_COPY = Claim(
    name="03 a fault with mmap_sem held",
    says="A status that is written with mmap_sem held may fault, and then the task waits behind "
    "a writer, which waits for the task.",
    source="mm/migrate.c: do_pages_stat",
    actors=("stat", "mmap"),
    holds=_user_copy.mended("the program's memory is touched without mmap_sem", *_COPY_OUTSIDE),
    breaks=_user_copy,
    scope="one system call",
    note="Mended in 2.6.28-rc8 (80bba1290ab), 16 addresses at a time; here there are fewer.  Since "
    "then a status array that cannot be written is -EFAULT, where rc3 returns 0.",
)

UNINITIALISED = Claim(
    name="04 a status that nobody has set",
    says="For an address behind the last vma the program is given what happened to be in the "
    "kernel's stack.",
    source="mm/migrate.c: do_pages_stat",
    actors=("stat",),
    holds=_garbage.mended("a status is -EFAULT until it is better known", _SET_FIRST),
    breaks=_garbage,
    scope="one system call",
    note="Not in rc3: the fix of 3 brought it, in rc8; gone in 2.6.28-rc9 (c095adbc211).",
)
