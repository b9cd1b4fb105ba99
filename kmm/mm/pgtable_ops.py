# SPDX-License-Identifier: GPL-2.0-only
"""Changing ptes, and making the TLBs forget them (arch/x86/include/asm/pgtable.h, tlbflush.h).

What only looks at a pte's value, or makes another value of it, is no step: a value is the caller's.

Simplified: a flush reaches every CPU in one step.  Page tables are made when they are first needed
and never freed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kmm.mm.pgtable import (
    LEVELS,
    PMD_SHIFT,
    PTE_NONE,
    _entry,
    pte_pointer,
    pte_t,
    table_pointer,
    table_present,
)
from kmm.sim import Cells, primitive

if TYPE_CHECKING:
    from kmm.mm.mmap import MmStruct, VmAreaStruct
    from kmm.mm.swapops import swp_entry_t

KERNEL_FILE = "arch/x86/include/asm/pgtable.h"


class Tlb(Cells[int, "pte_t | None"]):
    """What a CPU remembers of the page tables of the task that it runs: ptes by address."""

    __slots__ = ()
    HEX_KEYS = True


def pte_same(a: pte_t, b: pte_t) -> bool:
    """The two ptes are equal, bits and all."""
    return a == b


def pte_none(pte: pte_t) -> bool:
    """The pte is empty."""
    return pte == PTE_NONE


def pte_file(pte: pte_t) -> bool:
    """The pte is a nonlinear file pte."""
    return pte.pgoff is not None


def pte_modify(pte: pte_t, newprot: int) -> pte_t:
    """The pte with the write bit of `newprot`."""
    return pte._replace(write=newprot)


def maybe_mkwrite(pte: pte_t, vma: VmAreaStruct) -> pte_t:
    """The pte with its write bit, if the vma may be written."""
    return pte._replace(write=1) if vma.vm_flags & 0x2 else pte


def make_migration_entry_read(entry: swp_entry_t) -> swp_entry_t:
    """The migration entry of a pte that was not writable."""
    from kmm.mm.swapops import SWP_MIGRATION_READ

    return entry._replace(type=SWP_MIGRATION_READ)


def is_cow_mapping(flags: int) -> bool:
    """Writes to such a vma go to private copies (private, and may be written)."""
    return flags & (0x8 | 0x2) == 0x2


@primitive(source="mm/memory.c")
def pte_alloc_map(mm: MmStruct, address: int) -> pte_pointer:
    """A pointer to the pte for the address, with all the tables that lead to it.

    Simplified: pud_alloc, pmd_alloc and pte_alloc_map in one; there is always memory for them.
    """
    for level in LEVELS:
        entry = _entry(level, mm, address)
        if not table_present(entry):
            mm.tables[level].put(entry.address, 1)
    return pte_pointer(mm, address)


def pmds(mm: MmStruct, addr: int, end: int) -> Iterator[tuple[table_pointer, int, int]]:
    """The pmds of the range that have a table behind them, each with its part of the range."""
    while addr < end:
        next_ = min((addr >> PMD_SHIFT) + 1 << PMD_SHIFT, end)
        if all(table_present(_entry(level, mm, addr)) for level in LEVELS):
            yield _entry("pmd", mm, addr), addr, next_
        addr = next_


@primitive
def ptep_get_and_clear(mm: MmStruct, addr: int, ptep: pte_pointer) -> pte_t:
    """`*ptep` is empty; returns what it was.  TLBs may still know it.  Needs the pte lock."""
    pte = ptep.value
    mm.page_table.put(addr, PTE_NONE)
    return pte


@primitive
def pte_clear(mm: MmStruct, addr: int, ptep: pte_pointer) -> None:
    """`*ptep`, which was not present, is empty.  Needs the pte lock."""
    mm.page_table.put(addr, PTE_NONE)


@primitive
def ptep_set_wrprotect(mm: MmStruct, addr: int, ptep: pte_pointer) -> None:
    """The pte has lost its write bit; TLBs may still have it.  Needs the pte lock."""
    mm.page_table.put(addr, ptep.value._replace(write=0))


@primitive
def ptep_set_access_flags(
    vma: VmAreaStruct, address: int, ptep: pte_pointer, entry: pte_t, dirty: int
) -> int:
    """`*ptep` is `entry`, which allows more than it did; returns whether that is a change.

    Needs the pte lock.  TLBs forget what they knew.
    """
    changed = not pte_same(ptep.value, entry)
    if changed and dirty:
        vma.vm_mm.page_table.put(address, entry)
        _forget(vma.vm_mm, address, address + 1)
    return int(changed)


def _forget(mm: MmStruct, start: int, end: int) -> None:
    for tlb in mm.tlbs:
        for address in list(tlb):
            if start <= address < end:
                tlb.drop(address)


@primitive(source="arch/x86/include/asm/tlbflush.h")
def flush_tlb_page(vma: VmAreaStruct, addr: int) -> None:
    """No TLB remembers the pte."""
    _forget(vma.vm_mm, addr, addr + 1)


@primitive(source="arch/x86/include/asm/tlbflush.h")
def flush_tlb_range(vma: VmAreaStruct, start: int, end: int) -> None:
    """No TLB remembers any pte of the range."""
    _forget(vma.vm_mm, start, end)


@primitive(source="arch/x86/include/asm/tlbflush.h")
def flush_tlb_mm(mm: MmStruct) -> None:
    """No TLB remembers any pte of the mm."""
    for tlb in mm.tlbs:
        for address in list(tlb):
            tlb.drop(address)


def pmd_of(mm: MmStruct, address: int) -> table_pointer:
    """A pointer to the pmd entry for the address."""
    return _entry("pmd", mm, address)
