# SPDX-License-Identifier: GPL-2.0-only
"""Write: remove_migration_pte, first as it is, then with entries that remember two bits more."""

from __future__ import annotations

from kmm.learn.given.ptes import REMEMBERS, bits_wrong, pte_afterwards, worlds
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Conforms, Explored, Keeps
from kmm.learn.checks.values import Table
from kmm.learn.checks.worlds import Alike, Leaves

FUNCTION = "remove_migration_pte"

#: Anonymous and of a file, read only, a pte zapped meanwhile, tables that are not there.
SCENARIOS = (
    "anon-simple",
    "anon-readonly",
    "file-shared-prot",
    "anon-zapped-meanwhile",
    "anon-children-without-tables",
    "entry-of-another-page",
)

#: What is said to a mistake, whichever of the two functions it is made in.
SLIPS = (
    Slip("lacks get_page", "The pte maps the page again without the reference that a pte holds."),
    Slip(
        "lacks page_add_anon_rmap",
        "An anonymous page is mapped and not told: page_add_anon_rmap() raises its mapcount.",
    ),
    Slip(
        "lacks page_add_file_rmap",
        "A page of a file is mapped and not told: page_add_file_rmap() raises its mapcount.",
    ),
    Slip(
        "adds page_add_anon_rmap",
        "page_add_anon_rmap() is for anonymous pages; a page of a file has one of its own.",
    ),
    Slip(
        "lacks spin_lock",
        "The pte is changed without its lock. What you read may be gone when you write.",
    ),
    Slip(
        "lacks pte_unmap_unlock",
        "A way out of the function leaves the pte lock held; look at each return.",
    ),
    Slip(
        "lacks pte_mkwrite",
        "Who could write before must be able to write again, and the entry says so: "
        "is_write_migration_entry().",
    ),
    Slip(
        "lacks is_write_migration_entry",
        "Not every pte was writable. Only an entry of the write kind gives the bit back.",
    ),
    Slip(
        "lacks migration_entry_to_page",
        "An entry may stand for another page, which somebody else is moving. That one is not "
        "yours: compare with `old`.",
    ),
)

