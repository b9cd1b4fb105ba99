# SPDX-License-Identifier: GPL-2.0-only
"""Write: remove_migration_pte, first as it is, then with entries that remember two bits more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kmm.explore.edit import Edit
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.functions import Conforms, Explored, Keeps
from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.learn.values import Table
from kmm.learn.worlds import Alike, Leaves, Wrong
from kmm.mm.page import Page
from kmm.scenario import Run, World
from kmm.scenario.handles import Vma

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

#: The variant's kernel: beside the entry the pte keeps the two bits that were in it.
REMEMBERS = (
    Edit(
        "try_to_unmap_one",
        "set_pte_at(mm, address, ptep, swp_entry_to_pte(entry))",
        "set_pte_at(mm, address, ptep, swp_entry_to_pte(entry)._replace(\n"
        "    young=pteval.young, dirty=pteval.dirty))",
        nth=1,
    ),
)

SHARED = ("READ", "WRITE", "SHARED")


def shared(processes: int, bits: str, dirty: bool = False, **options: Any) -> World:
    """A page of a file that so many processes map; `bits` of each pte, as in "w-y".

    `dirty`: the page itself is, by write(2).
    """
    w = World(nodes=2)
    file = w.file(**options)
    page = file.page(0, flags=("uptodate", "dirty") if dirty else ("uptodate",))
    for _ in range(processes):
        vma = w.mm().mmap(pages=1, file=file, flags=SHARED)
        maps(w, page, vma, bits)
    return w


def private(bits: str) -> World:
    """An anonymous page of one process."""
    w = World(nodes=2)
    vma = w.mm().mmap(pages=1, anon_vma=w.anon_vma())
    maps(w, w.page(anon_vma=w["a0"], flags=("uptodate",)), vma, bits)
    return w


def maps(w: World, page: Page, vma: Vma, bits: str) -> None:
    """The first pte of the vma maps the page: writable, dirty, young, as the bits say."""
    write, dirty, young = (bit in bits for bit in "wdy")
    w.map(page, vma.mm, vma.address(0), write=write, dirty=dirty, young=young)


def moves(w: World) -> Run:
    """The page is migrated to node 1."""
    page: Page = w["p0"]
    return w.migrate_pages([page], 1, limit=STEPS)


def in_the_way(w: World) -> Run:
    """The same, but somebody holds a reference all the time."""
    w.pin(w["p0"])
    return moves(w)


def worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Pages that move, one that cannot, and one that is dirty and must be written first."""
    many = p.processes
    yield f"{many} x {p.bits}", lambda: moves(shared(many, p.bits))
    yield f"{p.others}, anonymous", lambda: moves(private(p.others))
    yield f"{p.others}, written to by write(2)", lambda: moves(shared(1, p.others, dirty=True))
    yield "-dy, pinned", lambda: in_the_way(shared(1, "-dy"))
    yield (
        "wdy, written out meanwhile",
        lambda: moves(shared(1, "wdy", migratepage=None, writepage="ok")),
    )


def bits_wrong(run: Run) -> Iterator[Wrong]:
    """Each pte that maps a page again has the bits that were kept, and is dirty if the page is."""
    trace = run.trace
    for step in trace:
        for change in step.changes:
            if ".pte[" not in change.path or change.old.entry is None or change.new.page is None:
                continue
            kept, now = change.old, change.new
            dirty = kept.dirty and trace.value(f"{now.page}.PG_dirty", step.index)
            wanted = {"young": kept.young, "dirty": dirty, "write": kept.entry.type == 31}
            for name, want in wanted.items():
                have = getattr(now, name)
                if bool(have) != bool(want):
                    how = "invented" if have else "lost"
                    why = " (the page is clean)" if kept.dirty and name == "dirty" and have else ""
                    bit = "accessed" if name == "young" else name
                    yield Wrong(
                        f"{name} {how}{why}",
                        f"step {step.index} makes {change.path} {now}: the {bit} bit is {how}{why}",
                    )


def pte_afterwards(p: Parameters) -> dict[str, int]:
    """The bits of the pte, and the counts of the new page, when the page has moved."""
    w = shared(p.processes, p.bits)
    moves(w)
    pte = w.mms["m0"].struct.page_table.cells[w.mms["m0"].vmas[0].address(0)]
    page: Page = w["n0"]
    return {
        "write": pte.write,
        "dirty": pte.dirty,
        "young": pte.young,
        "page is dirty": page.PG_dirty,
        "mapcount": page._mapcount + 1,
    }


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
        "lacks spin_unlock",
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
                    "The entry has remembered that the pte was writable: there are two kinds.",
                ),
                Slip(
                    "write is 1",
                    "A pte that could not write before gets no right by being moved.",
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
