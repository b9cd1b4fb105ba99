# SPDX-License-Identifier: GPL-2.0-only
"""Slots and their names: "p0._count", "m0.pte[0x401000]"."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from typing import Any

from kmm.errors import KmmError, WrongType
from kmm.sim.fields import EXISTS
from kmm.sim.recorder import ObjectEntry
from kmm.sim.step import path_of
from kmm.sim.values import Name


def key_text(key: Any, *, hex_keys: bool) -> str:
    """A key of a container, as it stands between brackets."""
    return hex(key) if hex_keys and isinstance(key, int) else str(key)


class SlotNames:
    """Which slot is which field of which object, both ways."""

    def __init__(self, objects: list[ObjectEntry]) -> None:
        self.by_name = {entry.name: entry for entry in objects}
        starts = [(entry.base, entry, EXISTS) for entry in objects]
        for entry in objects:
            for key, slot in (entry.cells or {}).items():
                text = key_text(key, hex_keys=entry.hex_keys)
                starts.append((slot, entry, f"[{text}]"))
        starts.sort(key=lambda start: start[0])
        self._starts = [start[0] for start in starts]
        self._named = [(entry, field) for _, entry, field in starts]

    def name(self, slot: int) -> tuple[Name, str]:
        """The object and the field that `slot` belongs to."""
        place = bisect_right(self._starts, slot) - 1
        entry, field = self._named[place]
        behind = slot - self._starts[place]
        if behind:
            field = entry.fields[behind - 1]
        return Name(entry.name, entry.type), field

    def slot(self, path: str) -> int:
        """The slot of a field; KmmError with the nearest names if there is none."""
        if not isinstance(path, str):
            raise WrongType(f'a field is named by a text, as in "p0._count", not by {path!r:.60}')
        owner, dot, field = path.rpartition(".") if not path.endswith("]") else (path, "", "")
        if dot and owner in self.by_name:
            entry = self.by_name[owner]
            if field == EXISTS:
                return entry.base
            if field in entry.fields:
                return entry.base + 1 + entry.fields.index(field)
            raise KmmError(self._no_field(path, entry, field))
        owner, bracket, key = path.partition("[") if path.endswith("]") else ("", "", "")
        # An object's own name may hold a bracket (node[0].inactive_anon[p0]): the last one counts.
        while bracket and owner not in self.by_name:
            more, bracket, key = key.partition("[")
            owner = f"{owner}[{more}"
        if bracket and owner in self.by_name:
            entry = self.by_name[owner]
            found = self._cell(entry, key.removesuffix("]"))
            if found is not None:
                return found
            raise KmmError(f"{path}: {owner} never had a cell [{key}")
        known = difflib.get_close_matches(path.partition(".")[0], self.by_name, n=3, cutoff=0.5)
        hint = f"; there is {', '.join(known)}" if known else ""
        raise KmmError(f"{path}: this trace knows no such field{hint}")

    @staticmethod
    def _cell(entry: ObjectEntry, key: str) -> int | None:
        cells = entry.cells or {}
        if key in cells:
            return cells[key]
        try:
            return cells.get(int(key, 0))
        except ValueError:
            return None

    @staticmethod
    def _no_field(path: str, entry: ObjectEntry, field: str) -> str:
        near = difflib.get_close_matches(field, entry.fields, n=1) or list(entry.fields[:4])
        names = ", ".join(path_of(entry.name, f) for f in near)
        return f"{path}: a {entry.type} has no field {field!r}; try {names}"
