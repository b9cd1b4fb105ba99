# SPDX-License-Identifier: GPL-2.0-only
"""Pages whose ptes have the bits that a seed has drawn, and what must become of the bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kmm.explore.edit import Edit
from kmm.learn.checks.worlds import Wrong
from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.mm.page import Page
from kmm.mm.swapops import SWP_MIGRATION_WRITE
from kmm.scenario import Run, World
from kmm.scenario.handles import Vma

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
            wanted = {
                "young": kept.young,
                "dirty": dirty,
                "write": kept.entry.type == SWP_MIGRATION_WRITE,
            }
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
