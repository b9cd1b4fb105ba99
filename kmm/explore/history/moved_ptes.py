# SPDX-License-Identifier: GPL-2.0-only
"""Ptes that move while entries are in them: exec's stack, and mremap."""

from __future__ import annotations

from functools import partial

from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import AT, SIZE, Tasks, anonymous, beside, m0
from kmm.mm.cpu import write_memory
from kmm.mm.exec import setup_arg_pages
from kmm.mm.mremap import sys_mremap
from kmm.scenario import World

#: How far exec's stack moves down, and mremap's page up, in bytes.
SHIFT, UP = 0x100000, 0x400000

#: Two pieces of advice that contradict each other: no program's vma can have both.
VM_STACK_INCOMPLETE_SETUP = 0x00018000


def _marked_stack() -> World:
    """The stack of a new program.  The mark is there from the beginning; as it was nobody looks."""
    w = anonymous()
    w.mms["m0"].vmas[0].struct.vm_flags |= VM_STACK_INCOMPLETE_SETUP
    return w


def _execs(w: World) -> Tasks:
    mm, vma = m0(w), w.mms["m0"].vmas[0].struct

    def execs() -> int:
        setup_arg_pages(vma, SHIFT)
        return write_memory(mm, AT - SHIFT, "w1")

    return beside(w, "exec", execs)


#: Who unmaps for migration passes over a vma that is marked; exec takes the mark away at the end.
MARKED_STACK = (
    Edit(
        "try_to_unmap_anon",
        "ret = try_to_unmap_one(page, vma, migration)",
        f"if migration and vma.vm_flags & {VM_STACK_INCOMPLETE_SETUP:#x}"
        f" == {VM_STACK_INCOMPLETE_SETUP:#x}:\n    continue\n"
        "ret = try_to_unmap_one(page, vma, migration)",
    ),
    Edit(
        "setup_arg_pages",
        "ret = shift_arg_pages(vma, stack_shift) if stack_shift else 0",
        "ret = shift_arg_pages(vma, stack_shift) if stack_shift else 0\n"
        f"vma.vm_flags &= ~{VM_STACK_INCOMPLETE_SETUP:#x}",
    ),
)

STACK = Claim(
    name="20 exec's stack",
    says="exec moves the start of its stack's vma before the ptes, so that the migration looks for "
    "its entry in a place where it is not yet, and leaves it behind.",
    source="fs/exec.c: shift_arg_pages, mm/migrate.c: remove_migration_pte",
    actors=("migrate", "exec"),
    breaks=Case("20 exec's stack", _marked_stack, _execs),
    holds=Case(
        "20 exec's stack, passed over", _marked_stack, _execs, edits=MARKED_STACK,
        fixes=("a stack that is to be moved is marked, and not migrated",),
    ),
    note="Only a caller without mmap_sem can meet it.  What broke is that rmap finds a page's pte "
    "at the address that it computes.  Mended in 2.6.35-rc1 (a8bef8ff6ea).",
)  # fmt: skip

#: No look at the pte without its lock.
NO_PEEK = Edit(
    "remove_migration_pte", "if not is_swap_pte(ptep.value):\n    pte_unmap(ptep)\n    return"
)


def _mremaps(w: World) -> Tasks:
    return beside(w, "mremap", partial(sys_mremap, m0(w), AT, SIZE, SIZE, AT + UP))


PEEK = Claim(
    name="21 mremap and the peek",
    says="The migration looks at a pte without its lock just when mremap has taken the entry out "
    "of one place and not yet put it into the other, and leaves it behind.",
    source="mm/migrate.c: remove_migration_pte",
    actors=("migrate", "mremap"),
    breaks=Case("21 mremap and the peek", anonymous, _mremaps),
    holds=Case(
        "21 mremap without the peek", anonymous, _mremaps, edits=(NO_PEEK,),
        fixes=("the look without the lock is gone",),
    ),
    note="A mend that takes something away.  mremap holds the pte lock all the time; it is the "
    "migration that did not ask for it.  Of files mremap holds i_mmap_lock too, which the "
    "migration needs.  Mended in 3.1 (486cf46f3f9b).",
)  # fmt: skip


def _room_above() -> World:
    """Two vmas of one anon_vma; the second can be moved to where the first ends, and joins it."""
    w = World(nodes=2, cpus=2)
    mm = w.mm()
    first = mm.mmap(pages=1, anon_vma=w.anon_vma())
    mm.mmap(pages=1, start=AT + UP, pgoff=1, anon_vma=first.struct.anon_vma).touch(0)
    return w


def _joins(w: World) -> Tasks:
    return beside(w, "mremap", partial(sys_mremap, m0(w), AT + UP, SIZE, SIZE, AT + SIZE))


#: A vma that grows becomes the last of its anon_vma's.
TO_THE_TAIL = Edit(
    "copy_vma",
    "return prev",
    "anon_vma = prev.anon_vma\n"
    "if anon_vma:\n"
    "    from kmm.mm.list import list_add_tail, list_del\n"
    "    spin_lock(anon_vma.lock)\n"
    "    list_del(prev.anon_vma_node)\n"
    "    list_add_tail(prev.anon_vma_node, anon_vma.head)\n"
    "    spin_unlock(anon_vma.lock)\n"
    "return prev",
)

ORDER = Claim(
    name="22 mremap and the order of vmas",
    says="The vma that takes in the moved page stands before the one that it leaves, and the "
    "migration, which goes through them in order, finds the entry in neither.",
    source="mm/mremap.c: copy_vma, mm/migrate.c: remove_anon_migration_ptes",
    actors=("migrate", "mremap"),
    breaks=Case("22 the vma before", _room_above, _joins, edits=(NO_PEEK,)),
    holds=Case(
        "22 the vma behind", _room_above, _joins, edits=(NO_PEEK, TO_THE_TAIL),
        fixes=("a vma that grows goes to the tail",),
    ),
    note="The look without the lock (21) is gone in both.  With the order right, the pte lock is "
    "enough: who has not found the entry in the old place, because it had moved, finds it in "
    "the new one.  Mended so in 3.3; since 3.7 (108d6642ad81) a lock does it in place of order.",
)  # fmt: skip
