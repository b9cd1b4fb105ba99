# SPDX-License-Identifier: GPL-2.0-only
"""Slabs whose memory outlives their objects (mm/slab.c, SLAB_DESTROY_BY_RCU).

An object that is given back can be handed out again at once, as another object of its kind: the
same memory, one generation on.  The memory is no longer such an object, and poison, when everybody
has left who was inside rcu_read_lock at the time.  So a reader is sure of *what* it looks at, but
not of *which* one.

Here a grace period is as short as it can be: it ends when the last of those readers leaves, at once
if there are none.  Whatever can go wrong with the memory does so.
"""

from __future__ import annotations

from typing import Any

from kmm.sim import Tracked, current_machine, poison

KERNEL_FILE = "mm/slab.c"


class KmemCache(Tracked):
    """struct kmem_cache: `free` has (object, its readers) for each that waits to be gone."""

    free: tuple[Any, ...] = ()


def take_back(cache: KmemCache, thing: Tracked, parts: tuple[Tracked, ...]) -> None:
    """The object is free; its memory, `parts` included, is gone with its last reader."""
    readers = tuple(task for task in current_machine().kernel.tasks if task.rcu_depth)
    if readers:
        cache.free = (*cache.free, (thing, parts, readers))
    else:
        _gone(thing, parts)


def hand_out(cache: KmemCache) -> Any | None:
    """The memory of the object that was freed last, if it is not gone; else None."""
    if not cache.free:
        return None
    *others, (thing, _, _) = cache.free
    cache.free = tuple(others)
    return thing


def readers_left(task: Any) -> None:
    """The task has left its read section: what waited for it alone is gone."""
    cache: KmemCache = task.machine.kernel.anon_vma_cachep
    if not cache.free:
        return
    left = []
    for thing, parts, readers in cache.free:
        still = tuple(reader for reader in readers if reader is not task)
        if still:
            left.append((thing, parts, still))
        else:
            _gone(thing, parts)
    if tuple(left) != cache.free:
        cache.free = tuple(left)


def _gone(thing: Tracked, parts: tuple[Tracked, ...]) -> None:
    generation = getattr(thing, "generation", 0)
    for part in parts:
        poison(part, generation=generation)
