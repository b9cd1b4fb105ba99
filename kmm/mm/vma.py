# SPDX-License-Identifier: GPL-2.0-only
"""vmas come, change and go (mm/mmap.c, kernel/fork.c).

Whoever changes the list of vmas holds mmap_sem for writing.  A vma is linked in three places: the
list of its mm, its file's i_mmap, its anon_vma; the last two under their own locks, for those who
come from a page do not hold mmap_sem.

Simplified: vmas are not split, a range that is unmapped or moved covers whole vmas; the vmas of a
mm are a list without a tree beside it.
"""

from __future__ import annotations

from errno import EINVAL
from typing import Any

from kmm.mm.anon_vma import __anon_vma_link, anon_vma_unlink
from kmm.mm.memory_zap import tlb_finish_mmu, tlb_gather_mmu, unmap_vmas
from kmm.mm.mmap import VM_NONLINEAR, MmStruct, VmAreaStruct
from kmm.mm.page import PAGE_SHIFT
from kmm.mm.rwsem import down_write, up_write
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.mm.swap import lru_add_drain
from kmm.sim import ListHead, current_machine, kernel_function, poison, primitive

KERNEL_FILE = "mm/mmap.c"


@primitive(source="mm/slab.c")
def copy_of_vma(vma: VmAreaStruct, mm: MmStruct) -> VmAreaStruct:
    """A new vma of the mm with all that the other one says, linked nowhere yet.

    Simplified: kmem_cache_alloc and the assignment of the struct in one.
    """
    kernel = current_machine().kernel
    fields = {**vma.__dict__, "vm_mm": mm, "vm_next": None}
    return VmAreaStruct(kernel.machine, kernel.next_name("v"), **fields)


@primitive(source="mm/slab.c")
def free_vma(vma: VmAreaStruct) -> None:
    """The memory of the vma is given back."""
    poison(vma)


def i_mmap_of(vma: VmAreaStruct) -> ListHead[Any]:
    """The list of its file that the vma is on."""
    assert vma.vm_file is not None
    nonlinear = vma.vm_flags & VM_NONLINEAR
    return vma.vm_file.i_mmap_nonlinear if nonlinear else vma.vm_file.i_mmap


@primitive(source="mm/prio_tree.c")
def vma_prio_tree_insert(vma: VmAreaStruct, root: ListHead[Any]) -> None:
    """The vma is one of those that map the file.  Needs i_mmap_lock.

    Simplified: it is the last of a list, where the kernel's tree has a place for it.
    """
    root.add_tail(vma.shared)


@primitive(source="mm/prio_tree.c")
def vma_prio_tree_remove(vma: VmAreaStruct, root: ListHead[Any]) -> None:
    """The vma is none of those that map the file.  Needs i_mmap_lock."""
    root.remove(vma.shared)


@primitive
def __vma_link_list(mm: MmStruct, vma: VmAreaStruct) -> None:
    """The vma is in the mm's list, by its address.  Needs mmap_sem for writing."""
    prev = None
    following = mm.mmap
    while following is not None and following.vm_start < vma.vm_start:
        prev, following = following, following.vm_next
    vma.vm_next = following
    if prev is None:
        mm.mmap = vma
    else:
        prev.vm_next = vma


@kernel_function
def vma_link(mm: MmStruct, vma: VmAreaStruct) -> None:
    """The vma is linked wherever it must be found.  Needs mmap_sem for writing."""
    mapping = vma.vm_file
    anon_vma = vma.anon_vma
    if mapping:
        spin_lock(mapping.i_mmap_lock)
    if anon_vma:
        spin_lock(anon_vma.lock)
    __vma_link_list(mm, vma)
    __anon_vma_link(vma)
    if mapping:
        vma_prio_tree_insert(vma, i_mmap_of(vma))
    if anon_vma:
        spin_unlock(anon_vma.lock)
    if mapping:
        spin_unlock(mapping.i_mmap_lock)


@kernel_function
def unlink_file_vma(vma: VmAreaStruct) -> None:
    """The vma is none of its file's."""
    mapping = vma.vm_file
    if mapping:
        spin_lock(mapping.i_mmap_lock)
        vma_prio_tree_remove(vma, i_mmap_of(vma))
        spin_unlock(mapping.i_mmap_lock)


