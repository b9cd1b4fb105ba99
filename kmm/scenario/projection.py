# SPDX-License-Identifier: GPL-2.0-only
"""What migrate.c did, as a result tells it: `calls` and `trace_full`, drawn from the trace.

The trace is finer: it has the steps inside try_to_unmap, lru_add_drain_all, and so on.  An entry
of `trace_full` is one call, by a function of migrate.c, of something that is not of migrate.c,
written when that call returns.
"""

from __future__ import annotations

from typing import Any

from kmm.scenario.entries import Entry, Moment, entry_of, text_of
from kmm.sim import Trace
from kmm.sim.recorder import RETURNED

MIGRATE = "mm/migrate.c"

#: What is told: that a call has returned, or a step, in this order.
CALL, STEP = 0, 1

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
    # A call that returns before a step stands before it.  Calls are in order among themselves, for
    # one that migrate.c makes is never inside another one that is told.
    told = [
        (columns.call_last[call], CALL, call)
        for call, parent in enumerate(columns.call_parent)
        if in_migrate[parent] and not in_migrate[call] and columns.call_state[call] == RETURNED
    ]
    told += [(step, STEP, step) for step, call in enumerate(columns.call) if in_migrate[call]]
    values = trace.values
    moment = Moment(trace)
    entries: list[Entry] = []
    for when, kind, number in sorted(told):
        if kind == STEP:
            if number in trace.failed:
                continue
            moment.steps = when + 1
            name = functions[columns.site[number]].name
            start = columns.args_end[number - 1] if number else 0
            args = columns.args[start : columns.args_end[number]]
            result = columns.result[number]
        else:
            moment.steps = when
            name = functions[columns.call_site[number]].name
            args = columns.call_args[
                columns.call_args_end[number - 1] : columns.call_args_end[number]
            ]
            result = columns.call_result[number]
        shown = entry_of(name)
        if shown is not None:
            entry = shown(tuple([values[a] for a in args]), values[result], moment)
            entries.append([RENAMED.get(name, name), *entry])
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
    return text_of(value)


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
            node["page"] = text_of(args[the_page])
        node["args"] = {name: _argument(name, args[name]) for name in told}
        inner: list[dict[str, Any]] = []
        node["calls"] = inner
        if columns.call_state[call] != RETURNED:
            node["aborted"] = True
        elif tells_rc:
            node["rc"] = text_of(trace.values[columns.call_result[call]])
        lists.append(inner)
        around.append(node)
    return outermost
