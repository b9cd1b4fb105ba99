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

from collections.abc import Callable, Iterable, Sequence, Sized
from functools import partial
from itertools import count
from typing import Any

from kmm.errors import KmmError, NoSuchKey
from kmm.mm.buffer import BufferHead
from kmm.mm.cred import CAP_SYS_NICE
from kmm.mm.disk import Disk
from kmm.mm.filesystem import readpage as fs_readpage
from kmm.mm.filesystem import releasepage as fs_releasepage
from kmm.mm.filesystem import writepage as fs_writepage
from kmm.mm.fs import AddressSpace, address_space_operations
from kmm.mm.kernel import Kernel, boot
from kmm.mm.migrate import (
    MPOL_MF_MOVE,
    MPOL_MF_MOVE_ALL,
    buffer_migrate_page,
    fail_migrate_page,
    migrate_page,
)
from kmm.mm.mmap import MmStruct
from kmm.mm.nodemask import MAX_NUMNODES, node_mask
from kmm.mm.page import PAGE_FLAGS, PAGE_MAPPING_ANON, Page
from kmm.mm.pgtable import pte_t
from kmm.mm.pgtable_ops import Tlb
from kmm.mm.rmap import AnonVma
from kmm.mm.sched import PF_SWAPWRITE, TaskStruct
from kmm.mm.swap import PAGEVEC_SIZE
from kmm.mm.vmstat import page_zone
from kmm.mm.writes import file_or, remember
from kmm.scenario import wanted
from kmm.scenario.driver import call_move_pages, isolate_and_migrate
from kmm.scenario.handles import File, Mm
from kmm.scenario.others import Others, require_event
from kmm.scenario.pages import (
    charge_page_of,
    count_pte,
    put_in_cache,
    put_on_lru,
    require_free,
    ring_of,
    wanted_buffers,
)
from kmm.scenario.run import Run
from kmm.sim import Machine
from kmm.sim.machine import LIMIT

MIGRATEPAGE = {
    None: None,
    "migrate_page": migrate_page,
    "buffer_migrate_page": buffer_migrate_page,
    "fail_migrate_page": fail_migrate_page,
}

#: How writepage may end.
WRITES = ("ok", "async", "error", "error_locked", "activate")

#: How releasepage may end.
RELEASES = ("ok", "busy")

#: More CPUs than a lesson needs.
MOST_CPUS = 64


