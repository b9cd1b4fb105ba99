# SPDX-License-Identifier: GPL-2.0-only
"""The payload: a whole trace as the player in the browser gets it, once, as compact JSON.

The record is sent as columns, so that the browser can rebuild every field at every step
(js/decode.js).  What takes knowledge of the kernel is worked out here and sent in tables: the
sentences, the phases, the holders of each page, the picture (filmstrip.py).  Long columns that rise
are sent as differences, texts that are often the same as a table and an index: both pack well.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from itertools import chain
from operator import sub
from typing import Any

from kmm.explain.holders import Holder, Holders, held
from kmm.explain.narrate import sentences
from kmm.explain.waits import waits
from kmm.show.filmstrip import filmstrip
from kmm.show.script import script
from kmm.sim import Trace
from kmm.sim.recorder import OPEN
from kmm.sim.slots import key_text
from kmm.sim.step import path_of, shown
from kmm.sim.tracefile import tables

FORMAT = "kmm-player/1"

#: A player has so many steps at most, the first ones: a browser has to hold them all.
MOST_STEPS = 300_000
#: So many pages, and so many ptes, are drawn over time unless somebody asks for others.
PAGES, PTES = 2, 2
COUNTS = ("_count", "_mapcount")


class Strings:
    """Texts, or other things that JSON knows, with a number for each that is different."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    @property
    def all(self) -> list[Any]:
        """The different things, in the order of their numbers."""
        return list(self._numbers)

    def number(self, thing: Any) -> int:
        """The number of a thing that has a hash."""
        return self._numbers.setdefault(thing, len(self._numbers))

    def column(self, things: Iterable[Any]) -> dict[str, Any]:
        """A column of numbers, beside the table."""
        numbers = self._numbers
        at = [numbers.setdefault(thing, len(numbers)) for thing in things]
        return {"table": self.all, "at": at}


def payload(trace: Trace) -> dict[str, Any]:
    """What the player needs of a trace, or of its first MOST_STEPS; it can be written as JSON."""
    trace = trace.first(MOST_STEPS)
    document = tables(trace)
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
        "stopped": trace.stopped,
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
        "code": Strings().column(script(trace)),
        "sentences": Strings().column(sentences(trace)),
        "phases": [[p.name, p.first, p.page, p.attempt] for p in trace.phases()],
        "holders": _holders(trace),
        "timeline": _timeline(trace),
        "waits": [[w.task, w.first, w.last, str(w), w.for_whom] for w in waits(trace)],
        "picture": filmstrip(trace),
    }


def compact(trace: Trace) -> str:
    """The payload as a text."""
    return json.dumps(payload(trace), separators=(",", ":"), ensure_ascii=False)


def packed(text: str) -> bytes:
    """A payload as a widget sends it: what the kernel, the browser and a saved notebook carry.

    The fastest way that zlib has is nearly as small as the best.
    """
    return zlib.compress(text.encode(), level=1)


def differences(numbers: Iterable[int]) -> list[int]:
    """Each number less the one before it."""
    numbers = list(numbers)
    return list(map(sub, numbers, chain((0,), numbers)))


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


def _holders(trace: Trace) -> dict[str, Any]:
    """For each page the states from which on its holders are others, and who they are then."""
    table = Strings()

    # A holder stands in one line after the other, and who is the same is one object.
    numbers: dict[int, int] = {}

    def number(holder: Holder) -> int:
        found = numbers.get(id(holder))
        if found is None:
            found = numbers[id(holder)] = table.number(_holder(holder))
        return found

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
        *(
            [holders.more, holders.more_unaccounted]
            if holders.more or holders.more_unaccounted
            else []
        ),
    ]


def _holder(h: Holder) -> tuple[Any, ...]:
    return (h.kind, h.name, h.place, h.taken, h.since, h.dropped, h.task, h.function, h.line)


def _timeline(trace: Trace) -> list[str]:
    """The fields that are drawn over time at first: counts of the pages, and ptes, that change."""
    counts, ptes = {}, {}
    for entry in trace.objects:
        if entry.type == "Page":
            for field in COUNTS:
                counts[entry.base + 1 + entry.fields.index(field)] = entry.name
        elif entry.type == "PageTable":
            for key, slot in (entry.cells or {}).items():
                ptes[slot] = f"{entry.name}[{key_text(key, hex_keys=entry.hex_keys)}]"
    changed = dict.fromkeys(trace.columns.slot)
    pages = dict.fromkeys(counts[slot] for slot in changed if slot in counts)
    return [
        *(path_of(page, field) for page in [*pages][:PAGES] for field in COUNTS),
        *[ptes[slot] for slot in changed if slot in ptes][:PTES],
    ]
