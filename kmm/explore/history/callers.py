# SPDX-License-Identifier: GPL-2.0-only
"""move_pages(2) believes what it is told: node numbers, user ids, a task that may be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import EPERM
from typing import Any

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.answers import Answer, answers, ask
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.exit import exit_mm, release_task
from kmm.scenario import World

Tasks = dict[str, Callable[[], Any]]

#: A node number far beyond the bitmaps.
WILD = 1000

# 5: a node number is an index into bitmaps.


def _ones_behind() -> World:
    """Behind the bitmaps of nodes there are ones."""
    w = World(oob=(1, 1))
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    w.task("move", mm=mm)
    return w


def _move_anywhere(w: World) -> Tasks:
    at = w["v0"].vm_start
    return {"move": lambda: ask([at], [WILD])}


def _beyond(books: Books) -> Iterator[str]:
    for function, node in books.machine.kernel.beyond_mask:
        yield f"{function} reads bit {node}"


_INSIDE = Invariant("node masks", "No bit is read that is outside a mask of nodes.", _beyond)

_IN_RANGE = Edit(
    "do_pages_move",
    "if not node_state(node.value, N_HIGH_MEMORY):\n    goto(out_pm)",
    "if node.value < 0 or node.value >= MAX_NUMNODES:\n"
    "    goto(out_pm)\n"
    "if not node_state(node.value, N_HIGH_MEMORY):\n"
    "    goto(out_pm)",
)

_wild = Case("05 a node that cannot be", _ones_behind, _move_anywhere, (*ALWAYS, _INSIDE))

NODE = Claim(
    name="05 a node number is a bit",
    says="A node number that was not checked reads a bit behind the bitmap, and the error code "
    "tells the program which it was; a page of such a node is an oops.",
    source="mm/migrate.c: do_pages_move",
    actors=("move",),
    holds=_wild.mended("a node number is checked first", _IN_RANGE),
    breaks=_wild,
    scope="one system call",
    note="CVE-2010-0415, mended in 2.6.33-rc7 (6f5a55f1a6c).  MAX_NUMNODES itself, if let through, "
    "is the end marker of the kernel's own array.",
)

# 6: the real user id is enough.


def _set_uid() -> World:
    """A program that a user has started, and that runs as root."""
    w = World()
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    w.task("probe", uid=1000)
    w.task("passwd", mm=mm, pid=7, uid=1000, euid=0, suid=0)
    return w


def _probe(w: World) -> Tasks:
    addresses = [w["v0"].vm_start, w["v0"].vm_end]
    return {"probe": lambda: ask(addresses, pid=7)}


def _tells(answer: Answer, _: Books) -> Iterator[str]:
    if answer.rc != -EPERM:
        yield f"the call returns {answer.rc}, with the statuses {answer.status}"


_SECRET = answers(
    "probe", "secret", "Nobody learns what is mapped where in a program of another user.", _tells
)

#: CAP_SYS_PTRACE is 19.
_AS_PTRACE = Edit(
    "sys_move_pages",
    "current().euid != task.suid and current().euid != task.uid and current().uid != task.suid "
    "and current().uid != task.uid and not capable(CAP_SYS_NICE)",
    "(current().uid != task.euid or current().uid != task.suid or current().uid != task.uid) "
    "and not capable(19)",
)

_same_uid = Case("06 a set-uid program is probed", _set_uid, _probe, (*ALWAYS, _SECRET))

PROBE = Claim(
    name="06 the layout of a set-uid program",
    says="Whoever starts a set-uid program has its real user id, and may ask for each address "
    "whether there is a page, so that random addresses are no secret.",
    source="mm/migrate.c: sys_move_pages",
    actors=("probe",),
    holds=_same_uid.mended("the rules of ptrace", _AS_PTRACE),
    breaks=_same_uid,
    scope="one system call",
    note="CVE-2017-14140, mended in 4.13 (197e7e521384).  Of the rules of ptrace the user ids and "
    "CAP_SYS_PTRACE are modelled; group ids, dumpable and security modules are not.",
)

# 7: tasklist_lock keeps the task, a reference on its mm does not.


def _two_processes() -> World:
    """A process that asks for the pages of another, and whoever reaps that one."""
    w = World()
    mm = w.mm()
    mm.mmap(pages=1).touch(0)
    w.task("ask")
    w.task("reaper")
    w.task("target", mm=mm, pid=7)
    return w


def _ask_and_reap(w: World) -> Tasks:
    target, at = w["target"], w["v0"].vm_start

    def reap() -> None:
        exit_mm(target)
        release_task(target)

    return {"ask": lambda: ask([at], pid=7), "reaper": reap}


#: Not in migrate.c of this version, so the edits import them.
_IMPORT = "from kmm.mm.exit import get_task_struct, put_task_struct\n"

_HOLD_TASK = (
    Edit(
        "sys_move_pages",
        "mm = get_task_mm(task)",
        f"{_IMPORT}get_task_struct(task)\nmm = get_task_mm(task)",
    ),
    Edit(
        "sys_move_pages",
        "if not mm:\n    return -EINVAL",
        "if not mm:\n    put_task_struct(task)\n    return -EINVAL",
    ),
    Edit("sys_move_pages", "mmput(mm)", "mmput(mm)\nput_task_struct(task)"),
)

_gone = Case("07 the task is reaped", _two_processes, _ask_and_reap)

TASK = Claim(
    name="07 the task behind the pointer is gone",
    says="The mm is held and its task is not: when the user ids are compared, the task may have "
    "been reaped and its memory be anything.",
    source="mm/migrate.c: sys_move_pages",
    actors=("ask", "reaper"),
    holds=_gone.mended("a reference on the task", *_HOLD_TASK),
    breaks=_gone,
    scope="one system call that asks",
    note="Mended in steps: the ids are read under RCU since 2.6.29 (c69e8d9c01d), the task is held "
    "until its cpuset has been read since 3.4 (3268c63eded4).  Here it is held to the end of the "
    "call.",
)
