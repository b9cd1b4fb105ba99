# SPDX-License-Identifier: GPL-2.0-only
"""The rows of a frame: its counts, where it belongs, what is in it, its flags; or one for all."""

from __future__ import annotations

from typing import Any, ClassVar

from kmm.mm.page import PAGE_FLAGS
from kmm.show.rows import Row, flag_spans, slot_of
from kmm.show.spans import SIZE, Span, View, mapping_text, width
from kmm.show.theme import mono_width
from kmm.sim import Name
from kmm.sim.recorder import ObjectEntry


class CountRow(Row):
    """The name of a page, and its two counts: how many references, how many ptes."""

    def __init__(self, entry: ObjectEntry) -> None:
        self._exists = entry.base
        self._count = slot_of(entry, "_count")
        self._mapcount = slot_of(entry, "_mapcount")
        super().__init__(
            f"{entry.name}.counts", entry.base, self._count, self._mapcount, label=entry.name
        )

    def spans(self, view: View) -> list[Span]:
        counts = [Span("count", "quiet"), *view.spans(self._count, look="strong")]
        ptes = view.spans(self._mapcount, lambda count: str(count + 1), "strong")
        new = [Span("new", "new")] if view.changed(self._exists) else []
        return [*new, *counts, Span("map", "quiet"), *ptes]


class FlagsRow(Row):
    """The flags of a page that are set, in the order of the bits; who holds PG_locked."""

    many = True
    #: What the model says by another flag of its own is said in the kernel's words.
    WORDS: ClassVar[dict[str, str]] = {"buddy": "free"}

    def __init__(self, entry: ObjectEntry) -> None:
        self._flags = {flag: slot_of(entry, f"PG_{flag}") for flag in PAGE_FLAGS}
        self._owner = slot_of(entry, "lock_owner")
        super().__init__(f"{entry.name}.flags", *self._flags.values(), self._owner)

    def spans(self, view: View) -> list[Span]:
        spans = []
        for flag, slot in self._flags.items():
            by = ""
            if flag == "locked":
                owner = view[self._owner] or view.was(self._owner)
                by = f"({owner})" if owner else ""
            spans += flag_spans(self.WORDS.get(flag, flag), view, slot, by)
        return spans or [Span("no flags", "quiet")]


class SmallRow(Row):
    """A page in one line, for a picture of many: its name, its two counts, some of its flags.

    The counts stand below one another in all small boxes.  What nearly every page is says little of
    one of many, so it is left out unless it has just changed.
    """

    OFTEN = ("uptodate", "swapbacked", "lru")
    #: The room of the flags: two or three words.
    ROOM = mono_width("locked dirty", SIZE)

    def __init__(self, entry: ObjectEntry, letters: int) -> None:
        self._name = entry.name.ljust(letters)
        self._exists = entry.base
        self._count = slot_of(entry, "_count")
        self._mapcount = slot_of(entry, "_mapcount")
        self._flags = {flag: slot_of(entry, f"PG_{flag}") for flag in PAGE_FLAGS}
        super().__init__(
            f"{entry.name}.counts", entry.base, self._count, self._mapcount, *self._flags.values()
        )

    def spans(self, view: View) -> list[Span]:
        name = Span(self._name, "new" if view.changed(self._exists) else "strong")
        counts = view.spans(self._count, look="strong")
        ptes = view.spans(self._mapcount, lambda count: str(count + 1), "strong")
        return [name, *_at_end(counts), *_at_end(ptes), *self._some_flags(view)]

    def _some_flags(self, view: View) -> list[Span]:
        """Those that have changed, and of the others as many as there is room for."""
        kept = [
            span for flag, slot in self._flags.items()
            if flag not in self.OFTEN or view.changed(slot)
            for span in flag_spans(FlagsRow.WORDS.get(flag, flag), view, slot)
        ]  # fmt: skip
        plain = [span for span in kept if span.look == "plain"]
        left = 0
        while plain and width(kept) > self.ROOM:
            kept.remove(plain.pop())
            left += 1
        return [*kept, Span(f"+{left}", "quiet")] if left else kept


def _at_end(numbers: list[Span]) -> list[Span]:
    """A number alone stands where the second of two stands: behind the old one."""
    return [Span(f"{numbers[0].text:>3}", numbers[0].look)] if len(numbers) == 1 else numbers


class PlaceRow(Row):
    """Where a page belongs: its mapping and its index there."""

    many = True

    def __init__(self, entry: ObjectEntry) -> None:
        self._mapping = slot_of(entry, "mapping")
        self._index = slot_of(entry, "index")
        super().__init__(f"{entry.name}.place", self._mapping, self._index)

    def spans(self, view: View) -> list[Span]:
        spans = view.spans(self._mapping, mapping_text)
        return [*spans, Span("index", "quiet"), *view.spans(self._index)]


class ContentsRow(Row):
    """What is in a page, what its private field says, and how often it is pinned."""

    many = True

    def __init__(self, entry: ObjectEntry) -> None:
        self._data = slot_of(entry, "data")
        self._private = slot_of(entry, "private")
        self._pins = slot_of(entry, "pins")
        super().__init__(f"{entry.name}.contents", self._data, self._private, self._pins)

    def spans(self, view: View) -> list[Span]:
        spans = [Span("data", "quiet"), *view.spans(self._data, data_text)]
        if view[self._private] or view.was(self._private):
            spans += [Span("private", "quiet"), *view.spans(self._private, private_text)]
        if view[self._pins] or view.was(self._pins):
            spans += [Span("pins", "quiet"), *view.spans(self._pins)]
        return spans


def data_text(data: Any) -> str:
    """The contents of a page."""
    return "empty" if data is None else f"“{data}”"


def private_text(private: Any) -> str:
    """page->private: a buffer head, a swap slot, 0 or something of a file system."""
    return str(private) if isinstance(private, Name) or private else "0"
