# SPDX-License-Identifier: GPL-2.0-only
"""Handles of a world: a file, an address space, a vma, and what a lecturer does with them.

    file = w.file();    file.page(3)            a page of its page cache
    mm = w.mm();        mm.mmap(pages=4)        a vma
                        mm.fork()               a child that shares the pages
    vma = mm.mmap(...); vma.touch(0)            the page at its first address, faulted in

The kernel's own objects behind them are `file.mapping`, `mm.struct` and `vma.struct`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.mm.filesystem import vma_migrate
from kmm.mm.fs import AddressSpace
from kmm.mm.mmap import VM_FLAGS, MmStruct, VmAreaStruct, vm_operations_struct
from kmm.mm.page import PAGE_SHIFT, PAGE_SIZE, Page
from kmm.mm.pgtable import LEVELS, PTE_NONE, pgoff_to_pte, pte_t
from kmm.mm.rmap import AnonVma
from kmm.mm.swapops import make_migration_entry, swp_entry_t
from kmm.scenario import wanted

if TYPE_CHECKING:
    from kmm.scenario.world import World

#: vm_ops_migrate: this vma has no vm_ops at all.
NO_OPS = object()


class File:
    """A file of a world."""

    def __init__(self, world: World, mapping: AddressSpace) -> None:
        self.world = world
        self.machine = world.machine
        self.mapping = mapping

    def page(self, index: int = 0, *, flags: Iterable[str] = ("uptodate",), **more: Any) -> Page:
        """Page `index` of the file, read into the page cache if it is not there."""
        index = wanted.whole("index", index, most=wanted.LAST_INDEX)
        there = self.mapping.page_tree[index]
        if there is not None:
            return there
        return self.world.page(file=self, index=index, flags=flags, **more)

    def __repr__(self) -> str:
        return f"<File {self.mapping.name}>"


class Mm:
    """An address space of a world."""

    #: Where the first vma goes, and how far apart vmas are put.
    BASE, GAP = 0x400000, 0x100000

    def __init__(self, world: World, struct: MmStruct) -> None:
        self.world = world
        self.machine = world.machine
        self.struct = struct
        self.vmas: list[Vma] = []

    def mmap(
        self,
        pages: int = 1,
        *,
        file: File | None = None,
        pgoff: int = 0,
        start: int | None = None,
        anon_vma: AnonVma | None = None,
        flags: Iterable[str] = ("READ", "WRITE"),
        name: str | None = None,
        vm_ops_migrate: Any = NO_OPS,
    ) -> Vma:
        """A vma of so many pages, of a file or anonymous.

        `flags`: short names, as in "READ".  `vm_ops_migrate`: what its vm_ops->migrate returns;
        None is vm_ops without that operation.
        """
        world = self.world
        if start is None:
            start = max((v.struct.vm_end + self.GAP for v in self.vmas), default=self.BASE)
        start = wanted.address("start", start)
        pages = wanted.whole("pages", pages, 1, (wanted.USER_END - start) // PAGE_SIZE)
        pgoff = wanted.whole("pgoff", pgoff, most=wanted.LAST_INDEX)
        bits = sum(VM_FLAGS[flag] for flag in set(wanted.flags("vma", flags, VM_FLAGS)))
        mapping = None if file is None else wanted.ours(world, "file", file, File).mapping
        if anon_vma is not None:
            wanted.ours(world, "anon_vma", anon_vma, AnonVma)
        if vm_ops_migrate is not NO_OPS and vm_ops_migrate is not None:
            wanted.whole("vm_ops_migrate", vm_ops_migrate, -wanted.INT, wanted.INT - 1)
        shared_write = VM_FLAGS["WRITE"] | VM_FLAGS["SHARED"]
        writable = bits & shared_write == shared_write and not (mapping and mapping.account_dirty)
        taken = [vma for mm in world.mms.values() for vma in mm.vmas]
        called, end = world.name_for(name, "v", taken), start + pages * PAGE_SIZE
        if any(start < v.struct.vm_end and v.struct.vm_start < end for v in self.vmas):
            raise KmmError(f"World: {called} overlaps another vma of {self.struct.name}")
        struct = VmAreaStruct(
            world.machine,
            called,
            vm_mm=self.struct,
            vm_start=start,
            vm_end=end,
            vm_pgoff=pgoff,
            vm_file=mapping,
            vm_flags=bits,
            vm_page_prot=int(writable),
        )
        if vm_ops_migrate is not NO_OPS:
            migrate = vma_migrate if vm_ops_migrate is not None else None
            struct.vm_ops = vm_operations_struct(migrate)
            struct.ops_rc = vm_ops_migrate or 0
        if mapping is not None:
            nonlinear = bits & VM_FLAGS["NONLINEAR"]
            (mapping.i_mmap_nonlinear if nonlinear else mapping.i_mmap).add_tail(struct.shared)
        vma = Vma(self, struct)
        self.vmas.append(vma)
        if anon_vma is not None:
            vma.link(anon_vma)
        self._relink()
        return vma

    def _relink(self) -> None:
        """mm->mmap: the vmas by address."""
        vmas = sorted((vma.struct for vma in self.vmas), key=lambda v: v.vm_start)
        self.struct.mmap = vmas[0]
        for vma, following in zip(vmas, [*vmas[1:], None], strict=True):
            if vma.vm_next is not following:
                vma.vm_next = following

    def put_pte(self, address: int, pte: pte_t = PTE_NONE) -> None:
        """The pte at the address, with the tables that lead to it."""
        address = wanted.address("address", address)
        for level, shift in LEVELS.items():
            self.struct.tables[level].put(address >> shift << shift, 1)
        self.struct.page_table.put(address, pte)

    def put_swap_entry(self, address: int, slot: int) -> None:
        """The pte holds the swap entry of that slot, which has one user more."""
        address = wanted.address("address", address)
        self.world.use_slot(slot)
        self.put_pte(address, pte_t(entry=swp_entry_t(0, slot)))

    def put_migration_entry(self, address: int, page: Page, *, write: bool = False) -> None:
        """The pte holds a migration entry for the page."""
        wanted.ours(self.world, "page", page, Page)
        wanted.truths(write=write)
        self.put_pte(address, pte_t(entry=make_migration_entry(page, int(write))))

    def put_file_pte(self, address: int, pgoff: int) -> None:
        """The pte is a nonlinear file pte: page `pgoff` of the file belongs there."""
        self.put_pte(address, pgoff_to_pte(wanted.whole("pgoff", pgoff, most=wanted.LAST_INDEX)))

    def put_special_pte(self, address: int) -> None:
        """The pte is present, without a struct page behind it."""
        self.put_pte(address, pte_t(special=1))

    def fork(self, name: str | None = None) -> Mm:
        """A child with the same vmas; anonymous pages are shared, and no longer writable.

        Simplified: the child's ptes are clean, entries are not copied, and ptes of files are, which
        the kernel leaves to the child's faults (kernel/fork.c is in fork.py: dup_mm).
        """
        child = self.world.mm(name)
        for vma in self.vmas:
            struct = vma.struct
            twin = child.mmap(
                (struct.vm_end - struct.vm_start) >> PAGE_SHIFT,
                file=self.world.files[struct.vm_file.name] if struct.vm_file else None,
                pgoff=struct.vm_pgoff,
                start=struct.vm_start,
                anon_vma=struct.anon_vma,
                flags=[f for f, bit in VM_FLAGS.items() if struct.vm_flags & bit],
            )
            copy_on_write = not struct.vm_flags & VM_FLAGS["SHARED"]
            for address in range(struct.vm_start, struct.vm_end, PAGE_SIZE):
                pte = self.struct.page_table[address]
                if pte.page is None:
                    continue
                if copy_on_write and pte.write:
                    self.struct.page_table.put(address, pte._replace(write=0))
                write = bool(pte.write) and not copy_on_write
                self.world.map(pte.page, twin.mm, address, write=write)
        return child

    def __repr__(self) -> str:
        return f"<Mm {self.struct.name}>"


class Vma:
    """A vma of a world."""

    def __init__(self, mm: Mm, struct: VmAreaStruct) -> None:
        self.mm = mm
        self.struct = struct

    def address(self, i: int) -> int:
        """The address of the vma's page number `i`."""
        struct = self.struct
        pages = (struct.vm_end - struct.vm_start) >> PAGE_SHIFT
        if type(i) is not int:
            i = wanted.whole("i", i)
        if not 0 <= i < pages:
            raise KmmError(f"World: {struct.name} has pages 0 to {pages - 1}, not {i}")
        return struct.vm_start + i * PAGE_SIZE

    def link(self, anon_vma: AnonVma) -> None:
        """The vma is one of those that may map the anon_vma's pages."""
        self.struct.anon_vma = wanted.ours(self.mm.world, "anon_vma", anon_vma, AnonVma)
        anon_vma.head.add_tail(self.struct.anon_vma_node)

    def touch(self, i: int = 0, *, write: bool = True, **more: Any) -> Page:
        """The page at the vma's page number `i`, faulted in as a program's access would.

        `write`: the access writes, so that the pte is writable and dirty.  Further arguments are
        those of World.page.
        Simplified: it is on its LRU list at once, unless `lru` says otherwise, and inactive; the
        kernel's new page waits in a pagevec first, an anonymous one on its way to the active list.
        """
        world = self.mm.world
        address = self.address(i)
        if type(write) is not bool:
            wanted.truths(write=write)
        pte = self.mm.struct.page_table[address]
        if pte.page is not None:
            there: Page = pte.page
            return there
        index = self.struct.vm_pgoff + i
        if self.struct.vm_file is not None:
            page = world.files[self.struct.vm_file.name].page(index, **more)
        else:
            if self.struct.anon_vma is None:
                self.link(world.anon_vma())
            more.setdefault("flags", ("uptodate",))
            page = world.page(anon_vma=self.struct.anon_vma, index=index, **more)
        world.map(page, self.mm, address, write=write, dirty=write, young=True)
        return page

    def __repr__(self) -> str:
        return f"<Vma {self.struct.name}>"
