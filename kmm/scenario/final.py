# SPDX-License-Identifier: GPL-2.0-only
"""The state at the end of a run, as a result tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kmm.mm.fs import AddressSpace
from kmm.mm.page import PAGE_FLAGS, Page
from kmm.mm.pgtable import PTE_NONE
from kmm.mm.sched import PF_SWAPWRITE
from kmm.mm.vmstat import ZONE_ITEMS

if TYPE_CHECKING:
    from kmm.scenario.world import World

_FLAG_FIELDS = sorted((flag, f"PG_{flag}") for flag in PAGE_FLAGS if flag != "buddy")


def final_state(world: World) -> dict[str, Any]:
    """Everything that a result tells of the end."""
    kernel = world.kernel
    zones = kernel.zones
    return {
        "pages": {page.name: _page(world, page) for page in _pages(world)},
        "ptes": {
            name: {hex(a): str(p) for a, p in mm.struct.page_table.items() if p != PTE_NONE}
            for name, mm in world.mms.items()
        },
        "cache": {
            **{name: _tree(file.mapping) for name, file in world.files.items()},
            "swapper": _tree(kernel.swapper_space),
        },
        "buffers": {name: [_buffer(bh) for bh in ring] for name, ring in world.buffers.items()},
        "swap_map": {str(slot): users for slot, users in sorted(kernel.swap_map.items())},
        "zones": {str(z.nid): {item: getattr(z, item) for item in ZONE_ITEMS} for z in zones},
        "free": {str(zone.nid): zone.free for zone in zones},
        "memcg": {
            field: getattr(kernel.memcg, field)
            for field in ("usage", "prepare", "end", "charge", "uncharge_cache")
        },
        "mms": {
            name: {
                "users": mm.struct.mm_users,
                "anon_rss": mm.struct.anon_rss,
                "file_rss": mm.struct.file_rss,
            }
            for name, mm in world.mms.items()
        },
        "tasks": {
            name: {"swapwrite": bool(task.flags & PF_SWAPWRITE)}
            for name, task in world.tasks.items()
        },
        "held": _held(world),
    }


def _pages(world: World) -> list[Page]:
    """The pages of the world, then those that were allocated while it ran."""
    ours = world.pages
    born = [
        thing
        for thing in world.machine.objects.values()
        if isinstance(thing, Page) and thing.name not in ours and thing.name != "ZERO"
    ]
    return [*ours.values(), *born]


def _page(world: World, page: Page) -> dict[str, Any]:
    if page.PG_buddy:
        return {"freed": True, "node": page.node, "data": page.data}
    fields = page.__dict__
    owner = None
    if page.PG_locked:
        owner = "other" if page.lock_owner is world.kernel.others else "us"
    mapping = page.mapping
    if mapping is not None:
        mapping = mapping.name if isinstance(mapping, AddressSpace) else f"anon:{mapping[0].name}"
    private = page.private
    return {
        "count": page._count,
        "mapcount": page._mapcount + 1,
        "flags": [flag for flag, field in _FLAG_FIELDS if fields[field]],
        "mapping": mapping,
        "index": page.index,
        "private": private if isinstance(private, (int, str)) else private.name,
        "node": page.node,
        "lru": _lru(world, page),
        "pins": page.pins,
        "locked_by": owner,
        "charged": bool(page.charged),
        "data": page.data,
    }


def _lru(world: World, page: Page) -> str | None:
    if page.PG_lru:
        on = page.lru.list
        return on.name.rpartition(".")[2] if on is not None else None
    for name, pvec in world.kernel.lru_add_pvecs.items():
        if any(waiting is page for waiting in pvec.cells.values()):
            return f"pagevec:{name}"
    return None


def _tree(mapping: AddressSpace) -> dict[str, str]:
    there = {i: page for i, page in mapping.page_tree.items() if page is not None}
    return {str(index): there[index].name for index in sorted(there)}


def _buffer(bh: Any) -> dict[str, Any] | str:
    if bh.freed:
        return "freed"
    return {
        "page": bh.b_page.name,
        "offset": bh.b_data,
        "count": bh.b_count,
        "locked": bool(bh.BH_Lock),
        "dirty": bool(bh.BH_Dirty),
    }


def _held(world: World) -> list[str]:
    """The locks that the task has not given back."""
    kernel = world.kernel
    held: list[str] = []
    for mm in world.mms.values():
        struct = mm.struct
        if struct.page_table_lock.owner is not None:
            held.append(struct.page_table_lock.name)
        if struct.mmap_sem.readers:
            held.append(struct.mmap_sem.name)
    held += [a.lock.name for a in world.anon_vmas.values() if a.lock.owner is not None]
    for mapping in [*(file.mapping for file in world.files.values()), kernel.swapper_space]:
        locks = (mapping.tree_lock, mapping.i_mmap_lock)
        held += [lock.name for lock in locks if lock.owner is not None]
    if world.current is not None and world.current.rcu_depth:
        held.append("rcu")
    if kernel.tasklist_lock.readers:
        held.append("tasklist_lock")
    if kernel.vmalloc_areas.areas:
        held.append("vmalloc")
    return held
