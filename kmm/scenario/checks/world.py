# SPDX-License-Identifier: GPL-2.0-only
"""Rules for the ground a scenario stands on: names, nodes, address spaces, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from kmm.scenario.checks.known import require_address, require_known, require_node, require_nodes
from kmm.scenario.checks.place import ScenarioError, inside
from kmm.scenario.spec import MmSpec, Spec, VmaSpec

_KERNELS_OWN = re.compile(r"(n(0|[1-9][0-9]*)|ZERO|swapper)\Z")


def require_names(spec: Spec) -> None:
    """Every object has a name of its own, and none has one that the kernel will need."""
    seen: dict[str, str] = {}
    for place, name in _names(spec):
        if _KERNELS_OWN.match(name):
            raise ScenarioError(place, f"{name} is a name the kernel gives; take another")
        if name in seen:
            raise ScenarioError(place, f"the name {name} is taken by {seen[name]}")
        seen[name] = place


def _names(spec: Spec) -> Iterator[tuple[str, str]]:
    for file in spec.files:
        yield f"files.{file.name}", file.name
    for i, name in enumerate(spec.anon_vmas):
        yield f"anon_vmas[{i}]", name
    for mm in spec.mms:
        yield f"mms.{mm.name}", mm.name
        for i, vma in enumerate(mm.vmas):
            yield f"mms.{mm.name}.vmas[{i}].id", vma.id
    for task in spec.tasks:
        yield f"tasks.{task.name}", task.name
    for page in spec.pages:
        yield f"pages.{page.name}", page.name


def require_the_nodes(spec: Spec, document: dict[str, Any]) -> None:
    """Every node that is named exists."""
    for node in document.get("free", {}):
        require_node(inside("free", node), int(node), spec)
    require_nodes("memoryless", document.get("memoryless", ()), spec)
    require_nodes("cpuset_mems", spec.cpuset_mems, spec)
    require_node("local_node", spec.local_node, spec)
    for task in spec.tasks:
        require_nodes(f"tasks.{task.name}.mems", task.mems, spec)
    for page in spec.pages:
        require_node(f"pages.{page.name}.node", page.node, spec)


def require_vmas(spec: Spec) -> None:
    """Each vma lies in user space, overlaps no other of its mm, and maps what is there."""
    files = [file.name for file in spec.files]
    for mm in spec.mms:
        for i, vma in enumerate(mm.vmas):
            place = f"mms.{mm.name}.vmas[{i}]"
            require_address(f"{place}.start", vma.start)
            require_address(f"{place}.pages", vma.end - 1, aligned=False)
            require_known(f"{place}.file", vma.file, files, "file")
            require_known(f"{place}.anon_vma", vma.anon_vma, spec.anon_vmas, "anon_vma")
        _require_no_overlap(mm)


def _require_no_overlap(mm: MmSpec) -> None:
    by_start = sorted(enumerate(mm.vmas), key=lambda item: item[1].start)
    for (_, below), (i, above) in pairwise(by_start):
        if above.start < below.end:
            raise ScenarioError(f"mms.{mm.name}.vmas[{i}]", f"overlaps {_range(below)}")


def _range(vma: VmaSpec) -> str:
    return f"{vma.id}, which goes from {vma.start:#x} to {vma.end:#x}"


def require_tasks(spec: Spec) -> None:
    """Tasks have mms that exist and pids of their own; one of them is the running one."""
    mms = [mm.name for mm in spec.mms]
    pids: dict[int, str] = {}
    for task in spec.tasks:
        place = f"tasks.{task.name}"
        require_known(f"{place}.mm", task.mm, mms, "mm")
        other = pids.setdefault(task.pid, task.name)
        if other != task.name:
            raise ScenarioError(f"{place}.pid", f"{task.pid} is the pid of {other} already")
    require_known("current", spec.current, [task.name for task in spec.tasks], "task")
