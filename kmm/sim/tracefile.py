# SPDX-License-Identifier: GPL-2.0-only
"""kmm-trace/1: a trace as one JSON file.  `docs/trace-format.md` is its description.

Columns are lists of numbers, tables are what the numbers stand for.  Kernel objects are written
{"ref": name, "type": type}, the kernel's small values {"value": type, "parts": [...]}, so that a
reader needs no kmm to tell a page called "p0" from the text "p0".

What is read is checked first, so that every question to a loaded trace has an answer: the shape by
`trace.schema.json`, what the numbers point to by `tracecheck.py`.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from kmm.errors import KmmError, WrongType
from kmm.sim.recorder import Columns, ObjectEntry
from kmm.sim.sources import Code, Place, Sources
from kmm.sim.trace import FunctionEntry, Trace
from kmm.sim.tracecheck import Wrong, require_numbers
from kmm.sim.values import VALUE_TYPES, Name

FORMAT = "kmm-trace/1"

#: "code" of what has no source.
NO_CODE = -1


class OtherValue(tuple[Any, ...]):
    """A small value of a kind that only the program which saved the trace knows."""

    kind: str

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self))})"


def to_dict(trace: Trace) -> dict[str, Any]:
    """The whole trace as a JSON document."""
    return {
        **tables(trace),
        "objects": [_object(entry) for entry in trace.objects],
        "columns": {f.name: getattr(trace.columns, f.name).tolist() for f in fields(Columns)},
    }


def tables(trace: Trace) -> dict[str, Any]:
    """All of the document but its objects and its columns.

    Functions are numbered in the order of the sites: their numbers in the program that ran depend
    on what it had imported before.
    """
    sources = trace.sources
    order = list(dict.fromkeys(sources.functions))
    numbers = {function: number for number, function in enumerate(order)}
    places = [trace.place(site) for site in range(len(sources.places))]
    codes = [sources.code(number) for number in range(len(sources.codes))]
    return {
        "format": FORMAT,
        "about": trace.about,
        "steps": len(trace),
        "bug": trace.bug,
        # Only where there is something to say: a reader need not know the key.
        **({"stopped": trace.stopped} if trace.stopped is not None else {}),
        "failed": sorted(trace.failed),
        "tasks": list(trace.tasks),
        "functions": [
            {
                "name": entry.name,
                "kind": entry.kind,
                "file": entry.file,
                "parameters": list(entry.parameters),
                "code": sources.bodies.get(function, NO_CODE),
            }
            for function in order
            for entry in (trace.functions[function],)
        ],
        "codes": [
            {"name": c.name, "file": c.file, "first_line": c.first_line, "source": c.source}
            for c in codes
        ],
        "sites": [
            {"function": numbers[function], "code": place.code, "line": place.line}
            for function, place in zip(sources.functions, places, strict=True)
        ],
        "values": [_encoded(value) for value in trace.values],
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
        kind = "tuple"
        if isinstance(value, OtherValue):
            kind = value.kind
        elif hasattr(value, "_fields"):
            kind = type(value).__name__
        return {"value": kind, "parts": [_encoded(part) for part in value]}
    return value


def _decoded(value: Any, place: Callable[[], str]) -> Any:
    if not isinstance(value, dict):
        return value
    if "ref" in value:
        return Name(value["ref"], value["type"])
    kind = value["value"]
    parts = [_decoded(part, place) for part in value["parts"]]
    if kind == "tuple":
        return tuple(parts)
    known = VALUE_TYPES.get(kind)
    if known is None:
        other = OtherValue(parts)
        other.kind = kind
        return other
    if len(parts) != len(known._fields):
        names = ", ".join(known._fields)
        raise Wrong(f"{place()}: a {kind} has {len(known._fields)} parts ({names})")
    made = known(*parts)
    try:
        str(made)
    except (AttributeError, TypeError, ValueError, ArithmeticError, LookupError):
        raise Wrong(f"{place()}: a {kind} cannot have these parts") from None
    return made


def _decode_object(number: int, o: dict[str, Any]) -> ObjectEntry:
    cells: dict[Any, int] | None = None
    if "cells" in o:
        cells = {}
        for place, (key, slot) in enumerate(o["cells"]):
            where = f"objects[{number}].cells[{place}]"
            key = _decoded(key, where.__str__)
            if key in cells:
                raise Wrong(f"{where} has the key of another cell")
            cells[key] = slot
    names = tuple(o.get("fields", ()))
    return ObjectEntry(o["name"], o["type"], o["base"], names, cells, o.get("hex_keys", False))


def from_dict(document: Any, source: str = "this document") -> Trace:
    """The trace of a document; KmmError, which names `source`, if it is no kmm-trace/1."""
    try:
        _require_shape(document)
        require_numbers(document)
        return _decode(document)
    except Wrong as wrong:
        raise KmmError(f"{source}: no {FORMAT}: {wrong}") from None


def _decode(document: dict[str, Any]) -> Trace:
    columns = Columns()
    for f in fields(Columns):
        column: array[int] = getattr(columns, f.name)
        column.extend(document["columns"][f.name])
    codes = [Code(c["name"], c["file"], c["first_line"], c["source"]) for c in document["codes"]]
    functions = document["functions"]
    sites = document["sites"]
    return Trace(
        columns,
        values=[
            _decoded(value, lambda number=number: f"values[{number}]")  # type: ignore[misc]
            for number, value in enumerate(document["values"])
        ],
        objects=[_decode_object(number, o) for number, o in enumerate(document["objects"])],
        functions={
            number: FunctionEntry(f["name"], f["kind"], f["file"], tuple(f["parameters"]))
            for number, f in enumerate(functions)
        },
        tasks=list(document["tasks"]),
        failed=frozenset(document["failed"]),
        sources=Sources(
            functions=[site["function"] for site in sites],
            places=[
                Place(s["code"], codes[s["code"]].file if s["code"] != NO_CODE else "", s["line"])
                for s in sites
            ],
            codes=[*codes],
            raw_sites=[],
            raw_codes=[],
            bodies={n: f["code"] for n, f in enumerate(functions) if f["code"] != NO_CODE},
        ),
        bug=document["bug"],
        stopped=document.get("stopped"),
        about=document["about"],
    )


def require_path(path: object) -> None:
    """It names a file; WrongType for what cannot."""
    if not isinstance(path, str | os.PathLike):
        raise WrongType(f"a file is named by a text or a Path, not by {path!r:.60}")


def save(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write the trace to `path`; KmmError where that is impossible."""
    require_path(path)
    text = json.dumps(to_dict(trace), separators=(",", ":"))
    try:
        Path(path).write_text(text + "\n", encoding="ascii", newline="\n")
    except OSError as error:
        raise KmmError(f"{path}: cannot be written: {error.strerror}") from None


