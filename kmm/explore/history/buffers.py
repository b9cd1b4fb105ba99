# SPDX-License-Identifier: GPL-2.0-only
"""Buffers have users of their own, whom no count of the page tells of."""

from __future__ import annotations

from functools import partial
from typing import Any

from kmm.explore.actors import move
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import Tasks
from kmm.mm.buffer import get_bh, page_buffers, page_has_buffers, put_bh
from kmm.mm.filemap import find_get_page
from kmm.mm.fs import AddressSpace
from kmm.mm.gup import device_writes
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.swap import put_page
from kmm.scenario import World
from kmm.sim import kernel_function

KERNEL_FILE = "fs/buffer.c"


@kernel_function
def __find_get_block_slow(mapping: AddressSpace, index: int) -> Any:
    """The first buffer of the page at that index, with a reference of the buffer's; or None.

    Simplified: the first is the one that is wanted.
    """
    page = find_get_page(mapping, index)
    if page is None:
        return None
    bh = None
    spin_lock(mapping.private_lock)
    if page_has_buffers(page):
        bh = page_buffers(page)
        get_bh(bh)
    spin_unlock(mapping.private_lock)
    put_page(page)
    return bh


@kernel_function(source="the journal")
def journal_write(mapping: AddressSpace, index: int) -> int:
    """1 and something has been added to the first block of the page; 0 if it has no buffers."""
    bh = __find_get_block_slow(mapping, index)
    if bh is None:
        return 0
    page = bh.b_page
    device_writes(page, "j1")
    put_bh(bh)
    return 1


def _file_with_buffers() -> World:
    w = World(nodes=2, cpus=2)
    w.add_buffers(w.file(migratepage="buffer_migrate_page").page(0))
    return w


def _journals(w: World) -> Tasks:
    return {
        "migrate": partial(move, w["p0"]),
        "journal": partial(journal_write, w.files["f0"].mapping, 0),
    }


_LOCK_ALL = (
    "bh = head\n"
    "while True:\n"
    "    lock_buffer(bh)\n"
    "    bh = bh.b_this_page\n"
    "    if bh is head:\n"
    "        break\n"
)
_IN_USE = (
    "busy = 0\n"
    "while True:\n"
    "    busy = busy or bh.b_count\n"
    "    bh = bh.b_this_page\n"
    "    if bh is head:\n"
    "        break\n"
)
_UNLOCK_ALL = (
    "while True:\n"
    "    unlock_buffer(bh)\n"
    "    bh = bh.b_this_page\n"
    "    if bh is head:\n"
    "        break\n"
)

_BACK = "if rc:\n    bh = head\n    " + _UNLOCK_ALL.replace("\n", "\n    ") + "return rc"

_MOVE = "rc = migrate_page_move_mapping(mapping, newpage, page)"
_GIVE_UP = "if rc:\n    return rc"

#: Of 2018: a buffer that is in use is not moved.  Buffers are locked before there is no way back.
LOOK_FOR_USERS = (
    Edit("buffer_migrate_page", "lock_buffer(bh)"),
    Edit(
        "buffer_migrate_page",
        _MOVE,
        f"{_LOCK_ALL}spin_lock(mapping.private_lock)\n{_IN_USE}spin_unlock(mapping.private_lock)\n"
        f"rc = -EAGAIN if busy else migrate_page_move_mapping(mapping, newpage, page)",
    ),
    Edit("buffer_migrate_page", _GIVE_UP, _BACK),
)

#: Of 2019: and nobody can begin to use it before it has moved, for that needs private_lock.
AND_KEEP_THEM_OUT = (
    Edit("buffer_migrate_page", "lock_buffer(bh)"),
    Edit(
        "buffer_migrate_page",
        _MOVE,
        f"{_LOCK_ALL}spin_lock(mapping.private_lock)\n{_IN_USE}"
        f"rc = -EAGAIN if busy else migrate_page_move_mapping(mapping, newpage, page)",
    ),
    Edit(
        "buffer_migrate_page",
        _GIVE_UP,
        _BACK.replace("return rc", "spin_unlock(mapping.private_lock)\n    return rc"),
    ),
    Edit("buffer_migrate_page", "return 0", "spin_unlock(mapping.private_lock)\nreturn 0"),
)

CONTRACT = Claim(
    name="34 a buffer in use",
    says="Somebody uses a buffer while it goes from one page to the other, and what he writes to "
    "it is lost in the copying.",
    source="mm/migrate.c: buffer_migrate_page",
    actors=("migrate", "journal"),
    breaks=Case("34 b_count unseen", _file_with_buffers, _journals),
    holds=Case(
        "34 b_count and private_lock", _file_with_buffers, _journals, edits=AND_KEEP_THEM_OUT,
        fixes=("no buffer in use is moved", "private_lock is held until all have moved"),
    ),
    note="This version asks the file system to see to it that nobody does; block devices, whose "
    "buffers anybody may hold, had no such function before 2018 (88dbcbb3a484).  To look at the "
    "counts and let go of the lock is not enough, as 2019 showed (ebdf4de5642f).",
)  # fmt: skip
