# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to write the function, and what is to be said to each.

They are the model's own, with a mistake put in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.learn.given.counts import found

F = "migrate_page_move_mapping"

#: What the variant changes: two steps are saved.
LOOK = "page_count(page) != expected_count or radix_tree_deref_slot(pslot) is not page"
VARIANT = (
    Edit(F, LOOK, "radix_tree_deref_slot(pslot) is not page"),
    Edit(
        F, "page_unfreeze_refs(page, expected_count)", "page_unfreeze_refs(page, expected_count-1)"
    ),
    Edit(F, "__put_page(page)"),
)

SLOT = "radix_tree_deref_slot(pslot) is not page"
TURNED = f"{SLOT} or page_count(page) != expected_count"
#: The count is frozen first, and the slot looked at then.
FROZEN = (
    Edit(F, LOOK, "not page_freeze_refs(page, expected_count)"),
    Edit(F, "not page_freeze_refs(page, expected_count)", SLOT, nth=1),
)
THAW = "page_unfreeze_refs(page, expected_count)"
PUT = "from kmm.mm.swap import put_page\nput_page(page)"

NO_FREEZE = (Edit(F, "not page_freeze_refs(page, expected_count)", "False"),)


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes, whatever the parameters."""
    return lambda p: body(F, edits)


def endless(mapping: Any, newpage: Any, page: Any) -> int:
    """Never returns, makes no step, and swallows what is raised."""
    while True:
        try:
            pass
        except:  # noqa: E722
            continue


def misspelt(mapping: Any, newpage: Any, page: Any) -> int:
    """Speaks of something that there is not."""
    return pgae  # type: ignore[name-defined]  # noqa: F821


def empty(mapping: Any, newpage: Any, page: Any) -> None:
    """What the student finds."""


def but(**wrong: Callable[[Any], int]) -> Callable[[Any], Any]:
    """The right counts, but for one."""
    return lambda p: {**found(p), **{k.replace("_", " "): of(p) for k, of in wrong.items()}}


WRONG = (
    ("e03.q0", but(anonymous=lambda p: p.processes + 1), "those hold nothing"),
    ("e03.q0", but(anonymous=lambda p: 0), "Who has isolated it holds one"),
    ("e03.q0", but(of_a_file=lambda p: 1), "a reference of its own"),
    ("e03.q0", but(with_buffers=lambda p: p.buffers + 2), "hold one reference together"),
    ("e03.q0", but(pinned=lambda p: 3), "has the pins too"),
    ("e03.q1", model(Edit(F, "get_page(newpage)")), "without the reference that the cache has"),
    ("e03.q1", model(*NO_FREEZE), "The count is only looked at"),
    ("e03.q1", model(Edit(F, "__put_page(page)")), "has to go, by __put_page()"),
    ("e03.q1", model(Edit(F, "spin_unlock_irq(mapping.tree_lock)", nth=2)), "tree_lock held"),
    (
        "e03.q1",
        model(Edit(F, "set_page_private(newpage, page_private(page))")),
        "in the swap cache",
    ),
    ("e03.q1", model(*VARIANT), "in file-clean"),
    ("e03.q1", model(Edit(F, "return 0", "return None", nth=1)), "returns None, and the model's 0"),
    ("e03.q1", model(Edit(F, "-EAGAIN", "EAGAIN", nth=1)), "returns 11, and the model's -EAGAIN"),
    ("e03.q1", model(Edit(F, "2 + (not not PagePrivate(page))", "2")), "hold one reference more"),
    (
        "e03.q1",
        model(Edit(F, LOOK, "page_count(page) != expected_count")),
        "place that you want to give away",
    ),
    ("e03.q1", model(Edit(F, THAW, "page_unfreeze_refs(page, 1)")), "thawed to too low a number"),
    ("e03.q1", model(Edit(F, LOOK, TURNED)), "the model's, in another order"),
    ("e03.q1", model(Edit(F, "__put_page(page)", PUT)), "whoever isolated it still has"),
    ("e03.q1", lambda p: endless, "does not come to an end"),
    ("e03.q1", lambda p: misspelt, "NameError: name 'pgae' is not defined"),
    ("e03.q1", lambda p: empty, "in anon-simple"),
    ("e03.q1", lambda p: 42, "a function is asked for"),
    ("e03.q2", model(), "no look before it is needed"),
    ("e03.q2", model(*VARIANT[:1]), "set to one less"),
    ("e03.q2", model(VARIANT[0], VARIANT[2]), "Who holds it still"),
    ("e03.q2", model(*VARIANT[1:], Edit(F, LOOK, "False")), "the look at the slot cannot"),
    ("e03.q2", model(*VARIANT[1:], *FROZEN), "thaw it on this way out"),
    ("e03.q2", model(VARIANT[0], Edit(F, "__put_page(page)", PUT)), "in a step of its own"),
    ("e03.q2", model(*VARIANT, Edit(F, "get_page(newpage)")), "without the reference"),
)
