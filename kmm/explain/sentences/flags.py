# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about page flags: what each flag says of a page, and what is done to flags."""

from __future__ import annotations

from collections.abc import Callable

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import OTHER, Sentence, Table, by_argument

#: What a page does whose flag is set, and one whose flag is clear.
FLAGS = {
    "Locked": ("is locked", "is not locked"),
    "Error": ("has had an I/O error", "has had no I/O error"),
    "Referenced": ("has been used lately", "has not been used lately"),
    "Uptodate": ("has valid contents", "has no valid contents"),
    "Dirty": ("is dirty", "is clean"),
    "LRU": ("is on an LRU list", "is on no LRU list"),
    "Active": ("is active", "is not active"),
    "Slab": ("belongs to the slab allocator", "does not belong to the slab allocator"),
    "Checked": ("is checked, as its file system calls it", "is not marked by its file system"),
    "Reserved": ("is reserved", "is not reserved"),
    "Private": ("has private data", "has no private data"),
    "Writeback": ("is under writeback", "is not under writeback"),
    "SwapCache": ("is in the swap cache", "is not in the swap cache"),
    "MappedToDisk": ("has all its blocks on disk", "may have parts without blocks on disk"),
    "Reclaim": ("is wanted by reclaim", "is not wanted by reclaim"),
    "SwapBacked": ("is backed by swap", "is not backed by swap"),
    "Unevictable": ("is unevictable", "is not unevictable"),
    "Mlocked": ("is mlocked", "is not mlocked"),
}  # fmt: skip


def _bit(flag: str) -> str:
    return f"PG_{flag.lower()}"


def _test(flag: str) -> Sentence:
    is_set, is_clear = FLAGS[flag]
    return {
        0: f"{{page}} {is_clear}: {_bit(flag)} is clear.",
        OTHER: f"{{page}} {is_set}: {_bit(flag)} is set.",
    }


def _test_to_copy(flag: str) -> Sentence:
    """PageFLAG(page) in migrate_page_copy."""
    is_set, is_clear = FLAGS[flag]
    return {
        0: f"{{page}} {is_clear}: {_bit(flag)} is clear, so there is nothing to copy.",
        OTHER: f"{{page}} {is_set}: {_bit(flag)} is set, and {{call[newpage]}} must not lose that.",
    }


def _set(flag: str) -> Callable[[Scene], str]:
    is_set, _ = FLAGS[flag]
    bit = _bit(flag)

    def sentence(scene: Scene) -> str:
        if not scene.went:
            return f"Set {bit} of {{page}}, which is set already."
        if scene.function == "migrate_page_copy":
            return f"As {{call[page]}} before it, {{page}} {is_set}: {bit} is set."
        return f"{{page}} {is_set} from now on: {bit} is set."

    return sentence


def _clear(flag: str) -> Callable[[Scene], str]:
    _, is_clear = FLAGS[flag]
    bit = _bit(flag)

    def sentence(scene: Scene) -> str:
        if not scene.went:
            return f"Clear {bit} of {{page}}, which is clear already."
        return f"{{page}} {is_clear} from now on: {bit} is cleared."

    return sentence


def _test_set(flag: str) -> Sentence:
    is_set, _ = FLAGS[flag]
    return {
        0: f"{{page}} {is_set} from now on: {_bit(flag)} was clear and is set.",
        OTHER: f"{{page}} {is_set} already: {_bit(flag)} was set before.",
    }


def _test_clear(flag: str) -> Sentence:
    _, is_clear = FLAGS[flag]
    return {
        0: f"{{page}} {is_clear}: {_bit(flag)} was clear and stays so.",
        OTHER: f"{{page}} {is_clear} from now on: {_bit(flag)} was set and is cleared.",
    }


def _on_lru(scene: Scene) -> str:
    """PageLRU(page) in isolate_lru_page: once without the lock, once with it."""
    try:
        scene.earlier("PageLRU")
    except KeyError:
        if scene.result:
            return "{page} seems to be on an LRU list, so it is worth taking the list's lock."
        return "{page} is on no LRU list, so it cannot be isolated (-EBUSY)."
    if scene.result:
        return "{page} is still on an LRU list now that the list's lock is held."
    return "{page} has left its LRU list before the lock was held, so it cannot be isolated."


