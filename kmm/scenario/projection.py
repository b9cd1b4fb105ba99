# SPDX-License-Identifier: GPL-2.0-only
"""What migrate.c did, as a result tells it: `calls` and `trace_full`, drawn from the trace.

The trace is finer: it has the steps inside try_to_unmap, lru_add_drain_all, and so on.  An entry
of `trace_full` is one call, by a function of migrate.c, of something that is not of migrate.c,
written when that call returns.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from kmm.mm.pgtable import PTE_NONE
from kmm.sim import Trace
from kmm.sim.recorder import RETURNED

MIGRATE = "mm/migrate.c"

Entry = list[Any]


class Moment:
    """The state at one moment, while the projection walks through the steps."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.numbers: array[int] = trace.columns.initial[:]
        self._done = 0

    def advance(self, steps: int) -> None:
        """Go to the state after the first `steps` steps."""
        columns = self.trace.columns
        end = columns.changes_end[steps - 1] if steps else 0
        for change in range(self._done, end):
            self.numbers[columns.slot[change]] = columns.new[change]
        self._done = max(self._done, end)

    def cell(self, container: str, key: Any) -> Any:
        """What the cell of a container holds, None if nothing was ever there."""
        cells = self.trace.slots.by_name[container].cells or {}
        slot = cells.get(key)
        return None if slot is None else self.trace.values[self.numbers[slot]]


Args = tuple[Any, ...]
Shown = Callable[[Args, Any, Moment], Entry]


def _text(value: Any) -> Any:
    """A value as a result writes it: objects by name, ptes and entries in words."""
    if value is None or isinstance(value, int):
        return value
    return str(value)


def _show(*parts: int | str | Callable[..., Any]) -> Shown:
    """An entry made of parts: the number of an argument, "result", or a function."""

    def show(args: Args, result: Any, moment: Moment) -> Entry:
        entry = []
        for part in parts:
            if isinstance(part, int):
                entry.append(_text(args[part]))
            elif part == "result":
                entry.append(_text(result))
            elif callable(part):
                entry.append(part(args, result, moment))
            else:
                entry.append(part)
        return entry

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
    return result if isinstance(result, int) else _text(result)


def _get_user(args: Args, result: Any, moment: Moment) -> Entry:
    array, i = args[1]
    what = str(array).removeprefix("user ").partition("#")[0]
    cell = moment.cell(array, i)
    if result:
        return [result] if cell is None else [what, i, result]
    return [what, i, hex(cell) if what == "pages" else cell, 0]


def _put_user(args: Args, result: Any, moment: Moment) -> Entry:
    return ["status", args[1].i, _text(args[0]), result]


_RESULT = "result"

#: How each entry is written; names that are not here leave none.
ENTRIES: dict[str, Shown] = {
    "list_del": _show(0),
    "list_add_tail": _show(0, "pagelist"),
    "list_empty": _show("pagelist", _RESULT),
    "pte_offset_map_lock": _show(0, _address(2), _pte),
    "pte_unmap_unlock": _show(1),
    "set_page_private": _show(0, 1),
    "mem_cgroup_prepare_migration": _show(0, 1, _RESULT),
    "mem_cgroup_charge": _show(0, 1, _RESULT),
    "get_new_page": _show(0, _RESULT),
    "alloc_pages_node": _show(0, _RESULT),
    "vmalloc": _show(0, lambda args, result, moment: int(result is not None)),
    "vfree": _show(),
    "lru_add_drain_all": _show(_RESULT),
    "radix_tree_replace_slot": _show(_tree(0), lambda a, r, m: a[0].index, 1),
    "radix_tree_lookup_slot": _show(_tree(0), 1, lambda a, r, m: int(r is not None)),
    "radix_tree_deref_slot": _show(_RESULT),
    "writepage": _show(0, _RESULT),
    "try_to_release_page": _show(0, _RESULT),
    "set_pte_at": _show(0, _address(1), 3),
    "page_add_anon_rmap": _show(0, 1, _address(2)),
    "try_to_unmap": _show(0, 1, _RESULT),
    "find_vma": _show(0, _address(1), _RESULT),
    "follow_page": _show(0, _address(1), 2, _followed),
    "capable": _show("SYS_NICE", _RESULT),
    "node_state": _show(0, _RESULT),
    "node_isset": _show(0, _RESULT),
    "get_user": _get_user,
    "put_user": _put_user,
    "vma_migrate": _show(0, _RESULT),
    "ZERO_PAGE": _show("ZERO"),
    "pgd_offset": _show(0, _address(1), _present),
    "pud_offset": _show(lambda a, r, m: str(r.mm), _address(1), _present),
    "pmd_offset": _show(lambda a, r, m: str(r.mm), _address(1), _present),
    "pte_offset_map": _show(lambda a, r, m: str(r.mm), _address(1), _pte),
    "pte_unmap": _show(),
    "pte_lockptr": _show(_RESULT),
    "mk_pte": _show(0, _RESULT),
    "pte_mkold": _show(_RESULT),
    "pte_mkwrite": _show(_RESULT),
    "flush_cache_page": _show(0, _address(1), 2),
    "update_mmu_cache": _show(0, _address(1), 2),
    "page_address_in_vma": _show(0, 1, _where),
}

