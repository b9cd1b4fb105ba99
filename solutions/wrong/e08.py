# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to write the function, and what is to be said to each.

They are the model's own, with a mistake put in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.learn.given.copies import kept

F = "migrate_page_copy"

DIRTY = "clear_page_dirty_for_io(page)"
AGAIN = "__set_page_dirty_nobuffers(newpage)"
UPTODATE = "if PageUptodate(page):\n    SetPageUptodate(newpage)"
MLOCK = "mlock_migrate_page(newpage, page)"

ASKED_LATE = (Edit(F, "page.mapping = None", "page.mapping = None\nanon = PageAnon(page)"),)
#: The old page is made clean when it has no mapping any more.
CLEAN_LAST = Edit(
    F, "page.mapping = None", f"page.mapping = None\nif PageDirty(page):\n    {DIRTY}"
)

SWAPPED = (Edit(F, DIRTY, AGAIN), Edit(F, AGAIN, DIRTY))
#: The first is the new one after the swap.
BOTH = (Edit(F, DIRTY, f"{AGAIN}\n{DIRTY}"), Edit(F, AGAIN, "pass", nth=1))


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes, whatever the parameters."""
    return lambda p: body(F, edits)


def later(place: str, *more: Edit) -> Callable[[Any], Any]:
    """No gap, and uptodate behind that place."""
    return model(*BOTH, Edit(F, UPTODATE), Edit(F, place, f"{place}\n{UPTODATE}"), *more)


def flag(name: str, value: int) -> Callable[[Any], Any]:
    """The right table with another value."""
    return lambda p: {**kept(p), name: value}


def opposite(name: str) -> Callable[[Any], Any]:
    """The right table with the opposite of a value."""
    return lambda p: {**kept(p), name: 1 - kept(p)[name]}


def misspelt(newpage: Any, page: Any) -> None:
    """Speaks of something that there is not."""
    copy_higpage(newpage, page)  # type: ignore[name-defined]  # noqa: F821


WRONG = (
    ("e08.q1", flag("active", 1), "Active is tested and cleared in one step"),
    ("e08.q1", flag("dirty", 1), "would be counted twice"),
    ("e08.q1", flag("uptodate", 0), "copied, not moved"),
    ("e08.q1", lambda p: {**dict.fromkeys(kept(p), 0)}, "copied, not moved"),
    ("e08.q1", lambda p: "none", "a table is asked for"),
    ("e08.q2", model(Edit(F, "copy_highpage(newpage, page)")), "and not its contents"),
    ("e08.q2", model(Edit(F, UPTODATE)), "nobody believes it"),
    ("e08.q2", model(Edit(F, DIRTY)), "The old page stays dirty"),
    (
        "e08.q2",
        model(
            Edit(
                F,
                AGAIN,
                "from kmm.mm.page_writeback import set_page_dirty\nset_page_dirty(newpage)",
            )
        ),
        "in world",
    ),
    (
        "e08.q2",
        model(Edit(F, AGAIN, "from kmm.mm.page_flags import SetPageDirty\nSetPageDirty(newpage)")),
        "A bare flag is not enough",
    ),
    ("e08.q2", model(Edit(F, "page.mapping = None")), "still says that it belongs"),
    ("e08.q2", model(Edit(F, "anon = PageAnon(page)", "anon = True")), "no longer charged"),
    (
        "e08.q2",
        model(Edit(F, "if PageWriteback(newpage):\n    end_page_writeback(newpage)")),
        "is not woken",
    ),
    ("e08.q2", model(Edit(F, MLOCK)), "must stay in memory"),
    ("e08.q2", model(Edit(F, "not anon", "True")), "An anonymous one is not"),
    ("e08.q2", model(Edit(F, "anon = PageAnon(page)"), *ASKED_LATE), "when it is gone"),
    ("e08.q2", model(Edit(F, "set_page_private(page, 0)")), "still points to what has left it"),
    ("e08.q2", lambda p: misspelt, "NameError"),
    ("e08.q3", model(), "dirty nowhere"),
    ("e08.q3", model(*BOTH), "still to come"),
    (
        "e08.q3",
        later("if PageMappedToDisk(page):\n    SetPageMappedToDisk(newpage)"),
        "finds it clean",
    ),
    (
        "e08.q3",
        model(
            Edit(F, "copy_highpage(newpage, page)"),
            *BOTH,
            Edit(F, UPTODATE),
            Edit(F, MLOCK, f"{MLOCK}\n{UPTODATE}\ncopy_highpage(newpage, page)"),
        ),
        "happens to be in the new frame",
    ),
    ("e08.q3", later(MLOCK, Edit(F, DIRTY)), "The old page stays dirty"),
    ("e08.q3", model(*BOTH, Edit(F, UPTODATE), Edit(F, MLOCK, f"{UPTODATE}\n{MLOCK}")), "mlocked"),
    ("e08.q3", later(MLOCK, Edit(F, DIRTY), CLEAN_LAST), "Afterwards nobody can"),
    (
        "e08.q3",
        later(
            MLOCK,
            Edit(F, AGAIN, "from kmm.mm.page_flags import SetPageDirty\nSetPageDirty(newpage)"),
        ),
        "A bare flag is not enough",
    ),
)