EXERCISE = Exercise(
    "e07",
    "Write remove_migration_pte",
    parameters={
        "processes": (2, 1, 3),
        "bits": ("wdy", "w-y", "--y", "-dy"),
        "others": ("w--", "---"),
    },
    problems=(
        Problem(
            "q1",
            "the bits of the pte, and what the new page knows, after the move",
            (Table(pte_afterwards, label="the five values"),),
            slips=(
                Slip(
                    "young is 1",
                    "Not what was in the pte before: the new pte is made old, whoever used the "
                    "page just now. Only problem 3 changes that.",
                ),
                Slip(
                    "dirty is 1",
                    "The dirty bit went from the pte to the page when the page was unmapped, and "
                    "this version does not bring it back.",
                ),
                Slip(
                    "write is 0",
                    "The entry has remembered the right to write: there are two kinds of entries.",
                ),
                Slip(
                    "write is 1",
                    "A pte without the right to write gets none by being moved.",
                ),
                Slip(
                    "page is dirty is 0",
                    "What a program has written must not be forgotten: the bit of the pte has "
                    "become the page's, and the copy takes the page's flag along.",
                ),
                Slip(
                    "page is dirty is 1",
                    "Nobody has written to this page: its ptes were clean, and so was the page.",
                ),
                Slip("mapcount is 0", "Every entry becomes a pte again, and each counts."),
                Slip(
                    lambda p: f"mapcount is {p.processes + 1}",
                    "mapcount counts ptes. The other reference is in page_count().",
                ),
            ),
            hints=(
                "Follow each bit: from the pte to the entry or the page, and from there to n0.",
                'Run it: `run.trace.history("m0.pte[0x400000]")` has every value of the pte.',
            ),
            why="The write bit travels in the entry, the dirty bit in the page, the accessed bit "
            "not at all.",
        ),
        Problem(
            "q2",
            "remove_migration_pte(vma, old, new), as the model has it",
            (
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in six scenarios"),
                Alike(FUNCTION, worlds, label="the model's steps in worlds of your numbers"),
                Keeps(FUNCTION, SCENARIOS[:3], label="every reference is accounted for"),
                Explored(
                    FUNCTION,
                    "pte-lock-in-remove_migration_pte",
                    label="madvise() at the same moment comes to no harm",
                ),
            ),
            slips=(
                *SLIPS,
                Slip(
                    "lacks pte_unmap",
                    "The early way out keeps the pointer to the pte: pte_unmap() gives it back.",
                ),
                Slip(
                    "lacks is_swap_pte",
                    "The pte is to be looked at twice: once without the lock, and once more under "
                    "it, for it can have changed.",
                ),
                Slip(
                    "lacks mem_cgroup_charge",
                    "Somebody has to pay for the new page: the mm is charged before anything else.",
                ),
                Slip(
                    "lacks set_pte_at",
                    "The pte is made, and never put where the entry is: set_pte_at().",
                ),
                Slip(
                    "lacks update_mmu_cache",
                    "At the end the processor is told of the new pte: update_mmu_cache().",
                ),
                Slip(
                    "lacks pte_mkold",
                    "In this version the pte comes back old: reclaim shall find out anew who uses "
                    "the page.",
                ),
                Slip(
                    "spin_lock before pte_offset_map",
                    "The lock protects what the pte holds, and it is taken after the first look.",
                ),
            ),
            hints=(
                (
                    "Where is the pte? page_address_in_vma() says, or -EFAULT. Then down the "
                    "levels: pgd, pud, pmd; at each, nothing there means nothing to do."
                ),
                (
                    "Look once without the lock, and give up early if there is no entry. Then take "
                    "the lock and look again: what you saw can be wrong by now."
                ),
                (
                    "Under the lock, in order: charge, get_page, make the pte (old, perhaps "
                    "writable), flush_cache_page, set_pte_at, tell the page, update_mmu_cache."
                ),
            ),
            why="The second look under the lock is the one that counts. The first only saves the "
            "lock where there is nothing to do.",
        ),
        Problem(
            "q3",
            "a variant for entries that remember the accessed and the dirty bit",
            (
                Leaves(
                    FUNCTION,
                    worlds,
                    bits_wrong,
                    edits=REMEMBERS,
                    label="every bit is back, in five worlds",
                ),
                Conforms(
                    FUNCTION,
                    ("anon-zapped-meanwhile", "entry-of-another-page", "nonlinear"),
                    order=False,
                    label="entries that are gone, or another page's, are left alone",
                ),
                Explored(
                    FUNCTION,
                    "pte-lock-in-remove_migration_pte",
                    label="madvise() at the same moment comes to no harm",
                ),
                Explored(
                    FUNCTION, "write-bit-only-then", label="mprotect() at the same moment is heeded"
                ),
            ),
            slips=(
                *(slip for slip in SLIPS if "pte_mkwrite" not in str(slip.sign)),
                Slip(
                    "young lost",
                    "The pte was used before, and its entry says so. Only an entry without the bit "
                    "makes the pte old.",
                ),
                Slip(
                    "young invented",
                    "mk_pte() makes a young pte. Where the bit was not set, it has to go again.",
                ),
                Slip(
                    "dirty lost",
                    "The program had written through this pte, and the page is still dirty: the "
                    "next write need not set the bit again.",
                ),
                Slip(
                    "dirty invented",
                    "This pte was clean. That the page is dirty may be somebody else's doing.",
                ),
                Slip(
                    "dirty invented (the page is clean)",
                    "The page has been written to the disk since the entry was made. A dirty pte "
                    "would have it written once more: ask the page too.",
                ),
                Slip(
                    "write lost", "The third bit, write, still stands in the kind of the entry."
                ),
                Slip(
                    "write invented",
                    "A dirty pte need not be writable: the right to write comes from the entry "
                    "alone.",
                ),
            ),
            hints=(
                "The bits are in the pte that holds the entry. When do you overwrite `pte`?",
                "Which of the three bits can be out of date when the entry is removed, and who "
                "knows better?",
            ),
            why="So since 6.1 (2e3468778dbe). It was no bug before: the processor sets both bits "
            "again, which costs some hundred nanoseconds each, and reclaim takes a page in use "
            "for an idle one. The dirty bit comes back only if the page is dirty still.",
        ),
    ),
)