for _name in (
    "spin_lock spin_unlock spin_lock_irq spin_unlock_irq read_lock read_unlock down_read up_read "
    "lock_page unlock_page wait_on_page_locked wait_on_page_writeback end_page_writeback "
    "get_page put_page __put_page putback_lru_page get_bh put_bh lock_buffer unlock_buffer "
    "mem_cgroup_end_migration mem_cgroup_uncharge_cache_page page_add_file_rmap mmput"
).split():
    ENTRIES[_name] = _show(0)
for _name in (
    "trylock_page get_page_unless_zero TestClearPageActive clear_page_dirty_for_io "
    "__set_page_dirty_nobuffers isolate_lru_page try_to_free_buffers vma_migratable "
    "find_task_by_vpid get_task_mm security_task_movememory cpuset_mems_allowed page_count "
    "page_mapcount page_mapped page_to_nid PageAnon page_has_buffers page_mapping page_index "
    "page_private page_buffers bh_offset is_swap_pte pte_to_swp_entry is_migration_entry "
    "is_write_migration_entry migration_entry_to_page"
).split():
    ENTRIES[_name] = _show(0, _RESULT)
for _name in (
    "page_unfreeze_refs unevictable_migrate_page mlock_migrate_page copy_highpage "
    "__inc_zone_page_state __dec_zone_page_state"
).split():
    ENTRIES[_name] = _show(0, 1)
for _name in ("rcu_read_lock", "rcu_read_unlock", "cond_resched"):
    ENTRIES[_name] = _show()
ENTRIES["page_freeze_refs"] = _show(0, 1, _RESULT)
ENTRIES["set_bh_page"] = _show(0, 1, 2)


def _entry(name: str) -> Shown | None:
    shown = ENTRIES.get(name)
    if shown is None and name.startswith(("SetPage", "ClearPage")):
        shown = ENTRIES[name] = _show(0)
    elif shown is None and name.startswith("Page"):
        shown = ENTRIES[name] = _show(0, _RESULT)
    return shown


#: Primitives whose name in a result is another.
RENAMED = {"vma_migrate": "vm_ops->migrate"}


