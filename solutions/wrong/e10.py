# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong answers about unmap_and_move, and what is to be said to each.

The functions are the model's own, with a mistake put in; so is the variant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.explore.history.alone import NO_WAIT
from kmm.learn.exercises.e10 import codes, counts

F = "unmap_and_move"

UNLOCK = "if PageWriteback(page):\n    if not force:\n        goto(unlock)\n"


def table(right: Callable[[Any], dict[str, int]], **wrong: Any) -> Callable[[Any], Any]:
    """The right table, with these values in the place of those by the same names."""
    changed = {name.replace("_", " "): value for name, value in wrong.items()}
    return lambda p: {
        **right(p),
        **{name: value(p) if callable(value) else value for name, value in changed.items()},
    }


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes, whatever the parameters."""
    return lambda p: body(F, edits)


def variant(p: Any) -> tuple[Edit, ...]:
    """The edits that make the variant of the fourth problem."""
    return (
        Edit(F, "not force", f"force < {p.lock}", nth=0),
        Edit(
            F,
            "if not force:\n    goto(unlock)",
            f"if force < {p.disk}:\n    rc = -16\n    goto(unlock)",
        ),
        Edit(
            F,
            "putback_lru_page(newpage)",
            "nid = page_to_nid(newpage)\nputback_lru_page(newpage)",
        ),
        Edit(F, "result.value.value = page_to_nid(newpage)", "result.value.value = nid"),
    )


def nearly(*instead: tuple[int, Callable[[Any], Edit | None]]) -> Callable[[Any], Any]:
    """The variant with other edits in the place of some; None takes one away."""

    def made(p: Any) -> Any:
        edits: list[Edit | None] = list(variant(p))
        for i, edit in instead:
            edits[i] = edit(p)
        return body(F, tuple(edit for edit in edits if edit is not None))

    return made


def empty(get_new_page: Any, private: Any, page: Any, force: Any) -> None:
    """What the student finds."""


def misspelt(get_new_page: Any, private: Any, page: Any, force: Any) -> int:
    """Speaks of something that there is not."""
    return nwepage  # type: ignore[name-defined]  # noqa: F821


LEFT_LOCKED = Edit(F, "unlock_page(page)")

WRONG = (
    ("e10.q1", table(codes, nobody_else=-11), "has nothing left to move"),
    ("e10.q1", table(codes, node_1_is_full=-11), "an error of its own"),
    ("e10.q1", table(codes, pinned=0), "wait for a count to fall"),
    ("e10.q1", table(codes, locked=lambda p: -11 if p.force else 0), "force decides here"),
    ("e10.q1", table(codes, pinned=11), "as negative numbers"),
    ("e10.q1", lambda p: -11, "a table is asked for"),
    ("e10.q2", table(counts, at_peace=0), "through a pagevec"),
    ("e10.q2", table(counts, nobody_else=0), "still on the caller's list"),
    ("e10.q2", table(counts, pinned=lambda p: p.pins + 1), "the ptes come back"),
    ("e10.q2", table(counts, pinned=lambda p: p.pins), "has the page on the list"),
    ("e10.q2", table(counts, node_1_is_full=1), "before anything was unmapped"),
    (
        "e10.q3",
        model(Edit(F, "if PageAnon(page):\n    rcu_read_lock()\n    rcu_locked = 1")),
        "RCU has to keep it",
    ),
    ("e10.q3", model(LEFT_LOCKED), "leaves the page locked"),
    ("e10.q3", model(Edit(F, "remove_migration_ptes(page, page)")), "entries stay"),
    ("e10.q3", model(Edit(F, "rc != -EAGAIN", "True")), "has to stay on the list"),
    ("e10.q3", model(Edit(F, "try_to_free_buffers(page)")), "A page that truncate left"),
    ("e10.q3", model(Edit(F, "mem_cgroup_end_migration(newpage)")), "is never settled"),
    ("e10.q3", model(Edit(F, "not page_mapped(page)", "True")), "try_to_unmap() may leave ptes"),
    ("e10.q3", lambda p: empty, "it returns None"),
    ("e10.q3", lambda p: misspelt, "NameError"),
    ("e10.q4", model(NO_WAIT), "will not wait for this"),
    ("e10.q4", model(), "has said that it will not wait"),
    (
        "e10.q4",
        nearly(
            (
                1,
                lambda p: Edit(
                    F, "if not force:\n    goto(unlock)", f"if force < {p.disk}:\n    goto(unlock)"
                ),
            )
        ),
        "left in peace",
    ),
    (
        "e10.q4",
        nearly((1, lambda p: None)),
        "has said that it will not wait",
    ),
    (
        "e10.q4",
        nearly(
            (
                1,
                lambda p: Edit(
                    F,
                    "if not force:\n    goto(unlock)",
                    f"if force < {p.disk}:\n    unlock_page(page)\n    return -16",
                ),
            )
        ),
        "goes back to its LRU",
    ),
    ("e10.q4", nearly((2, lambda p: None), (3, lambda p: None)), "Ask for the node before"),
    ("e10.q4", nearly((0, lambda p: Edit(F, "not force", "force < 0", nth=0))), "will not wait"),
    ("e10.q4", lambda p: empty, "returns None"),
    ("e10.q4", lambda p: 4, "a function is asked for"),
)
