# SPDX-License-Identifier: GPL-2.0-only
"""What real kernels answered is kept whole: each case of each kernel, one answer an address."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

REAL: dict[str, Any] = json.loads(files("kmm.scenario").joinpath("kernels.json").read_text("utf-8"))


@pytest.mark.parametrize("case", REAL["cases"], ids=lambda case: case["name"])
def test_every_kernel_answers_for_every_address(case: dict[str, Any]) -> None:
    assert set(case["answers"]) == set(REAL["kernels"])
    assert case["nodes"] is None or len(case["nodes"]) == len(case["pages"])
    for answer in case["answers"].values():
        assert len(answer["status"]) == len(answer["after"]) == len(case["pages"])


@pytest.mark.parametrize("kernel", REAL["kernels"])
def test_a_recorded_migration_is_a_tree_in_which_the_old_page_loses_all(kernel: str) -> None:
    steps = REAL["traces"][kernel]["anon"]
    depths = [depth for depth, *_ in steps]
    assert depths[0] == 0
    assert all(b <= a + 1 for a, b in pairwise(depths))
    counts = [old for _, _, old, _ in steps if old is not None]
    assert all(count >= mapcount for count, mapcount in counts)
    assert counts[-1] == [0, 0]
    assert REAL["traces"][kernel]["held"]["tried"] == 10
