# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about pages: references, mapping, the page lock, frames and LRU lists."""

from __future__ import annotations

from kmm.explain.scene import OTHERS, Scene, references
from kmm.explain.sentences.table import OTHER, Table, by_argument
from kmm.explain.words import some

#: For whom each function takes a reference.
TAKEN_FOR = {
    "migrate_page_move_mapping": "the reference that the cache will hold on {page}",
    "remove_migration_pte": "the reference that the pte will hold on {page}",
    "buffer_migrate_page": "the reference that the buffers will hold on {page}",
    "lru_cache_add_lru": "the reference that the pagevec will hold on {page}",
    "follow_page": "a reference to {page}, so that it stays while it is looked at",
    "isolate_lru_page": "the isolator's reference to {page}, so that it stays while it is moved",
    "migration_entry_wait": (
        "a reference to {page} to wait with, which is one more than its migration expects"
    ),
}

#: Whose reference each function drops.
DROPPED_BY = {
    "try_to_unmap_one": "the pte's reference to {page}",
    "try_to_unmap_cluster": "the pte's reference to {page}",
    "buffer_migrate_page": "the buffers' reference to {page}",
    "drop_buffers": "the buffers' reference to {page}",
    "releasepage": "the reference of the private data to {page}",
    "putback_lru_page": "{who}'s own reference to {page}, which is back with the LRU",
    "release_pages": "the reference that the pagevec had on {page}",
    "do_move_page_to_node_array": "the reference to {page} that follow_page took",
    "migration_entry_wait": "the reference to {page} that {who} waited with",
}


def _taken(scene: Scene) -> str:
    what = TAKEN_FOR.get(scene.function, "one more reference to {page}")
    return f"Take {what}: its count goes {{went[_count]}}."


def _dropped(scene: Scene) -> str:
    what = DROPPED_BY.get(scene.function, "a reference to {page}")
    last = ", and as it was the last, {page} is freed next" if scene.result else ""
    return f"Drop {what}: its count goes {{went[_count]}}{last}."


def _expected(scene: Scene) -> str:
    """page_count in migrate_page_move_mapping."""
    has = scene.result
    if scene.call["mapping"] is None:
        expected, whose = 1, "the isolator's"
    elif scene.earlier("PagePrivate"):
        expected, whose = 3, "the isolator's, the cache's and that of its private data"
    else:
        expected, whose = 2, "the isolator's and the cache's"
    if has == expected:
        return f"{{page}} has {references(has)}, as expected: {whose}."
    where = f"{{page}} has {references(has)} where {expected} {'is' if expected == 1 else 'are'}"
    if has > expected:
        return f"{where} expected: somebody else holds it, so this attempt will give up."
    return f"{where} expected: it has been frozen or let go of, so this attempt will give up."


def _held_already(scene: Scene) -> str:
    """trylock_page, where somebody has the lock."""
    owner = scene.value(f"{scene.args['page']}.lock_owner")
    whose = "another CPU" if owner == OTHERS else str(owner or "somebody")
    return f"Try to lock {{page}}: {whose} holds its lock already"


def _pagevec_empty(scene: Scene) -> str:
    pages = some([str(went.old) for field, went in scene.went.items() if field.startswith("[")])
    return f"{{pvec}} is empty now: {{who}} has its references to {pages}, and will drop them."


def _new_page(scene: Scene) -> str:
    if scene.args["nid"] < 0:
        return "Node {nid} means the node that {who} runs on: take a free frame there as {result}."
    return "Take a free frame of node {nid}: it becomes {result}, with one reference, {who}'s own."


def _freed(scene: Scene) -> str:
    if "free" not in scene.went:
        return "{page} is reserved, so its frame is never given back."
    return "The frame of {page} is free again: {went[free].object} has {went[free]} free frames."


def _off_the_list(scene: Scene) -> str:
    if not any(field.startswith("[") for field in scene.went):
        return "{page} is on no list of {zone}, so there is nothing to take it off."
    return f"Take {{page}} off {scene.cell.object}."


def _address_space(scene: Scene) -> str:
    if scene.result is None:
        return "{page} is in no address_space: neither in a file nor in the swap cache."
    if scene.result == "swapper":
        return "{page} is in the swap cache, so its address_space is {result}."
    return "The address_space of {page} is {result}."


def _list_place(scene: Scene) -> str:
    return f"Take {{entry}} off {scene.cell.object}."


