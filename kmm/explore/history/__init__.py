# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that really happened in and around mm/migrate.c: each as it was, and mended."""

from __future__ import annotations

from kmm.explore.claim import Claim
from kmm.explore.history import (
    alone,
    anon_vma,
    buffers,
    callers,
    counts,
    dirty,
    mapping_null,
    missed_ptes,
    moved_ptes,
    nonlinear,
    rights,
    seed,
    statuses,
    vanishing,
    vmas,
)

#: Each bug by its number.
HISTORY: dict[int, Claim] = {
    1: seed.WRITEPAGE,
    2: seed.DRAIN,
    3: seed.USER_COPY,
    4: seed.UNINITIALISED,
    5: callers.NODE,
    6: callers.PROBE,
    7: callers.TASK,
    8: statuses.HOLE,
    9: vmas.LAST,
    10: statuses.TWICE,
    11: statuses.POSITIVE,
    12: statuses.FULL,
    13: statuses.ZERO,
    14: vanishing.FREED,
    15: vanishing.UNHELD,
    18: anon_vma.GONE,
    19: anon_vma.IDENTITY,
    20: moved_ptes.STACK,
    21: moved_ptes.PEEK,
    22: moved_ptes.ORDER,
    23: missed_ptes.CHILD_FIRST,
    24: vmas.BOOLEAN,
    25: nonlinear.REMAP,
    26: mapping_null.NO_MAPPING,
    27: counts.FROZEN,
    28: counts.WAITERS,
    29: counts.DYING,
    30: counts.DRIFT,
    31: missed_ptes.TRUNCATE,
    32: rights.MPROTECT,
    33: rights.FLUSH,
    34: buffers.CONTRACT,
    36: alone.OWN_LOCK,
    37: dirty.GAP,
    38: alone.LEFTOVER,
    39: alone.ZONES,
    40: alone.OWNER,
}

#: Why a bug is not shown, by its number.
LEFT_OUT: dict[int, str] = {
    16: "the loop index overflows beyond 2**31 pages, and vmalloc gives no such array here",
    17: "mended in 2.6.19-rc5 (8ce08464d2c), and since 2.6.28-rc1 (2f007e74bb8) a query does not "
    "walk the array with the end marker at all",
    35: "Nothing goes wrong: a migration that has passed the point of no return stalls until the "
    "buffers are unlocked, and this version has none that may not wait.",
}
