# SPDX-License-Identifier: GPL-2.0-only
"""The payload: a whole trace as the player in the browser gets it, once, as compact JSON.

The record is sent as columns, so that the browser can rebuild every field at every step
(js/decode.js).  What takes knowledge of the kernel is worked out here and sent in tables: the
sentences, the phases, the holders of each page, the picture (filmstrip.py).  Long columns that rise
are sent as differences, texts that are often the same as a table and an index: both pack well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from kmm.explain.holders import Holder, Holders, held
from kmm.explain.waits import waits
from kmm.show.filmstrip import filmstrip
from kmm.show.words import code, result
from kmm.sim import Step, Trace
from kmm.sim.recorder import OPEN
from kmm.sim.slots import key_text
from kmm.sim.step import shown

FORMAT = "kmm-player/1"

#: So many pages, and so many ptes, are drawn over time unless somebody asks for others.
PAGES, PTES = 2, 2


class Strings:
    """Texts, or other things that JSON knows, with a number for each that is different."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, thing: Any) -> int:
        """The number of a thing that has a hash."""
        found = self._numbers.setdefault(thing, len(self.all))
        if found == len(self.all):
            self.all.append(thing)
        return found

    def column(self, things: Iterable[Any]) -> dict[str, Any]:
        """A column of numbers, beside the table."""
        at = [self.number(thing) for thing in things]
        return {"table": self.all, "at": at}


def payload(trace: Trace) -> dict[str, Any]:
    """All that the player needs of a trace; it can be written as JSON."""
    document = trace.to_dict()
    columns = trace.columns
    changes = columns.changes_end[-1] if len(trace) else 0
    slots, new = columns.slot[:changes], columns.new[:changes]
    kept = sorted({0, *columns.initial, *new})
    place = {number: n for n, number in enumerate(kept)}
    return {
        "format": FORMAT,
        "name": trace.about.get("scenario") or "",
        "steps": len(trace),
        "bug": trace.bug,
        "failed": document["failed"],
        "tasks": document["tasks"],
        "functions": [[f["name"], f["file"]] for f in document["functions"]],
        "codes": document["codes"],
        "sites": [[s["function"], s["code"], s["line"]] for s in document["sites"]],
        "values": [_value(document["values"][n], trace.values[n]) for n in kept],
        "objects": _objects(trace),
        "initial": [place[n] for n in columns.initial],
        "slot": slots.tolist(),
        "new": [place[n] for n in new],
        "ends": differences(columns.changes_end),
        "site": columns.site.tolist(),
        "call": differences(columns.call),
        "calls": _calls(trace),
        "code": Strings().column(_code(trace, step) for step in trace),
        "sentences": Strings().column(map(trace.narrate, range(len(trace)))),
        "phases": [[p.name, p.first, p.page, p.attempt] for p in trace.phases()],
        "holders": _holders(trace),
        "timeline": _timeline(trace),
        "waits": [[w.task, w.first, w.last, str(w), w.for_whom] for w in waits(trace)],
        "picture": filmstrip(trace),
    }


def compact(trace: Trace) -> str:
    """The payload as a text."""
    return json.dumps(payload(trace), separators=(",", ":"), ensure_ascii=False)


def differences(numbers: Iterable[int]) -> list[int]:
    """Each number less the one before it."""
    before = 0
    found: list[int] = []
    for number in numbers:
        found.append(number - before)
        before = number
    return found


def _value(encoded: Any, value: Any) -> Any:
    """A value of kmm-trace/1; one that is made of parts also says how it is written."""
    if isinstance(encoded, dict) and "value" in encoded:
        return {**encoded, "text": shown(value)}
    return encoded


def _objects(trace: Trace) -> list[list[Any]]:
    return [
        [entry.name, entry.type, entry.base, list(entry.fields)]
        if entry.cells is None
        else [
            entry.name, entry.type, entry.base, None,
            [[key_text(key, hex_keys=entry.hex_keys), s] for key, s in entry.cells.items()],
        ]
        for entry in trace.objects
    ]  # fmt: skip


def _calls(trace: Trace) -> dict[str, list[int]]:
    columns = trace.columns
    lasts = zip(columns.call_last, columns.call_state, strict=True)
    return {
        "parent": columns.call_parent.tolist(),
        "site": columns.call_site.tolist(),
        "task": columns.call_task.tolist(),
        "first": differences(columns.call_first),
        "last": differences(len(trace) if state == OPEN else last for last, state in lasts),
    }


def _code(trace: Trace, step: Step) -> str:
    returned = result(step)
    if step.failed:
        return f"{code(trace, step)} stops"
    return f"{code(trace, step)} = {returned}" if returned else code(trace, step)


def _holders(trace: Trace) -> dict[str, Any]:
    """For each page the states from which on its holders are others, and who they are then."""
    table = Strings()

    def number(holder: Holder) -> int:
        return table.number(_holder(holder))

    pages = {
        entry.name: [[state, *_line(holders, number)] for state, holders in held(trace, entry.name)]
        for entry in trace.objects
        if entry.type == "Page"
    }
    return {"table": table.all, "pages": pages}


def _line(holders: Holders, number: Callable[[Holder], int]) -> list[Any]:
    frozen = holders.frozen
    return [
        holders.page_count,
        list(map(number, holders)),
        list(map(number, holders.unaccounted)),
        holders.missing,
        [frozen.task, frozen.since, frozen.kept, frozen.until] if frozen else None,
    ]


def _holder(h: Holder) -> tuple[Any, ...]:
    return (h.kind, h.name, h.place, h.taken, h.since, h.dropped, h.task, h.function, h.line)


def _timeline(trace: Trace) -> list[str]:
    """The fields that are drawn over time at first: counts of the pages, and ptes, that change."""
    slots = dict.fromkeys(trace.columns.slot)
    names = [trace.slots.name(slot) for slot in slots]
    pages = list(dict.fromkeys(o for o, field in names if field in ("_count", "_mapcount")))
    tables = [f"{o}{field}" for o, field in names if o.type == "PageTable"]
    counts = [f"{page}.{field}" for page in pages[:PAGES] for field in ("_count", "_mapcount")]
    return counts + [path for path in tables if path.endswith("]")][:PTES]
