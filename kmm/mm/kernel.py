# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's global variables, and how a machine gets them.

`machine.kernel` is what C reaches without a pointer: the zones, the swap cache, the list of tasks,
the pagevecs of the CPU, the memory control group.  `boot` gives them to an empty machine.

Their names hold a dot, a blank or a bracket ("kernel.swap_map", "other CPUs", "node[0]"), so that
no object of a scenario is ever called so; only "swapper" and "ZERO" are plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmm.mm.fs import AddressSpace, address_space_operations
from kmm.mm.memcontrol import MemCgroup
from kmm.mm.nodemask import node_mask
from kmm.mm.page import Page
from kmm.mm.page_alloc import FreeFrames
from kmm.mm.page_writeback import __set_page_dirty_nobuffers
from kmm.mm.sched import TaskStruct
from kmm.mm.slab import KmemCache
from kmm.mm.spinlock import RwLock
from kmm.mm.swap import PAGEVEC_SIZE, Pagevec
from kmm.mm.swapfile import SwapMap
from kmm.mm.uaccess import UserArray
from kmm.mm.vmalloc import VmallocAreas
from kmm.mm.vmstat import LRU_LISTS, Zone
from kmm.mm.workqueue import WorkQueue
from kmm.mm.writes import Write
from kmm.sim import Machine


class Kernel:
    """The global variables.

    `free`: free frames of each node, in frames.  `memoryless`: nodes not in N_HIGH_MEMORY.
    `oob`: what node_state and node_isset read beyond their bitmaps, (0 or 1, 0 or 1).
    `cpus`: how many CPUs have pagevecs; `workers`: each has a queue of works, for somebody to do.
    `reuse_frames`: a frame that was freed is handed out again, the last one first.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        free: Sequence[int],
        memoryless: Sequence[int] = (),
        local_node: int = 0,
        pagevec_size: int = PAGEVEC_SIZE,
        memcg: bool = True,
        oob: tuple[int, int] = (0, 0),
        cpus: int = 1,
        workers: bool = False,
        reuse_frames: bool = False,
    ) -> None:
        self.machine = machine
        self.zones = [Zone(machine, nid, frames) for nid, frames in enumerate(free)]
        #: How many frames of each node were free at first.
        self.frames = tuple(free)
        self.nodes_with_memory = node_mask(set(range(len(free))) - set(memoryless))
        self.local_node = local_node
        self.oob = {"node_state": oob[0], "node_isset": oob[1]}
        self.cpu_pvecs = [
            {lru: Pagevec(machine, cpu, lru, pagevec_size) for lru in LRU_LISTS[:4]}
            for cpu in range(cpus)
        ]
        self.keventd_wq = [WorkQueue(machine, f"cpu{cpu}.events") for cpu in range(cpus * workers)]
        self.free_frames = FreeFrames(machine, "kernel.free_frames") if reuse_frames else None
        self.anon_vma_cachep = KmemCache(machine, "kernel.anon_vma_cachep")
        self.swap_map = SwapMap(machine, "kernel.swap_map", 0)
        self.swapper_space = AddressSpace(machine, "swapper", a_ops=_swap_aops(), account_dirty=0)
        self.memcg = MemCgroup(machine, "kernel.mem_cgroup", disabled=int(not memcg))
        self.vmalloc_areas = VmallocAreas(machine, "kernel.vmalloc")
        self.tasklist_lock = RwLock(machine, "kernel.tasklist_lock")
        self.zero_page = Page(machine, "ZERO", _count=1, PG_reserved=1)
        self.tasks: list[TaskStruct] = []
        #: Whoever is not the task that we follow: another CPU, another process.
        self.others = TaskStruct(machine, "other CPUs", pid=-1)
        #: Who runs before there is any other task.
        self.init_task = TaskStruct(machine, "kernel.init_task")
        self.security_rc = 0
        self.vmalloc_fails = False
        self.warnings: list[str] = []
        self.beyond_mask: list[tuple[str, int]] = []
        #: Pages that the last caller of migration could not isolate, by name.
        self.not_isolated: list[str] = []
        #: The status array of the last move_pages(2).
        self.user_status: UserArray | None = None
        #: What has been written, for whoever asks whether it was lost.
        self.writes: list[Write] = []
        self._pages_made = 0
        self._made: tuple[str, ...] = ()

    @property
    def lru_add_pvecs(self) -> dict[str, Pagevec]:
        """The pagevecs of the first CPU."""
        return self.cpu_pvecs[0]

    def next_page_name(self) -> str:
        """n0, n1, ...: the pages that are allocated while the machine runs."""
        self._pages_made += 1
        return f"n{self._pages_made - 1}"

    def next_name(self, letter: str) -> str:
        """na0, na1, ...: what else comes into being then, by the letter of its kind."""
        self._made = (*self._made, letter)
        return f"n{letter}{self._made.count(letter) - 1}"

    def warn(self, text: str) -> None:
        """The kernel complains, and goes on."""
        self.warnings.append(text)

    def read_beyond_mask(self, function: str, node: int) -> int:
        """The bit that stands beyond the end of a node mask."""
        self.beyond_mask.append((function, node))
        return self.oob[function]


def _swap_aops() -> address_space_operations:
    from kmm.mm.migrate import migrate_page
    from kmm.mm.swap_state import swap_writepage

    return address_space_operations(
        migratepage=migrate_page,
        writepage=swap_writepage,
        set_page_dirty=__set_page_dirty_nobuffers,
    )


def boot(machine: Machine, **options: Any) -> Kernel:
    """Give an empty machine its memory; the options are those of Kernel."""
    machine.kernel = Kernel(machine, **options)
    kernel: Kernel = machine.kernel
    machine.current = kernel.init_task
    return kernel
