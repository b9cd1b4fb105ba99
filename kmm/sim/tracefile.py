# SPDX-License-Identifier: GPL-2.0-only
"""kmm-trace/1: a trace as one JSON file.  `docs/trace-format.md` is its description.

Columns are lists of numbers, tables are what the numbers stand for.  Kernel objects are written
{"ref": name, "type": type}, the kernel's small values {"value": type, "parts": [...]}, so that a
reader needs no kmm to tell a page called "p0" from the text "p0".
"""

from __future__ import annotations

import json
import os
from array import array
from dataclasses import fields
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from kmm.errors import KmmError
from kmm.sim.recorder import Columns, ObjectEntry
from kmm.sim.sources import Code, Place, Sources
from kmm.sim.trace import FunctionEntry, Trace
from kmm.sim.values import VALUE_TYPES, Name

FORMAT = "kmm-trace/1"


def to_dict(trace: Trace) -> dict[str, Any]:
    """The whole trace as a JSON document."""
    places = [trace.place(site) for site in range(len(trace.sources.places))]
    codes = [trace.sources.code(number) for number in range(len(trace.sources.codes))]
    return {
        "format": FORMAT,
        "about": trace.about,
        "steps": len(trace),
        "bug": trace.bug,
        "failed": sorted(trace.failed),
        "tasks": list(trace.tasks),
        "functions": [
            {
                "number": number,
                "name": f.name,
                "kind": f.kind,
                "file": f.file,
                "parameters": list(f.parameters),
            }
            for number, f in sorted(trace.functions.items())
        ],
        "codes": [
            {"name": c.name, "file": c.file, "first_line": c.first_line, "source": c.source}
            for c in codes
        ],
        "sites": [
            {"function": function, "code": place.code, "line": place.line}
            for function, place in zip(trace.sources.functions, places, strict=True)
        ],
        "values": [_encoded(value) for value in trace.values],
        "objects": [_object(entry) for entry in trace.objects],
        "columns": {f.name: getattr(trace.columns, f.name).tolist() for f in fields(Columns)},
    }


def _object(entry: ObjectEntry) -> dict[str, Any]:
    head = {"name": entry.name, "type": entry.type, "base": entry.base}
    if entry.cells is None:
        return {**head, "fields": list(entry.fields)}
    cells = [[_encoded(key), slot] for key, slot in entry.cells.items()]
    return {**head, "cells": cells, "hex_keys": entry.hex_keys}


def _encoded(value: Any) -> Any:
    if isinstance(value, Name):
        return {"ref": str(value), "type": value.type}
    if isinstance(value, tuple):
        name = type(value).__name__ if hasattr(value, "_fields") else "tuple"
        return {"value": name, "parts": [_encoded(part) for part in value]}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if "ref" in value:
            return Name(value["ref"], value["type"])
        parts = [_decoded(part) for part in value["parts"]]
        kind = VALUE_TYPES.get(value["value"])
        return kind(*parts) if kind is not None else tuple(parts)
    return value


def from_dict(document: dict[str, Any]) -> Trace:
    """The trace of a document that keeps to the schema."""
    columns = Columns()
    for f in fields(Columns):
        column: array[int] = getattr(columns, f.name)
        column.extend(document["columns"][f.name])
    codes = [Code(c["name"], c["file"], c["first_line"], c["source"]) for c in document["codes"]]
    files = [code.file for code in codes]
    sites = document["sites"]
    places = [
        Place(site["code"], files[site["code"]] if site["code"] >= 0 else "", site["line"])
        for site in sites
    ]
    return Trace(
        columns,
        values=[_decoded(value) for value in document["values"]],
        objects=[
            ObjectEntry(
                o["name"],
                o["type"],
                o["base"],
                tuple(o.get("fields", ())),
                {_decoded(k): slot for k, slot in o["cells"]} if "cells" in o else None,
                o.get("hex_keys", False),
            )
            for o in document["objects"]
        ],
        functions={
            f["number"]: FunctionEntry(f["name"], f["kind"], f["file"], tuple(f["parameters"]))
            for f in document["functions"]
        },
        tasks=list(document["tasks"]),
        failed=frozenset(document["failed"]),
        sources=Sources([site["function"] for site in sites], [*places], [*codes], [], []),
        bug=document["bug"],
        about=document["about"],
    )


def save(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write the trace to `path`; KmmError where that is impossible."""
    text = json.dumps(to_dict(trace), ensure_ascii=False, separators=(",", ":"))
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise KmmError(f"{path}: cannot be written: {error.strerror}") from None


def load(path: str | os.PathLike[str]) -> Trace:
    """Read a trace from `path`; KmmError if it is not there or no trace."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise KmmError(f"{path}: cannot be read: {why}") from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KmmError(f"{path}: not JSON: {error}") from None
    validate(document, str(path))
    return from_dict(document)


def schema() -> Any:
    """The JSON Schema of the format."""
    text = resources.files("kmm.sim").joinpath("trace.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def validate(document: Any, source: str) -> None:
    """KmmError if the document is no kmm-trace/1: wrong shape, or numbers that lead nowhere."""
    import fastjsonschema

    try:
        fastjsonschema.compile(schema())(document)
    except fastjsonschema.JsonSchemaValueException as error:
        name = error.name or "data"
        place = name.removeprefix("data").lstrip(".") or "the file"
        what = error.message.removeprefix(name).strip()
        raise KmmError(f"{source}: no {FORMAT}: {place} {what}") from None
    _check_numbers(document, source)


def _check_numbers(document: dict[str, Any], source: str) -> None:
    """Every number of the columns must have something to stand for."""
    columns = document["columns"]
    values, slots = len(document["values"]), len(columns["initial"])
    steps, calls = document["steps"], len(columns["call_site"])
    sites, tasks = len(document["sites"]), len(document["tasks"])

    def wrong(what: str) -> NoReturn:
        raise KmmError(f"{source}: no {FORMAT}: {what}")

    limits = (
        (sites, ("site", "call_site")),
        (calls, ("call", "call_parent")),
        (tasks, ("call_task",)),
        (slots, ("slot",)),
        (values, ("result", "args", "old", "new", "call_result", "call_args", "initial")),
    )
    for end, names in limits:
        for name in names:
            if any(number >= end for number in columns[name]):
                wrong(f"columns.{name} points beyond its table")
    lengths = {name: len(column) for name, column in columns.items()}
    for name in ("site", "call", "result", "args_end", "changes_end"):
        if lengths[name] != steps:
            wrong(f"columns.{name} must have {steps} entries, one for each step")
    for name in (name for name in lengths if name.startswith("call_") and name != "call_args"):
        if lengths[name] != calls:
            wrong(f"columns.{name} must have {calls} entries, one for each call")
    for name in ("old", "new"):
        if lengths[name] != lengths["slot"]:
            wrong(f"columns.{name} must have {lengths['slot']} entries, one for each change")
    ends = {"args_end": "args", "changes_end": "slot", "call_args_end": "call_args"}
    for name, total in ends.items():
        if any(a > b for a, b in pairwise([0, *columns[name], lengths[total]])):
            wrong(f"columns.{name} must rise up to the {lengths[total]} entries of {total}")
    functions = {function["number"] for function in document["functions"]}
    for number, site in enumerate(document["sites"]):
        if site["function"] not in functions:
            wrong(f"sites[{number}].function is in no table")
        if site["code"] >= len(document["codes"]):
            wrong(f"sites[{number}].code is in no table")
