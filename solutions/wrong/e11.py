# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong answers about do_pages_stat, and what is to be said to each.

The first functions are the model's own with a mistake put in; the variant is written out here, with
the mistakes as a set of words.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EFAULT, ENOENT
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.explore.history import HISTORY
from kmm.learn.exercises.e11 import told
from kmm.mm.memory import FOLL_GET, IS_ERR, PTR_ERR, follow_page
from kmm.mm.mmap import find_vma
from kmm.mm.page import page_to_nid
from kmm.mm.page_flags import PageReserved
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.uaccess import get_user, put_user
from kmm.sim import Cell

F = "do_pages_stat"


def table(name: str, value: Any) -> Callable[[Any], Any]:
    """The right table with one value changed."""
    return lambda p: {**told(p), name: value(p) if callable(value) else value}


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes."""
    return lambda p: body(F, edits)


def variant(*mistakes: str) -> Callable[[Any], Any]:
    """The variant of the third problem with these mistakes."""

    def one(mm: Any, addr: int, err: int) -> int:
        if "stale" not in mistakes:
            err = -EFAULT
        vma = find_vma(mm, addr)
        if not vma or (addr < vma.vm_start and "hole" not in mistakes):
            return err
        page: Any = follow_page(vma, addr, FOLL_GET if "pin" in mistakes else 0)
        if IS_ERR(page):
            return int(PTR_ERR(page))
        if not page or PageReserved(page):
            return -ENOENT
        return int(page_to_nid(page))

    def made(p: Any) -> Any:
        chunk = 10**6 if "all at once" in mistakes else 1 if "one by one" in mistakes else p.chunk

        def do_pages_stat(mm: Any, nr_pages: int, pages: Any, status: Any) -> int:
            for start in range(0, nr_pages, chunk):
                if "last" in mistakes and start + chunk > nr_pages:
                    break
                here = range(start, min(nr_pages, start + chunk))
                addresses, err = [], -EFAULT
                for i in here:
                    p_: Cell[Any] = Cell(None)
                    if get_user(p_, pages + i) and "ignores" not in mistakes:
                        return -EFAULT
                    addresses.append(p_.value or 0)
                down_read(mm.mmap_sem)
                statuses = []
                for i, addr in zip(here, addresses, strict=True):
                    err = one(mm, addr, err)
                    statuses.append(err)
                    if "under" in mistakes:
                        put_user(err, status + i)
                up_read(mm.mmap_sem)
                for i, err in zip(here, statuses, strict=True):
                    if "under" in mistakes:
                        break
                    if put_user(err, status + i) and "ignores" not in mistakes:
                        return -EFAULT
            return 0

        return do_pages_stat

    return made


def empty(mm: Any, nr_pages: int, pages: Any, status: Any) -> None:
    """What the student finds."""


STALE = (
    Edit(F, "err = -EFAULT"),
    Edit(F, "down_read(mm.mmap_sem)", "err = -EFAULT\ndown_read(mm.mmap_sem)"),
)

#: What the package has of it: the mends of two bugs, all addresses at once.
KNOWN = tuple(edit for bug in (3, 8) for edit in HISTORY[bug].holds.edits if edit.function == F)

WRONG = (
    ("e11.q1", table("below the first vma", -EFAULT), "looks where it begins"),
    ("e11.q1", table("behind the last vma", -ENOENT), "no vma at all"),
    ("e11.q1", table("migration entry", lambda p: p.node), "Nobody waits"),
    ("e11.q1", table("the zero page", 0), "sorts it out"),
    ("e11.q1", table("returned", 6), "does not count"),
    ("e11.q2", model(*STALE), "err has to be set anew"),
    (
        "e11.q2",
        model(Edit(F, "follow_page(vma, addr, 0)", f"follow_page(vma, addr, {FOLL_GET})")),
        "nobody drops it",
    ),
    ("e11.q2", model(Edit(F, "up_read(mm.mmap_sem)")), "leaves mmap_sem held"),
    (
        "e11.q2",
        model(Edit(F, "not page or PageReserved(page)", "not page")),
        "page of zeroes",
    ),
    ("e11.q2", model(Edit(F, "put_user(err, status + i)")), "an error is a status too"),
    ("e11.q2", model(Edit(F, "not vma", "not vma or addr < vma.vm_start")), "-ENOENT is right"),
    ("e11.q2", lambda p: empty, "it returns None"),
    ("e11.q3", model(*KNOWN), "Room in the kernel is for one chunk"),
    ("e11.q3", model(), "In this variant a hole is -EFAULT"),
    ("e11.q3", variant("stale"), "needs its value before the first test"),
    ("e11.q3", variant("hole"), "In this variant a hole is -EFAULT"),
    ("e11.q3", variant("under"), "Keep the statuses"),
    ("e11.q3", variant("all at once"), "Room in the kernel is for one chunk"),
    ("e11.q3", variant("one by one"), "Take mmap_sem once for a chunk"),
    ("e11.q3", variant("ignores"), "is not looked at"),
    ("e11.q3", variant("last"), "the last chunk, which is shorter"),
    ("e11.q3", variant("pin"), "accounted for"),
    ("e11.q3", lambda p: empty, "it returns None"),
    ("e11.q3", lambda p: "chunk", "a function is asked for"),
)
