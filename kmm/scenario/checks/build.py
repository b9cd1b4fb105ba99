# SPDX-License-Identifier: GPL-2.0-only
"""From a document of the right structure to a Spec: defaults are filled in, nothing is judged.

The exceptions are what a Spec could no longer show: a page table entry that wants to be two things,
an index that was forgotten.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from kmm.scenario.checks.place import ScenarioError, inside, one_of
from kmm.scenario.spec import (
    BufferSpec,
    EventSpec,
    FileSpec,
    MapSpec,
    MigratePagesOp,
    MigrateVmasOp,
    MigrationEntryWaitOp,
    MmSpec,
    MovePagesOp,
    Op,
    PageSpec,
    PteKind,
    PteSpec,
    PutbackLruPagesOp,
    Spec,
    TaskSpec,
    VmaSpec,
)

Data: TypeAlias = dict[str, Any]

DEFAULT_FREE = 100  # frames of a node
DEFAULT_TASKS: Data = {"t0": {"pid": 1}}
DEFAULT_UID = 1000
MPOL_MF = {"MOVE": 2, "MOVE_ALL": 4}


def address(value: str | int) -> int:
    """The address that a text such as "0x401000" or a number stands for."""
    return int(value, 0) if isinstance(value, str) else value


def build(data: Data) -> Spec:
    """The Spec that the document describes."""
    nodes = data.get("nodes", 2)
    memoryless = frozenset(data.get("memoryless", ()))
    free = data.get("free", {})
    mems = tuple(data.get("cpuset_mems", range(nodes)))
    tasks = data.get("tasks", DEFAULT_TASKS)
    oob = data.get("oob", {})
    op = data["op"]
    security = op.get("security", data.get("security", 0))
    faults = {**data.get("faults", {}), **op.get("faults", {})}
    return Spec(
        name=data.get("name", ""),
        doc=data.get("doc", ""),
        nodes=nodes,
        memoryless=memoryless,
        free=tuple(0 if n in memoryless else free.get(str(n), DEFAULT_FREE) for n in range(nodes)),
        local_node=data.get("local_node", 0),
        cpuset_mems=mems,
        pagevec_size=data.get("pagevec_size", 14),
        debug_vm=data.get("debug_vm", True),
        memcg=data.get("memcg", True),
        drain_after=data.get("drain_after", False),
        oob_node_state=oob.get("node_state", 0),
        oob_node_isset=oob.get("node_isset", 0),
        security=security,
        vmalloc_fails=faults.get("vmalloc", False),
        files=tuple(FileSpec(name, **file) for name, file in data.get("files", {}).items()),
        anon_vmas=tuple(data.get("anon_vmas", ())),
        mms=tuple(_mm(name, mm) for name, mm in data.get("mms", {}).items()),
        tasks=tuple(_task(name, task, mems) for name, task in tasks.items()),
        current=data.get("current", next(iter(tasks))),
        pages=tuple(_page(name, page) for name, page in data.get("pages", {}).items()),
        events=tuple(_event(event) for event in data.get("events", ())),
        op=_op(op, security, faults),
    )


def _mm(name: str, mm: Data) -> MmSpec:
    return MmSpec(
        name,
        vmas=tuple(_vma(vma) for vma in mm.get("vmas", ())),
        ptes=tuple(_pte(pte, f"mms.{name}.ptes[{i}]") for i, pte in enumerate(mm.get("ptes", ()))),
    )


def _vma(vma: Data) -> VmaSpec:
    return VmaSpec(
        id=vma["id"],
        start=address(vma["start"]),
        pages=vma["pages"],
        file=vma.get("file"),
        pgoff=vma.get("pgoff", 0),
        anon_vma=vma.get("anon_vma"),
        flags=frozenset(vma.get("flags", ("READ", "WRITE"))),
        has_ops="ops_migrate" in vma,
        ops_migrate=vma.get("ops_migrate"),
    )


_PTE_KINDS: dict[str, PteKind] = {
    "swap": "swap",
    "migration": "migration",
    "file_pgoff": "file",
    "special": "special",
}


def _pte(pte: Data, place: str) -> PteSpec:
    keys = [key for key in pte if key in _PTE_KINDS]
    if len(keys) > 1:
        raise ScenarioError(inside(place, keys[1]), f"only one of {one_of(_PTE_KINDS)} is possible")
    if "write" in pte and "migration" not in pte:
        raise ScenarioError(inside(place, "write"), "only a migration entry can remember this")
    addr = address(pte["addr"])
    if not keys:
        return PteSpec(addr, "none")
    kind = _PTE_KINDS[keys[0]]
    return PteSpec(addr, kind, None if kind == "special" else pte[keys[0]], pte.get("write", False))


def _task(name: str, task: Data, mems: tuple[int, ...]) -> TaskSpec:
    uid: int = task.get("uid", DEFAULT_UID)
    return TaskSpec(
        name,
        pid=task["pid"],
        mm=task.get("mm"),
        uid=uid,
        euid=task.get("euid", uid),
        suid=task.get("suid", uid),
        caps=frozenset(task.get("caps", ())),
        swapwrite=task.get("swapwrite", False),
        mems=tuple(task.get("mems", mems)),
    )


def _page(name: str, page: Data) -> PageSpec:
    if "index" not in page and (page.get("file") or page.get("anon_vma")):
        raise ScenarioError(
            f"pages.{name}.index", "is missing; where in the file or vma is the page?"
        )
    buffers = page.get("buffers", 0)
    if isinstance(buffers, int):
        buffers = [{}] * buffers
    return PageSpec(
        name,
        node=page.get("node", 0),
        file=page.get("file"),
        anon_vma=page.get("anon_vma"),
        index=page.get("index", 0),
        swap=page.get("swap"),
        flags=frozenset(page.get("flags", ())),
        buffers=tuple(BufferSpec(**buffer) for buffer in buffers),
        fs_private=page.get("fs_private", False),
        lru=page.get("lru", "list"),
        pins=page.get("pins", 0),
        locked_by_other=page.get("locked_by_other", False),
        frozen=page.get("frozen", False),
        maps=tuple(
            MapSpec(**{**pte, "addr": address(pte["addr"])}) for pte in page.get("maps", ())
        ),
    )


def _event(event: Data) -> EventSpec:
    rest = {key: value for key, value in event.items() if key != "on"}
    if "addr" in rest:
        rest["addr"] = address(rest["addr"])
    return EventSpec(**rest, on_new="on" in event)


def _op(op: Data, security: int, faults: Data) -> Op:
    match op["call"]:
        case "migrate_pages":
            return MigratePagesOp(tuple(op["from"]), op["to_node"], op.get("prep", True))
        case "move_pages":
            return _move_pages(op, security, faults)
        case "migrate_vmas":
            return MigrateVmasOp(
                op["mm"], tuple(op["from"]), tuple(op["to"]), flags=op.get("flags", 0)
            )
        case "migration_entry_wait":
            return MigrationEntryWaitOp(op["mm"], address(op["addr"]))
        case _:
            return PutbackLruPagesOp(tuple(op["from"]))


def _move_pages(op: Data, security: int, faults: Data) -> MovePagesOp:
    nodes = op.get("nodes")
    flags = op.get("flags", 0)
    if not isinstance(flags, int):
        flags = sum(MPOL_MF[flag] for flag in set(flags))
    return MovePagesOp(
        pid=op.get("pid", 0),
        pages=tuple(address(page) for page in op["pages"]),
        nodes=None if nodes is None else tuple(nodes),
        flags=flags,
        fault_pages=frozenset(faults.get("pages", ())),
        fault_nodes=frozenset(faults.get("nodes", ())),
        fault_status=frozenset(faults.get("status", ())),
        vmalloc_fails=faults.get("vmalloc", False),
        security=security,
        nr_pages=op.get("nr_pages", len(op["pages"])),
    )
