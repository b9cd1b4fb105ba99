# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about those who run beside a migration: faults, fork, exit, truncate, reclaim."""

from __future__ import annotations

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import OTHER, Table
from kmm.explain.words import some


def _rss(scene: Scene) -> str:
    changes = {name: scene.args[name] for name in ("file_rss", "anon_rss") if scene.args[name]}
    if not changes:
        return "No page more and none less counts in {mm}."
    return f"In {{mm}} {some([f'{name} changes by {n:+}' for name, n in changes.items()])}."


SENTENCES: Table = {
    # Waiting in order.
    "__down_write": {
        None: "{who} is inside {sem} alone, so that no vma changes but by it.",
        OTHER: "{who} cannot be alone inside {sem} now, and queues for it.",
    },
    "wait_for_rwsem": "{who} has been let into {sem} by who left it.",
    "up_write": "{who}, which was alone inside {sem}, leaves it and lets in who waits first.",
    "downgrade_write": "{who}, which was alone inside {sem}, is one of its readers from now on.",
    "write_lock_irq": "{who} is inside {lock} alone.",
    "write_unlock_irq": "{who}, which was alone inside {lock}, leaves it.",
    "__mutex_lock": "{who} takes {lock}.",
    "mutex_unlock": "{who} gives {lock} back.",
    "schedule_work_on": "{result} waits in the queue of CPU {cpu}, whose thread will do it.",
    "flush_work": "{work} has been done, which {who} waited for.",
    "next_work": "{who} takes {result} from {queue} and begins to do it.",
    "work_done": "{work} has been done, and who waits for it can go on.",
    # Address spaces and their vmas.
    "mm_users_dec_and_test": "{mm} has one user less: {went[mm_users]}.",
    "allocate_mm": "{result} is a new address space, and empty.",
    "copy_of_vma": "{result} is a vma of {mm}, a copy of {vma} in all that it says.",
    "free_vma": "The memory of {vma} is given back: whoever still uses it finds poison.",
    "__vma_link_list": "{vma} stands in the list of {mm}, by its address.",
    "detach_vmas_to_be_unmapped": "The vmas from {start} to {end} are off the list of {mm}.",
    "vma_prio_tree_insert": "{vma} is on {root}: who comes from a page of the file finds it.",
    "vma_prio_tree_remove": "{vma} is off {root}: nobody who comes from a page finds it now.",
    "anon_vma_alloc": "{result} is an anon_vma without vmas.",
    "anon_vma_free": "{anon_vma} is given back, for no vma is left in it; its memory stays what it "
    "is as long as those read under RCU who do so now.",
    "__unhash_process": "Nobody finds {p} by its pid any more.",
    "get_task_struct": "One reference more keeps the memory of {tsk}: {tsk.usage}.",
    "task_usage_dec_and_test": {
        0: "One reference on the memory of {tsk} less: {tsk.usage}.",
        1: "The last reference on the memory of {tsk} is gone.",
    },
    "sparse_remove_one_section": {
        0: "{page} is in use: its memory stays in the machine.",
        1: "The memory of {page} is taken out: whoever still looks at its flags finds poison.",
    },
    "free_task": "The memory of {tsk} is given back: whoever still uses it finds poison.",
    # Page tables.
    "pte_alloc_map": "{result} can be reached: all tables that lead to it are there.",
    "ptep_get_and_clear": "Empty {ptep}, which held {result}; a TLB may remember it for a while.",
    "pte_clear": "Empty {ptep}, which was not present.",
    "ptep_set_wrprotect": "{ptep} may be read only; a TLB may remember that it could be written.",
    "ptep_set_access_flags": {
        0: "{ptep} holds {entry} already.",
        OTHER: "{ptep} allows more than it did: it holds {entry}.",
    },
    "flush_tlb_page": "No TLB remembers what {addr} of {vma} was.",
    "flush_tlb_range": "No TLB remembers the ptes of {vma} from {start} to {end}.",
    "flush_tlb_mm": "No TLB remembers anything of {mm}.",
    "add_mm_rss": _rss,
    "page_add_new_anon_rmap": "{page} is mapped for the first time, at {address} of {vma}.",
    "page_dup_rmap": "One pte more maps {page}, copied by fork: _mapcount {went[_mapcount]}.",
    # Accesses.
    "cpu_reads": {
        None: "{who} reads at {address} of {mm}, where no pte lets it: a fault.",
        OTHER: "{who} reads at {address} of {mm}, and finds {result}.",
    },
    "cpu_writes": {
        0: "{who} writes at {address} of {mm}, where no pte lets it: a fault.",
        OTHER: "{who} writes {what} at {address} of {mm}: the page holds {went[data].new}.",
    },
    "fault_again": "{who} can try again to reach {address} of {mm}.",
    "device_writes": "A device writes {what} to {page}, which holds {went[data].new} now.",
    # The page cache, the disk, swap.
    "__set_page_locked": "{who} locks {page}, which nobody else knows yet.",
    "lookup_again": "{page}, which could not be had, can be, or it is gone from {pslot}.",
    "indices_from": "The tree of {mapping} has pages at {result}.",
    "mem_cgroup_cache_charge": "{page} is charged, for it enters the page cache.",
    "radix_tree_insert": {
        0: "{item} is in {root}, at {index}.",
        OTHER: "{item} cannot be in {root}: something is at {index} already (-EEXIST).",
    },
    "radix_tree_delete": "Nothing is at {index} of {root} any more, where {result} was.",
    "pagevec_take": "{pvec} is empty, and its pages are {who}'s to put on their list.",
    "submit_write": "What {page} holds now is on its way to the disk of {mapping}, to {index}.",
    "disk_read": "{page} holds what the disk of {mapping} has at {index}.",
    "disk_done": "What {result} held when it was submitted is on the disk of {mapping}, at "
    "{index}.",
    "get_swap_page": "The slot of {result} was free, and has one user now.",
    "swap_entry_free": "The slot of {entry} has one user less: {result} left.",
    "page_swapcount": "Besides the cache, {result} have the slot of {page}.",
}
