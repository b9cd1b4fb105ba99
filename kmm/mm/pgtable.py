# SPDX-License-Identifier: GPL-2.0-only
"""Page tables: four levels, as on x86-64 (arch/x86/include/asm/pgtable.h, include/linux/mm.h).

A pte is a value, `pte_t`.  A pointer to one, `pte_t *ptep`, is `pte_pointer`; what C writes as
`*ptep` is `ptep.value`.  The upper levels are pointers too; all that the model knows of their
entries is whether there is a table behind.

Simplified: a frame number is the page itself, and each mm has one lock for all its ptes (no split
page table locks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.mm.spinlock import SpinLock, spin_lock, spin_unlock
from kmm.sim import Cell, Cells, kernel_function, primitive
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.mmap import MmStruct, VmAreaStruct
    from kmm.mm.page import Page
    from kmm.mm.swapops import swp_entry_t

KERNEL_FILE = "arch/x86/include/asm/pgtable.h"

PMD_SHIFT, PUD_SHIFT, PGDIR_SHIFT = 21, 30, 39
LEVELS = {"pgd": PGDIR_SHIFT, "pud": PUD_SHIFT, "pmd": PMD_SHIFT}


@value
class pte_t(NamedTuple):
    """A page table entry: present (`page` or `special`), a swap or migration `entry`, a nonlinear
    file pte (`pgoff`), or none of these.

    `page`: the page of a present pte.  `special`: present, without a struct page behind it.
    `write`, `dirty`, `young`: the bits of a present pte.
    """

    page: Any = None
    write: int = 0
    dirty: int = 0
    young: int = 0
    entry: Any = None
    pgoff: int | None = None
    special: int = 0

    def __str__(self) -> str:
        if self.page is not None:
            w, d, y = (
                "w" if self.write else "-",
                "d" if self.dirty else "-",
                "y" if self.young else "-",
            )
            return f"{self.page} {w}{d}{y}"
        if self.entry is not None:
            return str(self.entry)
        if self.pgoff is not None:
            return f"file {self.pgoff}"
        return "special" if self.special else "none"


PTE_NONE = pte_t()


class PageTable(Cells[int, pte_t]):
    """The ptes of an mm by address; the lock of all of them is `mm.page_table_lock`."""

    __slots__ = ()
    HEX_KEYS = True


class TableLevel(Cells[int, int]):
    """The entries of an upper level by address: 1 where there is a table behind."""

    __slots__ = ()
    HEX_KEYS = True


@value
class table_pointer(NamedTuple):
    """pgd_t *, pud_t *, pmd_t *: a pointer to an entry of an upper level."""

    level: str
    mm: Any
    address: int

    def __str__(self) -> str:
        return f"&{self.mm}.{self.level}[{self.address:#x}]"


@value
class pte_pointer(NamedTuple):
    """pte_t *ptep."""

    mm: Any
    address: int

    @property
    def value(self) -> pte_t:
        """`*ptep`."""
        pte: pte_t = self.mm.page_table[self.address]
        return pte

    def __str__(self) -> str:
        return f"&{self.mm}.pte[{self.address:#x}]"


def _entry(level: str, mm: MmStruct, address: int) -> table_pointer:
    shift = LEVELS[level]
    return table_pointer(level, mm, address >> shift << shift)


def table_present(entry: table_pointer) -> int:
    """1 if the entry points to a table."""
    return entry.mm.tables[entry.level][entry.address]  # type: ignore[no-any-return]


@primitive
def pgd_offset(mm: MmStruct, address: int) -> table_pointer:
    """A pointer to the pgd entry for the address."""
    return _entry("pgd", mm, address)


@primitive
def pud_offset(pgd: table_pointer, address: int) -> table_pointer:
    """A pointer to the pud entry for the address."""
    return _entry("pud", pgd.mm, address)


@primitive
def pmd_offset(pud: table_pointer, address: int) -> table_pointer:
    """A pointer to the pmd entry for the address."""
    return _entry("pmd", pud.mm, address)


pgd_present = pud_present = pmd_present = table_present


@primitive
def pte_offset_map(pmd: table_pointer, address: int) -> pte_pointer:
    """A pointer to the pte for the address; what it holds can change until the lock is held."""
    return pte_pointer(pmd.mm, address)


@primitive
def pte_unmap(ptep: pte_pointer) -> None:
    """The pointer is given back.  Nothing to do where all memory is mapped."""


@primitive(source="include/linux/mm.h")
def pte_lockptr(mm: MmStruct, pmd: table_pointer) -> SpinLock:
    """The lock of the ptes behind the pmd."""
    return mm.page_table_lock


@kernel_function(source="include/linux/mm.h")
def pte_offset_map_lock(
    mm: MmStruct, pmd: table_pointer, address: int, ptlp: Cell[SpinLock | None]
) -> pte_pointer:
    """A pointer to the pte, whose lock is held and stored through `ptlp`."""
    ptl = mm.page_table_lock
    ptep = pte_pointer(mm, address)
    ptlp.value = ptl
    spin_lock(ptl)
    return ptep


@kernel_function(source="include/linux/mm.h")
def pte_unmap_unlock(ptep: pte_pointer, ptl: SpinLock) -> None:
    """The lock of the pte is free."""
    spin_unlock(ptl)


@primitive
def set_pte_at(mm: MmStruct, address: int, ptep: pte_pointer, pte: pte_t) -> None:
    """`*ptep` is `pte`.  Needs the pte lock."""
    mm.page_table.put(address, pte)


@primitive(source="include/asm-generic/pgtable.h")
def ptep_clear_flush(vma: VmAreaStruct, address: int, ptep: pte_pointer) -> pte_t:
    """`*ptep` is empty and no TLB remembers it; returns what it was.  Needs the pte lock.

    Simplified: all TLBs forget it in the same step in which the pte is emptied, where other CPUs
    are interrupted one after the other; a machine may have no TLBs at all.
    """
    pte: pte_t = ptep.value
    mm = vma.vm_mm
    mm.page_table.put(address, PTE_NONE)
    for tlb in mm.tlbs:
        tlb.drop(address)
    return pte


@primitive(source="include/asm-generic/pgtable.h")
def ptep_clear_flush_young(vma: VmAreaStruct, address: int, ptep: pte_pointer) -> int:
    """The pte has lost its young bit; returns what the bit was.  Needs the pte lock."""
    pte = ptep.value
    if pte.young:
        vma.vm_mm.page_table.put(address, pte._replace(young=0))
    return pte.young


@primitive
def is_swap_pte(pte: pte_t) -> int:
    """1 if the pte holds a swap entry or a migration entry."""
    return int(pte.entry is not None)


@primitive
def mk_pte(page: Page, prot: int) -> pte_t:
    """A present, young, clean pte for the page; `prot`'s write bit decides whether writable."""
    return pte_t(page, write=prot, young=1)


