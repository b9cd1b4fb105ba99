# SPDX-License-Identifier: GPL-2.0-only
"""exec's stack is moved to where it belongs (fs/exec.c).

The stack of a new program is made in one place, when the final one is not known yet, and then moved
down: the vma grows to cover both places, the ptes move within it, the vma shrinks.  As soon as the
vma begins lower, rmap computes the new place for every page, although its pte is at the old one
until it moves.
"""

from __future__ import annotations

from errno import EFAULT, ENOMEM

from kmm.mm.memory_zap import tlb_finish_mmu, tlb_gather_mmu
from kmm.mm.mmap import VmAreaStruct, find_vma
from kmm.mm.mremap import move_page_tables
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.swap import lru_add_drain
from kmm.mm.vma import vma_adjust
from kmm.sim import BUG_ON, kernel_function

KERNEL_FILE = "fs/exec.c"


@kernel_function
def shift_arg_pages(vma: VmAreaStruct, shift: int) -> int:
    """0 and the vma and its pages are `shift` bytes lower; or an error.

    Needs mmap_sem for writing.
    Simplified: the page tables of the old place stay.
    """
    mm = vma.vm_mm
    old_start = vma.vm_start
    old_end = vma.vm_end
    length = old_end - old_start
    new_start = old_start - shift
    new_end = old_end - shift
    BUG_ON(new_start > new_end)
    if vma is not find_vma(mm, new_start):
        return -EFAULT  # something is in between
    vma_adjust(vma, new_start, old_end, vma.vm_pgoff)
    if length != move_page_tables(vma, old_start, vma, new_start, length):
        return -ENOMEM
    lru_add_drain()
    tlb_finish_mmu(tlb_gather_mmu(mm))
    vma_adjust(vma, new_start, new_end, vma.vm_pgoff)
    return 0


@kernel_function
def setup_arg_pages(vma: VmAreaStruct, stack_shift: int) -> int:
    """The stack is where it belongs, `stack_shift` bytes below; may sleep.

    Simplified: protection and size of the stack are as they will be.
    """
    mm = vma.vm_mm
    down_write(mm.mmap_sem)
    ret = shift_arg_pages(vma, stack_shift) if stack_shift else 0
    up_write(mm.mmap_sem)
    return ret
