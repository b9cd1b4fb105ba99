# SPDX-License-Identifier: GPL-2.0-only
"""World: a way to build a machine that a lecturer enjoys, and the way in which scenarios are built.

    w = World(nodes=2)
    mm = w.mm()
    vma = mm.mmap(pages=4)
    page = vma.touch(0)
    run = w.migrate_pages([page], to_node=1)

Pages are the model's own (`page._count`, `page_count(page)`), so that a world can be looked at
while it is built.  Whatever is put into a world keeps its books: a page that is mapped has one
reference more, its zone and its address space count it.  Nothing that happens here is recorded;
a record begins with the operation.

`mm`, `vma` and `file` are handles; the kernel's objects are `mm.struct`, `vma.struct` and
`file.mapping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from kmm.errors import KmmError
from kmm.mm.buffer import BufferHead
from kmm.mm.cred import CAP_SYS_NICE
from kmm.mm.filesystem import releasepage as fs_releasepage
from kmm.mm.filesystem import vma_migrate
from kmm.mm.filesystem import writepage as fs_writepage
from kmm.mm.fs import AddressSpace, address_space_operations
from kmm.mm.kernel import Kernel, boot
from kmm.mm.memcontrol import charge_page
from kmm.mm.migrate import (
    MPOL_MF_MOVE,
    MPOL_MF_MOVE_ALL,
    buffer_migrate_page,
    fail_migrate_page,
    migrate_page,
)
from kmm.mm.mmap import VM_FLAGS, MmStruct, VmAreaStruct, vm_operations_struct
from kmm.mm.nodemask import node_mask
from kmm.mm.page import PAGE_FLAGS, PAGE_MAPPING_ANON, PAGE_SHIFT, PAGE_SIZE, Page
from kmm.mm.pgtable import LEVELS, PTE_NONE, pgoff_to_pte, pte_t
from kmm.mm.rmap import AnonVma
from kmm.mm.sched import PF_SWAPWRITE, TaskStruct
from kmm.mm.swap import PAGEVEC_SIZE, page_kind, page_lru
from kmm.mm.swapops import make_migration_entry, swp_entry_t
from kmm.mm.vmstat import page_zone
from kmm.scenario.driver import call_move_pages, isolate_and_migrate
from kmm.scenario.others import Others
from kmm.scenario.run import Run
from kmm.scenario.spec import EventSpec
from kmm.sim import Machine

MIGRATEPAGE = {
    None: None,
    "migrate_page": migrate_page,
    "buffer_migrate_page": buffer_migrate_page,
    "fail_migrate_page": fail_migrate_page,
}

#: vm_ops_migrate: this vma has no vm_ops at all.
NO_OPS = object()


class World:
    """An empty machine with memory, to be filled.

    `nodes`: how many NUMA nodes.  `free`: free frames, for each node or for all alike.  `task0`
    is made when the first operation needs somebody to run it.
    """

    def __init__(
        self,
        nodes: int = 2,
        *,
        free: int | Sequence[int] = 100,
        memoryless: Sequence[int] = (),
        local_node: int = 0,
        cpuset_mems: Sequence[int] | None = None,
        pagevec_size: int = PAGEVEC_SIZE,
        debug_vm: bool = True,
        memcg: bool = True,
        oob: tuple[int, int] = (0, 0),
        drain_after: bool = False,
    ) -> None:
        frames = [free] * nodes if isinstance(free, int) else list(free)
        if len(frames) != nodes:
            raise KmmError(f"World: free must have a number for each of the {nodes} nodes")
        self.machine = Machine(debug_vm=debug_vm)
        self.kernel: Kernel = boot(
            self.machine,
            free=[0 if nid in memoryless else n for nid, n in enumerate(frames)],
            memoryless=memoryless,
            local_node=local_node,
            pagevec_size=pagevec_size,
            memcg=memcg,
            oob=oob,
        )
        self.cpuset_mems = node_mask(range(nodes) if cpuset_mems is None else cpuset_mems)
        self.drain_after = drain_after
        self.files: dict[str, File] = {}
        self.anon_vmas: dict[str, AnonVma] = {}
        self.mms: dict[str, Mm] = {}
        self.tasks: dict[str, TaskStruct] = {}
        self.pages: dict[str, Page] = {}
        self.buffers: dict[str, list[BufferHead]] = {}
        self.others = Others(self.machine)
        self.machine.environment = self.others
        self.current: TaskStruct | None = None
        self.last_run: Run | None = None

    def __getitem__(self, name: str) -> Any:
        """The kernel object of that name: `w["p0"]`."""
        try:
            return self.machine[name]
        except KeyError:
            raise KmmError(f"World: nothing here is called {name}") from None

    def _name(self, name: str | None, letter: str, taken: Iterable[str]) -> str:
        if name is None:
            return f"{letter}{len(list(taken))}"
        if name in self.machine.objects:
            raise KmmError(f"World: there is something called {name} already")
        return name

    # What a world is made of.

    def file(
        self,
        name: str | None = None,
        *,
        migratepage: str | None = "migrate_page",
        writepage: str | None = None,
        releasepage: str | None = None,
        account_dirty: bool = True,
        unevictable: bool = False,
    ) -> File:
        """A file; its operations are named as in a scenario, None is an operation it lacks."""
        if migratepage not in MIGRATEPAGE:
            known = ", ".join(str(m) for m in MIGRATEPAGE)
            raise KmmError(f"World: migratepage must be one of {known}, not {migratepage}")
        mapping = AddressSpace(
            self.machine,
            self._name(name, "f", self.files),
            a_ops=address_space_operations(
                MIGRATEPAGE[migratepage],
                fs_writepage if writepage else None,
                fs_releasepage if releasepage else None,
            ),
            account_dirty=int(account_dirty),
            unevictable=int(unevictable),
            writes=writepage,
            releases=releasepage,
        )
        self.files[mapping.name] = File(self, mapping)
        return self.files[mapping.name]

    def anon_vma(self, name: str | None = None) -> AnonVma:
        """An anon_vma, for vmas that share anonymous pages."""
        anon_vma = AnonVma(self.machine, self._name(name, "a", self.anon_vmas))
        self.anon_vmas[anon_vma.name] = anon_vma
        return anon_vma

    def mm(self, name: str | None = None) -> Mm:
        """An address space."""
        mm = Mm(self, MmStruct(self.machine, self._name(name, "m", self.mms)))
        self.mms[mm.struct.name] = mm
        return mm

    def task(
        self,
        name: str | None = None,
        *,
        mm: Mm | None = None,
        pid: int | None = None,
        uid: int = 1000,
        euid: int | None = None,
        suid: int | None = None,
        sys_nice: bool = False,
        swapwrite: bool = False,
        mems: Sequence[int] | None = None,
    ) -> TaskStruct:
        """A task; the first one is the one that runs."""
        task = TaskStruct(
            self.machine,
            self._name(name, "t", self.tasks),
            pid=len(self.tasks) + 1 if pid is None else pid,
            mm=mm.struct if mm else None,
            flags=PF_SWAPWRITE if swapwrite else 0,
            uid=uid,
            euid=uid if euid is None else euid,
            suid=uid if suid is None else suid,
            caps=1 << CAP_SYS_NICE if sys_nice else 0,
            mems_allowed=self.cpuset_mems if mems is None else node_mask(mems),
        )
        self.tasks[task.name] = task
        self.kernel.tasks.append(task)
        if self.current is None:
            self.current = task
        return task

    def page(
        self,
        name: str | None = None,
        *,
        node: int = 0,
        file: File | None = None,
        anon_vma: AnonVma | None = None,
        index: int = 0,
        swap: int | None = None,
        flags: Iterable[str] = (),
        lru: str | None = "list",
    ) -> Page:
        """A page that nothing maps yet: of a file's page cache, anonymous, or of neither.

        `swap`: it is in the swap cache under that slot.  `flags`: short names, as in "uptodate".
        `lru`: "list", "pagevec" (it waits in one) or None (it is not on the LRU).
        """
        bits = {f"PG_{flag}": 1 for flag in flags}
        unknown = [flag for flag in flags if flag not in PAGE_FLAGS]
        if unknown:
            raise KmmError(
                f"World: there is no page flag {unknown[0]}; there are {', '.join(PAGE_FLAGS)}"
            )
        page = Page(
            self.machine,
            self._name(name, "p", self.pages),
            node=node,
            index=index,
            **bits,
        )
        page.data = page.name
        self.pages[page.name] = page
        if anon_vma is not None:
            page.mapping = anon_vma + PAGE_MAPPING_ANON
        if anon_vma is not None or swap is not None:
            page.PG_swapbacked = 1
        if file is not None:
            page.mapping = file.mapping
            self._cache(page, file.mapping, index)
            charge_page_of(page)
        if swap is not None:
            page.PG_swapcache = 1
            page.private = swap
            self._cache(page, self.kernel.swapper_space, swap)
            self._use_slot(swap)
        zone = page_zone(page)
        if page.PG_dirty and file is not None and file.mapping.account_dirty:
            zone.NR_FILE_DIRTY += 1
        zone.NR_MLOCK += page.PG_mlocked
        zone.NR_WRITEBACK += page.PG_writeback
        self._put_on_lru(page, lru)
        return page

    def _cache(self, page: Page, mapping: AddressSpace, index: int) -> None:
        mapping.page_tree.put(index, page)
        page._count += 1
        page_zone(page).NR_FILE_PAGES += 1

    def _use_slot(self, slot: int) -> None:
        self.kernel.swap_map.put(slot, self.kernel.swap_map[slot] + 1)

    def _put_on_lru(self, page: Page, lru: str | None) -> None:
        if lru == "list":
            page.PG_lru = 1
            page_zone(page).lru[page_lru(page)].add_tail(page.lru)
        elif lru == "pagevec":
            age = "active" if page.PG_active else "inactive"
            page.PG_active = 0
            pvec = self.kernel.lru_add_pvecs[f"{age}_{page_kind(page)}"]
            pvec.put(len(pvec), page)
            page._count += 1
        elif lru is not None:
            raise KmmError(f'World: lru must be "list", "pagevec" or None, not {lru!r}')

    # What is done to pages.

    def map(
        self,
        page: Page,
        mm: Mm,
        address: int,
        *,
        write: bool = False,
        dirty: bool = False,
        young: bool = False,
    ) -> None:
        """A present pte of `mm` at `address` maps the page."""
        pte = pte_t(page, write=int(write), dirty=int(dirty), young=int(young))
        mm.put_pte(address, pte)
        page._count += 1
        page._mapcount += 1
        anonymous = isinstance(page.mapping, tuple)
        if page._mapcount == 0:
            item = "NR_ANON_PAGES" if anonymous else "NR_FILE_MAPPED"
            zone = page_zone(page)
            setattr(zone, item, getattr(zone, item) + 1)
            if anonymous:
                charge_page_of(page)
        if anonymous:
            mm.struct.anon_rss += 1
        else:
            mm.struct.file_rss += 1

    def add_buffers(
        self, page: Page, buffers: int | Sequence[dict[str, Any]] = 1
    ) -> list[BufferHead]:
        """The page has a ring of buffer heads; `busy`, `locked` and `dirty` are others' doing."""
        given = [{}] * buffers if isinstance(buffers, int) else list(buffers)
        size = PAGE_SIZE // len(given)
        ring = [
            BufferHead(
                self.machine,
                f"{page.name}/bh{i}",
                b_page=page,
                b_data=i * size,
                b_count=one.get("busy", 0),
                others_count=one.get("busy", 0),
                BH_Lock=int(one.get("locked", False)),
                BH_Dirty=int(one.get("dirty", False)),
                lock_owner=self.kernel.others if one.get("locked", False) else None,
            )
            for i, one in enumerate(given)
        ]
        for bh, following in zip(ring, ring[1:] + ring[:1], strict=True):
            bh.b_this_page = following
        self.add_private(page, ring[0])
        self.buffers[page.name] = ring
        return ring

    def add_private(self, page: Page, private: Any = "fs") -> None:
        """The page has private data of its file system, which holds a reference."""
        page.PG_private = 1
        page.private = private
        page._count += 1

    def pin(self, page: Page, count: int = 1) -> None:
        """Somebody holds `count` extra references."""
        page._count += count
        page.pins += count

    def lock(self, page: Page) -> None:
        """Somebody else holds the page lock."""
        page.PG_locked = 1
        page.lock_owner = self.kernel.others

    def freeze(self, page: Page) -> None:
        """Another CPU has frozen the page's count."""
        page._count = 0

    def event(self, event: EventSpec) -> None:
        """Let another CPU do something while the operation runs."""
        self.others.add(event)

    # Operations.

    def migrate_pages(self, pages: Sequence[Page], to_node: int, *, prep: bool = True) -> Run:
        """Isolate the pages and migrate them to a node, with a record."""
        return self.run(partial(isolate_and_migrate, list(pages), to_node, prep))

    def move_pages(
        self,
        addresses: Sequence[int],
        nodes: Sequence[int] | None,
        *,
        pid: int = 0,
        move_all: bool = False,
    ) -> Run:
        """The running task calls move_pages(2), with a record."""
        flags = MPOL_MF_MOVE_ALL if move_all else MPOL_MF_MOVE
        return self.run(partial(call_move_pages, pid, list(addresses), nodes, flags))

    def run(self, operation: Callable[[], Any], *, record: bool = True, **about: Any) -> Run:
        """Let the current task do `operation`, a function without arguments."""
        if self.current is None:
            first = next(iter(self.mms.values()), None)
            self.task(mm=first)
        return Run(self, operation, record=record, about=about)


