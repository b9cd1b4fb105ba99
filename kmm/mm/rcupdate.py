# SPDX-License-Identifier: GPL-2.0-only
"""RCU's read side (include/linux/rcupdate.h): memory stays, identity may not."""

from __future__ import annotations

from kmm.mm.slab import readers_left
from kmm.sim import current, primitive
from kmm.sim.bug import oops

KERNEL_FILE = "include/linux/rcupdate.h"


@primitive
def rcu_read_lock() -> None:
    """What the task can reach now is not freed before it leaves; it must not sleep meanwhile."""
    current().rcu_depth += 1


@primitive
def rcu_read_unlock() -> None:
    """The task has left its innermost read section.

    Memory that was given back meanwhile and that only this reader still kept is gone now.
    """
    task = current()
    if task.rcu_depth == 0:
        oops("unlock of a lock that is not held", f"{task.name} is not inside rcu_read_lock")
    task.rcu_depth -= 1
    if task.rcu_depth == 0:
        readers_left(task)
