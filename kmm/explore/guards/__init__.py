# SPDX-License-Identifier: GPL-2.0-only
"""The guards of a migration: each with whom it is there for, and what happens without it."""

from __future__ import annotations

from kmm.explore.claim import Claim

#: Each guard by its name.
GUARDS: dict[str, Claim] = {}
