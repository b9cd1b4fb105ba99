# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to write the function, and what is to be said to each.

They are the model's own, with a mistake put in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.learn.given.ptes import pte_afterwards

F = "remove_migration_pte"

MAKE = "pte = pte_mkold(mk_pte(new, vma.vm_page_prot))"
LOCK = (Edit(F, "spin_lock(ptl)"), Edit(F, "pte_unmap_unlock(ptep, ptl)"))
CHARGE = "mem_cgroup_charge(new, mm, GFP_ATOMIC)"
NOT_OURS = "not is_migration_entry(entry) or migration_entry_to_page(entry) is not old"
MKDIRTY = "from kmm.mm.pgtable import pte_mkdirty\nfrom kmm.mm.page_flags import PageDirty\n"


def model(*edits: Edit) -> Callable[[Any], Any]:
    """The model's function with these mistakes, whatever the parameters."""
    return lambda p: body(F, edits)


def variant(young: str, dirty: str, *more: Edit) -> Callable[[Any], Any]:
    """The variant, with these conditions for the two bits."""
    made = (
        f"{MKDIRTY}kept = pte\npte = mk_pte(new, vma.vm_page_prot)\n"
        f"if not ({young}):\n    pte = pte_mkold(pte)\n"
        f"if {dirty}:\n    pte = pte_mkdirty(pte)"
    )
    return lambda p: body(F, (Edit(F, MAKE, made), *more))


YOUNG, DIRTY = "kept.young", "kept.dirty and PageDirty(new)"


def table(**wrong: int) -> Callable[[Any], Any]:
    """The right table with these values."""
    return lambda p: {
        **pte_afterwards(p),
        **{name.replace("_", " "): v for name, v in wrong.items()},
    }


def other(name: str) -> Callable[[Any], Any]:
    """The right table, with the opposite of what one bit is."""
    return lambda p: {**pte_afterwards(p), name: 1 - pte_afterwards(p)[name]}


def unlocked_way_out(vma: Any, old: Any, new: Any) -> None:
    """Whoever forgets that the pte may have changed."""
    raise KeyError("ptl")


WRONG = (
    ("e07.q1", table(young=1), "the new pte is made old"),
    ("e07.q1", table(dirty=1), "went from the pte to the page"),
    ("e07.q1", other("write"), "the right to write"),
    ("e07.q1", table(mapcount=0), "Every entry becomes a pte again"),
    (
        "e07.q1",
        lambda p: {**pte_afterwards(p), "mapcount": p.processes + 1},
        "mapcount counts ptes",
    ),
    ("e07.q2", model(Edit(F, "get_page(new)")), "without the reference that a pte holds"),
    ("e07.q2", model(*LOCK), "without its lock"),
    (
        "e07.q2",
        model(Edit(F, "if is_write_migration_entry(entry):\n    pte = pte_mkwrite(pte)")),
        "must be able to write again",
    ),
    ("e07.q2", model(Edit(F, "is_write_migration_entry(entry)", "True")), "Not every pte was"),
    ("e07.q2", model(Edit(F, NOT_OURS, "not is_migration_entry(entry)")), "may stand for another"),
    ("e07.q2", model(Edit(F, MAKE, "pte = mk_pte(new, vma.vm_page_prot)")), "comes back old"),
    (
        "e07.q2",
        model(
            Edit(
                F,
                "if PageAnon(new):\n    page_add_anon_rmap(new, vma, addr)\n"
                "else:\n    page_add_file_rmap(new)",
                "page_add_file_rmap(new)",
            )
        ),
        "page_add_anon_rmap() raises its mapcount",
    ),
    ("e07.q2", model(Edit(F, "pte_unmap(ptep)")), "keeps the pointer"),
    ("e07.q2", model(Edit(F, "pte_unmap_unlock(ptep, ptl)")), "leaves the pte lock held"),
    ("e07.q2", model(Edit(F, "set_pte_at(mm, addr, ptep, pte)")), "never put where the entry is"),
    ("e07.q2", model(Edit(F, "update_mmu_cache(vma, addr, pte)")), "is told of the new pte"),
    ("e07.q2", model(Edit(F, CHARGE)), "has to pay for the new page"),
    ("e07.q2", lambda p: unlocked_way_out, "raises KeyError"),
    ("e07.q3", model(), "The pte was used before"),
    ("e07.q3", variant("True", DIRTY), "it has to go again"),
    ("e07.q3", variant(YOUNG, "False"), "had written through this pte"),
    ("e07.q3", variant(YOUNG, "PageDirty(new)"), "somebody else's doing"),
    ("e07.q3", variant(YOUNG, "kept.dirty"), "ask the page too"),
    (
        "e07.q3",
        variant(
            YOUNG,
            DIRTY,
            Edit(
                F,
                "is_write_migration_entry(entry)",
                "is_write_migration_entry(entry) or kept.dirty",
            ),
        ),
        "A dirty pte need not be writable",
    ),
    ("e07.q3", variant(YOUNG, DIRTY, Edit(F, "get_page(new)")), "reference that a pte holds"),
    ("e07.q3", variant(YOUNG, DIRTY, *LOCK), "without its lock"),
)
