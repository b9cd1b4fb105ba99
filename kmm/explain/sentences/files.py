# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about the page cache, dirty pages, writeback, buffers, and what is counted."""

from __future__ import annotations

from kmm.explain.scene import Scene, Went
from kmm.explain.sentences.table import OTHER, Table


def _found(scene: Scene) -> str:
    """radix_tree_deref_slot in migrate_page_move_mapping: is it still our page?"""
    if scene.result == scene.call["page"]:
        return "The slot still holds {result}, so nobody has taken it out of the cache."
    return "The slot does not hold {call[page]} but {result}: this attempt will give up."


def _replaced(scene: Scene) -> str:
    went = scene.cell
    where = f"Index {went.field.strip('[]')} of {went.object}"
    return (
        f"{where} holds {{item}} in the place of {went.old or 'nothing'}: whoever looks it up from "
        "now on finds {item}."
    )


def _counter(scene: Scene) -> str:
    went = scene.went[scene.args["item"]]
    change = "more" if went.new > went.old else "less"
    return f"{went.object}, where {{page}} is, counts one page {change} in {{item}}: {went}."


def _dirtied(scene: Scene) -> str:
    told = scene.counters()
    if told:
        return f"As {{mapping}} counts its dirty pages, {{page}} is counted{told}."
    return "The dirty pages of {mapping} are not counted, so neither is {page}."


def _busy(scene: Scene) -> str:
    bh = scene.args["bh"]
    why = {
        "b_count": "somebody uses it",
        "BH_Lock": "it is locked",
        "BH_Dirty": "it has not been written",
    }
    reason = next((t for field, t in why.items() if scene.value(f"{bh}.{field}")), "it is in use")
    return f"{{bh}} is busy, for {reason}, so the buffers of the page cannot be dropped."


def _charged(scene: Scene) -> Went | None:
    return scene.went.get("charged")


SENTENCES: Table = {
    # The page cache.
    "radix_tree_lookup_slot": {
        None: "{root} has no page at index {index}.",
        OTHER: "Find the slot for index {index} in {root}.",
    },
    "radix_tree_deref_slot": "The slot, {pslot}, holds {result}.",
    ("radix_tree_deref_slot", "migrate_page_move_mapping"): _found,
    "radix_tree_replace_slot": _replaced,
    # What zones count.
    "__inc_zone_page_state": _counter,
    "__dec_zone_page_state": _counter,
    # Dirty pages and writeback.
    "account_page_dirtied": _dirtied,
    "clear_page_dirty_for_io": {
        0: "{page} is clean already: somebody else has begun to write it.",
        OTHER: lambda s: f"{{page}} is clean from now on, for it is to be written{s.counters()}.",
    },
    ("clear_page_dirty_for_io", "migrate_page_copy"): {
        0: "{page} is clean already.",
        OTHER: lambda s: (
            f"{{page}} is clean from now on{s.counters()}, and {{call[newpage]}} is to be dirty "
            "in its place."
        ),
    },
    "cancel_dirty_page": lambda s: (
        f"{{page}} is clean from now on, for nothing of it is left to be written{s.counters()}."
        if s.went
        else "{page} is clean, so there is no dirtiness to cancel."
    ),
    "set_page_writeback": {
        0: lambda s: f"{{page}} is under writeback from now on{s.counters()}.",
        OTHER: "{page} is under writeback already.",
    },
    "end_page_writeback": lambda s: (
        f"The writeback of {{page}} is over, and whoever waits for that goes on{s.counters()}."
        if "PG_writeback" in s.went
        else "{page} is not under writeback, so there is nothing to end."
    ),
    "wait_on_page_writeback_bit": "{page} is not under writeback any more, so {who} has waited "
    "long enough.",
    # Buffers.
    "page_has_buffers": {
        0: "{page} has no buffers: PG_private is clear.",
        OTHER: "{page} has buffers: PG_private is set.",
    },
    "page_buffers": "The first buffer of {page} is {result}, and the others follow in a ring.",
    "get_bh": "One user more has {bh}: b_count goes {went[b_count]}, so that it cannot be freed.",
    "put_bh": "One user less has {bh}: b_count goes {went[b_count]}.",
    "bh_offset": "{bh} begins {result} bytes into its page.",
    "trylock_buffer": {
        0: "Try to lock {bh}: somebody holds it already, so {who} has to wait.",
        OTHER: "Try to lock {bh}: it was free, and now {who} holds it.",
    },
    "__lock_buffer": "{who} holds the lock of {bh} at last, for whoever had it has let go.",
    "unlock_buffer": "{who} unlocks {bh}, and whoever waits for the lock goes on.",
    "set_bh_page": "{bh} is a part of {page} from now on, {offset} bytes from its beginning.",
    "set_buffer_dirty": "{bh} is dirty, because the whole page is.",
    "clear_buffer_dirty": "{bh} is clean from now on.",
    "buffer_busy": {
        0: "{bh} is not busy: nobody uses it, it is not locked, and it is clean.",
        OTHER: _busy,
    },
    "free_buffer_head": "{bh} is freed.",
    # The memory control group.
    "mem_cgroup_prepare_migration": {
        0: lambda s: (
            "{page} is charged to the memory control group, so {newpage} is charged too, before "
            "{page} is given up."
            if _charged(s)
            else "The memory control group has nothing to charge {newpage} for."
        ),
        OTHER: "The memory control group refuses to charge {newpage} beside {page}: {result}.",
    },
    "mem_cgroup_end_migration": lambda s: (
        "The memory control group takes back what {newpage} was charged in advance."
        if _charged(s)
        else "The memory control group has nothing to take back for {newpage}."
    ),
    "mem_cgroup_charge": lambda s: (
        "{page} is charged to the memory control group, for {mm} is about to map it."
        if _charged(s)
        else "{page} needs no further charge to the memory control group for {mm} to map it."
    ),
    "mem_cgroup_uncharge_page": lambda s: (
        "{page} is not charged to the memory control group any more."
        if _charged(s)
        else "{page} stays as it is with the memory control group."
    ),
    "mem_cgroup_uncharge_cache_page": lambda s: (
        "{page} has left its file, so the memory control group does not charge it any more."
        if _charged(s)
        else "{page} has left its file, and was not charged to the memory control group."
    ),
}
