# SPDX-License-Identifier: GPL-2.0-only
"""Worlds of exercise e05, and kernels that make one wrong step in them.

The kernels are edits of the model, and stand here in plain sight.  Who reads on will find the
answers by thinking less, and learn less.
"""

from __future__ import annotations

from collections.abc import Callable

from kmm.explore.edit import Edit
from kmm.learn.parameters import Parameters
from kmm.scenario import Run, World

COPY, MAPPING = "migrate_page_copy", "migrate_page_move_mapping"
BUFFERS, NEW = "buffer_migrate_page", "move_to_new_page"
RESTORE, UNMAP = "remove_migration_pte", "try_to_unmap_one"
THAW = "page_unfreeze_refs(page, expected_count)"


def anonymous(p: Parameters) -> Run:
    """An anonymous page, which `p.processes` processes map, moves to node 1."""
    w = World(nodes=2)
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0)
    for _ in range(p.processes - 1):
        mm.fork()
    return w.migrate_pages([page], 1)


def buffered(p: Parameters) -> Run:
    """A page of a file with `p.buffers` buffers, which one process has written to."""
    w = World(nodes=2)
    file = w.file(migratepage="buffer_migrate_page")
    page = w.mm().mmap(pages=1, file=file, flags=("READ", "WRITE", "SHARED")).touch(0)
    w.add_buffers(page, [{} for _ in range(p.buffers)])
    return w.migrate_pages([page], 1)


def swapped(p: Parameters) -> Run:
    """An anonymous page in the swap cache, which `p.processes` processes map."""
    w = World(nodes=2)
    mm = w.mm()
    page = mm.mmap(pages=1).touch(0, swap=17)
    for _ in range(p.processes - 1):
        mm.fork()
    return w.migrate_pages([page], 1)


#: For each problem its world, and the kernels of which one is drawn.
WORLDS: dict[str, tuple[Callable[[Parameters], Run], tuple[Edit, ...]]] = {
    "q1": (
        anonymous,
        (
            Edit(RESTORE, "page_add_anon_rmap(new, vma, addr)"),
            Edit(RESTORE, "get_page(new)"),
            Edit(UNMAP, "put_page(page)"),
            Edit(UNMAP, "page_remove_rmap(page, vma)"),
            Edit(NEW, "unlock_page(newpage)"),
            Edit(RESTORE, "get_page(new)", "get_page(old)"),
            Edit(COPY, "copy_highpage(newpage, page)"),
        ),
    ),
    "q2": (
        buffered,
        (
            Edit(MAPPING, "get_page(newpage)"),
            Edit(MAPPING, "__put_page(page)"),
            Edit(BUFFERS, "put_page(page)"),
            Edit(BUFFERS, "get_page(newpage)"),
            Edit(BUFFERS, "get_page(newpage)", "get_page(page)"),
            Edit(BUFFERS, "SetPagePrivate(newpage)"),
            Edit(BUFFERS, "unlock_buffer(bh)"),
            Edit(MAPPING, "radix_tree_replace_slot(pslot, newpage)"),
            Edit(RESTORE, "page_add_file_rmap(new)"),
        ),
    ),
    "q3": (
        swapped,
        (
            Edit(MAPPING, THAW, "page_unfreeze_refs(page, expected_count + 1)"),
            Edit(MAPPING, "SetPageSwapCache(newpage)"),
            Edit(COPY, "ClearPageSwapCache(page)"),
            Edit(MAPPING, "__put_page(page)"),
            Edit(MAPPING, "get_page(newpage)"),
            Edit(UNMAP, "swap_duplicate(entry)"),
            Edit(NEW, "SetPageSwapBacked(newpage)"),
        ),
    ),
}