SENTENCES: Table = {
    **{f"Page{flag}": _test(flag) for flag in FLAGS},
    **{f"SetPage{flag}": _set(flag) for flag in FLAGS},
    **{f"ClearPage{flag}": _clear(flag) for flag in FLAGS},
    **{f"TestSetPage{flag}": _test_set(flag) for flag in FLAGS},
    **{f"TestClearPage{flag}": _test_clear(flag) for flag in FLAGS},
    **{
        (f"Page{flag}", "migrate_page_copy"): _test_to_copy(flag)
        for flag in ("Error", "Referenced", "Uptodate", "Checked", "MappedToDisk", "Dirty")
    },
    ("PageWriteback", "migrate_page_copy"): {
        0: "{page} is not under writeback: nobody waits for that to end.",
        OTHER: "{page} is under writeback, so whoever waits for that must be woken.",
    },
    ("PageWriteback", "unmap_and_move"): {
        0: "{page} is not under writeback, so nothing has to be waited for.",
        OTHER: by_argument(
            "force",
            {
                0: "{page} is under writeback, and this attempt does not wait for the end.",
                1: "{page} is under writeback, and this attempt waits for the end.",
            },
        ),
    },
    ("PageWriteback", "migrate_page"): {
        0: "{page} is not under writeback, as migrate_page demands.",
        OTHER: "{page} is under writeback, which migrate_page forbids.",
    },
    ("PageLRU", "isolate_lru_page"): _on_lru,
    ("PageLRU", "__page_cache_release"): {
        0: "{page} is on no LRU list, so it can be freed as it is.",
        OTHER: "{page} is on an LRU list, and has to leave it before it is freed.",
    },
    ("ClearPageLRU", "isolate_lru_page"): "PG_lru of {page} is cleared, so nobody else can isolate "
    "it.",
    ("ClearPageLRU", "__page_cache_release"): "PG_lru of {page} is cleared, and it leaves its list "
    "next.",
    ("SetPageLRU", "pagevec_lru_add"): "PG_lru of {page} is set, so that it can be isolated again.",
    ("SetPageLRU", "add_page_to_unevictable_list"): "PG_lru of {page} is set, so that it can be "
    "isolated again.",
    ("ClearPagePrivate", "buffer_migrate_page"): "{page} gives its buffers up: PG_private is "
    "cleared, and their reference has to be dropped.",
    ("ClearPagePrivate", "drop_buffers"): "{page} gives its buffers up: PG_private is cleared, and "
    "their reference has to be dropped.",
    ("ClearPagePrivate", "migrate_page_copy"): lambda s: (
        "PG_private of {page} is cleared, but the reference of its private data stays: nobody "
        "will drop it."
        if s.went
        else "Clear PG_private of {page}, which is clear already."
    ),
    ("SetPagePrivate", "buffer_migrate_page"): "{page} has buffers from now on: PG_private is set.",
    ("PagePrivate", "fallback_migrate_page"): {
        0: "{page} has no private data, so nothing has to be dropped before it moves.",
        OTHER: "{page} has private data, which must be dropped, or it cannot move.",
    },
    ("PagePrivate", "unmap_and_move"): {
        0: "{page} has no mapping and no private data, so nothing can be done for it here.",
        OTHER: "{page} has private data but no mapping: truncate has left it, and it can be freed "
        "once its private data is gone.",
    },
    ("PageDirty", "fallback_migrate_page"): {
        0: "{page} is clean, so nothing has to be written before it moves.",
        OTHER: "{page} is dirty, and only its file system could move it so: it is written out "
        "instead.",
    },
    ("PageSwapCache", "migrate_page_move_mapping"): {
        0: "{page} is not in the swap cache, so {call[newpage]} needs no swap slot.",
        OTHER: "{page} is in the swap cache, so {call[newpage]} has to take over its swap slot.",
    },
    ("PageLocked", "wait_on_page_locked"): {
        0: "{page} is not locked, so nothing has to be waited for.",
        OTHER: "{page} is locked, so {who} has to wait.",
    },
    ("PageUnevictable", "migrate_page_copy"): {
        0: "{page} is not unevictable, as no active page may be.",
        OTHER: "{page} is unevictable, which no active page may be.",
    },
    ("PagePrivate", "migrate_page_move_mapping"): {
        0: "{page} has no private data, so 2 references are expected: the isolator's and the "
        "cache's.",
        OTHER: "{page} has private data, which holds a reference too, so 3 are expected.",
    },
    ("PageLocked", "try_to_unmap"): {
        0: "{page} is not locked, which try_to_unmap forbids.",
        OTHER: "{page} is locked, as try_to_unmap demands.",
    },
    ("PageSwapCache", "try_to_unmap_one"): {
        0: "{page} is not in the swap cache, so only a migration entry can stand for it.",
        OTHER: "{page} is in the swap cache, so a swap entry can stand for it.",
    },
    ("PageReserved", "do_move_page_to_node_array"): {
        0: "{page} is not reserved, so it is not the zero page.",
        OTHER: "{page} is reserved, as the zero page is, and counts as no page at all (-ENOENT).",
    },
    ("PageSwapBacked", "move_to_new_page"): {
        0: "{page} is not backed by swap, so the new page need not be.",
        OTHER: "{page} is backed by swap, and {call[newpage]} has to be too.",
    },
}  # fmt: skip
