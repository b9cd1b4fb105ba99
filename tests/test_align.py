# SPDX-License-Identifier: GPL-2.0-only
"""Which step stands beside which: against brute force, and how much looking it takes."""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmm.explain import align
from kmm.explain.align import NEAR, OTHERS, Piece, aligned, matched, rising, shortest_way

SHORT = st.lists(st.integers(0, 3), max_size=9)


def subsequence(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """The length of the longest common subsequence, by its definition."""

    @cache
    def behind(i: int, j: int) -> int:
        if i == len(left) or j == len(right):
            return 0
        if left[i] == right[j]:
            return 1 + behind(i + 1, j + 1)
        return max(behind(i + 1, j), behind(i, j + 1))

    return behind(0, 0)


def is_rising(pairs: list[tuple[int, int]]) -> bool:
    return all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@given(SHORT, SHORT)
def test_a_short_piece_is_matched_as_well_as_can_be(left: list[int], right: list[int]) -> None:
    whole = Piece(0, len(left), 0, len(right))
    for found in (shortest_way(left, right, whole), matched(left, right, whole)):
        assert found is not None
        assert is_rising(found)
        assert all(left[i] == right[j] for i, j in found)
        assert len(found) == subsequence(tuple(left), tuple(right))


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=8))
def test_the_longest_rising_selection(pairs: set[tuple[int, int]]) -> None:
    ordered = sorted({i: (i, j) for i, j in sorted(pairs)}.values())
    found = rising(ordered)
    assert is_rising(found)
    assert set(found) <= set(ordered)
    longer = combinations(ordered, len(found) + 1)
    assert not any(is_rising(list(selection)) for selection in longer)


@given(SHORT, SHORT, SHORT)
@settings(max_examples=200)
def test_every_step_stands_once_in_order_and_the_beginning_one_to_one(
    same: list[int], left: list[int], right: list[int]
) -> None:
    ours, theirs = same + left, same + right
    halves = [[key // 2 for key in keys] for keys in (ours, theirs)]
    pairs = aligned(len(same), (ours, halves[0]), (theirs, halves[1]))
    assert [i for i, _ in pairs if i is not None] == list(range(len(ours)))
    assert [j for _, j in pairs if j is not None] == list(range(len(theirs)))
    assert pairs[: len(same)] == [(k, k) for k in range(len(same))]
    assert (None, None) not in pairs


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abcd", "abd", [(0, 0), (1, 1), (2, None), (3, 2)]),
        ("abd", "abcd", [(0, 0), (1, 1), (None, 2), (2, 3)]),
        ("axd", "ayd", [(0, 0), (1, 1), (2, 2)]),
        ("axxd", "ayd", [(0, 0), (1, 1), (2, None), (3, 2)]),
        ("ab", "", [(0, None), (1, None)]),
        ("", "ab", [(None, 0), (None, 1)]),
    ],
)
def test_what_is_left_out_and_what_is_replaced(
    left: str, right: str, pairs: list[tuple[int | None, int | None]]
) -> None:
    keys = [list(map(ord, text)) for text in (left, right)]
    prefix = next((k for k in range(min(map(len, keys))) if keys[0][k] != keys[1][k]), 0)
    assert aligned(prefix, (keys[0],), (keys[1],)) == pairs


def test_what_is_only_alike_is_matched_nearby_and_not_far_away() -> None:
    """The last of the left ones is like the only right one, in a piece that is short or long."""
    for before in (NEAR - 1, NEAR):
        strict = list(range(before + 1)), [-1]
        alike = [*range(before), 1000], [1000]
        pairs = aligned(0, (strict[0], alike[0]), (strict[1], alike[1]))
        place = before if before < NEAR else 0
        assert pairs.index((place, 0)) == place


LONG = 20_000
CHANCE = random.Random(26)


@pytest.mark.parametrize("kinds", [5, 50, 500])
def test_a_long_trace_with_other_steps_here_and_there_keeps_nearly_all_matches(kinds: int) -> None:
    """One step in forty is lost, and before one in forty stands another."""
    left = [CHANCE.randrange(kinds) for _ in range(LONG)]
    right: list[int] = []
    kept = 0
    for key in left:
        if CHANCE.random() < 1 / 40:
            right.append(CHANCE.randrange(kinds))
        if CHANCE.random() >= 1 / 40:
            right.append(key)
            kept += 1
    found = matched(left, right, Piece(0, len(left), 0, len(right)))
    assert is_rising(found)
    assert all(left[i] == right[j] for i, j in found)
    assert len(found) > 0.99 * kept


@given(SHORT, SHORT)
def test_what_is_cut_first_is_matched_in_order_too(left: list[int], right: list[int]) -> None:
    """As if a piece were long as soon as two steps of it are other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(align, "OTHERS", 1)
        patch.setattr(align, "ROW", 2)
        found = matched(left, right, Piece(0, len(left), 0, len(right)))
    assert is_rising(found)
    assert all(left[i] == right[j] for i, j in found)
    # Something is matched wherever anything can be.
    assert bool(found) == bool(set(left) & set(right))


class Counted(list[int]):
    """A list that counts how often it is looked at."""

    looks = 0

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        Counted.looks += place.stop - place.start if isinstance(place, slice) else 1
        return list.__getitem__(self, place)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([0, 1] * (LONG // 2), [1, 1, 0] * (LONG // 3)),
        (list(range(LONG)), list(range(LONG))[::-1]),
        (list(range(LONG)), CHANCE.sample(range(LONG), LONG)),
        ([0] * LONG + [1] * LONG, [1] * LONG + [0] * LONG),
        ([0, 1, 2, 3] * (LONG // 4) + [9], [3, 2, 1, 0] * (LONG // 4) + [8]),
        *(([CHANCE.randrange(kinds) for _ in range(LONG)],
           [CHANCE.randrange(kinds) for _ in range(LONG)]) for kinds in (2, 5, 50, 1000)),
    ],
    ids=["two", "turned", "shuffled", "swapped", "against", "2", "5", "50", "1000"],
)  # fmt: skip
def test_twenty_thousand_steps_are_not_looked_at_pair_by_pair(
    left: list[int], right: list[int]
) -> None:
    """Two looks at each pair of steps would be 800 million."""
    Counted.looks = 0
    found = matched(Counted(left), Counted(right), Piece(0, len(left), 0, len(right)))
    assert is_rising(found)
    assert Counted.looks < OTHERS * (len(left) + len(right))
