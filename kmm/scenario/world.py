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

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kmm.errors import KmmError
from kmm.mm.buffer import BufferHead
from kmm.mm.cred import CAP_SYS_NICE
from kmm.mm.disk import Disk
from kmm.mm.filesystem import readpage as fs_readpage
from kmm.mm.filesystem import releasepage as fs_releasepage
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
from kmm.mm.mmap import MmStruct
from kmm.mm.nodemask import node_mask
from kmm.mm.page import PAGE_FLAGS, PAGE_MAPPING_ANON, PAGE_SIZE, Page
from kmm.mm.pgtable import pte_t
from kmm.mm.pgtable_ops import Tlb
from kmm.mm.rmap import AnonVma
from kmm.mm.sched import PF_SWAPWRITE, TaskStruct
from kmm.mm.swap import PAGEVEC_SIZE, page_kind, page_lru
from kmm.mm.vmstat import page_zone
from kmm.mm.writes import file_or, remember
from kmm.scenario.driver import call_move_pages, isolate_and_migrate
from kmm.scenario.events import DETAILS, EVENTS
from kmm.scenario.handles import File, Mm
from kmm.scenario.others import Others
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
        frames = [free] * nodes if isinstance(free, int) else list(free)
        if len(frames) != nodes or isinstance(free, Mapping):
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
            cpus=cpus,
            workers=workers,
            reuse_frames=reuse_frames,
        )
        self.tlb = tlb
        self.disk = disk
        if disk:
            self._give_disk(self.kernel.swapper_space)
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
        try:
            return self.machine[name]
        except KeyError:
            raise KmmError(f"World: nothing here is called {name}") from None

    def name_for(self, name: str | None, letter: str, taken: Iterable[str]) -> str:
        """`name` if it is free, or the next of its kind: p0, p1, ..."""
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
        size: int | None = None,
    ) -> File:
        """A file; its operations are named as in a scenario, None is an operation it lacks.

        `size`: in pages, None: no end.
        """
        if migratepage not in MIGRATEPAGE:
            known = ", ".join(str(m) for m in MIGRATEPAGE)
            raise KmmError(f"World: migratepage must be one of {known}, not {migratepage}")
        if writepage is not None and writepage not in WRITES:
            known = ", ".join(WRITES)
            raise KmmError(f"World: writepage must be one of {known}, or None, not {writepage}")
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
        task = TaskStruct(
            self.machine,
            self.name_for(name, "t", self.tasks),
            pid=len(self.tasks) + 1 if pid is None else pid,
            mm=mm.struct if mm else None,
            flags=PF_SWAPWRITE if swapwrite else 0,
            uid=uid,
            euid=uid if euid is None else euid,
            suid=uid if suid is None else suid,
            caps=1 << CAP_SYS_NICE if sys_nice else 0,
            mems_allowed=self.cpuset_mems if mems is None else node_mask(mems),
            cpu=len(self.tasks) % len(self.kernel.cpu_pvecs) if cpu is None else cpu,
        )
        if self.tlb and mm:
            tlb = Tlb(self.machine, f"{task.name}.tlb", None)
            object.__setattr__(task, "tlb", tlb)
            object.__setattr__(mm.struct, "tlbs", (*mm.struct.tlbs, tlb))
        self.tasks[task.name] = task
        self.kernel.tasks.append(task)
        if self.current is None:
            self.current = self.machine.current = task
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
            self.name_for(name, "p", self.pages),
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
            self.use_slot(swap)
        zone = page_zone(page)
        if page.PG_dirty and file is not None and file.mapping.account_dirty:
            zone.NR_FILE_DIRTY += 1
        zone.NR_MLOCK += page.PG_mlocked
        zone.NR_WRITEBACK += page.PG_writeback
        self._put_on_lru(page, lru)
        return page

    def _cache(self, page: Page, mapping: AddressSpace, index: int) -> None:
        mapping.page_tree.put(index, page)
        if mapping.disk is not None and not page.PG_dirty:
            mapping.disk.put(index, page.data)
        page._count += 1
        page_zone(page).NR_FILE_PAGES += 1

    def use_slot(self, slot: int) -> None:
        """The swap slot has one user more."""
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
        place = file_or(page, None)
        if dirty and place is not None:
            remember(self.machine, place)
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
        for bh in ring:
            if bh.BH_Dirty:
                remember(self.machine, ("buffer", bh))
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
        if do not in EVENTS:
            raise KmmError(f"World: another CPU can {', '.join(EVENTS)}, but not {do}")
        missing = [detail for detail in DETAILS.get(do, ()) if detail not in what]
        if missing:
            raise KmmError(f"World: {do} needs {' and '.join(missing)}")
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
        if isinstance(pages, Page):
            pages = [pages]
        return self.run(partial(isolate_and_migrate, list(pages), to_node, prep), limit=limit)

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
        flags = MPOL_MF_MOVE_ALL if move_all else MPOL_MF_MOVE
        operation = partial(call_move_pages, pid, list(addresses), nodes, flags)
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
        if self.current is None:
            first = next(iter(self.mms.values()), None)
            self.task(mm=first)
        return Run(self, operation, record=record, limit=limit, about=about)


def charge_page_of(page: Page) -> None:
    """Charge the page to the memory control group of its machine."""
    with page.machine:
        charge_page(page)