@primitive
def pte_mkold(pte: pte_t) -> pte_t:
    """The pte without its young bit."""
    return pte._replace(young=0)


@primitive
def pte_mkwrite(pte: pte_t) -> pte_t:
    """The pte with its write bit."""
    return pte._replace(write=1)


def pte_present(pte: pte_t) -> bool:
    """The pte maps something."""
    return pte.page is not None or bool(pte.special)


def pte_pfn(pte: pte_t) -> Any:
    """The frame that the pte maps."""
    return pte.page


def pte_mkdirty(pte: pte_t) -> pte_t:
    """The pte with its dirty bit."""
    return pte._replace(dirty=1)


def pte_mkyoung(pte: pte_t) -> pte_t:
    """The pte with its young bit."""
    return pte._replace(young=1)


def pte_mkclean(pte: pte_t) -> pte_t:
    """The pte without its dirty bit."""
    return pte._replace(dirty=0)


def pte_wrprotect(pte: pte_t) -> pte_t:
    """The pte without its write bit."""
    return pte._replace(write=0)


def swp_entry_to_pte(entry: swp_entry_t) -> pte_t:
    """A pte that is not present and holds the entry."""
    return pte_t(entry=entry)


def pgoff_to_pte(pgoff: int) -> pte_t:
    """A nonlinear file pte: not present, it remembers which page of the file belongs here."""
    return pte_t(pgoff=pgoff)


@primitive(source="arch/x86/include/asm/cacheflush.h")
def flush_cache_page(vma: VmAreaStruct, address: int, pfn: Page) -> None:
    """Data caches indexed by virtual address forget the page.  Nothing to do on x86."""


@primitive
def update_mmu_cache(vma: VmAreaStruct, address: int, pte: pte_t) -> None:
    """Architectures with a software TLB preload the pte.  Nothing to do on x86."""
