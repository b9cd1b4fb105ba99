# SPDX-License-Identifier: GPL-2.0-only
"""How a result writes one call: `["page_freeze_refs", "p0", 2, 1]`.

Which arguments an entry tells, in which order, and whether it tells the result, is fixed for each
name.  What the model keeps as a pointer (a pte, an entry of an upper table) is shown as what it
points to at that moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from kmm.mm.pgtable import PTE_NONE
from kmm.sim import Trace


class Moment:
    """The state at one moment, while the projection walks through the steps."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        #: It is the moment after so many steps; it only goes forward.
        self.steps = 0
        self._numbers: array[int] = trace.columns.initial[:]
        self._changes = 0

    def cell(self, container: str, key: Any) -> Any:
        """What the cell of a container holds, None if nothing was ever there."""
        cells = self.trace.slots.by_name[container].cells or {}
        slot = cells.get(key)
        if slot is None:
            return None
        columns = self.trace.columns
        end = self.trace.changes_before(self.steps)
        for change in range(self._changes, end):
            self._numbers[columns.slot[change]] = columns.new[change]
        self._changes = end
        return self.trace.values[self._numbers[slot]]


RESULT = "result"

Args = tuple[Any, ...]
Entry = list[Any]
Shown = Callable[[Args, Any, Moment], Entry]


def text_of(value: Any) -> Any:
    """A value as a result writes it: objects by name, ptes and entries in words."""
    if value is None or isinstance(value, int):
        return value
    return str(value).removeprefix("kernel.")


def _show(*parts: int | str | Callable[..., Any]) -> Shown:
    """An entry made of parts: the number of an argument, RESULT, a word or a function."""

    def show(args: Args, result: Any, moment: Moment) -> Entry:
        return [
            text_of(args[part])
            if type(part) is int
            else text_of(result)
            if part is RESULT
            else part(args, result, moment)
            if callable(part)
            else part
            for part in parts
        ]

    return show


def _address(number: int) -> Callable[..., Any]:
    return lambda args, result, moment: hex(args[number])


def _present(args: Args, result: Any, moment: Moment) -> int:
    return moment.cell(f"{result.mm}.{result.level}", result.address) or 0


def _pte(args: Args, result: Any, moment: Moment) -> str:
    return str(moment.cell(f"{result.mm}.pte", result.address) or PTE_NONE)


def _where(args: Args, result: Any, moment: Moment) -> Any:
    return result if result < 0 else hex(result)


def _tree(number: int) -> Callable[..., Any]:
    return lambda args, result, moment: str(_tree_of(args[number])).removesuffix(".page_tree")


def _tree_of(thing: Any) -> Any:
    return getattr(thing, "tree", thing)


def _followed(args: Args, result: Any, moment: Moment) -> Any:
    return result if isinstance(result, int) else text_of(result)


def _get_user(args: Args, result: Any, moment: Moment) -> Entry:
    array, i = args[1]
    what = str(array).removeprefix("user ").partition("#")[0]
    cell = moment.cell(array, i)
    if result:
        return [result] if cell is None else [what, i, result]
    return [what, i, hex(cell) if what == "pages" else cell, 0]


def _put_user(args: Args, result: Any, moment: Moment) -> Entry:
    return ["status", args[1].i, text_of(args[0]), result]


#: How each entry is written; names that are not here leave none.
ENTRIES: dict[str, Shown] = {
    "list_add_tail": _show(0, "pagelist"),
    "list_empty": _show("pagelist", RESULT),
    "pte_offset_map_lock": _show(0, _address(2), _pte),
    "vmalloc": _show(0, lambda args, result, moment: int(result is not None)),
    "radix_tree_replace_slot": _show(_tree(0), lambda a, r, m: a[0].at, 1),
    "radix_tree_lookup_slot": _show(_tree(0), 1, lambda a, r, m: int(r is not None)),
    "set_pte_at": _show(0, _address(1), 3),
    "page_add_anon_rmap": _show(0, 1, _address(2)),
    "find_vma": _show(0, _address(1), RESULT),
    "follow_page": _show(0, _address(1), 2, _followed),
    "capable": _show("SYS_NICE", RESULT),
    "get_user": _get_user,
    "put_user": _put_user,
    "ZERO_PAGE": _show("ZERO"),
    "pgd_offset": _show(0, _address(1), _present),
    "pud_offset": _show(lambda a, r, m: str(r.mm), _address(1), _present),
    "pmd_offset": _show(lambda a, r, m: str(r.mm), _address(1), _present),
    "pte_offset_map": _show(lambda a, r, m: str(r.mm), _address(1), _pte),
    "flush_cache_page": _show(0, _address(1), 2),
    "update_mmu_cache": _show(0, _address(1), 2),
    "page_address_in_vma": _show(0, 1, _where),
}

#: Names whose entries are made of the same parts.
_ALIKE: dict[tuple[int | str, ...], str] = {
    (): "rcu_read_lock rcu_read_unlock cond_resched vfree pte_unmap",
    (0,): """
        list_del spin_lock spin_unlock spin_lock_irq spin_unlock_irq read_lock read_unlock
        down_read up_read lock_page unlock_page wait_on_page_locked wait_on_page_writeback
        end_page_writeback get_page put_page __put_page putback_lru_page get_bh put_bh lock_buffer
        unlock_buffer mem_cgroup_end_migration mem_cgroup_uncharge_cache_page page_add_file_rmap
        mmput""",
    (1,): "pte_unmap_unlock",
    (0, 1): """
        set_page_private page_unfreeze_refs unevictable_migrate_page mlock_migrate_page
        copy_highpage __inc_zone_page_state __dec_zone_page_state""",
    (0, 1, 2): "set_bh_page",
    (0, RESULT): """
        trylock_page get_page_unless_zero TestClearPageActive clear_page_dirty_for_io
        __set_page_dirty_nobuffers isolate_lru_page try_to_release_page try_to_free_buffers
        vma_migratable writepage vma_migrate get_new_page alloc_pages_node find_task_by_vpid
        get_task_mm security_task_movememory cpuset_mems_allowed node_state node_isset
        page_count page_mapcount page_mapped page_to_nid PageAnon page_has_buffers page_mapping
        page_index page_private page_buffers bh_offset is_swap_pte pte_to_swp_entry
        is_migration_entry is_write_migration_entry migration_entry_to_page mk_pte""",
    (0, 1, RESULT): """
        mem_cgroup_prepare_migration mem_cgroup_charge try_to_unmap page_freeze_refs""",
    (RESULT,): "lru_add_drain_all radix_tree_deref_slot pte_lockptr pte_mkold pte_mkwrite",
}

for _parts, _names in _ALIKE.items():
    for _name in _names.split():
        ENTRIES[_name] = _show(*_parts)


def entry_of(name: str) -> Shown | None:
    """How the entry of a function is written, None if it leaves none."""
    shown = ENTRIES.get(name)
    if shown is None and name.startswith(("SetPage", "ClearPage")):
        shown = ENTRIES[name] = _show(0)
    elif shown is None and name.startswith("Page"):
        shown = ENTRIES[name] = _show(0, RESULT)
    return shown