class World:
    """An empty machine with memory, to be filled.

    `nodes`: how many NUMA nodes.  `free`: free frames, for each node or for all alike.
    `pagevec_size`: how many pages wait before they go onto their LRU list.  `debug_vm`: VM_BUG_ON
    is checked.  `memcg`: there is a memory control group.  `oob`: what node_state and node_isset
    read beyond their masks.  `drain_after`: the pagevecs are emptied behind each operation.
    `cpus`: each has pagevecs of its own, and tasks are put on them in turn; `workers`: emptying all
    of them is left to a task for each CPU, which runs worker_thread.  `tlb`: the CPU of each task
    remembers ptes until they are flushed.  `disk`: it is kept what has been written to files and to
    swap.  `reuse_frames`: a freed frame is handed out again.
    A task is made when the first operation needs somebody to run it.
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
        cpus: int = 1,
        workers: bool = False,
        tlb: bool = False,
        disk: bool = False,
        reuse_frames: bool = False,
    ) -> None:
        nodes = wanted.whole("nodes", nodes, 1, MAX_NUMNODES)
        frames = wanted.frames_of(nodes, free)
        memoryless = wanted.nodes_of(nodes, "memoryless", memoryless)
        local_node = wanted.node_of(nodes, "local_node", local_node)
        mems = range(nodes) if cpuset_mems is None else cpuset_mems
        mems = wanted.nodes_of(nodes, "cpuset_mems", mems)
        pagevec_size = wanted.whole("pagevec_size", pagevec_size, 1, PAGEVEC_SIZE)
        cpus = wanted.whole("cpus", cpus, 1, MOST_CPUS)
        wanted.truths(debug_vm=debug_vm, memcg=memcg, drain_after=drain_after, workers=workers)
        wanted.truths(tlb=tlb, disk=disk, reuse_frames=reuse_frames)
        oob = wanted.bits("oob", oob)
        self.machine = Machine(debug_vm=debug_vm)
        self.kernel: Kernel = boot(
            self.machine,
            free=[0 if nid in memoryless else n for nid, n in enumerate(frames)],
            memoryless=memoryless,
            local_node=local_node,
            pagevec_size=pagevec_size,
            memcg=memcg,
            oob=oob,
            cpus=cpus,
            workers=workers,
            reuse_frames=reuse_frames,
        )
        self.tlb = tlb
        self.disk = disk
        if disk:
            self._give_disk(self.kernel.swapper_space)
        self.cpuset_mems = node_mask(mems)
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

    def __repr__(self) -> str:
        there = {
            "node": len(self.kernel.zones),
            "address space": len(self.mms),
            "file": len(self.files),
            "page": len(self.pages),
        }
        told = [f"{number} {what}{'s' * (number != 1)}" for what, number in there.items()]
        return f"<World: {', '.join(told)}>"

    def __getitem__(self, name: str) -> Any:
        """The kernel object of that name: `w["p0"]`."""
        objects = self.machine.objects
        if not isinstance(name, str) or name not in objects:
            near = wanted.guess(name, objects)
            raise NoSuchKey(f"World: nothing here is called {name}{near}")
        return objects[name]

    def name_for(self, name: str | None, letter: str, taken: Sized) -> str:
        """`name` if it is free, or the next of its kind: p0, p1, ..."""
        if name is not None:
            return wanted.name(name, self.machine.objects)
        number = len(taken)
        while f"{letter}{number}" in self.machine.objects:
            number += 1  # somebody has given that name himself
        return f"{letter}{number}"

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
        size: int | None = None,
    ) -> File:
        """A file; its operations are named as in a scenario, None is an operation it lacks.

        `size`: in pages, None: no end.
        """
        wanted.among("migratepage", migratepage, MIGRATEPAGE)
        wanted.among("writepage", writepage, (*WRITES, None))
        wanted.among("releasepage", releasepage, (*RELEASES, None))
        wanted.truths(account_dirty=account_dirty, unevictable=unevictable)
        if size is not None:
            size = wanted.whole("size", size, most=wanted.LAST_INDEX)
        mapping = AddressSpace(
            self.machine,
            self.name_for(name, "f", self.files),
            a_ops=address_space_operations(
                MIGRATEPAGE[migratepage],
                fs_writepage if writepage else None,
                fs_releasepage if releasepage else None,
                readpage=fs_readpage,
            ),
            account_dirty=int(account_dirty),
            unevictable=int(unevictable),
            writes=writepage,
            releases=releasepage,
        )
        if size is not None:
            mapping.i_size = size
        if self.disk:
            self._give_disk(mapping)
        self.files[mapping.name] = File(self, mapping)
        return self.files[mapping.name]

    def _give_disk(self, mapping: AddressSpace) -> None:
        object.__setattr__(mapping, "disk", Disk(self.machine, f"{mapping.name}.disk"))

    def anon_vma(self, name: str | None = None) -> AnonVma:
        """An anon_vma, for vmas that share anonymous pages."""
        anon_vma = AnonVma(self.machine, self.name_for(name, "a", self.anon_vmas))
        self.anon_vmas[anon_vma.name] = anon_vma
        return anon_vma

    def mm(self, name: str | None = None) -> Mm:
        """An address space."""
        mm = Mm(self, MmStruct(self.machine, self.name_for(name, "m", self.mms)))
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
        cpu: int | None = None,
    ) -> TaskStruct:
        """A task; the first one is the one that runs.  `cpu`: on which, None: they take turns."""
        struct = None if mm is None else wanted.ours(self, "mm", mm, Mm).struct
        uid = wanted.whole("uid", uid, most=wanted.LAST_ID)
        wanted.truths(sys_nice=sys_nice, swapwrite=swapwrite)
        nodes, cpus = len(self.kernel.zones), len(self.kernel.cpu_pvecs)
        allowed = self.cpuset_mems
        if mems is not None:
            allowed = node_mask(wanted.nodes_of(nodes, "mems", mems))
        task = TaskStruct(
            self.machine,
            self.name_for(name, "t", self.tasks),
            pid=self._pid(pid),
            mm=struct,
            flags=PF_SWAPWRITE if swapwrite else 0,
            uid=uid,
            euid=uid if euid is None else wanted.whole("euid", euid, most=wanted.LAST_ID),
            suid=uid if suid is None else wanted.whole("suid", suid, most=wanted.LAST_ID),
            caps=1 << CAP_SYS_NICE if sys_nice else 0,
            mems_allowed=allowed,
            cpu=len(self.tasks) % cpus if cpu is None else wanted.whole("cpu", cpu, 0, cpus - 1),
        )
        if self.tlb and struct is not None:
            tlb = Tlb(self.machine, f"{task.name}.tlb", None)
            object.__setattr__(task, "tlb", tlb)
            object.__setattr__(struct, "tlbs", (*struct.tlbs, tlb))
        self.tasks[task.name] = task
        self.kernel.tasks.append(task)
        if self.current is None:
            self.current = self.machine.current = task
        return task

    def _pid(self, pid: int | None) -> int:
        taken = {task.pid: task for task in self.tasks.values()}
        if pid is None:
            return next(n for n in count(len(taken) + 1) if n not in taken)
        pid = wanted.whole("pid", pid, 1, wanted.INT - 1)
        if pid in taken:
            raise KmmError(f"World: {pid} is the pid of {taken[pid]} already")
        return pid

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
        node = wanted.node(self, "node", node)
        index = wanted.whole("index", index, most=wanted.LAST_INDEX)
        flags = wanted.flags("page", flags, PAGE_FLAGS)
        wanted.among("lru", lru, ("list", "pagevec", None))
        if file is not None:
            wanted.ours(self, "file", file, File)
            require_free(file.mapping, index, "page")
            if anon_vma is not None or swap is not None:
                raise KmmError("World: a page of a file has neither an anon_vma nor a swap slot")
        if anon_vma is not None:
            wanted.ours(self, "anon_vma", anon_vma, AnonVma)
        if swap is not None:
            swap = wanted.whole("swap", swap, 1, wanted.LAST_SLOT)
            require_free(self.kernel.swapper_space, swap, "slot")
        page = Page(
            self.machine,
            self.name_for(name, "p", self.pages),
            node=node,
            index=index,
            **{f"PG_{flag}": 1 for flag in flags},
        )
        page.data = page.name
        self.pages[page.name] = page
        if anon_vma is not None:
            page.mapping = anon_vma + PAGE_MAPPING_ANON
        if anon_vma is not None or swap is not None:
            page.PG_swapbacked = 1
        if file is not None:
            page.mapping = file.mapping
            put_in_cache(page, file.mapping, index)
            charge_page_of(page)
        if swap is not None:
            page.PG_swapcache = 1
            page.private = swap
            put_in_cache(page, self.kernel.swapper_space, swap)
            self.use_slot(swap)
        zone = page_zone(page)
        if page.PG_dirty and file is not None and file.mapping.account_dirty:
            zone.NR_FILE_DIRTY += 1
        zone.NR_MLOCK += page.PG_mlocked
        zone.NR_WRITEBACK += page.PG_writeback
        put_on_lru(self, page, lru)
        return page

    def use_slot(self, slot: int) -> None:
        """The swap slot has one user more."""
        slot = wanted.whole("slot", slot, 1, wanted.LAST_SLOT)
        self.kernel.swap_map.put(slot, self.kernel.swap_map[slot] + 1)

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
        wanted.ours(self, "page", page, Page)
        wanted.ours(self, "mm", mm, Mm)
        wanted.truths(write=write, dirty=dirty, young=young)
        pte = pte_t(page, write=int(write), dirty=int(dirty), young=int(young))
        mm.put_pte(address, pte)
        place = file_or(page, None)
        if dirty and place is not None:
            remember(self.machine, place)
        count_pte(page, mm.struct)

    def add_buffers(
        self, page: Page, buffers: int | Sequence[dict[str, Any]] = 1
    ) -> list[BufferHead]:
        """The page has a ring of buffer heads; `busy`, `locked` and `dirty` are others' doing."""
        wanted.ours(self, "page", page, Page)
        ring = ring_of(self, page, wanted_buffers(buffers))
        self.add_private(page, ring[0])
        self.buffers[page.name] = ring
        return ring

    def add_private(self, page: Page, private: Any = "fs") -> None:
        """The page has private data of its file system, which holds a reference."""
        wanted.ours(self, "page", page, Page)
        page.PG_private = 1
        page.private = private
        page._count += 1

    def pin(self, page: Page, count: int = 1) -> None:
        """Somebody holds `count` extra references."""
        wanted.ours(self, "page", page, Page)
        count = wanted.whole("count", count, most=wanted.MOST)
        page._count += count
        page.pins += count

    def lock(self, page: Page) -> None:
        """Somebody else holds the page lock."""
        wanted.ours(self, "page", page, Page)
        page.PG_locked = 1
        page.lock_owner = self.kernel.others

    def freeze(self, page: Page) -> None:
        """Another CPU has frozen the page's count."""
        wanted.ours(self, "page", page, Page)
        page._count = 0

    def meanwhile(
        self,
        page: Page,
        do: str,
        *,
        attempt: int = 0,
        at: str | None = None,
        nth: int = 0,
        on_new: bool = False,
        **what: Any,
    ) -> None:
        """Let another CPU `do` something ("unpin", "lock", ...) while the page is migrated.

        It happens when attempt number `attempt` begins, or in it before call number `nth` of the
        primitive `at`.  `on_new`: to the new page.  `what`: mm (its name) and addr for "zap", node
        and n for "frames", rc for "memcg_error".
        """
        wanted.ours(self, "page", page, Page)
        require_event(self, do, attempt, at, nth, what)
        wanted.truths(on_new=on_new)
        from kmm.scenario.spec import EventSpec  # its room is for scenarios as JSON, and large

        self.others.add(EventSpec(page.name, attempt, do, at, nth, on_new, **what))

    # Operations.

    def migrate_pages(
        self,
        pages: Page | Sequence[Page],
        to_node: int,
        *,
        prep: bool = True,
        limit: int | None = LIMIT,
    ) -> Run:
        """Isolate the pages and migrate them to a node, with a record of at most `limit` steps."""
        given = (pages,) if isinstance(pages, Page) else wanted.members("pages", pages, "pages")
        for page in given:
            wanted.ours(self, "page", page, Page)
        to_node = wanted.node(self, "to_node", to_node)
        wanted.truths(prep=prep)
        return self.run(partial(isolate_and_migrate, list(given), to_node, prep), limit=limit)

    def move_pages(
        self,
        addresses: Sequence[int],
        nodes: Sequence[int] | None,
        *,
        pid: int = 0,
        move_all: bool = False,
        limit: int | None = LIMIT,
    ) -> Run:
        """The running task calls move_pages(2), with a record of at most `limit` steps."""
        addresses = wanted.numbers("addresses", addresses, 0, wanted.LAST_ADDRESS)
        if nodes is not None:
            nodes = wanted.numbers("nodes", nodes, -wanted.INT, wanted.INT - 1)
        pid = wanted.whole("pid", pid, -wanted.INT, wanted.INT - 1)
        wanted.truths(move_all=move_all)
        flags = MPOL_MF_MOVE_ALL if move_all else MPOL_MF_MOVE
        operation = partial(call_move_pages, pid, addresses, nodes, flags)
        return self.run(operation, limit=limit)

    def run(
        self,
        operation: Callable[[], Any],
        *,
        record: bool = True,
        limit: int | None = LIMIT,
        **about: Any,
    ) -> Run:
        """Let the current task do `operation`, a function without arguments.

        Arguments: `record`: every step is written down.  `limit`: of so many steps; who wants to
        make one more is stopped, `run.stopped` and `run.trace.stopped` say so, and the world is
        dead as after a bug.  None is no limit.  What takes no step is not counted.

        Raises KmmError for a limit that is no whole number above 0.
        """
        __tracebackhide__ = True
        wanted.operation(operation)
        wanted.truths(record=record)
        if self.current is None:
            first = next(iter(self.mms.values()), None)
            self.task(mm=first)
        return Run(self, operation, record=record, limit=limit, about=about)
