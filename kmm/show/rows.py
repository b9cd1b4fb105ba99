# SPDX-License-Identifier: GPL-2.0-only
"""Rows: the lines of a picture's boxes, each of which knows its slots and its words.

A row says in which slots it looks, and writes them for any view: at any step, with what the step
changed.  So the layout can ask every row for all that it will ever say, before anything is drawn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kmm.show.spans import NOTHING, Span, View, name_text, pte_kind, pte_text
from kmm.sim.recorder import ObjectEntry


class Link(NamedTuple):
    """What a row points at, and with what kind of line."""

    target: str
    kind: str


def slot_of(entry: ObjectEntry, field: str) -> int:
    """The slot of a field of a struct."""
    return entry.base + 1 + entry.fields.index(field)


class Row:
    """One line of a box, or several where its words are `many`."""

    #: The words may take several lines.
    many = False
    #: It stands in a box of its own and may point at something.
    framed = False

    def __init__(self, key: str, *slots: int, label: str = "") -> None:
        self.key = key
        self.slots = slots
        self.label = label

    def spans(self, view: View) -> list[Span]:
        """Its words, without the label."""
        return []

    def sign(self, view: View) -> str:
        """The sign that stands where its line begins, "" for none."""
        return ""

    def link(self, view: View) -> Link | None:
        """What it points at."""
        return None


class PteRow(Row):
    """A pte of an address space."""

    framed = True

    def __init__(self, key: str, slot: int, address: int) -> None:
        super().__init__(key, slot, label=f"{address:#x}")

    def spans(self, view: View) -> list[Span]:
        (slot,) = self.slots
        kind = pte_kind(view[slot])
        look = kind if kind in ("present", "migration", "swap") else "quiet"
        return view.spans(slot, pte_text, look)

    def sign(self, view: View) -> str:
        return pte_kind(view[self.slots[0]])

    def link(self, view: View) -> Link | None:
        pte = view[self.slots[0]]
        match pte_kind(pte):
            case "present":
                return Link(str(pte.page), "present")
            case "migration":
                return Link(str(pte.entry.offset), "migration")
            case "swap":
                return Link(f"swap[{pte.entry.offset}]", "swap")
        return None


class CacheRow(Row):
    """A slot of a page cache, or of the swap cache, with the number of users of the swap slot."""

    framed = True

    def __init__(self, key: str, index: Any, cache: int | None, users: int | None) -> None:
        self._cache, self._users = cache, users
        slots = (slot for slot in (cache, users) if slot is not None)
        super().__init__(key, *slots, label=f"[{index}]")

    def spans(self, view: View) -> list[Span]:
        spans = [] if self._cache is None else view.spans(self._cache, name_text, "present")
        if self._users is not None:
            users = view.spans(self._users, lambda users: str(users or 0), "strong")
            spans = [*spans, Span("users", "quiet"), *users]
        return spans

    def sign(self, view: View) -> str:
        return "present" if self.link(view) else ""

    def link(self, view: View) -> Link | None:
        page = None if self._cache is None else view[self._cache]
        return None if page is None else Link(str(page), "present")


class BufferRow(Row):
    """A buffer head: who uses it, its bits, and the page that its data is in."""

    framed = True

    def __init__(self, entry: ObjectEntry) -> None:
        self._count = slot_of(entry, "b_count")
        self._bits = {bit: slot_of(entry, bit) for bit in ("BH_Lock", "BH_Dirty")}
        self._owner = slot_of(entry, "lock_owner")
        self._page = slot_of(entry, "b_page")
        self._freed = slot_of(entry, "freed")
        super().__init__(
            entry.name, self._count, *self._bits.values(), self._owner, self._page, self._freed,
            label=entry.name.rpartition("/")[2],
        )  # fmt: skip

    def spans(self, view: View) -> list[Span]:
        if view[self._freed]:
            return [Span("freed", "new" if view.changed(self._freed) else "quiet")]
        spans = [Span("count", "quiet"), *view.spans(self._count)]
        for bit, slot in self._bits.items():
            spans += flag_spans(bit.removeprefix("BH_").lower(), view, slot)
        return spans + view.spans(self._page, name_text, "buffer")

    def sign(self, view: View) -> str:
        return "buffer" if self.link(view) else ""

    def link(self, view: View) -> Link | None:
        page = view[self._page]
        return None if page is None or view[self._freed] else Link(str(page), "buffer")


#: So many members of a list are named.
MEMBERS = 30


class ListRow(Row):
    """The pages of a list, in order, or those that wait in a pagevec; `only` these, if given."""

    many = True

    def __init__(self, entry: ObjectEntry, label: str, only: frozenset[str] | None) -> None:
        self._only = only
        #: The cells of a list are its members with their places, those of a pagevec its places.
        self._by_member = entry.type == "ListHead"
        self._cells = {
            key: slot
            for key, slot in (entry.cells or {}).items()
            if only is None or not self._by_member or key in only
        }
        super().__init__(entry.name, entry.base, *self._cells.values(), label=label)

    @property
    def longest(self) -> int:
        """The letters of its longest member's name; 0 for a pagevec, which is never long."""
        return max((len(str(key)) for key in self._cells), default=0) if self._by_member else 0

    def members(self, view: View, *, before: bool = False) -> list[str]:
        """The names, first to last."""
        at = view.was if before else view.__getitem__
        held = [(key, at(slot)) for key, slot in self._cells.items()]
        there = [(key, value) for key, value in held if value is not None]
        if self._by_member:
            return [str(key) for key, _ in sorted(there, key=lambda cell: cell[1])]
        return [str(page) for _, page in sorted(there, key=lambda cell: cell[0])]

    def spans(self, view: View) -> list[Span]:
        now, before = self.members(view), self.members(view, before=True)
        was, there = set(before), set(now)
        marked = [Span(name, "old") for name in before if name not in there]
        marked += [Span(name, "new") for name in now if name not in was]
        if self._only is not None:
            now = [name for name in now if name in self._only]
            marked = [span for span in marked if span.text in self._only]
        if len(marked) + len(now) > MEMBERS:
            # What changes is named in any case.
            kept = [Span(name, "strong") for name in now if name in was]
            shown = (marked + kept)[:MEMBERS]
            return [*shown, Span(f"+{len(marked) + len(kept) - MEMBERS}", "quiet")]
        here = [Span(name, "strong" if name in was else "new") for name in now]
        gone = [span for span in marked if span.look == "old"]
        return gone + here or [Span(NOTHING, "quiet")]


class LockRow(Row):
    """A lock, and who holds it."""

    def __init__(self, entry: ObjectEntry) -> None:
        field = next(f for f in ("owner", "readers", "value") if f in entry.fields)
        super().__init__(entry.name, slot_of(entry, field), label=entry.name)

    def spans(self, view: View) -> list[Span]:
        return view.spans(self.slots[0], lambda owner: str(owner) if owner else NOTHING, "strong")


def flag_spans(word: str, view: View, slot: int, by: str = "") -> list[Span]:
    """A flag if it is set, struck out if it has just been cleared."""
    if view.changed(slot):
        return [Span(word + by, "new" if view[slot] else "old")]
    return [Span(word + by)] if view[slot] else []
