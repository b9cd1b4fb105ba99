# SPDX-License-Identifier: GPL-2.0-only
"""Write: buffer_migrate_page, first as it is, then so that it gives up instead of waiting."""

from __future__ import annotations

from kmm.learn.given.buffers import free_worlds, halfway, rules_broken, worlds
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Calls, Conforms, Explored, Keeps
from kmm.learn.checks.values import Table
from kmm.learn.checks.worlds import Alike, Leaves

FUNCTION = "buffer_migrate_page"

SCENARIOS = ("file-buffers", "file-buffers-none", "file-buffer-locked", "file-buffers-pinned")

#: What is said to a mistake, whichever of the two functions it is made in.
SLIPS = (
    Slip(
        "lacks set_bh_page",
        "The buffers still point to the old page: whoever writes through one writes to a page "
        "that is no longer the file's.",
    ),
    Slip(
        "broken: references",
        "Count again: the buffers hold one reference on their page. When they leave, it goes, and "
        "where they arrive, it comes: put_page(page), get_page(newpage).",
    ),
    Slip(
        "lacks get_page",
        "The new page has the buffers and not the reference that they hold: it is freed too early.",
    ),
    Slip(
        "lacks SetPagePrivate",
        "The new page has buffers and does not say so: nobody will find them, and the next move "
        "expects one reference too few.",
    ),
    Slip(
        "lacks ClearPagePrivate",
        "The old page still says that it has buffers. It will be freed without them.",
    ),
    Slip(
        "lacks put_page",
        "The buffers have left the old page, and their reference has not: put_page(page).",
    ),
    Slip(
        "lacks put_bh",
        "Each get_bh() needs its put_bh(), or the buffer has a user for ever.",
    ),
    Slip(
        "lacks unlock_buffer",
        "A buffer stays locked, and the next who wants it waits for ever.",
    ),
    Slip(
        "lacks page_has_buffers",
        "A page of this file may have no buffers. Then migrate_page() does all there is to do.",
    ),
)

EXERCISE = Exercise(
    "e09",
    "Write buffer_migrate_page",
    parameters={"buffers": (3, 2, 4), "locked": (1, 0), "users": (2, 3, 4)},
    problems=(
        Problem(
            "q1",
            "the counts, and the first buffer, when the copy begins",
            (Table(halfway, label="the four values"),),
            slips=(
                Slip(
                    "p0._count is 2",
                    "Two have left p0: the page cache and the buffers. Who is still there?",
                ),
                Slip(
                    "p0._count is 3",
                    "That is what was expected at the beginning. The cache and the buffers have "
                    "gone since.",
                ),
                Slip(
                    "n0._count is 2",
                    "One is missing: who allocated n0 has a reference, and two have come.",
                ),
                Slip(
                    lambda p: f"n0._count is {p.buffers + 2}",
                    "The buffers hold one reference together, not one each.",
                ),
                Slip(
                    lambda p: f"b_count is {p.users}",
                    "get_bh() was called for each buffer before it was locked, and put_bh() comes "
                    "at the very end.",
                ),
                Slip(
                    "b_count is 1",
                    "Your get_bh() is one user. Others use this buffer too: see the world.",
                ),
                Slip(
                    lambda p: f"b_count is {p.users + p.buffers}",
                    "b_count is a count of its own for each buffer: how many use this one.",
                ),
                Slip(
                    "b_page is p0",
                    "The buffers are moved first, then the contents are copied. All that time they "
                    "are locked.",
                ),
            ),
            hints=(
                "Three held p0 before: who isolated it, the page cache, the buffers. Who has left?",
                "In the function, migrate_page_copy() comes after set_bh_page() and before "
                "put_bh().",
            ),
            why="The reference of the cache moved in migrate_page_move_mapping(), and that of the "
            "buffers here, by put_page(page) and get_page(newpage).",
        ),
        Problem(
            "q2",
            "buffer_migrate_page(mapping, newpage, page), as the model has it",
            (
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in four scenarios"),
                Alike(FUNCTION, worlds, label="the model's steps in worlds of your numbers"),
                Keeps(FUNCTION, SCENARIOS, label="every reference is accounted for"),
                Explored(FUNCTION, "buffers-locked", label="a user of a buffer comes to no harm"),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "lacks get_bh",
                    "Who uses a buffer says so in b_count, before he waits for its lock.",
                ),
            ),
            hints=(
                "Three rounds over the ring: lock all; point all to the new page; unlock all. A "
                "ring has no end: go on until bh is head again.",
                "The mapping comes before the first round: if migrate_page_move_mapping() does not "
                "return 0, nothing else may have happened.",
                "Between round one and two the private data changes hands: ClearPagePrivate, "
                "set_page_private twice, put_page, get_page. After round two SetPagePrivate, and "
                "the copy.",
            ),
            why="All buffers are locked from before the first one moves until the contents are "
            "there: who locks a buffer finds it wholly on one page or wholly on the other.",
        ),
        Problem(
            "q3",
            "a variant that never waits: all buffers are locked first, or none",
            (
                Leaves(FUNCTION, worlds, rules_broken, label="all rules, in five worlds"),
                Alike(
                    FUNCTION, free_worlds, order=False, label="the same end where none is locked"
                ),
                Calls(
                    FUNCTION,
                    "file-buffers",
                    always=("trylock_buffer", "unlock_buffer", "set_bh_page", "SetPagePrivate"),
                    label="it tries the locks itself",
                ),
                Explored(FUNCTION, "buffers-locked", label="a user of a buffer comes to no harm"),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "waits",
                    "lock_buffer() sleeps until the other is done. trylock_buffer() says 0 and "
                    "goes on.",
                ),
                Slip(
                    "locked too late",
                    "When the new page is in the cache there is no way back. So all buffers have "
                    "to be locked before migrate_page_move_mapping().",
                ),
                Slip(
                    "unlocked too early",
                    "Who locks a buffer now writes to a page that is being copied.",
                ),
                Slip(
                    "another's lock",
                    "Unlock those that you have locked, and stop at the one that you did not get: "
                    "that lock is somebody else's.",
                ),
                Slip(
                    "stays locked",
                    "You give up and leave locked what you had locked already. Look at both ways "
                    "out: a lock that is not free, and a mapping that cannot be moved.",
                ),
                Slip(
                    "users",
                    "get_bh() and put_bh() do not balance. On the way back, too, each buffer that "
                    "you have taken has to be given back, and no other.",
                ),
                Slip("no answer", "Each way through the function has to return something."),
                Slip(
                    "another answer",
                    "Only -EAGAIN says that another attempt is worth it: the lock may be free by "
                    "then.",
                ),
            ),
            hints=(
                "On the way back start at head again, and end at the buffer whose lock you did not "
                "get.",
                "There are two ways back: from a buffer that is locked, and from "
                "migrate_page_move_mapping(). In the second, all buffers are locked.",
            ),
            why="Later kernels do so where they may not wait. Since 3.3 (b969c4ab9f18) the locks "
            "were tried while the count of the page was frozen; since 2018 (cc4f11e69fd0) they "
            "are taken before the mapping is touched, as here.",
        ),
    ),
)