SENTENCES: Table = {
    # References.
    "page_count": "{page} has {references}.",
    ("page_count", "migrate_page_move_mapping"): _expected,
    ("page_count", "unmap_and_move"): {
        1: "{page} has 1 reference, the isolator's: everybody else has let go of it, so there is "
        "nothing left to move.",
        OTHER: "{page} has {references}, so somebody besides the isolator uses it, and it is worth "
        "moving.",
    },
    "get_page": _taken,
    "get_page_unless_zero": {
        0: "The count of {page} is 0, so it is free or frozen, and no reference may be taken.",
        OTHER: _taken,
    },
    ("get_page_unless_zero", "migration_entry_wait"): {
        0: "The count of {page} is 0, frozen by who moves it, and without a reference one may not "
        "wait: the fault will come again.",
        OTHER: _taken,
    },
    "put_page_testzero": _dropped,
    "__put_page": "Drop a reference to {page} that is not the last: its count goes {went[_count]}.",
    ("__put_page", "migrate_page_move_mapping"): "Drop the cache's reference to {page}: its count "
    "goes {went[_count]}, and the isolator's is left.",
    "page_freeze_refs": {
        0: "{page} does not have {count} references any more: somebody has got in between since "
        "they were counted, so it is not frozen and this attempt gives up.",
        OTHER: "Freeze {page} at {count} references: its count becomes 0, so a lookup that finds "
        "it cannot take a reference.",
    },
    "page_unfreeze_refs": "Set the count of {page} to {count} again: who held a reference before "
    "holds it still, and lookups can take one again.",
    "page_mapcount": "The mapcount of {page} is {result}: so many ptes map it.",
    ("page_mapcount", "do_move_page_to_node_array"): lambda s: (
        "The mapcount of {page} is {result}, so no other pte maps it."
        if s.result <= 1
        else "The mapcount of {page} is {result}, but MPOL_MF_MOVE_ALL moves shared pages too."
        if s.call["migrate_all"]
        else "The mapcount of {page} is {result}: more ptes map it, so without MPOL_MF_MOVE_ALL "
        "it stays (-EACCES)."
    ),
    "page_mapped": {0: "No pte maps {page}.", OTHER: "At least one pte maps {page}."},
    ("page_mapped", "unmap_and_move"): {
        0: "No pte maps {page} any more, so it can be moved.",
        OTHER: "Some pte maps {page} still, so it cannot be moved now.",
    },
    # Where a page is.
    "page_to_nid": "The frame of {page} is on node {result}.",
    "page_private": "{page} has {result} in page->private.",
    "set_page_private": lambda s: (
        "{page} has {private} in page->private from now on."
        if s.went
        else "{page} has {private} in page->private, as before."
    ),
    "PageAnon": {
        0: "{page} is not anonymous: bit 0 of its page->mapping is clear.",
        OTHER: "{page} is anonymous: bit 0 of its page->mapping is set, and the rest is an "
        "anon_vma.",
    },
    "page_mapping": _address_space,
    "page_index": "{page} is at index {result} of its address_space.",
    "ZERO_PAGE": "The zero page, {result}, never moves, and so it can stand for a page that is not "
    "known yet.",
    "copy_highpage": "Copy the contents of {from_} to {to}.",
    # The page lock.
    "trylock_page": {
        0: lambda s: f"{_held_already(s)}.",
        OTHER: "Try to lock {page}: it was free, and now {who} holds it.",
    },
    ("trylock_page", "unmap_and_move"): {
        0: by_argument(
            "force",
            {
                0: lambda s: f"{_held_already(s)}, and this attempt does not wait for it.",
                1: lambda s: f"{_held_already(s)}, but this attempt will wait for it.",
            },
        ),
        OTHER: "Try to lock {page}: it was free, and now {who} holds it.",
    },
    ("trylock_page", "move_to_new_page"): {
        0: lambda s: f"{_held_already(s)}, which cannot be: nobody else knows the page.",
        OTHER: "Lock {page}, so that whoever finds it before it is ready has to wait for {who}.",
    },
    "__lock_page": "{who} holds the lock of {page} at last, for whoever had it has let go.",
    "unlock_page": "{who} unlocks {page}, and whoever waits for the lock goes on.",
    "wait_on_page_lock_bit": "{page} is not locked any more, so {who} has waited long enough.",
    # Frames.
    "alloc_pages_node": {
        None: "Node {nid} has no free frame, so there is no new page.",
        OTHER: _new_page,
    },
    "free_hot_page": _freed,
    # LRU lists, pagevecs and other lists.
    "add_page_to_lru_list": "Put {page} on the {lru} list of {zone}.",
    "del_page_from_lru_list": _off_the_list,
    "del_page_from_lru": _off_the_list,
    "pagevec_add": {
        0: "{page} waits in {pvec}, which is full now and is emptied next.",
        OTHER: "{page} waits in {pvec}, which has room for {result} more.",
    },
    "pagevec_reinit": _pagevec_empty,
    "page_evictable": {
        0: "{page} is not evictable, for it is mlocked or its mapping forbids it, so it goes to "
        "the unevictable list.",
        OTHER: "{page} is evictable, so it may wait in a pagevec for its LRU list.",
    },
    "LIST_HEAD": "Make an empty list, {result}, for the pages that are to be moved.",
    "list_add": "Put {entry} at the beginning of {head}.",
    "list_add_tail": "Put {entry} at the end of {head}.",
    "list_del": _list_place,
    "list_empty": {0: "There are pages on {head}.", OTHER: "There is no page on {head}."},
}
