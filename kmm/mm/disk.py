# SPDX-License-Identifier: GPL-2.0-only
"""The disk behind a mapping: what has reached it, and what is on its way (ours).

A write takes the page's contents when it is submitted.  They are on the disk when the device says
so, which is a step of somebody else's: `complete_write`.  What was written to the page in between
must have made it dirty again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kmm.mm.page_writeback import end_page_writeback
from kmm.sim import Cells, Machine, kernel_function, primitive

if TYPE_CHECKING:
    from kmm.mm.fs import AddressSpace
    from kmm.mm.page import Page

KERNEL_FILE = "the disk"


class Disk(Cells[int, str | None]):
    """The contents of a file, or of the swap area, by index; `flight` is what is being written."""

    __slots__ = ("flight",)

    flight: Cells[int, Any]

    def __init__(self, machine: Machine, name: str, contents: dict[int, str] | None = None) -> None:
        super().__init__(machine, name, None, contents)
        self.flight = Cells(machine, f"{name}.flight", None)


@primitive
def submit_write(mapping: AddressSpace, index: int, page: Page) -> None:
    """The page's present contents are on their way to the disk."""
    if mapping.disk is not None:
        mapping.disk.flight.put(index, (page, page.data))


@primitive
def disk_read(mapping: AddressSpace, index: int, page: Page) -> None:
    """The page holds what the disk has at `index`.

    Simplified: reading takes no time.  A disk that nobody keeps has "f0:3" there.
    """
    known = None if mapping.disk is None else mapping.disk[index]
    page.data = f"{mapping.name}:{index}" if known is None else known


@primitive(until=lambda mapping, index: mapping.disk.flight[index] is not None)
def disk_done(mapping: AddressSpace, index: int) -> Page:
    """What was submitted for `index` is on the disk; waits for a write.  Returns the page."""
    disk = mapping.disk
    assert disk is not None
    page: Page
    page, data = disk.flight[index]
    disk.put(index, data)
    disk.flight.put(index, None)
    return page


@kernel_function
def complete_write(mapping: AddressSpace, index: int) -> None:
    """The write of the page at `index` has ended; waits for one."""
    end_page_writeback(disk_done(mapping, index))
