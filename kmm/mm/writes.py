# SPDX-License-Identifier: GPL-2.0-only
"""What has been written, and where one will look for it (ours).

No kernel remembers this; it is for whoever asks afterwards whether a write was lost.  A place is
where a program thinks that it has written, not the frame in which it went: a page of a file by its
index, private memory by its address.  Who throws memory away (munmap, MADV_DONTNEED, truncate)
throws away what was written there, and says so here.

Nothing of this is a step.  The order of the list means nothing: two writes to one place are
ordered by what they touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.mm.page import anon_mapping

if TYPE_CHECKING:
    from kmm.mm.fs import AddressSpace
    from kmm.mm.mmap import MmStruct
    from kmm.mm.page import Page

#: The kinds of place: ("file", mapping, index), ("memory", mm, address), ("buffer", bh), and of an
#: anonymous page that is known by nothing else ("anonymous", anon_vma, index).
Place = tuple[Any, ...]


class Write(NamedTuple):
    """`what` was added to the contents of a place; "" if nobody knows what."""

    place: Place
    what: str


def remember(machine: Any, place: Place, what: str = "") -> None:
    """Something has been written to the place."""
    machine.kernel.writes.append(Write(place, what))


def file_or(page: Page, otherwise: Place | None) -> Place | None:
    """The place of a file's page; of any other, `otherwise`."""
    mapping = page.mapping
    if mapping is None or isinstance(mapping, anon_mapping):
        return otherwise
    return "file", mapping, page.index


def place_of(page: Page) -> Place | None:
    """The place of a page that is known by nothing but itself; None: it has none (any more)."""
    mapping = page.mapping
    if isinstance(mapping, anon_mapping):
        return "anonymous", mapping.anon_vma, page.index
    return file_or(page, None)


def memory_gone(mm: MmStruct, address: int) -> None:
    """What was written to the private memory at the address has been thrown away."""
    _forget(mm.machine, ("memory", mm, address))


def file_gone(mapping: AddressSpace, index: int) -> None:
    """What was written to that page of the file has been thrown away."""
    _forget(mapping.machine, ("file", mapping, index))


def memory_moved(mm: MmStruct, address: int, there: int) -> None:
    """The private memory at the address is at another."""
    writes = mm.machine.kernel.writes
    before, after = ("memory", mm, address), ("memory", mm, there)
    writes[:] = [w._replace(place=after) if w.place == before else w for w in writes]


def _forget(machine: Any, place: Place) -> None:
    writes = machine.kernel.writes
    if writes:
        writes[:] = [write for write in writes if write.place != place]
