# SPDX-License-Identifier: GPL-2.0-only
"""What a CPU does when a program reads or writes memory (ours; arch/x86/mm/fault.c).

The address is looked up in the TLB, if the task has one, else in the page tables; a pte that is
used becomes young, one that is written through becomes dirty, and the TLB remembers it.  All this
and the access itself are one step: a CPU that is interrupted to flush its TLB finishes its
instruction first.  Where no pte allows the access it faults, and tries again.

A write adds a word to the page's contents ("p0" becomes "p0+w1"), so that one that is lost is seen.
"""

from __future__ import annotations

from kmm.mm.memory import VM_FAULT_ERROR, VM_FAULT_SIGBUS
from kmm.mm.memory_fault import handle_mm_fault
from kmm.mm.mmap import VM_READ, VM_WRITE, MmStruct, find_vma
from kmm.mm.page import Page
from kmm.mm.pgtable import pte_t
from kmm.mm.rwsem import down_read, up_read
from kmm.mm.swapops import SWP_MIGRATION_READ
from kmm.mm.writes import file_or, remember
from kmm.sim import current, kernel_function, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "the CPU"


def _walk(mm: MmStruct, address: int, write: int) -> Page | None:
    """The page behind the address, if the access is allowed; None: a fault."""
    tlb = current().tlb
    pte: pte_t
    if tlb is not None and tlb[address] is not None:
        pte = tlb[address]
        if not write or (pte.write and pte.dirty):
            return _there(pte)
    pte = mm.page_table[address]
    if pte.page is None or (write and not pte.write):
        if tlb is not None:
            tlb.drop(address)
        return None
    used = pte._replace(young=1, dirty=int(pte.dirty or write))
    if used != pte:
        mm.page_table.put(address, used)
    if tlb is not None:
        tlb.put(address, used)
    return _there(used)


def _there(pte: pte_t) -> Page:
    page: Page = pte.page
    if page.PG_buddy:
        oops("use after free", f"{page.name} is free, and a CPU still knows it")
    return page


@primitive
def cpu_reads(mm: MmStruct, address: int) -> str | None:
    """The contents of the memory at the address; None if the access faults."""
    page = _walk(mm, address, 0)
    return None if page is None else str(page.data)


@primitive
def cpu_writes(mm: MmStruct, address: int, what: str) -> int:
    """1 and `what` has been added to the memory at the address; 0 if the access faults."""
    page = _walk(mm, address, 1)
    if page is None:
        return 0
    page.data = f"{page.data}+{what}"
    place = file_or(page, ("memory", mm, address))
    assert place is not None
    remember(mm.machine, place, what)
    return 1


def _can_fault(mm: MmStruct, address: int) -> bool:
    pte = mm.page_table[address]
    if pte.entry is None or pte.entry.type < SWP_MIGRATION_READ:
        return True
    page = pte.entry.offset
    # Frozen: the migration is past the point of no return, and will not be long.
    return page._count != 0 or not page.PG_locked


@primitive(until=_can_fault)
def fault_again(mm: MmStruct, address: int) -> None:
    """The access can be tried again with a chance; waits for that.

    Simplified: a fault on a page whose count is frozen comes back at once, and the CPU faults
    again, and again, until this is so.
    """


@kernel_function(source="arch/x86/mm/fault.c")
def do_page_fault(mm: MmStruct, address: int, write: int) -> int:
    """0 and the access can be tried again; else bits of VM_FAULT_ERROR (a signal to the program).

    Takes mmap_sem for reading; may sleep.
    """
    down_read(mm.mmap_sem)
    vma = find_vma(mm, address)
    if not vma or vma.vm_start > address or not vma.vm_flags & (VM_WRITE if write else VM_READ):
        up_read(mm.mmap_sem)
        return VM_FAULT_SIGBUS
    ret = handle_mm_fault(mm, vma, address, write)
    up_read(mm.mmap_sem)
    if not ret & VM_FAULT_ERROR:
        fault_again(mm, address)
    return ret & VM_FAULT_ERROR


@kernel_function
def read_memory(mm: MmStruct, address: int) -> str | None:
    """What the program finds at the address; None if it gets a signal instead."""
    while True:
        data = cpu_reads(mm, address)
        if data is not None:
            return data
        if do_page_fault(mm, address, 0):
            return None


@kernel_function
def write_memory(mm: MmStruct, address: int, what: str) -> int:
    """1 and the program has added `what` to the memory at the address; 0: it gets a signal."""
    while True:
        if cpu_writes(mm, address, what):
            return 1
        if do_page_fault(mm, address, 1):
            return 0