def charge_page_of(page: Page) -> None:
    """Charge the page to the memory control group of its machine."""
    with page.machine:
        charge_page(page)


class File:
    """A file of a world."""

    def __init__(self, world: World, mapping: AddressSpace) -> None:
        self.world = world
        self.mapping = mapping

    def page(self, index: int = 0, *, flags: Iterable[str] = ("uptodate",), **more: Any) -> Page:
        """Page `index` of the file, read into the page cache if it is not there."""
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
        bits = 0
        for flag in flags:
            if flag not in VM_FLAGS:
                raise KmmError(
                    f"World: there is no vma flag {flag}; there are {', '.join(VM_FLAGS)}"
                )
            bits |= VM_FLAGS[flag]
        mapping = file.mapping if file else None
        shared_write = VM_FLAGS["WRITE"] | VM_FLAGS["SHARED"]
        writable = bits & shared_write == shared_write and not (mapping and mapping.account_dirty)
        taken = [vma for mm in world.mms.values() for vma in mm.vmas]
        struct = VmAreaStruct(
            world.machine,
            world._name(name, "v", (vma.struct.name for vma in taken)),
            vm_mm=self.struct,
            vm_start=start,
            vm_end=start + pages * PAGE_SIZE,
            vm_pgoff=pgoff,
            vm_file=mapping,
            vm_flags=bits,
            vm_page_prot=int(writable),
        )
        if any(
            struct.vm_start < v.struct.vm_end and v.struct.vm_start < struct.vm_end
            for v in self.vmas
        ):
            raise KmmError(f"World: {struct.name} overlaps another vma of {self.struct.name}")
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
        for level, shift in LEVELS.items():
            self.struct.tables[level].put(address >> shift << shift, 1)
        self.struct.page_table.put(address, pte)

    def put_swap_entry(self, address: int, slot: int) -> None:
        """The pte holds the swap entry of that slot, which has one user more."""
        self.put_pte(address, pte_t(entry=swp_entry_t(0, slot)))
        self.world._use_slot(slot)

    def put_migration_entry(self, address: int, page: Page, *, write: bool = False) -> None:
        """The pte holds a migration entry for the page."""
        self.put_pte(address, pte_t(entry=make_migration_entry(page, int(write))))

    def put_file_pte(self, address: int, pgoff: int) -> None:
        """The pte is a nonlinear file pte: page `pgoff` of the file belongs there."""
        self.put_pte(address, pgoff_to_pte(pgoff))

    def put_special_pte(self, address: int) -> None:
        """The pte is present, without a struct page behind it."""
        self.put_pte(address, pte_t(special=1))

    def fork(self, name: str | None = None) -> Mm:
        """A child with the same vmas; anonymous pages are shared, and no longer writable."""
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
        if not 0 <= i < pages:
            raise KmmError(f"World: {struct.name} has pages 0 to {pages - 1}, not {i}")
        return struct.vm_start + i * PAGE_SIZE

    def link(self, anon_vma: AnonVma) -> None:
        """The vma is one of those that may map the anon_vma's pages."""
        self.struct.anon_vma = anon_vma
        anon_vma.head.add_tail(self.struct.anon_vma_node)

    def touch(self, i: int = 0, *, write: bool = True, **more: Any) -> Page:
        """The page at the vma's page number `i`, faulted in as a program's access would.

        `write`: the access writes, so that the pte is writable and dirty.  Further arguments are
        those of World.page.
        """
        world = self.mm.world
        address = self.address(i)
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
