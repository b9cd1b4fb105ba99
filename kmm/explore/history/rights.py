# SPDX-License-Identifier: GPL-2.0-only
"""What a program may write, and where its writes go: mprotect, and stale translations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import AT, SIZE, Tasks, anonymous, beside, m0
from kmm.explore.invariants import ALWAYS, Invariant
from kmm.mm.cpu import write_memory
from kmm.mm.mmap import VM_READ, VM_WRITE
from kmm.mm.mprotect import sys_mprotect
from kmm.scenario import World


def _writable(books: Books) -> Iterator[str]:
    for mm in books.mms:
        vma = mm.mmap
        while vma is not None:
            for address, pte in mm.page_table.cells.items():
                inside = vma.vm_start <= address < vma.vm_end
                if inside and pte.write and not vma.vm_flags & VM_WRITE:
                    yield f"{vma.name} may not be written, and the pte at {address:#x} allows it"
            vma = vma.vm_next


RIGHTS = Invariant("rights", "No pte allows writing where the vma does not.", _writable)


def _shared_without_accounting() -> World:
    """A shared mapping whose first writes nobody wants to see: its protection itself has write."""
    w = World(nodes=2, cpus=2)
    file = w.file(account_dirty=False)
    w.mm().mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED")).touch(0)
    return w


def _protects(w: World) -> Tasks:
    return beside(w, "mprotect", partial(sys_mprotect, m0(w), AT, SIZE, VM_READ))


#: The ptes first, the vma then.
VMA_AFTER_PTES = (
    Edit("mprotect_fixup", "vma.vm_flags = newflags"),
    Edit("mprotect_fixup", "vma.vm_page_prot = prot"),
    Edit(
        "mprotect_fixup",
        "change_protection(vma, start, end, prot, dirty_accountable)",
        "change_protection(vma, start, end, prot, dirty_accountable)\n"
        "vma.vm_flags = newflags\nvma.vm_page_prot = prot",
    ),
)

MPROTECT = Claim(
    name="32 mprotect and write entries",
    says="mprotect has gone over the ptes but the vma still allows writing, and the migration maps "
    "the page with the protection of the vma.",
    source="mm/mprotect.c: mprotect_fixup, mm/migrate.c: remove_migration_pte",
    actors=("migrate", "mprotect"),
    breaks=Case(
        "32 the ptes first", _shared_without_accounting, _protects, (*ALWAYS, RIGHTS),
        VMA_AFTER_PTES,
    ),
    holds=Case(
        "32 the vma first", _shared_without_accounting, _protects, (*ALWAYS, RIGHTS),
        fixes=("the vma changes before its ptes",),
    ),
    note="This version was not broken: whichever of the two has the pte lock first, the other "
    "finds an entry without write or a pte that it takes write from, and the vma says so before. "
    "The second look at the vma that 2014 added (d3cb8bf6081b) changes nothing here.",
)  # fmt: skip


def _writes_twice(w: World) -> Tasks:
    def writes() -> int:
        return write_memory(m0(w), AT, "w1") and write_memory(m0(w), AT, "w2")

    # The program first: it must have used the pte, or its CPU would know nothing.
    return dict(reversed(beside(w, "program", writes).items()))


def _lost(books: Books) -> Iterator[str]:
    pte = books.mms[0].page_table.cells[AT]
    data = pte.page.data if pte.page is not None else None
    if data != "p0+w1+w2":
        yield f"the program has written w1 and w2, and finds {data}"


WRITES = Invariant("writes", "What a program has written it finds again.", _lost)


def _with_tlb() -> World:
    w = anonymous(tlb=True)
    w.task("migrate")
    w.task("program", mm=w.mms["m0"])
    return w


#: The TLBs forget the pte only when it maps the new page.
FLUSH_LATER = (
    Edit(
        "try_to_unmap_one",
        "pteval = ptep_clear_flush(vma, address, ptep)",
        "from kmm.mm.pgtable_ops import ptep_get_and_clear\n"
        "pteval = ptep_get_and_clear(mm, address, ptep)",
    ),
    Edit(
        "remove_migration_pte",
        "update_mmu_cache(vma, addr, pte)",
        "from kmm.mm.pgtable_ops import flush_tlb_page\n"
        "flush_tlb_page(vma, addr)\nupdate_mmu_cache(vma, addr, pte)",
    ),
)

FLUSH = Claim(
    name="33 a stale translation",
    says="A CPU that still knows the old pte writes to the old page when its contents have been "
    "copied already.",
    source="mm/rmap.c: try_to_unmap_one",
    actors=("program", "migrate"),
    breaks=Case("33 flushed late", _with_tlb, _writes_twice, (*ALWAYS, WRITES), FLUSH_LATER),
    holds=Case(
        "33 flushed at once", _with_tlb, _writes_twice, (*ALWAYS, WRITES),
        fixes=("the TLBs are flushed before the entry is there",),
    ),
    note="This version is right.  The bug that 20841405940e mended in 2013 (3.13) left the "
    "flush out for ptes that were made not present to see who uses the page; there are none of "
    "these here.",
)  # fmt: skip
