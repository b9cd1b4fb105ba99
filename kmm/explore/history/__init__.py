# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that really happened in and around mm/migrate.c: each as it was, and mended."""

from __future__ import annotations

from kmm.explore.claim import Claim
from kmm.explore.history import (
    alone,
    anon_vma,
    buffers,
    counts,
    dirty,
    missed_ptes,
    moved_ptes,
    nonlinear,
    rights,
)

#: Each bug by its number.
HISTORY: dict[int, Claim] = {
    18: anon_vma.GONE,
    19: anon_vma.IDENTITY,
    20: moved_ptes.STACK,
    21: moved_ptes.PEEK,
    22: moved_ptes.ORDER,
    23: missed_ptes.CHILD_FIRST,
    25: nonlinear.REMAP,
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
    35: "Nothing goes wrong: a migration that has passed the point of no return stalls until the "
    "buffers are unlocked, and this version has none that may not wait.",
}
