# SPDX-License-Identifier: GPL-2.0-only
"""What is demanded of one attempt: of unmap_and_move as it is, and of one with finer limits."""

from __future__ import annotations

from collections.abc import Iterator
from errno import EAGAIN, EBUSY, ENOMEM

from kmm.explore.books import Books
from kmm.explore.guards import GUARDS
from kmm.explore.invariants import Invariant
from kmm.learn.checks.situations import Situation, Withstands
from kmm.learn.given.one_attempt import (
    at_peace,
    being_written,
    ends,
    full,
    locked,
    moved_by_call,
    orphaned,
    pinned,
    says_status,
    situation,
    status_first,
    without_buffers,
)

FUNCTION = "unmap_and_move"


def _returned(books: Books) -> Iterator[str]:
    rc = books.returned["migrate"]
    if rc not in (0, -EAGAIN):
        yield f"it returns {rc}, where 0 or -EAGAIN is right"


RETURNED = Invariant("returned", "It has moved the page, or says try again.", _returned)

TRUNCATE = Withstands(
    FUNCTION,
    GUARDS["mapping-is-there"].holds,
    "truncate",
    (RETURNED,),
    label="truncate comes in between",
)

#: The model's own rules: force is 0 or 1.
PLAIN = (
    situation("nothing is in the way", at_peace, lambda p: 0, ends(0)),
    situation(
        "the page is locked and force is 0", locked, lambda p: 0,
        ends(-EAGAIN, on_list=True, locked=True),
    ),
    situation(
        "the page is being written and force is 0", being_written, lambda p: 0,
        ends(-EAGAIN, on_list=True),
    ),
    situation(
        "somebody holds a reference", pinned, lambda p: 1, ends(-EAGAIN, on_list=True)
    ),
    situation(
        "truncate has taken the page out of its file", orphaned, lambda p: 0, without_buffers
    ),
    situation(
        "node 1 has no free frame", full, lambda p: 1, ends(-ENOMEM, on_list=True)
    ),
    Situation("move_pages(2) wants a status", moved_by_call, says_status),
    Situation(
        "move_pages(2) wants the status of a page that stays",
        lambda p: moved_by_call(p, pinned), says_status,
    ),
)  # fmt: skip

LEVELS = (
    situation("nothing is in the way", at_peace, lambda p: 0, ends(0)),
    situation(
        "the page is locked and force is too small", locked, lambda p: p.lock - 1,
        ends(-EAGAIN, on_list=True, locked=True),
    ),
    situation("the page is locked and force is enough", locked, lambda p: p.lock, ends(0)),
    situation(
        "the page is being written and force is too small", being_written, lambda p: p.disk - 1,
        ends(-EBUSY),
    ),
    situation(
        "the page is being written and force is enough", being_written, lambda p: p.disk, ends(0)
    ),
)  # fmt: skip

STATUS = Situation("move_pages(2) wants a status", moved_by_call, status_first)
