# SPDX-License-Identifier: GPL-2.0-only
"""Which step of one trace stands beside which step of another.

Up to the parting they stand one to one.  Behind it the longest common subsequence would be best and
takes time that grows with the product of the lengths; so steps that both traces have equally often
are paired first, in order (as "patience diff" does with lines that are there once).  They cut the
rest into short pieces, and only these are compared in full.  Of what no pairing knows, the first
stands beside the first and so on, as in a side-by-side diff.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

#: Pieces of at most so many pairs of steps are compared in full.
CELLS = 10_000
#: What is alike and not the same is paired within so many steps; farther apart it would be chance.
NEAR = 32

Match: TypeAlias = tuple[int, int]


class Piece(NamedTuple):
    """Steps `i` to `i_end - 1` of the one, `j` to `j_end - 1` of the other."""

    i: int
    i_end: int
    j: int
    j_end: int


class Pair(NamedTuple):
    """Two steps that stand side by side; None where the other one stands alone."""

    left: int | None
    right: int | None


def aligned(
    prefix: int, lefts: Sequence[Sequence[int]], rights: Sequence[Sequence[int]]
) -> list[Pair]:
    """Every step of both once and in order, the first `prefix` ones one to one.

    `lefts` and `rights` are columns of keys, the strictest first: what is left over by one is
    matched by the next.
    """
    matches = [(k, k) for k in range(prefix)]
    end = len(lefts[0]), len(rights[0])
    for n, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        for piece in list(_between(matches, prefix, end)):
            if not n or max(piece.i_end - piece.i, piece.j_end - piece.j) <= NEAR:
                matches += matched(left, right, piece)
        matches.sort()
    return list(_pairs(matches, end))


def _between(matches: list[Match], prefix: int, end: Match) -> Iterator[Piece]:
    """The pieces that no match is in and both traces have steps in."""
    i = j = prefix
    for a, b in [*matches[prefix:], end]:
        if i < a and j < b:
            yield Piece(i, a, j, b)
        i, j = a + 1, b + 1


def _pairs(matches: list[Match], end: Match) -> Iterator[Pair]:
    i = j = 0
    for a, b in [*matches, end]:
        # What nothing matches stands side by side as far as it goes, and then alone.
        while i < a and j < b:
            yield Pair(i, j)
            i, j = i + 1, j + 1
        yield from (Pair(k, None) for k in range(i, a))
        yield from (Pair(None, k) for k in range(j, b))
        if (a, b) != end:
            yield Pair(a, b)
        i, j = a + 1, b + 1


def matched(left: Sequence[int], right: Sequence[int], piece: Piece) -> list[Match]:
    """Pairs of equal keys within the piece, both sides rising."""
    found: list[Match] = []
    todo = [piece]
    while todo:
        piece = _stripped(left, right, todo.pop(), found)
        i, i_end, j, j_end = piece
        if i == i_end or j == j_end:
            continue
        if (i_end - i) * (j_end - j) <= CELLS:
            found += longest(left, right, piece)
            continue
        anchors = _anchors(left, right, piece)
        found += anchors
        if anchors:
            for a, b in [*anchors, (i_end, j_end)]:
                todo.append(Piece(i, a, j, b))
                i, j = a + 1, b + 1
    return sorted(found)


def _stripped(left: Sequence[int], right: Sequence[int], piece: Piece, found: list[Match]) -> Piece:
    """The piece without what is equal at its beginning and at its end, which is `found`."""
    i, i_end, j, j_end = piece
    while i < i_end and j < j_end and left[i] == right[j]:
        found.append((i, j))
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and left[i_end - 1] == right[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
        found.append((i_end, j_end))
    return Piece(i, i_end, j, j_end)


def _anchors(left: Sequence[int], right: Sequence[int], piece: Piece) -> list[Match]:
    """Keys that both have equally often, the nth with the nth; else all that both have."""
    ours, theirs = _places(left, piece.i, piece.i_end), _places(right, piece.j, piece.j_end)
    common = [key for key in ours if key in theirs]
    anchors = [key for key in common if len(ours[key]) == len(theirs[key])]
    pairs = [
        pair for key in anchors or common for pair in zip(ours[key], theirs[key], strict=False)
    ]
    return rising(sorted(pairs))


def _places(keys: Sequence[int], begin: int, end: int) -> dict[int, list[int]]:
    places = defaultdict(list)
    for k in range(begin, end):
        places[keys[k]].append(k)
    return places


def rising(pairs: list[Match]) -> list[Match]:
    """The longest selection in which the second numbers rise too; the first ones differ."""
    ends: list[int] = []  # the smallest second number that a selection of each length ends with
    lasts: list[int] = []  # and the pair that it is of
    before: list[int] = []
    for n, (_, b) in enumerate(pairs):
        length = bisect_left(ends, b)
        before.append(lasts[length - 1] if length else -1)
        ends[length : length + 1] = [b]
        lasts[length : length + 1] = [n]
    found = []
    n = lasts[-1] if lasts else -1
    while n >= 0:
        found.append(pairs[n])
        n = before[n]
    return found[::-1]


def longest(left: Sequence[int], right: Sequence[int], piece: Piece) -> list[Match]:
    """A longest common subsequence, by the table of its lengths."""
    i, i_end, j, j_end = piece
    # table[a][b] is the length for what is behind a and b.
    table = [[0] * (j_end - j + 1)]
    for a in range(i_end - 1, i - 1, -1):
        below, row = table[-1], [0]
        for b in range(j_end - 1, j - 1, -1):
            at = j_end - b - 1
            row.append(below[at] + 1 if left[a] == right[b] else max(below[at + 1], row[at]))
        table.append(row)
    found = []
    while i < i_end and j < j_end:
        rows, at = i_end - i, j_end - j
        if left[i] == right[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif table[rows - 1][at] >= table[rows][at - 1]:
            i += 1
        else:
            j += 1
    return found
