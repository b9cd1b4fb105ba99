# SPDX-License-Identifier: GPL-2.0-only
"""madvise(MADV_DONTNEED): a program gives up the contents of its memory (mm/madvise.c)."""

from __future__ import annotations

from errno import EINVAL, ENOMEM

from kmm.mm.memory_zap import zap_page_range
from kmm.mm.mmap import VM_HUGETLB, VM_LOCKED, VM_PFNMAP, MmStruct, VmAreaStruct, find_vma
from kmm.mm.rwsem import down_read, up_read
from kmm.sim import kernel_function

KERNEL_FILE = "mm/madvise.c"


@kernel_function
def madvise_dontneed(vma: VmAreaStruct, start: int, end: int) -> int:
    """0 and nothing is mapped in the range; -EINVAL where that must not be.  Needs mmap_sem."""
    if vma.vm_flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP):
        return -EINVAL
    zap_page_range(vma, start, end - start, None)
    return 0


@kernel_function
def sys_madvise(mm: MmStruct, start: int, len_in: int) -> int:
    """madvise_dontneed for the range, with mmap_sem held for reading only; may sleep.

    Simplified: no other advice than MADV_DONTNEED; the range is in one vma.
    """
    down_read(mm.mmap_sem)
    vma = find_vma(mm, start)
    if vma and vma.vm_start <= start and start + len_in <= vma.vm_end:
        error = madvise_dontneed(vma, start, start + len_in)
    else:
        error = -ENOMEM
    up_read(mm.mmap_sem)
    return error
