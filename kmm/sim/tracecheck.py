# SPDX-License-Identifier: GPL-2.0-only
"""Do the numbers of a kmm-trace/1 document lead somewhere?

The schema has seen to the shape, but for what stands in the long arrays: that is looked at here,
for speed.  Then: every number points into its table, columns that belong together have one length,
runs follow one another, the calls form a tree, and every slot belongs to one object.  After this
nothing that a Trace can be asked ends in an IndexError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

#: What fits into the columns; those of bytes are the tasks and the states of calls.
LARGEST = 2**32 - 1
LARGEST_OF = {"call_task": 255, "call_state": 2}

#: So deep values may stand in the parts of values.
DEEPEST = 50

#: For each table, the columns that point into it.
POINTERS: dict[str, tuple[str, ...]] = {
    "sites": ("site", "call_site"),
    "calls": ("call", "call_parent"),
    "tasks": ("call_task",),
    "slots": ("slot",),
    "values": ("result", "args", "old", "new", "call_result", "call_args", "initial"),
}

#: Columns with one entry a step, a change, a call.
STEPS = ("site", "call", "result", "args_end", "changes_end")
CHANGES = ("slot", "old", "new")
CALLS = (
    "call_site", "call_task", "call_parent", "call_first", "call_last", "call_result",
    "call_state", "call_args_end",
)  # fmt: skip

#: Columns that say where runs end, and whose runs.
ENDS = {"args_end": "args", "changes_end": "slot", "call_args_end": "call_args"}


class Wrong(Exception):
    """What is wrong with a document, and where."""


def require_numbers(document: dict[str, Any]) -> None:
    """Raises Wrong for the first number that leads nowhere."""
    _require_values(document)
    _require_whole_numbers(document)
    columns: dict[str, list[int]] = document["columns"]
    _require_lengths(document["steps"], columns)
    _require_tables(document, columns)
    _require_runs(columns)
    _require_calls(document["steps"], columns)
    _require_slots(document)


def _first(numbers: Iterable[int], beyond: int) -> int:
    """The place of the first number that is `beyond` or more."""
    return next(place for place, number in enumerate(numbers) if number >= beyond)


def _require_values(document: dict[str, Any]) -> None:
    if document["values"][0] is not None:
        raise Wrong("values[0] must be null")
    for i, value in enumerate(document["values"]):
        if isinstance(value, dict | list):
            _require_value(value, f"values[{i}]")
    for i, entry in enumerate(document["objects"]):
        for j, cell in enumerate(entry.get("cells", ())):
            where = f"objects[{i}].cells[{j}]"
            if not isinstance(cell, list) or len(cell) != 2:
                raise Wrong(f"{where} must be a key and a slot")
            _require_value(cell[0], where)


def _require_value(value: Any, where: str, depth: int = 0) -> None:
    """A plain value, an object's name, or a kind with parts that are values."""
    if depth > DEEPEST:
        raise Wrong(f"{where} has parts inside parts, more than {DEEPEST} deep")
    if isinstance(value, list):
        raise Wrong(f"{where} must not be an array")
    if not isinstance(value, dict):
        return
    if value.keys() == {"ref", "type"}:
        if not (isinstance(value["ref"], str) and isinstance(value["type"], str)):
            raise Wrong(f"{where}: ref and type must be strings")
    elif value.keys() == {"value", "parts"}:
        if not (isinstance(value["value"], str) and isinstance(value["parts"], list)):
            raise Wrong(f"{where}: value must be a string, and parts an array")
        for part in value["parts"]:
            _require_value(part, where, depth + 1)
    else:
        raise Wrong(f"{where} must have the keys ref and type, or value and parts")


def _require_whole_numbers(document: dict[str, Any]) -> None:
    """1.0 is an integer to a schema; an index it is not."""
    for name, column in document["columns"].items():
        largest = LARGEST_OF.get(name, LARGEST)
        whole = set(map(type, column)) <= {int}
        if not whole or not 0 <= min(column, default=0) <= max(column, default=0) <= largest:
            place = next(
                i for i, n in enumerate(column) if type(n) is not int or not 0 <= n <= largest
            )
            raise Wrong(f"columns.{name}[{place}] must be a whole number from 0 to {largest}")
    for where, number in _scalars(document):
        if type(number) is not int:
            raise Wrong(f"{where} must be a whole number")
    for i, entry in enumerate(document["objects"]):
        for j, (_, slot) in enumerate(entry.get("cells", ())):
            if type(slot) is not int or not 0 <= slot <= LARGEST:
                raise Wrong(
                    f"objects[{i}].cells[{j}][1] must be a whole number from 0 to {LARGEST}"
                )


