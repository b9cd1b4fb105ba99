# SPDX-License-Identifier: GPL-2.0-only
"""What was expected, where the kernel stops.

A step that a bug cut off says what it found; the sentence adds what should have been.
"""

from __future__ import annotations

from kmm.explain.scene import Scene

#: By the text of the bug, or by what it begins with: what the kernel relies on.
EXPECTED = {
    "VM_BUG_ON(!PageLocked(page)) in unlock_page": "{page} should have been locked, for only who "
    "has locked a page may unlock it",
    "VM_BUG_ON(!PageLocked(page)) in page_add_anon_rmap": "{page} should have been locked, for "
    "only the page lock keeps its mapping as it is",
    "VM_BUG_ON(PageUnevictable(page)) in migrate_page_copy": "{call[page]} was active, and no page "
    "should be active and unevictable at once",
    "VM_BUG_ON(PageLRU(page)) in putback_lru_page": "{call[page]} should have been off the LRU, "
    "for only an isolated page can be put back",
    "VM_BUG_ON(PageLRU(page) or PageUnevictable(page) or PageActive(page)) in lru_cache_add_lru":
        "{call[page]} should have been on no list and without a list's flags",
    "VM_BUG_ON(count == 0) in page_unfreeze_refs": "the count of {page} should be set to more than "
    "0, for somebody holds it",
    "VM_BUG_ON(page._count != 0) in page_unfreeze_refs": "{page} should have been frozen, with "
    "count 0, and somebody has touched its count meanwhile",
    "VM_BUG_ON(count == 0)": "the count of {page} should have been above 0, for who takes or drops "
    "a reference must know of one that is there",
    "VM_BUG_ON(page._mapcount >= 0)": "no pte should have mapped {page} when it left its file",
    "VM_BUG_ON(page.mapping)": "{page} should have had no mapping any more",
    "BUG_ON(charge)": "the memory control group should answer with 0 or -ENOMEM and nothing else",
    "BUG_ON(PageWriteback(page))": "the writeback of {call[page]} should have been over",
    "BUG_ON(!PageLocked(p)) in migration_entry_to_page": "the page of {entry} should have been "
    "locked, for otherwise nobody is moving it and the entry is a leftover",
    "BUG_ON(!PageLocked(page))": "{call[page]} should have been locked by who asks for this",
    "BUG_ON(!PagePrivate(page))": "{page} should have had buffers",
    "BUG() in move_to_new_page": "nobody else should have been able to lock {call[newpage]}, which "
    "nobody else knows",
    "oops: bad pointer dereference": "a pointer should have led somewhere, and was NULL",
    "oops: NODE_DATA": "node {nid} should have been one that exists, but nobody has checked it",
    "oops: NULL slot": "the address_space should have had a page at that index",
    "oops: list_del": "{entry} should have been on a list",
    "oops: list_add": "{entry} should have been on no list",
    "deadlock: lock already held": "{lock} should have been free, but nobody will ever release it",
    "deadlock: page lock already held by us": "{page} should have been unlocked, but {who} itself "
    "holds its lock, and cannot release it while it waits",
    "deadlock": "somebody should have come to end the wait",
    "unlock of a lock that is not held": "{who} should have held what it releases",
    "unlock of a page locked by another": "{who} should have held the lock of {page}",
    "sleeping function called with a spinlock held": "{who} should have held no spinlock, for it "
    "may have to sleep here, and others would spin for ever",
    "sleeping function called inside rcu_read_lock": "{who} should have read under RCU no more, "
    "for it may have to sleep here",
}  # fmt: skip


def stopped(scene: Scene) -> str:
    """The sentence of the step at which the kernel stops."""
    text = str(scene.trace.bug or scene.args.get("text", scene.primitive))
    for bug, expected in EXPECTED.items():
        if text.startswith(bug):
            try:
                return f"The kernel stops with {text}: {expected.format_map(scene)}."
            except KeyError:
                break
    return f"The kernel stops with {text}, which must never be."
