# SPDX-License-Identifier: GPL-2.0-only
"""Guards up to the point at which no pte maps the page any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmm.explore.actors import move
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.guards.worlds import (
    MOVED,
    SHARED,
    SIZE,
    against,
    at,
    buffered,
    cached,
    guard,
    isolated,
    mapping,
    mm,
    moves,
    private,
    truncated,
    world,
)
from kmm.mm.cpu import write_memory
from kmm.mm.disk import complete_write
from kmm.mm.migrate import migrate_prep
from kmm.mm.swap import put_page
from kmm.mm.vma import sys_munmap
from kmm.scenario import World
from kmm.scenario.driver import isolate_and_put_back

MIGRATE, RMAP = "mm/migrate.c: ", "mm/rmap.c: "

#: Nobody locks the old page, and nobody insists on it.
NO_LOCK = (
    Edit(
        "unmap_and_move",
        "if not trylock_page(page):\n"
        "    if not force:\n"
        "        goto(move_newpage)\n"
        "    lock_page(page)",
    ),
    Edit("unmap_and_move", "unlock_page(page)"),
    Edit("try_to_unmap", "BUG_ON(not PageLocked(page), f'{page.name} is not locked')"),
)
NO_PAGE_MAPPED = Edit("unmap_and_move", "not page_mapped(page)", "True")
NO_COUNT_1 = Edit("migrate_page_move_mapping", "page_count(page) != 1", "False")
ANY_COUNT = Edit("migrate_page_move_mapping", "2 + (not not PagePrivate(page))", "page_count(page)")

#: 2.6.35: an anonymous page that nobody maps is left alone, once RCU keeps its anon_vma.
UNMAPPED_ANON_STAYS = Edit(
    "unmap_and_move",
    "try_to_unmap(page, 1)",
    "if PageAnon(page) and not page_mapped(page):\n    goto(rcu_unlock)\ntry_to_unmap(page, 1)",
)


def _waiting_in_a_pagevec() -> World:
    """p0 waits in the pagevec of the second CPU, p1 is on its list."""
    w = world()
    file = w.file()
    page = file.page(0, lru=None)
    w.kernel.cpu_pvecs[1]["inactive_file"].put(0, page)
    page._count += 1
    file.page(1)
    w.task("other", cpu=1)
    return w


def _prepares_and_moves(w: World) -> Callable[[], int]:
    def act() -> int:
        migrate_prep()
        return move(w["p0"])

    return act


def _puts_back(w: World) -> Callable[[], Any]:
    """The other CPU has a pagevec to fill, too."""
    return lambda: isolate_and_put_back([w["p1"]])


def _on_its_list() -> World:
    """A page on its LRU list, of which somebody else has the one reference."""
    w = world(debug_vm=False)
    w.page()._count += 1
    return w


def _last_put(w: World) -> Callable[[], None]:
    return lambda: put_page(w["p0"])


def _being_written() -> World:
    """What the page holds is on its way to the disk."""
    w = buffered(flags=("uptodate", "writeback"), disk=True)
    flight = mapping(w).disk.flight  # type: ignore[union-attr]
    flight.put(0, (w["p0"], w["p0"].data))
    return w


def _written(w: World) -> Callable[[], None]:
    return lambda: complete_write(mapping(w), 0)


def _waits(w: World) -> Callable[[], int]:
    return moves(w, force=1)


def unmapped(w: World) -> Callable[[], int]:
    """munmap(2) of the page."""
    return lambda: sys_munmap(mm(w).struct, at(w), SIZE)


def memory_is_written(w: World) -> Callable[[], int]:
    """A program writes to the page."""
    return lambda: write_memory(mm(w).struct, at(w), "w1")


def _nonlinear() -> World:
    """A page that a nonlinear vma maps, and has just used: try_to_unmap leaves it mapped."""
    w = world(debug_vm=False)
    vma = w.mm("m").mmap(pages=1, file=w.file(), flags=(*SHARED, "NONLINEAR"))
    isolated(w, vma.touch(0))
    return w


def _tlb() -> World:
    """The CPU of the program has used the pte before."""
    w = private(tlb=True)
    program = w.task("program", mm=mm(w))
    program.tlb.put(at(w), mm(w).struct.page_table.cells[at(w)])
    return w


GUARDS: tuple[Claim, ...] = (
    guard(
        against(
            "lru-drain-before-isolation",
            _waiting_in_a_pagevec,
            invariants=(MOVED,),
            migrate=_prepares_and_moves,
            other=_puts_back,
        ),
        "A page that waits in the pagevec of a CPU is on no list and cannot be isolated.",
        MIGRATE + "migrate_prep",
        "another CPU",
        Edit("migrate_prep", "lru_add_drain_all()"),
        note="Pages that come into a pagevec after the drain are missed all the same.",
    ),
    guard(
        against(
            "dying-page-not-isolated",
            _on_its_list,
            migrate=lambda w: lambda: move(w["p0"]),
            owner=_last_put,
        ),
        "Who gives up the last reference of a page frees it, and so does who takes one after that.",
        "mm/vmscan.c: isolate_lru_page",
        "the page's last owner",
        Edit(
            "isolate_lru_page",
            "ret = -EBUSY",
            "from kmm.mm.page import get_page\nret = -EBUSY",
        ),
        Edit("isolate_lru_page", "get_page_unless_zero(page)", "not get_page(page)"),
    ),
    guard(
        against("page-lock-old", cached, truncate=truncated),
        "Who holds the page lock may take the page out of its mapping, in the middle of all this.",
        MIGRATE + "unmap_and_move",
        "truncate",
        *NO_LOCK,
        note="That the page is locked is asserted in try_to_unmap too; the assertion is gone here "
        "with the lock, for it would stop the kernel before anything happens.",
    ),
    guard(
        against("wait-for-writeback", _being_written, migrate=_waits, disk=_written),
        "The device reads from a frame that has been given back.",
        MIGRATE + "unmap_and_move",
        "disk",
        Edit(
            "unmap_and_move",
            "if PageWriteback(page):\n"
            "    if not force:\n"
            "        goto(unlock)\n"
            "    wait_on_page_writeback(page)",
        ),
        note="For pages without buffers migrate_page insists on it (BUG_ON).",
    ),
    guard(
        against(
            "rcu-anon",
            private,
            edits=(UNMAPPED_ANON_STAYS,),
            fixes=("an unmapped anonymous page stays (2.6.35)",),
            munmap=unmapped,
        ),
        "When no pte maps the page its anon_vma may be freed, and its lock is taken all the same.",
        MIGRATE + "unmap_and_move",
        "munmap",
        Edit("unmap_and_move", "if PageAnon(page):\n    rcu_read_lock()\n    rcu_locked = 1"),
        note="Not enough in this version: the anon_vma may be gone before rcu_read_lock.  That "
        "the page is mapped has to be looked at inside, as later kernels do and this case does.  "
        "RCU keeps the memory an anon_vma, but not this page's, if a new one gets that memory.",
    ),
    guard(
        against("mapping-is-there", cached, truncate=truncated),
        "A page that has left its file cannot be unmapped: there is no mapping to go by.",
        MIGRATE + "unmap_and_move",
        "truncate",
        Edit("unmap_and_move", "not page.mapping", "False"),
    ),
    guard(
        against("unmap-before-copy", private, program=memory_is_written),
        "The program goes on using the old page, which nobody else knows any more.",
        MIGRATE + "unmap_and_move",
        "a program that writes",
        Edit("unmap_and_move", "try_to_unmap(page, 1)"),
        backed_by=("page_mapped-before-move_to_new_page", "expected-count-1"),
        and_without=(NO_PAGE_MAPPED, NO_COUNT_1),
        note="Alone it is no danger: a page that is mapped is not moved.",
    ),
    guard(
        against("tlb-flush-at-unmapping", _tlb, program=memory_is_written),
        "A CPU that still knows the pte goes on writing to the old page.",
        RMAP + "try_to_unmap_one",
        "a program that writes",
        Edit(
            "try_to_unmap_one",
            "pteval = ptep_clear_flush(vma, address, ptep)",
            "pteval = ptep.value",
        ),
    ),
    guard(
        against("page_mapped-before-move_to_new_page", _nonlinear, program=memory_is_written),
        "try_to_unmap may leave ptes, which would go on mapping the old page.",
        MIGRATE + "unmap_and_move",
        "a program that writes",
        NO_PAGE_MAPPED,
        backed_by=("expected-count-2",),
        and_without=(ANY_COUNT,),
        note="Each pte that is left has a reference, and one too many is noticed later.",
    ),
)
