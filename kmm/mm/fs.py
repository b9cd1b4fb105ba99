# SPDX-License-Identifier: GPL-2.0-only
"""struct address_space: a file's pages, who maps them, and its file system's operations.

(include/linux/fs.h, include/linux/pagemap.h.)  The page cache is `page_tree`; `i_mmap` lists the
vmas that map the file, `i_mmap_nonlinear` those that remap_file_pages() has put out of order.
There is always one more address_space, the swap cache (`swapper`).

The operations are the file system's.  `migratepage`, `writepage` and `releasepage` may be absent
(None); what `writepage` and `releasepage` then do is said in filesystem.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from kmm.mm.radix_tree import RadixTree
from kmm.mm.spinlock import SpinLock
from kmm.sim import ListHead, Machine, Tracked
from kmm.sim.values import value

if TYPE_CHECKING:
    from kmm.mm.disk import Disk
    from kmm.mm.mmap import VmAreaStruct
    from kmm.mm.page import Page
    from kmm.mm.page_writeback import WritebackControl

KERNEL_FILE = "include/linux/fs.h"

#: writepage has kept the page locked and wants it to be tried again later.
AOP_WRITEPAGE_ACTIVATE = 0x80000

#: The size of a file of which nobody has said it, in pages.
ENDLESS = 1 << 31

MigratePage = Callable[["AddressSpace", "Page", "Page"], int]
WritePage = Callable[["Page", "WritebackControl"], int]
SetPageDirty = Callable[["Page"], int]
ReleasePage = Callable[["Page", int], int]
ReadPage = Callable[["AddressSpace", "Page"], int]


@value
class address_space_operations(NamedTuple):
    """struct address_space_operations, as far as migration calls it."""

    migratepage: MigratePage | None = None
    writepage: WritePage | None = None
    releasepage: ReleasePage | None = None
    set_page_dirty: SetPageDirty | None = None
    readpage: ReadPage | None = None


class AddressSpace(Tracked):
    """struct address_space.

    `account_dirty` (mapping_cap_account_dirty): dirty pages are counted, and shared mappings are
    write-protected to see the first write.  `unevictable` is AS_UNEVICTABLE.  `writes` and
    `releases` say how writepage and releasepage of this file system end.  `i_size` is the size of
    the file, in pages.
    Simplified: there is no inode beside it, and a file ends at the end of a page.
    """

    __slots__ = (
        "disk",
        "i_mmap",
        "i_mmap_lock",
        "i_mmap_nonlinear",
        "page_tree",
        "private_lock",
        "tree_lock",
    )

    a_ops: address_space_operations = address_space_operations()
    account_dirty: int = 1
    unevictable: int = 0
    writes: str | None = None
    releases: str | None = None
    i_size: int = ENDLESS

    page_tree: RadixTree
    tree_lock: SpinLock
    i_mmap: ListHead[VmAreaStruct]
    i_mmap_nonlinear: ListHead[VmAreaStruct]
    i_mmap_lock: SpinLock
    private_lock: SpinLock
    #: What is on the disk, where the world keeps it.
    disk: Disk | None

    def __init__(
        self,
        machine: Machine,
        name: str,
        *,
        a_ops: address_space_operations,
        account_dirty: int = 1,
        unevictable: int = 0,
        writes: str | None = None,
        releases: str | None = None,
    ) -> None:
        super().__init__(
            machine,
            name,
            a_ops=a_ops,
            account_dirty=account_dirty,
            unevictable=unevictable,
            writes=writes,
            releases=releases,
        )
        put = object.__setattr__
        put(self, "disk", None)
        put(self, "page_tree", RadixTree(machine, f"{self.name}.page_tree", None))
        put(self, "i_mmap", ListHead(machine, f"{self.name}.i_mmap"))
        put(self, "i_mmap_nonlinear", ListHead(machine, f"{self.name}.i_mmap_nonlinear"))
        for lock in ("tree_lock", "i_mmap_lock", "private_lock"):
            put(self, lock, SpinLock(machine, f"{self.name}.{lock}"))

    def __and__(self, bit: int) -> int:
        # As page->mapping, the address of an address_space has bit 0 clear.
        return 0

    def __sub__(self, bit: int) -> AddressSpace:
        return self


def mapping_cap_account_dirty(mapping: AddressSpace) -> int:
    """1 if the file's dirty pages are counted in NR_FILE_DIRTY."""
    return mapping.account_dirty


def mapping_unevictable(mapping: AddressSpace | None) -> int:
    """1 if the mapping's pages belong on the unevictable list."""
    return mapping.unevictable if mapping is not None else 0