def load(path: str | os.PathLike[str]) -> Trace:
    """Read a trace from `path`; KmmError if it is not there or no trace."""
    require_path(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise KmmError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KmmError(f"{path}: cannot be read: it is not UTF-8 text") from None
    except ValueError as error:  # a path with a NUL
        raise KmmError(f"{path!r}: cannot be read: {error}") from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KmmError(f"{path}: not JSON: {error}") from None
    return from_dict(document, str(path))


def schema() -> Any:
    """The JSON Schema of the format."""
    text = resources.files("kmm.sim").joinpath("trace.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def _shape() -> Callable[[Any], Any]:
    """What raises an exception of fastjsonschema for a document of another shape.

    The long arrays are left to tracecheck.py: fastjsonschema needs 15 microseconds a number.
    """
    import fastjsonschema

    document = schema()
    for column in document["properties"]["columns"]["properties"].values():
        del column["items"]
    del document["properties"]["values"]["items"]
    del document["definitions"]["object"]["properties"]["cells"]["items"]
    shape: Callable[[Any], Any] = fastjsonschema.compile(document)
    return shape


def _require_shape(document: Any) -> None:
    import fastjsonschema

    if isinstance(document, dict):
        said = document.get("format")
        if isinstance(said, str) and said != FORMAT:
            raise Wrong(f"it says that its format is {said[:40]!r}")
    try:
        _shape()(document)
    except fastjsonschema.JsonSchemaValueException as error:
        name = error.name or "data"
        place = name.removeprefix("data").lstrip(".") or "the file"
        raise Wrong(f"{place} {error.message.removeprefix(name).strip()}") from None
