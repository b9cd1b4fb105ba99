# SPDX-License-Identifier: GPL-2.0-only
"""References and counters across the gap: frozen counts, waiters, dying pages, rss."""

from __future__ import annotations

from collections.abc import Iterator
from errno import errorcode
from functools import partial

from kmm.explore.books import Books
from kmm.explore.case import Case
from kmm.explore.claim import Claim
from kmm.explore.edit import Edit
from kmm.explore.history.mapped import AT, SIZE, Tasks, anonymous, beside, m0, of_a_file
from kmm.explore.invariants import ALWAYS, RSS, Invariant
from kmm.mm.cpu import read_memory, write_memory
from kmm.mm.madvise import sys_madvise
from kmm.scenario import World


def _reads(w: World) -> Tasks:
    return beside(w, "fault", partial(read_memory, m0(w), AT))


#: A reference is taken whatever the count is.
PLAIN_GET = Edit("migration_entry_wait", "not get_page_unless_zero(page)", "get_page(page)")


def _of_a_file() -> World:
    """A kernel that does not look for counts of 0 by itself."""
    return of_a_file(debug_vm=False)


FROZEN = Claim(
    name="27 a reference to a frozen page",
    says="A fault takes a reference while the count is frozen at 0, unfreezing sets the count, and "
    "the reference that the fault then drops was somebody else's.",
    source="mm/migrate.c: migration_entry_wait, migrate_page_move_mapping",
    actors=("migrate", "fault"),
    breaks=Case("27 get_page", _of_a_file, _reads, edits=(PLAIN_GET,)),
    holds=Case(
        "27 get_page_unless_zero", _of_a_file, _reads,
        fixes=("no reference to a page whose count is 0",),
    ),
    note="This version is right, since 2.6.27-rc1 (e286781d5f2), which brought freezing and "
    "lookups without a lock.  An anonymous page outside the swap cache is never frozen: only its "
    "entries lead to it, and who comes by them waits for the page lock.",
)  # fmt: skip


def _writes(w: World) -> Tasks:
    return beside(w, "fault", partial(write_memory, m0(w), AT, "w1"))


def _has_not_moved(books: Books) -> Iterator[str]:
    rc = books.returned["migrate"]
    if rc:
        yield f"the migration has returned -{errorcode[-rc]}"


MOVED = Invariant("moved", "The migration succeeds.", _has_not_moved)

#: Of 2018: the reference is given back before the waiter sleeps.
PUT_AND_WAIT = (
    Edit("migration_entry_wait", "put_page(page)"),
    Edit(
        "migration_entry_wait", "wait_on_page_locked(page)",
        "put_page(page)\nwait_on_page_locked(page)",
    ),
)  # fmt: skip

#: Of 2022: the waiter joins the queue under the pte lock, and takes no reference at all.
NO_REFERENCE = (
    Edit(
        "migration_entry_wait",
        "if not get_page_unless_zero(page):\n    goto(out)",
    ),
    Edit("migration_entry_wait", "put_page(page)"),
)

WAITERS = Claim(
    name="28 waiters defeat the migration",
    says="A fault that waits for the migration to end holds a reference to the page, and for that "
    "reference the migration fails.",
    source="mm/migrate.c: migration_entry_wait, migrate_page_move_mapping",
    actors=("migrate", "fault"),
    breaks=Case("28 waiters", anonymous, _writes, (*ALWAYS, MOVED)),
    holds=Case(
        "28 waiters without a reference", anonymous, _writes, (*ALWAYS, MOVED), NO_REFERENCE,
        fixes=("no reference to wait for a migration",),
    ),
    note="The mend of 2018 (9a1ea439b16b, 5.0), to drop the reference before sleeping, makes it "
    "rare: the reference is there for a moment still.  That of 2022 (ffa65753c431, 5.17) takes "
    "none, for the pte lock keeps the page until the waiter is in the queue.  Simplified: here the "
    "waiter looks at the page lock itself after the pte lock, which is safe where freed frames "
    "are not handed out again.",
)  # fmt: skip


def _gives_up(w: World) -> Tasks:
    return beside(w, "zap", partial(sys_madvise, m0(w), AT, SIZE))


#: Isolating takes a reference whatever the count is.
REVIVES = (
    Edit("isolate_lru_page", "PageLRU(page) and get_page_unless_zero(page)", "PageLRU(page)"),
    Edit(
        "isolate_lru_page", "ret = 0", "from kmm.mm.page import get_page\nget_page(page)\nret = 0"
    ),
)


def _anonymous() -> World:
    """A kernel that does not look for counts of 0 by itself."""
    return anonymous(debug_vm=False)


DYING = Claim(
    name="29 a dying page is isolated",
    says="The last reference to a page has gone but it is still on the LRU list; who isolates it "
    "revives a page that is about to be freed.",
    source="mm/vmscan.c: isolate_lru_page",
    actors=("migrate", "zap"),
    breaks=Case("29 get_page", _anonymous, _gives_up, edits=REVIVES),
    holds=Case(
        "29 get_page_unless_zero", _anonymous, _gives_up,
        fixes=("no reference to a page whose count is 0",),
    ),
    note="Only who comes without a reference can meet it, as memory offlining does.  This version "
    "is right, since 2.6.23-rc2 (3dd9fe8c397).",
)  # fmt: skip

#: Who empties or copies an entry counts it as the page it stands for.
COUNTED_ENTRIES = (
    Edit(
        "zap_pte_range",
        "free_swap_and_cache(pte_to_swp_entry(ptent))",
        "from kmm.mm.swapops import is_migration_entry, migration_entry_to_page\n"
        "entry = pte_to_swp_entry(ptent)\n"
        "if is_migration_entry(entry):\n"
        "    if PageAnon(migration_entry_to_page(entry)):\n"
        "        anon_rss -= 1\n"
        "    else:\n"
        "        file_rss -= 1\n"
        "free_swap_and_cache(entry)",
    ),
    Edit(
        "copy_one_pte",
        "swap_duplicate(entry)",
        "from kmm.mm.swapops import is_migration_entry, migration_entry_to_page\n"
        "swap_duplicate(entry)\n"
        "if is_migration_entry(entry):\n"
        "    rss[PageAnon(migration_entry_to_page(entry))] += 1",
    ),
)

DRIFT = Claim(
    name="30 rss drifts",
    says="A program gives up memory that is being migrated, and its entry, which has kept its "
    "place in rss, is emptied without giving it back.",
    source="mm/memory.c: zap_pte_range, copy_one_pte",
    actors=("migrate", "zap"),
    breaks=Case("30 rss", anonymous, _gives_up, (*ALWAYS, RSS)),
    holds=Case(
        "30 rss with entries", anonymous, _gives_up, (*ALWAYS, RSS), COUNTED_ENTRIES,
        fixes=("entries are counted where they are emptied or copied",),
    ),
    note="fork errs the other way: a child's copy of an entry is not counted, and its rss is one "
    "too small when the page is back.  Left open knowingly in 2.6.18 (442c9137de8), "
    "mended in 3.3 (9f9f1acd713d).",
)  # fmt: skip
