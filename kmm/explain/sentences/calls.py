# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about locks, tasks, nodes and user memory: what system calls are made of."""

from __future__ import annotations

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import OTHER, Table
from kmm.explain.words import some, word
from kmm.mm.nodemask import MAX_NUMNODES
from kmm.mm.vmalloc import UNINIT

#: What the lock of such a name guards.
GUARDS = {
    "tree_lock": "the page cache of {owner}",
    "i_mmap_lock": "the list of vmas that map {owner}",
    "private_lock": "the buffers of the pages of {owner}",
    "ptl": "the ptes of {owner}",
    "lru_lock": "the LRU lists of {owner}",
    "lock": "the list of vmas of the anon_vma {owner}",
}


def _take(scene: Scene) -> str:
    lock = str(scene.args["lock"])
    owner, _, name = lock.rpartition(".")
    guarded = GUARDS.get(name, "something that is not told").format(owner=owner)
    return f"{{who}} takes {{lock}}, which guards {guarded}."


def _vma(scene: Scene) -> str:
    start = scene.value(f"{scene.result}.vm_start")
    if start is not None and start > scene.args["addr"]:
        return "{result} is the first vma of {mm} that ends above {addr}, but it begins above it."
    return "{result} is the vma of {mm} that {addr} lies in."


def _nodes(mask: int) -> str:
    numbers = [str(node) for node in range(MAX_NUMNODES) if mask >> node & 1]
    return f"node{'s' if len(numbers) != 1 else ''} {some(numbers, limit=8)}"


def _state(scene: Scene) -> str:
    if not 0 <= scene.args["node"] < MAX_NUMNODES:
        return _outside(scene)
    return "Node {node} has memory." if scene.result else "Node {node} has no memory (-ENODEV)."


def _allowed(scene: Scene) -> str:
    if not 0 <= scene.args["node"] < MAX_NUMNODES:
        return _outside(scene)
    if scene.result:
        return "Node {node} is one of those that the cpuset of the task allows."
    return "Node {node} is none of those that the cpuset of the task allows (-EACCES)."


def _outside(scene: Scene) -> str:
    return (
        f"No mask has a bit for node {{node}}: what stands beside its {MAX_NUMNODES} bits happens "
        "to read {result}, and nobody notices."
    )


def _array(scene: Scene) -> str:
    pointer = scene.args["ptr"]
    return f"{str(pointer.array).removeprefix('user ')}[{pointer.i}]"


def _read(scene: Scene) -> str:
    value = scene.value(f"{scene.args['ptr'].array}[{scene.args['ptr'].i}]")
    held = word(value, "addr" if _array(scene).startswith("pages") else "node")
    return f"Read {_array(scene)} from the memory of the program: it is {held}."


def _written(scene: Scene) -> str:
    status = scene.args["x"]
    if status == UNINIT:
        return f"Write {_array(scene)} into the memory of the program, though it was never set."
    return f"Write {_array(scene)} into the memory of the program: {word(status, 'status')}."


SENTENCES: Table = {
    # Locks.
    "spin_lock": _take,
    "spin_unlock": "{who} releases {lock}.",
    "spin_lock_irq": _take,
    "spin_unlock_irq": "{who} releases {lock}.",
    "read_lock": "{who} is a reader of {lock}, so that no task vanishes meanwhile.",
    "read_unlock": "{who} is no reader of {lock} any more.",
    "__down_read": {
        None: "{who} is a reader of {sem}, so that no vma vanishes meanwhile.",
        OTHER: "{who} cannot be a reader of {sem} now, and queues for it.",
    },
    "up_read": "{who} is no reader of {sem} any more.",
    "rcu_read_lock": "{who} begins to read under RCU, so that what it can reach keeps its memory.",
    ("rcu_read_lock", "unmap_and_move"): "{who} begins to read under RCU, so that the anon_vma of "
    "{call[page]} keeps its memory even when no pte maps {call[page]}.",
    ("rcu_read_lock", "try_to_unmap_anon"): "{who} begins to read under RCU, so that the anon_vma "
    "of {call[page]} keeps its memory until its lock is held.",
    "rcu_read_unlock": "{who} ends reading under RCU.",
    "cond_resched": "{who} lets other tasks run here, should any want to.",
    # Tasks and their rights.
    "capable": {
        0: "{who} does not have the capability CAP_SYS_NICE.",
        OTHER: "{who} has the capability CAP_SYS_NICE.",
    },
    "security_task_movememory": {
        0: "No security module minds that the memory of {p} is moved.",
        OTHER: "A security module forbids to move the memory of {p}: {result}.",
    },
    "find_task_by_vpid": {
        None: "There is no task with pid {pid} (-ESRCH).",
        OTHER: "The task with pid {pid} is {result}.",
    },
    "get_task_mm": {
        None: "{task} has no address space: it is a kernel thread, or has exited (-EINVAL).",
        OTHER: "The address space of {task} is {result}, which has one user more and cannot go: "
        "{went[mm_users]}.",
    },
    "cpuset_mems_allowed": lambda s: f"The cpuset of {{tsk}} allows {_nodes(s.result)}.",
    # Nodes.
    "node_state": _state,
    "node_isset": _allowed,
    # Vmas.
    "find_vma": {None: "No vma of {mm} ends above {addr}.", OTHER: _vma},
    "vma_migratable": {
        0: "The pages of {vma} cannot be moved: it has VM_IO, VM_HUGETLB, VM_PFNMAP or "
        "VM_RESERVED.",
        OTHER: "The pages of {vma} can be moved.",
    },
    # Memory of the program and of the kernel.
    "get_user": {
        0: _read,
        1: lambda s: f"{_array(s)} is not mapped in the program's memory: a page fault.",
        OTHER: lambda s: f"{_array(s)} cannot be read from the memory of the program: {{result}}.",
    },
    "put_user": {
        0: _written,
        1: lambda s: f"{_array(s)} cannot be written through any pte: a page fault.",
        OTHER: lambda s: f"{_array(s)} cannot be written in the memory of the program: {{result}}.",
    },
    "vmalloc": {
        None: "There are no {size} bytes to be had for the array of the pages (-ENOMEM).",
        OTHER: "Get {size} bytes for {result}, an array with one element for each page and one for "
        "its end.",
    },
    "vfree": "Give the memory of {memory} back.",
}
