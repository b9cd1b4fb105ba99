# SPDX-License-Identifier: GPL-2.0-only
"""Every branch of migrate.py is met in a lecture or an exercise: docs/met.md."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS))

import branches  # noqa: E402
import generate  # noqa: E402
import met  # noqa: E402


def test_every_branch_that_can_be_taken_is_met_in_the_course() -> None:
    """Tried: without one of the lectures, some are not."""
    both = [branches.Branch(c, holds) for c in branches.conditions() for holds in (True, False)]
    nowhere = [
        f"{b.condition} {'holds' if b.holds else 'does not hold'}"
        for b in both
        if b not in met.met() and branches.reason(b) is None
    ]
    assert nowhere == []
    assert generate.met() == (DOCS / "met.md").read_text(encoding="utf-8")
