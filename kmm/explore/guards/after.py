# SPDX-License-Identifier: GPL-2.0-only
"""Guards behind the point of no return: buffers, flags, and the ptes that come back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.guards.before import MIGRATE
from kmm.explore.guards.worlds import (
    SHARED,
    SIZE,
    WRITABLE,
    against,
    at,
    buffer_is_written,
    buffered,
    cached,
    file_is_read,
    file_is_written,
    guard,
    isolated,
    mapped,
    mm,
    moves,
    private,
    truncated,
    world,
)
from kmm.mm.cpu import read_memory
from kmm.mm.madvise import sys_madvise
from kmm.mm.mprotect import sys_mprotect
from kmm.mm.writes import remember
from kmm.scenario import World


def _dirty() -> World:
    """A page that its program has written to, and the disk does not know."""
    w = world(disk=True)
    file = w.file(writepage="ok")
    vma = w.mm("m").mmap(pages=1, file=file, flags=SHARED)
    page = vma.touch(0)
    file.mapping.disk.put(0, "before")  # type: ignore[union-attr]
    isolated(w, page)
    return w


def _dirty_and_not_mapped() -> World:
    """A page that was written to and is newer than the disk; a program has not touched it yet."""
    w = world(disk=True)
    file = w.file(writepage="ok")
    w.mm("m").mmap(pages=1, file=file, flags=SHARED)
    page = file.page(0, flags=("uptodate", "dirty"))
    file.mapping.disk.put(0, "before")  # type: ignore[union-attr]
    page.data = "before+w0"
    remember(w.machine, ("file", file.mapping, 0), "w0")
    isolated(w, page)
    return w


def zapped(w: World) -> Callable[[], int]:
    """madvise(MADV_DONTNEED) of the page."""
    return lambda: sys_madvise(mm(w).struct, at(w), SIZE)


def protected(w: World) -> Callable[[], int]:
    """mprotect(PROT_READ)."""
    return lambda: sys_mprotect(mm(w).struct, at(w), SIZE, 1)


def memory_is_read(w: World) -> Callable[[], str | None]:
    """A program reads from the page."""
    return lambda: read_memory(mm(w).struct, at(w))


def _copied() -> World:
    """A private vma of a file: the cache has p0, the vma maps p1, the copy that was written to."""
    w = world(pagevec_size=14)  # with frees too it is seventeen times as many runs
    file = w.file()
    isolated(w, file.page(0))
    vma = w.mm("m").mmap(pages=1, file=file)
    anon_vma = w.anon_vma()
    vma.link(anon_vma)
    copy = w.page(anon_vma=anon_vma, flags=("uptodate",))
    w.map(copy, mm(w), at(w), write=True, dirty=True, young=True)
    isolated(w, copy)
    return w


def _the_copy_moves(w: World) -> Callable[[], int]:
    return moves(w, "p1")


GUARDS: tuple[Claim, ...] = (
    guard(
        against("buffers-locked", buffered, user=buffer_is_written),
        "Who has locked a buffer and writes through it still writes to the old page.",
        MIGRATE + "buffer_migrate_page",
        "user of a buffer",
        Edit("buffer_migrate_page", "lock_buffer(bh)"),
        Edit("buffer_migrate_page", "unlock_buffer(bh)"),
        note="Not enough against who uses a buffer with a reference but without its lock.",
    ),
    guard(
        against("buffer-references-moved", buffered, lookup=file_is_read),
        "The buffers' reference would be on the page that they have left.",
        MIGRATE + "buffer_migrate_page",
        "lookup",
        Edit("buffer_migrate_page", "put_page(page)"),
        Edit("buffer_migrate_page", "get_page(newpage)"),
    ),
    guard(
        against("uptodate-flag-moved", _dirty_and_not_mapped, program=memory_is_read),
        "Who finds the new page reads it from the disk, over what has not been written yet.",
        MIGRATE + "migrate_page_copy",
        "a program that reads",
        Edit("migrate_page_copy", "PageUptodate(page)", "False"),
    ),
    guard(
        against("dirty-flag-moved", _dirty, writer=file_is_written),
        "Nothing says that the new page must be written to the disk.",
        MIGRATE + "migrate_page_copy",
        "write(2)",
        Edit("migrate_page_copy", "PageDirty(page)", "False"),
    ),
    guard(
        against(
            "nobuffers-dirty",
            partial(buffered, flags=("uptodate", "dirty"), dirty=1),
            lookup=file_is_read,
        ),
        "All buffers become dirty, also those that nobody has written to.",
        MIGRATE + "migrate_page_copy",
        "lookup",
        Edit(
            "migrate_page_copy",
            "__set_page_dirty_nobuffers(newpage)",
            "from kmm.mm.page_writeback import set_page_dirty\nset_page_dirty(newpage)",
        ),
    ),
    guard(
        against("clear-old-mapping", partial(cached, debug_vm=False), lookup=file_is_read),
        "The old page is freed and still says that it belongs to the file.",
        MIGRATE + "migrate_page_copy",
        "lookup",
        Edit("migrate_page_copy", "page.mapping = None"),
    ),
    guard(
        against("pte-lock-in-remove_migration_pte", private, zap=zapped),
        "A pte that is changed at the same moment loses what was put into it.",
        MIGRATE + "remove_migration_pte",
        "madvise(MADV_DONTNEED)",
        Edit("remove_migration_pte", "spin_lock(ptl)"),
        Edit("remove_migration_pte", "pte_unmap_unlock(ptep, ptl)"),
        note="The look before the lock can miss an entry that mremap is moving.  No lock helps "
        "where the vma says another address by now (the stack of exec).  And rss, which is not "
        "looked at here, is wrong after an entry has been zapped.",
    ),
    guard(
        against("entry-is-for-this-page", _copied, other=_the_copy_moves),
        "An address at which the page could be may hold the entry of another page.",
        MIGRATE + "remove_migration_pte",
        "migration of another page",
        Edit("remove_migration_pte", "migration_entry_to_page(entry) is not old", "False"),
    ),
    guard(
        against("write-bit-kept", private, invariants=(WRITABLE,), program=memory_is_read),
        "A program that could write has to fault for it.",
        MIGRATE + "remove_migration_pte",
        "a program that reads",
        Edit("remove_migration_pte", "pte = pte_mkwrite(pte)"),
    ),
    guard(
        against("write-bit-only-then", private, mprotect=protected),
        "A pte may be written again although its protection has changed meanwhile.",
        MIGRATE + "remove_migration_pte",
        "mprotect",
        Edit("remove_migration_pte", "is_write_migration_entry(entry)", "True"),
    ),
    guard(
        against("restore-ptes-before-newpage-unlock", mapped, truncate=truncated),
        "Truncate finds a page that nobody maps, and takes it out of the file.",
        MIGRATE + "move_to_new_page",
        "truncate",
        Edit(
            "move_to_new_page",
            "if not rc:\n"
            "    remove_migration_ptes(page, newpage)\n"
            "else:\n"
            "    newpage.mapping = None",
            "if rc:\n    newpage.mapping = None",
        ),
        Edit(
            "move_to_new_page",
            "unlock_page(newpage)",
            "unlock_page(newpage)\nif not rc:\n    remove_migration_ptes(page, newpage)",
        ),
    ),
    guard(
        against("clear-new-mapping-after-failure", cached, lookup=file_is_read),
        "The new page, which was not needed, is freed and says that it belongs to the file.",
        MIGRATE + "move_to_new_page",
        "lookup",
        Edit("move_to_new_page", "newpage.mapping = None"),
    ),
    guard(
        against("restore-page-page-after-failure", mapped, lookup=file_is_read),
        "The entries of a page that could not be moved stay, and stand for nothing.",
        MIGRATE + "unmap_and_move",
        "lookup",
        Edit("unmap_and_move", "if rc:\n    remove_migration_ptes(page, page)"),
    ),
)