@kernel_function(source="mm/memory.c")
def free_pgtables(vmas: list[VmAreaStruct]) -> None:
    """No page finds the vmas any more.

    Simplified: the tables themselves stay.
    """
    for vma in vmas:
        # Nobody may come from a page while the tables go.
        anon_vma_unlink(vma)
        unlink_file_vma(vma)


@kernel_function
def unmap_region(mm: MmStruct, vmas: list[VmAreaStruct], start: int, end: int) -> None:
    """Nothing is mapped in the range, and its vmas, off the mm's list already, are unlinked."""
    lru_add_drain()
    tlb = tlb_gather_mmu(mm)
    unmap_vmas(tlb, vmas[0], start, end, None)
    free_pgtables(vmas)
    tlb_finish_mmu(tlb)


@primitive
def detach_vmas_to_be_unmapped(mm: MmStruct, start: int, end: int) -> list[VmAreaStruct]:
    """The vmas in the range are off the mm's list, and a list of their own, which is returned."""
    out: list[VmAreaStruct] = []
    prev: VmAreaStruct | None = None
    vma = mm.mmap
    while vma is not None and vma.vm_start < end:
        if vma.vm_end <= start:
            prev = vma
        else:
            out.append(vma)
        vma = vma.vm_next
    if out:
        if prev is None:
            mm.mmap = vma
        else:
            prev.vm_next = vma
        out[-1].vm_next = None
    return out


@kernel_function
def do_munmap(mm: MmStruct, start: int, len_: int) -> int:
    """0 and no vma is in the range, nor any pte; -EINVAL if it would cut a vma in two.

    `len_`: in bytes.  Needs mmap_sem for writing.
    """
    end = start + len_
    vmas = detach_vmas_to_be_unmapped(mm, start, end)
    if not vmas:
        return 0
    if vmas[0].vm_start < start or vmas[-1].vm_end > end:
        return -EINVAL
    unmap_region(mm, vmas, start, end)
    for vma in vmas:
        free_vma(vma)
    return 0


@kernel_function
def sys_munmap(mm: MmStruct, addr: int, len_: int) -> int:
    """munmap(2): do_munmap with mmap_sem held for writing; may sleep."""
    down_write(mm.mmap_sem)
    ret = do_munmap(mm, addr, len_)
    up_write(mm.mmap_sem)
    return ret


@kernel_function
def exit_mmap(mm: MmStruct) -> None:
    """The address space is empty: nothing mapped, no vma.  Its last user is gone."""
    vma = mm.mmap
    if not vma:
        return
    lru_add_drain()
    tlb = tlb_gather_mmu(mm)
    unmap_vmas(tlb, vma, 0, 1 << 47, None)
    vmas = []
    while vma:
        vmas.append(vma)
        vma = vma.vm_next
    free_pgtables(vmas)
    tlb_finish_mmu(tlb)
    mm.mmap = None
    for vma in vmas:
        free_vma(vma)


@kernel_function
def vma_adjust(vma: VmAreaStruct, start: int, end: int, pgoff: int) -> None:
    """The vma reaches from `start` to `end`, where page `pgoff` is at `start`.

    Needs mmap_sem for writing; takes i_mmap_lock, and the anon_vma's lock if the start moves.
    Three assignments: who looks without these locks can see one and not the other.
    Simplified: its neighbours are as they were; nothing is merged or inserted.
    """
    mapping = vma.vm_file
    if mapping:
        spin_lock(mapping.i_mmap_lock)
    anon_vma = vma.anon_vma if start != vma.vm_start else None
    if anon_vma:
        spin_lock(anon_vma.lock)
    if mapping:
        vma_prio_tree_remove(vma, i_mmap_of(vma))
    vma.vm_start = start
    vma.vm_end = end
    vma.vm_pgoff = pgoff
    if mapping:
        vma_prio_tree_insert(vma, i_mmap_of(vma))
    if anon_vma:
        spin_unlock(anon_vma.lock)
    if mapping:
        spin_unlock(mapping.i_mmap_lock)


def pages_of(vma: VmAreaStruct) -> int:
    """How many pages the vma has room for."""
    return (vma.vm_end - vma.vm_start) >> PAGE_SHIFT
