# SPDX-License-Identifier: GPL-2.0-only
"""Spans: short pieces of text with a look, from what a slot holds and what it held before.

A view shows the slots of a record after some step, and remembers what the step changed.  What has
changed is written twice: the old value struck out, and beside it the new one, in bold.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from kmm.mm.page import anon_mapping
from kmm.mm.pgtable import pte_t
from kmm.mm.swapops import SWP_MIGRATION_READ, SWP_MIGRATION_WRITE
from kmm.show.theme import mono_width

#: The size of the letters of a row, and of small ones.
SIZE, SMALL = 11.0, 10.0


#: Stands where nothing is.
NOTHING = "\N{EN DASH}"


class Span(NamedTuple):
    """A piece of text.  `look` is "plain", "strong", "quiet", "old", "new" or the kind of a pte."""

    text: str
    look: str = "plain"

    @property
    def width(self) -> float:
        """How wide it is at most."""
        return mono_width(self.text, SIZE)


#: The width of the gap between two spans.
GAP = mono_width(" ", SIZE)


def width(spans: Iterable[Span]) -> float:
    """How wide the spans are in one line."""
    widths = [span.width for span in spans]
    return sum(widths) + GAP * (len(widths) - 1) if widths else 0.0


def wrapped(spans: Iterable[Span], room: float) -> list[list[Span]]:
    """The spans in lines of at most `room`; a longer span has a line of its own."""
    lines: list[list[Span]] = [[]]
    for span in spans:
        if lines[-1] and width([*lines[-1], span]) > room:
            lines.append([])
        lines[-1].append(span)
    return lines


class View:
    """The slots of a record: what they hold, and what the step shown has changed."""

    __slots__ = ("_numbers", "_old", "_values")

    def __init__(self, values: list[Any], numbers: array[int], old: Mapping[int, int]) -> None:
        self._values = values
        self._numbers = numbers
        self._old = {slot: value for slot, value in old.items() if numbers[slot] != value}

    def unmarked(self) -> View:
        """The same slots, of which none has just changed."""
        return View(self._values, self._numbers, {})

    def numbers(self, slots: tuple[int, ...]) -> tuple[int | None, ...]:
        """What the slots hold and what those that changed held before: all that words depend on."""
        return *map(self._numbers.__getitem__, slots), *map(self._old.get, slots)

    def __getitem__(self, slot: int) -> Any:
        return self._values[self._numbers[slot]]

    def old(self, slot: int) -> Any:
        """What a slot that has changed held before."""
        return self._values[self._old[slot]]

    def was(self, slot: int) -> Any:
        """What the slot held before, changed or not."""
        return self.old(slot) if slot in self._old else self[slot]

    def changed(self, *slots: int) -> bool:
        """One of the slots at least has changed."""
        return not self._old.keys().isdisjoint(slots)

    def spans(self, slot: int, show: Callable[[Any], str] = str, look: str = "plain") -> list[Span]:
        """What the slot holds, beside what it held."""
        now = show(self[slot])
        if slot not in self._old or show(self.old(slot)) == now:
            return [Span(now, look)] if now else []
        before = show(self.old(slot))
        return [span for span in (Span(before, "old"), Span(now, "new")) if span.text]


def pte_kind(pte: Any) -> str:
    """What kind of entry a pte is: "none", "present", "migration", "swap", "file" or "special"."""
    if not isinstance(pte, pte_t):
        return "none"
    if pte.page is not None:
        return "present"
    if pte.entry is not None:
        moving = pte.entry.type in (SWP_MIGRATION_READ, SWP_MIGRATION_WRITE)
        return "migration" if moving else "swap"
    if pte.pgoff is not None:
        return "file"
    return "special" if pte.special else "none"


def pte_text(pte: Any) -> str:
    """A pte in a few letters: "p0 wdy", "migration p0 w", "swap 17", "none"."""
    return "none" if pte is None else str(pte)


def mapping_text(mapping: Any) -> str:
    """page->mapping in a few letters."""
    if mapping is None:
        return "no mapping"
    return f"anon {mapping.anon_vma}" if isinstance(mapping, anon_mapping) else str(mapping)


def name_text(value: Any) -> str:
    """An object by its name, and a dash for NULL."""
    return NOTHING if value is None else str(value)
