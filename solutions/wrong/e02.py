# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong counts, and what is to be said to each."""

from __future__ import annotations

WRONG = (
    ("e02.q1", lambda p: p.maps + p.pins + 1, "buffers hold one reference together, told by"),
    ("e02.q1", lambda p: p.maps + p.pins + 3, "not one each"),
    ("e02.q1", lambda p: p.pins + 2, "The ptes are missing"),
    ("e02.q2", lambda p: p.maps + p.pins + 3, "have become migration entries"),
    ("e02.q2", lambda p: p.pins + 2, "who has isolated the page"),
    ("e02.q2", lambda p: 3, "That is what the function expects"),
    ("e02.q3", lambda p: 0, "the count is too high"),
    ("e02.q3", lambda p: "-EBUSY", "could not be isolated"),
    ("e02.q3", lambda p: 11, "as negative numbers"),
    ("e02.q4", lambda p: 1, "is tried again"),
    ("e02.q4", lambda p: 3, "which means that it waits"),
    ("e02.q4", lambda p: 9, "counted from 0"),
)
