# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that really happened in and around mm/migrate.c: each as it was, and mended."""

from __future__ import annotations

from kmm.explore.claim import Claim
from kmm.explore.history import callers, mapping_null, seed, statuses, vanishing, vmas

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
    24: vmas.BOOLEAN,
    26: mapping_null.NO_MAPPING,
}

#: Why a bug is not shown, by its number.
LEFT_OUT: dict[int, str] = {
    16: "the loop index overflows beyond 2**31 pages, and vmalloc gives no such array here",
    17: "the query no longer walks the array with the end marker: that code was gone in 2.6.19",
}
