# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to write the function, and what is to be said to each."""

from __future__ import annotations

from collections.abc import Callable
from errno import EAGAIN, EBUSY
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.learn.given.buffers import halfway
from kmm.mm.buffer import (
    bh_offset,
    get_bh,
    lock_buffer,
    page_buffers,
    page_has_buffers,
    put_bh,
    set_bh_page,
    trylock_buffer,
    unlock_buffer,
)
from kmm.mm.migrate import migrate_page, migrate_page_copy, migrate_page_move_mapping
from kmm.mm.page import get_page, page_private, set_page_private
from kmm.mm.page_flags import ClearPagePrivate, SetPagePrivate
from kmm.mm.swap import put_page

F = "buffer_migrate_page"


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes, whatever the parameters."""
    return lambda p: body(F, edits)


def but(**wrong: Any) -> Callable[[Any], Any]:
    """The right table with these values."""
    names = {"p0": "p0._count", "n0": "n0._count"}
    return lambda p: {**halfway(p), **{names.get(k, k): v for k, v in wrong.items()}}


def ring(head: Any) -> Any:
    """The buffers in the order of the ring."""
    bh = head
    while True:
        yield bh
        bh = bh.b_this_page
        if bh is head:
            return


def variant(mistake: str = "") -> Callable[[Any], Any]:
    """The variant with one mistake."""

    def trying(mapping: Any, newpage: Any, page: Any) -> Any:
        if not page_has_buffers(page):
            return migrate_page(mapping, newpage, page)
        head = page_buffers(page)
        if mistake == "late":
            rc = migrate_page_move_mapping(mapping, newpage, page)
            if rc:
                return rc
        taken = []
        for bh in ring(head):
            get_bh(bh)
            if mistake == "waits":
                lock_buffer(bh)
            elif not trylock_buffer(bh):
                if mistake == "keeps":
                    put_bh(bh)
                    return -EAGAIN
                if mistake == "everything":
                    taken = list(ring(head))
                elif mistake != "user":
                    put_bh(bh)
                for mine in taken:
                    unlock_buffer(mine)
                    put_bh(mine)
                return {"busy": -EBUSY, "none": None}.get(mistake, -EAGAIN)
            taken.append(bh)
        if mistake != "late":
            rc = migrate_page_move_mapping(mapping, newpage, page)
            if rc:
                if mistake != "pinned":
                    for bh in taken:
                        unlock_buffer(bh)
                        put_bh(bh)
                return rc
        ClearPagePrivate(page)
        set_page_private(newpage, page_private(page))
        set_page_private(page, 0)
        put_page(page)
        if mistake != "reference":
            get_page(newpage)
        for bh in taken:
            set_bh_page(bh, newpage, bh_offset(bh))
        SetPagePrivate(newpage)
        if mistake != "early":
            migrate_page_copy(newpage, page)
        for bh in taken:
            unlock_buffer(bh)
            put_bh(bh)
        if mistake == "early":
            migrate_page_copy(newpage, page)
        return 0

    return lambda p: trying


WRONG = (
    ("e09.q1", but(p0=3), "have gone since"),
    ("e09.q1", but(p0=2), "Who is still there?"),
    ("e09.q1", lambda p: {**halfway(p), "n0._count": p.buffers + 2}, "not one each"),
    ("e09.q1", lambda p: {**halfway(p), "b_count": p.users}, "at the very end"),
    ("e09.q1", but(b_count=1), "Others use this buffer too"),
    ("e09.q1", but(b_page="p0"), "The buffers are moved first"),
    ("e09.q2", model(Edit(F, "get_page(newpage)")), "it is freed too early"),
    ("e09.q2", model(Edit(F, "put_page(page)")), "the buffers hold one reference"),
    ("e09.q2", model(Edit(F, "put_page(page)")), "and their reference has not"),
    ("e09.q2", model(Edit(F, "return 0", "return None")), "returns None, and the model's 0"),
    ("e09.q2", model(Edit(F, "SetPagePrivate(newpage)")), "does not say so"),
    (
        "e09.q2",
        model(Edit(F, "set_bh_page(bh, newpage, bh_offset(bh))")),
        "still point to the old page",
    ),
    ("e09.q2", model(Edit(F, "unlock_buffer(bh)")), "stays locked"),
    ("e09.q2", model(Edit(F, "put_bh(bh)")), "has a user for ever"),
    ("e09.q2", lambda p: 3, "a function is asked for"),
    ("e09.q3", model(), "no way back"),
    ("e09.q3", variant("waits"), "sleeps until the other is done"),
    ("e09.q3", variant("late"), "no way back"),
    ("e09.q3", variant("keeps"), "leave locked what you had locked"),
    ("e09.q3", variant("everything"), "that lock is somebody else's"),
    ("e09.q3", variant("pinned"), "a mapping that cannot be moved"),
    ("e09.q3", variant("user"), "do not balance"),
    ("e09.q3", variant("busy"), "Only -EAGAIN says"),
    ("e09.q3", variant("none"), "has to return something"),
    ("e09.q3", variant("early"), "is being copied"),
    ("e09.q3", variant("reference"), "it is freed too early"),
)