def _scalars(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The numbers outside the columns, with their places; their ranges the schema has checked."""
    yield "steps", document["steps"]
    for i, step in enumerate(document["failed"]):
        yield f"failed[{i}]", step
    for table in ("functions", "codes", "sites", "objects"):
        for i, entry in enumerate(document[table]):
            for key in entry.keys() & {"function", "code", "line", "first_line", "base"}:
                yield f"{table}[{i}].{key}", entry[key]


def _require_lengths(steps: int, columns: dict[str, list[int]]) -> None:
    calls, changes = len(columns["call_site"]), len(columns["slot"])
    for names, length, what in (
        (STEPS, steps, "step"),
        (CALLS, calls, "call"),
        (CHANGES, changes, "change"),
    ):
        for name in names:
            if len(columns[name]) != length:
                raise Wrong(
                    f"columns.{name} has {len(columns[name])} entries instead of {length}, "
                    f"one for each {what}"
                )


def _require_tables(document: dict[str, Any], columns: dict[str, list[int]]) -> None:
    sizes = {
        "sites": len(document["sites"]),
        "calls": len(columns["call_site"]),
        "tasks": len(document["tasks"]),
        "slots": len(columns["initial"]),
        "values": len(document["values"]),
    }
    for table, names in POINTERS.items():
        size = sizes[table]
        for name in names:
            if columns[name] and max(columns[name]) >= size:
                place = _first(columns[name], size)
                raise Wrong(
                    f"columns.{name}[{place}] is {columns[name][place]}, "
                    f"and there are only {size} {table}"
                )
    functions, codes = len(document["functions"]), len(document["codes"])
    for i, site in enumerate(document["sites"]):
        if site["function"] >= functions:
            raise Wrong(f"sites[{i}].function: there are only {functions} functions")
    for table in ("functions", "sites"):
        for i, entry in enumerate(document[table]):
            if entry["code"] >= codes:
                raise Wrong(f"{table}[{i}].code: there are only {codes} codes")
    for i, step in enumerate(document["failed"]):
        if step >= document["steps"]:
            raise Wrong(f"failed[{i}]: there are only {document['steps']} steps")


def _require_runs(columns: dict[str, list[int]]) -> None:
    for name, of in ENDS.items():
        total = len(columns[of])
        for place, (before, end) in enumerate(pairwise([0, *columns[name]])):
            if not before <= end <= total:
                raise Wrong(
                    f"columns.{name}[{place}] must lie between the entry before it and {total}, "
                    f"the end of columns.{of}"
                )


def _require_calls(steps: int, columns: dict[str, list[int]]) -> None:
    for call, parent in enumerate(columns["call_parent"]):
        if parent > call:
            raise Wrong(f"columns.call_parent[{call}]: a call comes after the one that made it")
    for name in ("call_first", "call_last"):
        if columns[name] and max(columns[name]) > steps:
            place = _first(columns[name], steps + 1)
            raise Wrong(f"columns.{name}[{place}]: there are only {steps} steps")


def _require_slots(document: dict[str, Any]) -> None:
    """Each slot belongs to one object, and each change to such a slot."""
    columns = document["columns"]
    slots = len(columns["initial"])
    owners = bytearray(slots)
    places: set[int] = set()
    names: set[str] = set()
    for i, entry in enumerate(document["objects"]):
        if entry["name"] in names:
            raise Wrong(f"objects[{i}].name is the name of another object")
        names.add(entry["name"])
        own = [*range(entry["base"], entry["base"] + 1 + min(len(entry.get("fields", ())), slots))]
        cells = [slot for _, slot in entry.get("cells", ())]
        for slot in [*own, *cells]:
            if slot >= slots:
                raise Wrong(f"objects[{i}]: slot {slot} is not in columns.initial")
            if owners[slot]:
                raise Wrong(f"objects[{i}]: slot {slot} belongs to an object already")
            owners[slot] = 1
        if entry["type"] == "ListHead":
            places.update(cells)
    for change, slot in enumerate(columns["slot"]):
        if not owners[slot]:
            raise Wrong(f"columns.slot[{change}]: slot {slot} belongs to no object")
    _require_places(document, places)


def _require_places(document: dict[str, Any], slots: set[int]) -> None:
    """What the cells of a list hold is a place in its order, or null."""
    values, columns = document["values"], document["columns"]

    def require(number: int, where: str) -> None:
        value = values[number]
        if value is not None and type(value) is not int:
            raise Wrong(f"{where}: a list keeps whole numbers, the places of its members")

    for slot in slots:
        require(columns["initial"][slot], f"columns.initial[{slot}]")
    for change, slot in enumerate(columns["slot"]):
        if slot in slots:
            require(columns["new"][change], f"columns.new[{change}]")
            require(columns["old"][change], f"columns.old[{change}]")
