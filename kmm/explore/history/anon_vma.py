# SPDX-License-Identifier: GPL-2.0-only
"""Who keeps the anon_vma while a page is migrated: nobody, RCU, or the page's own ptes."""

from __future__ import annotations

from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import Tasks, anonymous, beside
from kmm.mm.anon_vma import anon_vma_prepare
from kmm.mm.exit import exit_mm
from kmm.mm.rwsem import down_read, up_read
from kmm.scenario import World

#: Once inside RCU it is certain: if a pte maps the page, its anon_vma is one and will stay memory.
LOOK_WHETHER_MAPPED = Edit(
    "unmap_and_move",
    "not page.mapping",
    "not page.mapping or (rcu_locked and not page_mapped(page))",
)

NO_RCU = (
    Edit("unmap_and_move", "rcu_read_lock()"),
    Edit("unmap_and_move", "rcu_locked = 1"),
)


def _exits(w: World) -> Tasks:
    task = w.tasks.get("exit") or w.task("exit", mm=w.mms["m0"])
    return beside(w, "exit", lambda: exit_mm(task))


GONE = Claim(
    name="18 anon_vma gone",
    says="The owner of an isolated page exits, and the migration takes a lock inside an anon_vma "
    "that has been freed.",
    source="mm/migrate.c: unmap_and_move",
    actors=("migrate", "exit"),
    breaks=Case("18 anon_vma gone", anonymous, _exits),
    holds=Case(
        "18 anon_vma gone, mended", anonymous, _exits, edits=(LOOK_WHETHER_MAPPED,),
        fixes=("no unmapped anonymous page is migrated",),
    ),
    note="Only a caller without mmap_sem can meet it.  The look helps only inside rcu_read_lock: "
    "before it, the page may be unmapped right after.  Mended in 2.6.35-rc1 (67b9509b2c6).",
)  # fmt: skip


def _two_vmas() -> World:
    w = World(nodes=2, cpus=3)
    w.mm().mmap(pages=1).touch(0)
    w.mm().mmap(pages=1)
    return w


def _exits_and_another_allocates(w: World) -> Tasks:
    mm = w.mms["m1"].struct
    vma = w.mms["m1"].vmas[0].struct

    def prepares() -> int:
        down_read(mm.mmap_sem)
        error = anon_vma_prepare(vma)
        up_read(mm.mmap_sem)
        return error

    w.task("another", mm=w.mms["m1"])
    return {**_exits(w), "another": prepares}


IDENTITY = Claim(
    name="19 memory, not identity",
    says="RCU keeps the anon_vma of an unmapped page in memory, though not as that page's: without "
    "RCU the migration locks memory that is gone, with it perhaps a stranger's anon_vma.",
    source="mm/migrate.c: unmap_and_move",
    actors=("migrate", "exit", "another"),
    breaks=Case(
        "19 no RCU", _two_vmas, _exits_and_another_allocates, edits=(LOOK_WHETHER_MAPPED, *NO_RCU)
    ),
    holds=Case(
        "19 RCU", _two_vmas, _exits_and_another_allocates, edits=(LOOK_WHETHER_MAPPED,),
        fixes=("RCU around the migration of an anonymous page",),
    ),
    note="RCU came in 2.6.23 (dc386d4d1e9).  That the lock is a stranger's does no harm here: it "
    "is part of the anon_vma, and each pte is looked at for this page's entry.  It did in 2.6.36, "
    "when the lock went to a root that could change between locking and unlocking; a count that "
    "keeps the identity too came in 2.6.35 (3f6c82728f4), and was taken safely from 2.6.38 on "
    "(1ce82b69e96).",
)  # fmt: skip
