# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that really happened in and around mm/migrate.c: each as it was, and mended."""

from __future__ import annotations

from kmm.explore.claim import Claim

#: Each bug by its number.
HISTORY: dict[int, Claim] = {}

#: Why a bug is not shown, by its number.
LEFT_OUT: dict[int, str] = {}
