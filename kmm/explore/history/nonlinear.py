# SPDX-License-Identifier: GPL-2.0-only
"""remap_file_pages in the middle of a migration (mm/fremap.c)."""

from __future__ import annotations

from functools import partial
from typing import Any

from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import AT, SIZE, Tasks, beside, m0
from kmm.mm.mmap import VM_NONLINEAR, MmStruct, VmAreaStruct, find_vma
from kmm.mm.pgtable import (
    pgoff_to_pte,
    pte_offset_map_lock,
    pte_unmap_unlock,
    set_pte_at,
)
from kmm.mm.pgtable_ops import pmd_of, pte_alloc_map, pte_none
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.vma import i_mmap_of, vma_prio_tree_insert, vma_prio_tree_remove
from kmm.scenario import World
from kmm.sim import Cell, kernel_function

KERNEL_FILE = "mm/fremap.c"


@kernel_function
def install_file_pte(mm: MmStruct, vma: VmAreaStruct, addr: int, pgoff: int) -> None:
    """The pte says which page of the file belongs there.

    Simplified: nothing was mapped there before.
    """
    ptl: Cell[Any] = Cell(None)
    pte_alloc_map(mm, addr)
    pte = pte_offset_map_lock(mm, pmd_of(mm, addr), addr, ptl)
    if pte_none(pte.value):
        set_pte_at(mm, addr, pte, pgoff_to_pte(pgoff))
    pte_unmap_unlock(pte, ptl.value)


@kernel_function
def sys_remap_file_pages(mm: MmStruct, start: int, pgoff: int) -> int:
    """0 and page `pgoff` of the file belongs at `start`, in a vma that is nonlinear from now on.

    Simplified: one page, of a file whose dirty pages are not counted, and mmap_sem is held for
    writing from the beginning.
    """
    down_write(mm.mmap_sem)
    vma = find_vma(mm, start)
    assert vma is not None
    assert vma.vm_file is not None
    mapping = vma.vm_file
    if not vma.vm_flags & VM_NONLINEAR:
        spin_lock(mapping.i_mmap_lock)
        vma_prio_tree_remove(vma, i_mmap_of(vma))
        vma.vm_flags |= VM_NONLINEAR
        vma_prio_tree_insert(vma, i_mmap_of(vma))
        spin_unlock(mapping.i_mmap_lock)
    install_file_pte(mm, vma, start, pgoff)
    up_write(mm.mmap_sem)
    return 0


def _two_pages() -> World:
    w = World(nodes=2, cpus=2)
    file = w.file(account_dirty=False)
    w.mm().mmap(pages=2, file=file, flags=("READ", "WRITE", "SHARED")).touch(0, write=False)
    return w


def _remaps(w: World) -> Tasks:
    return beside(w, "remap", partial(sys_remap_file_pages, m0(w), AT + SIZE, 5))


#: The second walk goes through the nonlinear vmas too, and looks where the page was when linear.
ALSO_NONLINEAR = (
    Edit(
        "remove_migration_pte",
        "addr = page_address_in_vma(new, vma)",
        "from kmm.mm.rmap import vma_address\n"
        "addr = page_address_in_vma(new, vma) if PageAnon(new) else vma_address(new, vma)",
    ),
    Edit(
        "remove_file_migration_ptes",
        "spin_unlock(mapping.i_mmap_lock)",
        "for vma in mapping.i_mmap_nonlinear:\n    remove_migration_pte(vma, old, new)\n"
        "spin_unlock(mapping.i_mmap_lock)",
    ),
)

REMAP = Claim(
    name="25 remap_file_pages",
    says="A vma becomes nonlinear while an entry is in it, and the migration, which looks only at "
    "linear vmas, leaves the entry behind.",
    source="mm/migrate.c: remove_file_migration_ptes",
    actors=("migrate", "remap"),
    breaks=Case("25 linear vmas only", _two_pages, _remaps),
    holds=Case(
        "25 nonlinear vmas too", _two_pages, _remaps, edits=ALSO_NONLINEAR,
        fixes=("nonlinear vmas are visited too",),
    ),
    note="Only a caller without mmap_sem can meet it.  Mended in 3.14 (7e09e738afd2).",
)  # fmt: skip
