# SPDX-License-Identifier: GPL-2.0-only
"""A scenario once it has been checked: plain, frozen data with nothing left to guess.

`kmm.scenario.check.check` is the only maker of these objects. Whoever holds a `Spec` may rely on:

* every default is filled in, every address is an `int`, no number is a float or a bool;
* every name refers to something that is there, and no two objects share one;
* the order of the JSON text is kept: order decides which pte is unmapped first.

`None` means "there is none" (no file, no mm, no `at`), never "not said".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT

PteKind: TypeAlias = Literal["none", "swap", "migration", "file", "special"]
LruPlace: TypeAlias = Literal["list", "pagevec"]


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file, that is: an address_space with some of its operations."""

    name: str
    migratepage: str | None = None
    writepage: str | None = None
    releasepage: str | None = None
    account_dirty: bool = True
    unevictable: bool = False


@dataclass(frozen=True, slots=True)
class VmaSpec:
    """A vma: `pages` pages from address `start`, the first of which has index `pgoff`."""

    id: str
    start: int
    pages: int
    file: str | None
    pgoff: int
    anon_vma: str | None
    flags: frozenset[str]
    has_ops: bool  # vma->vm_ops is not NULL
    ops_migrate: int | None  # what vm_ops->migrate returns; None: there is no such operation

    @property
    def end(self) -> int:
        """The first address behind the vma."""
        return self.start + self.pages * PAGE_SIZE


@dataclass(frozen=True, slots=True)
class PteSpec:
    """A page table entry that maps no page of the scenario.

    `value` is the slot ("swap"), the page's name ("migration") or the index ("file").
    """

    addr: int
    kind: PteKind
    value: int | str | None = None
    write: bool = False


@dataclass(frozen=True, slots=True)
class MmSpec:
    """An address space: vmas in the order rmap visits them, and odd page table entries."""

    name: str
    vmas: tuple[VmaSpec, ...]
    ptes: tuple[PteSpec, ...]


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task with its credentials and the nodes (`mems`) its cpuset allows."""

    name: str
    pid: int
    mm: str | None
    uid: int
    euid: int
    suid: int
    caps: frozenset[str]
    swapwrite: bool
    mems: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BufferSpec:
    """A buffer head; `busy` and `locked` are the doing of others."""

    busy: int = 0
    locked: bool = False
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class MapSpec:
    """A present pte, in `mm` at `addr`, that maps the page it belongs to."""

    mm: str
    addr: int
    write: bool = False
    dirty: bool = False
    young: bool = False


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page; `flags` are the given ones only, the others follow from the rest."""

    name: str
    node: int
    file: str | None
    anon_vma: str | None
    index: int
    swap: int | None
    flags: frozenset[str]
    buffers: tuple[BufferSpec, ...]
    fs_private: bool
    lru: LruPlace | None
    pins: int
    locked_by_other: bool
    frozen: bool
    maps: tuple[MapSpec, ...]


@dataclass(frozen=True, slots=True)
class EventSpec:
    """What another CPU does (`do`) in attempt `attempt` to migrate `page`.

    Without `at` it happens when the attempt begins, else just before call `nth` (from 0) of that
    primitive. `rc`, `mm`, `addr`, `node` and `n` are set exactly where `do` asks for them.
    """

    page: str
    attempt: int
    do: str
    at: str | None = None
    nth: int = 0
    on_new: bool = False
    rc: int | None = None
    mm: str | None = None
    addr: int | None = None
    node: int | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class MigratePagesOp:
    """Isolate the pages `from_` and hand them to migrate_pages()."""

    from_: tuple[str, ...]
    to_node: int
    prep: bool = True


@dataclass(frozen=True, slots=True)
class MovePagesOp:
    """sys_move_pages() by the current task; `nodes` None is the NULL pointer.

    `fault_*` hold the elements of the user's arrays that cannot be accessed. `nr_pages` is what the
    user claims, which need not be the length of `pages`.
    """

    pid: int
    pages: tuple[int, ...]
    nodes: tuple[int, ...] | None
    flags: int
    fault_pages: frozenset[int]
    fault_nodes: frozenset[int]
    fault_status: frozenset[int]
    vmalloc_fails: bool
    security: int
    nr_pages: int


@dataclass(frozen=True, slots=True)
class MigrateVmasOp:
    """migrate_vmas() from the nodes `from_` to the nodes `to`."""

    mm: str
    from_: tuple[int, ...]
    to: tuple[int, ...]
    flags: int = 0


@dataclass(frozen=True, slots=True)
class MigrationEntryWaitOp:
    """migration_entry_wait() for the page table entry at `addr`."""

    mm: str
    addr: int


@dataclass(frozen=True, slots=True)
class PutbackLruPagesOp:
    """Isolate the pages `from_` and give them back with putback_lru_pages()."""

    from_: tuple[str, ...]


Op: TypeAlias = (
    MigratePagesOp | MovePagesOp | MigrateVmasOp | MigrationEntryWaitOp | PutbackLruPagesOp
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole scenario: the world as it is at first, what others will do, and one operation.

    `free` has one number for each node, 0 for the memoryless ones. `security` and `vmalloc_fails`
    are what holds for `op`, wherever the scenario said so.
    """

    name: str
    doc: str
    nodes: int
    memoryless: frozenset[int]
    free: tuple[int, ...]
    local_node: int
    cpuset_mems: tuple[int, ...]
    pagevec_size: int
    debug_vm: bool
    memcg: bool
    drain_after: bool
    oob_node_state: int
    oob_node_isset: int
    security: int
    vmalloc_fails: bool
    files: tuple[FileSpec, ...]
    anon_vmas: tuple[str, ...]
    mms: tuple[MmSpec, ...]
    tasks: tuple[TaskSpec, ...]
    current: str
    pages: tuple[PageSpec, ...]
    events: tuple[EventSpec, ...]
    op: Op