def trace_of(trace: Trace, task: str) -> list[Entry]:
    """trace_full: what the functions of migrate.c called, in the order in which it returned."""
    columns = trace.columns
    functions = [trace.functions[number] for number in trace.sources.functions]
    ours = trace.tasks.index(task)
    in_migrate = [
        functions[site].file == MIGRATE and columns.call_task[call] == ours
        for call, site in enumerate(columns.call_site)
    ]
    # Calls that return before a step stand before it; among themselves they are in order already,
    # for a call that migrate.c makes is never inside another one that is told.
    ended = sorted(
        (columns.call_last[call], call)
        for call, parent in enumerate(columns.call_parent)
        if in_migrate[parent]
        and not in_migrate[call]
        and columns.call_state[call] == RETURNED
    )
    moment = Moment(trace)
    entries: list[Entry] = []

    def tell(name: str, args: Args, result: Any) -> None:
        shown = _entry(name)
        if shown is not None:
            entries.append([RENAMED.get(name, name), *shown(args, result, moment)])

    values = trace.values
    place = 0
    for step in range(len(trace) + 1):
        while place < len(ended) and ended[place][0] <= step:
            call = ended[place][1]
            moment.advance(step)
            start = columns.call_args_end[call - 1]
            args = columns.call_args[start : columns.call_args_end[call]]
            result = values[columns.call_result[call]]
            tell(functions[columns.call_site[call]].name, tuple(values[a] for a in args), result)
            place += 1
        if step == len(trace) or step in trace.failed or not in_migrate[columns.call[step]]:
            continue
        moment.advance(step + 1)
        start = columns.args_end[step - 1] if step else 0
        args = columns.args[start : columns.args_end[step]]
        result = values[columns.result[step]]
        tell(functions[columns.site[step]].name, tuple(values[a] for a in args), result)
    return entries


#: The arguments that a result tells of each function, and whether it tells what was returned.
CALLS: dict[str, tuple[tuple[str, ...], bool]] = {
    "migrate_prep": ((), True),
    "putback_lru_pages": ((), True),
    "remove_migration_pte": (("vma", "old", "new"), False),
    "remove_file_migration_ptes": (("old", "new"), False),
    "remove_anon_migration_ptes": (("old", "new"), False),
    "remove_migration_ptes": (("old", "new"), False),
    "migration_entry_wait": (("mm", "address"), False),
    "migrate_page_move_mapping": (("mapping", "newpage", "page"), True),
    "migrate_page_copy": (("newpage", "page"), False),
    "fail_migrate_page": (("mapping", "newpage", "page"), True),
    "migrate_page": (("mapping", "newpage", "page"), True),
    "buffer_migrate_page": (("mapping", "newpage", "page"), True),
    "writeout": (("mapping", "page"), True),
    "fallback_migrate_page": (("mapping", "newpage", "page"), True),
    "move_to_new_page": (("newpage", "page"), True),
    "unmap_and_move": (("page", "force"), True),
    "migrate_pages": ((), True),
    "new_page_node": (("p",), True),
    "do_move_page_to_node_array": (("mm", "migrate_all"), True),
    "do_pages_move": (("mm", "task", "nr_pages", "flags"), True),
    "do_pages_stat": (("mm", "nr_pages"), True),
    "sys_move_pages": (("pid", "nr_pages", "flags"), True),
    "migrate_vmas": (("mm", "flags"), True),
}

#: The argument that is the page in question.
_THE_PAGE = ("page", "old", "p")


def _argument(name: str, value: Any) -> Any:
    if name == "address":
        return hex(value)
    if isinstance(value, int):
        return (value + 2**63) % 2**64 - 2**63  # as a signed number of 64 bits
    return _text(value)


def calls_of(trace: Trace, task: str) -> list[dict[str, Any]]:
    """calls: the functions of migrate.c that were entered, as a tree."""
    columns = trace.columns
    outermost: list[dict[str, Any]] = []
    lists: list[list[dict[str, Any]]] = []
    for call, parent in enumerate(columns.call_parent):
        around = outermost if parent == call else lists[parent]
        function = trace.called(columns.call_site[call])
        if function.name not in CALLS or trace.tasks[columns.call_task[call]] != task:
            lists.append(around)
            continue
        told, tells_rc = CALLS[function.name]
        numbers = columns.call_args[columns.call_args_end[call - 1] : columns.call_args_end[call]]
        args = dict(zip(function.parameters, (trace.values[n] for n in numbers), strict=False))
        node: dict[str, Any] = {"fn": function.name}
        the_page = next((name for name in _THE_PAGE if name in told), None)
        if the_page is not None:
            node["page"] = _text(args[the_page])
        node["args"] = {name: _argument(name, args[name]) for name in told}
        inner: list[dict[str, Any]] = []
        node["calls"] = inner
        if columns.call_state[call] != RETURNED:
            node["aborted"] = True
        elif tells_rc:
            node["rc"] = _text(trace.values[columns.call_result[call]])
        lists.append(inner)
        around.append(node)
    return outermost
