# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong predictions, and what is to be said to each."""

from __future__ import annotations

#: The end of all, if it is right.
END = {"p0._count": 1, "n0._count": 0, "n0.mapcount": 0}


def before_copy(**wrong: int) -> dict[str, int]:
    """The counts before the copy, some of them wrong."""
    right = {"p0_count": 1, "p0mapcount": 0, "n0_count": 1, "n0mapcount": 0}
    values = {**right, **wrong}
    paths = ("p0._count", "p0.mapcount", "n0._count", "n0.mapcount")
    return dict(zip(paths, values.values(), strict=True))


WRONG = (
    ("e01.q1", lambda p: p.processes, "takes a reference of his own"),
    ("e01.q1", lambda p: p.processes + 2, "One too many"),
    ("e01.q1", lambda p: 1, "Nothing is unmapped yet"),
    ("e01.q1", lambda p: "three", "a number is asked for"),
    ("e01.q2", lambda p: before_copy(p0_count=p.processes + 1), "entry holds no reference"),
    ("e01.q2", lambda p: before_copy(p0_count=0), "without any reference is free"),
    ("e01.q2", lambda p: before_copy(p0mapcount=p.processes), "counts those only"),
    ("e01.q2", lambda p: before_copy(n0_count=0), "gets it with one reference"),
    ("e01.q2", lambda p: {"p0._count": 1}, "p0.mapcount is missing"),
    ("e01.q3", lambda p: {**END, "p0._count": 0}, "into a pagevec"),
    ("e01.q3", lambda p: {**END, "n0._count": p.processes}, "You have counted the ptes"),
    ("e01.q3", lambda p: {**END, "n0.mapcount": 1}, "not only the first"),
    ("e01.q4", lambda p: 30, "has not been told yet"),
    ("e01.q4", lambda p: 36, "writes the migration entry"),
    ("e01.q4", lambda p: 37, "look for the last one"),
    ("e01.q4", lambda p: 38, "drops the reference of a pte"),
    ("e01.q4", lambda p: 10**9, "a step from 0 to"),
)
