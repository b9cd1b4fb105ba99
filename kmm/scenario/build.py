# SPDX-License-Identifier: GPL-2.0-only
"""From a checked scenario to its world, and to the call that it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kmm.mm.nodemask import node_mask
from kmm.scenario import driver
from kmm.scenario.handles import NO_OPS
from kmm.scenario.spec import (
    MigratePagesOp,
    MigrateVmasOp,
    MigrationEntryWaitOp,
    MmSpec,
    MovePagesOp,
    PageSpec,
    PutbackLruPagesOp,
    Spec,
)
from kmm.scenario.world import World


def build(spec: Spec) -> World:
    """The world that the scenario begins in."""
    world = World(
        spec.nodes,
        free=spec.free,
        memoryless=tuple(spec.memoryless),
        local_node=spec.local_node,
        cpuset_mems=spec.cpuset_mems,
        pagevec_size=spec.pagevec_size,
        debug_vm=spec.debug_vm,
        memcg=spec.memcg,
        oob=(spec.oob_node_state, spec.oob_node_isset),
        drain_after=spec.drain_after,
    )
    world.kernel.security_rc = spec.security
    world.kernel.vmalloc_fails = spec.vmalloc_fails
    for file in spec.files:
        world.file(
            file.name,
            migratepage=file.migratepage,
            writepage=file.writepage,
            releasepage=file.releasepage,
            account_dirty=file.account_dirty,
            unevictable=file.unevictable,
        )
    for name in spec.anon_vmas:
        world.anon_vma(name)
    for mm in spec.mms:
        _build_vmas(world, mm)
    for task in spec.tasks:
        world.task(
            task.name,
            mm=world.mms[task.mm] if task.mm else None,
            pid=task.pid,
            uid=task.uid,
            euid=task.euid,
            suid=task.suid,
            sys_nice="SYS_NICE" in task.caps,
            swapwrite=task.swapwrite,
            mems=task.mems,
        )
    world.current = world.tasks[spec.current]
    for page in spec.pages:
        _build_page(world, page)
    for mm in spec.mms:
        _build_ptes(world, mm)
    for event in spec.events:
        world.others.add(event)
    return world


def _build_vmas(world: World, spec: MmSpec) -> None:
    mm = world.mm(spec.name)
    for vma in spec.vmas:
        mm.mmap(
            vma.pages,
            file=world.files[vma.file] if vma.file else None,
            pgoff=vma.pgoff,
            start=vma.start,
            anon_vma=world.anon_vmas[vma.anon_vma] if vma.anon_vma else None,
            flags=vma.flags,
            name=vma.id,
            vm_ops_migrate=vma.ops_migrate if vma.has_ops else NO_OPS,
        )


def _build_page(world: World, spec: PageSpec) -> None:
    page = world.page(
        spec.name,
        node=spec.node,
        file=world.files[spec.file] if spec.file else None,
        anon_vma=world.anon_vmas[spec.anon_vma] if spec.anon_vma else None,
        index=spec.index,
        swap=spec.swap,
        flags=spec.flags,
        lru=spec.lru,
    )
    for m in spec.maps:
        world.map(page, world.mms[m.mm], m.addr, write=m.write, dirty=m.dirty, young=m.young)
    if spec.buffers:
        world.add_buffers(
            page,
            [{"busy": b.busy, "locked": b.locked, "dirty": b.dirty} for b in spec.buffers],
        )
    if spec.fs_private:
        world.add_private(page)
    world.pin(page, spec.pins)
    if spec.locked_by_other:
        world.lock(page)
    if spec.frozen:
        world.freeze(page)


def _build_ptes(world: World, spec: MmSpec) -> None:
    mm = world.mms[spec.name]
    for pte in spec.ptes:
        match pte.kind:
            case "none":
                mm.put_pte(pte.addr)
            case "swap":
                mm.put_swap_entry(pte.addr, int(pte.value or 0))
            case "migration":
                mm.put_migration_entry(pte.addr, world.pages[str(pte.value)], write=pte.write)
            case "file":
                mm.put_file_pte(pte.addr, int(pte.value or 0))
            case "special":
                mm.put_special_pte(pte.addr)


def operation(world: World, spec: Spec) -> Callable[[], int | None]:
    """The call that the scenario is about."""
    op = spec.op
    match op:
        case MigratePagesOp():
            pages = [world.pages[name] for name in op.from_]
            return partial(driver.isolate_and_migrate, pages, op.to_node, op.prep)
        case MovePagesOp():
            return partial(
                driver.call_move_pages,
                op.pid,
                op.pages,
                op.nodes,
                op.flags,
                nr_pages=op.nr_pages,
                fault_pages=op.fault_pages,
                fault_nodes=op.fault_nodes,
                fault_status=op.fault_status,
            )
        case MigrateVmasOp():
            mm = world.mms[op.mm].struct
            return partial(driver.ask_vmas, mm, node_mask(op.to), node_mask(op.from_), op.flags)
        case MigrationEntryWaitOp():
            return partial(driver.fault_on_entry, world.mms[op.mm].struct, op.addr)
        case PutbackLruPagesOp():
            return partial(driver.isolate_and_put_back, [world.pages[name] for name in op.from_])
