# SPDX-License-Identifier: GPL-2.0-only
"""fork: a second address space with the same contents (kernel/fork.c)."""

from __future__ import annotations

from kmm.mm.anon_vma import anon_vma_link
from kmm.mm.memory_copy import copy_page_range
from kmm.mm.mmap import VM_LOCKED, MmStruct, VmAreaStruct
from kmm.mm.pgtable_ops import flush_tlb_mm
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.sched import TaskStruct
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.vma import __vma_link_list, copy_of_vma, i_mmap_of, vma_prio_tree_insert
from kmm.sim import current_machine, kernel_function, primitive

KERNEL_FILE = "kernel/fork.c"


@primitive
def allocate_mm() -> MmStruct:
    """A new, empty address space with one user."""
    kernel = current_machine().kernel
    return MmStruct(kernel.machine, kernel.next_name("m"))


@kernel_function
def dup_mmap(mm: MmStruct, oldmm: MmStruct) -> int:
    """0 and `mm` has the vmas of `oldmm`, and its ptes as copy_page_range copies them.

    Each vma is linked before its ptes are copied, the child's behind the parent's: who visits the
    vmas in order meets the parent's pte first, and finds the copy if it was made before.
    """
    down_write(oldmm.mmap_sem)
    # Nobody knows the new one yet.
    down_write(mm.mmap_sem)
    retval = 0
    mpnt: VmAreaStruct | None = oldmm.mmap
    while mpnt and not retval:
        tmp = copy_of_vma(mpnt, mm)
        tmp.vm_flags &= ~VM_LOCKED
        anon_vma_link(tmp)
        mapping = tmp.vm_file
        if mapping:
            spin_lock(mapping.i_mmap_lock)
            vma_prio_tree_insert(tmp, i_mmap_of(tmp))
            spin_unlock(mapping.i_mmap_lock)
        __vma_link_list(mm, tmp)
        retval = copy_page_range(mm, oldmm, mpnt)
        mpnt = mpnt.vm_next
    up_write(mm.mmap_sem)
    flush_tlb_mm(oldmm)
    up_write(oldmm.mmap_sem)
    return retval


@kernel_function
def dup_mm(tsk: TaskStruct) -> MmStruct:
    """A new address space with the contents of the task's; may sleep.

    Simplified: there is always memory; no new task is made that would run in it.
    """
    oldmm = tsk.mm
    assert oldmm is not None
    mm = allocate_mm()
    dup_mmap(mm, oldmm)
    return mm
