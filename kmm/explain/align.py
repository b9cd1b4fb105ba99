# SPDX-License-Identifier: GPL-2.0-only
"""Which step of one trace stands beside which step of another.

Up to the parting they stand one to one.  Behind it a piece of both in which few steps are other is
matched as well as can be, by the shortest way from the one to the other (E. W. Myers, An O(ND)
Difference Algorithm, 1986).  That takes time with the square of what is other, so a piece in which
much is other is cut first, where both do the same several times in a row and equally often (as
"patience diff" cuts at lines that are there once).  Of what nothing matches, the first stands
beside the first and so on, as in a side-by-side diff.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

#: Pieces in which at most so many steps are other are matched as well as can be.
OTHERS = 200
#: So many equal steps in a row are where a longer piece is cut.
ROW = 8
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
        i, i_end, j, j_end = piece = _stripped(left, right, todo.pop(), found)
        if i == i_end or j == j_end:
            continue
        best = shortest_way(left, right, piece)
        if best is not None:
            found += best
        elif anchors := _anchors(left, right, piece):
            found += anchors
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
    """Where both do the same, several steps in a row and equally often if possible."""
    for row in (ROW, 1):
        ours = _places(left, piece.i, piece.i_end, row)
        theirs = _places(right, piece.j, piece.j_end, row)
        common = [key for key in ours if key in theirs]
        alike = [key for key in common if len(ours[key]) == len(theirs[key])]
        if alike:
            break
    # The nth is the nth again.
    pairs = (zip(ours[key], theirs[key], strict=False) for key in alike or common)
    return rising(sorted(chain.from_iterable(pairs)))


def _places(
    keys: Sequence[int], begin: int, end: int, row: int
) -> dict[tuple[int, ...], list[int]]:
    places = defaultdict(list)
    here = keys[begin:end]
    for k in range(len(here) - row + 1):
        places[tuple(here[k : k + row])].append(begin + k)
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


def shortest_way(left: Sequence[int], right: Sequence[int], piece: Piece) -> list[Match] | None:
    """A longest common subsequence; None if more than OTHERS steps are in no match."""
    n, m = piece.i_end - piece.i, piece.j_end - piece.j
    # How far one gets in the left one with so many others, on the diagonal k = i - j.
    far = {1: 0}
    fars: list[dict[int, int]] = []
    for others in range(min(n + m, OTHERS) + 1):
        fars.append(far)
        now: dict[int, int] = {}
        for k in range(-others, others + 1, 2):
            down = k == -others or (k != others and far[k - 1] < far[k + 1])
            i = far[k + 1] if down else far[k - 1] + 1
            while i < n and i - k < m and left[piece.i + i] == right[piece.j + i - k]:
                i += 1
            now[k] = i
            if i >= n and i - k >= m:
                return _way_back(fars, k, n, piece)
        far = {**far, **now}
    return None


def _way_back(fars: list[dict[int, int]], k: int, i: int, piece: Piece) -> list[Match]:
    """The equal steps on the way that ends at i on the diagonal k."""
    found = []
    for others in range(len(fars) - 1, -1, -1):
        far = fars[others]
        down = k == -others or (k != others and far[k - 1] < far[k + 1])
        begin = far[k + 1] if down else far[k - 1] + 1
        found += [(piece.i + a, piece.j + a - k) for a in range(i - 1, begin - 1, -1)]
        k, i = (k + 1, begin) if down else (k - 1, begin - 1)
    return found[::-1]
