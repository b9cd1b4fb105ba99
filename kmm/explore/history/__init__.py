# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that really happened in and around mm/migrate.c: each as it was, and mended."""

from __future__ import annotations

from kmm.explore.claim import Claim
from kmm.explore.history import anon_vma, moved_ptes

#: Each bug by its number.
HISTORY: dict[int, Claim] = {
    18: anon_vma.GONE,
    19: anon_vma.IDENTITY,
    20: moved_ptes.STACK,
    21: moved_ptes.PEEK,
    22: moved_ptes.ORDER,
}

#: Why a bug is not shown, by its number.
LEFT_OUT: dict[int, str] = {}
