# SPDX-License-Identifier: GPL-2.0-only
"""The model gives the answers that the real C gave, in all 1,602 recorded vectors.

`tests/vectors` holds, line by line, a scenario and the result that mm/migrate.c of 2.6.28-rc3,
compiled as it stands, gave for it in user space.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import kmm

VECTORS = Path(__file__).parent / "vectors"
CHUNK = 150


def lines(file: str) -> list[str]:
    with gzip.open(VECTORS / file, "rt", encoding="utf-8") as text:
        return text.readlines()


@pytest.mark.parametrize(
    ("file", "first"),
    [("curated.jsonl.gz", 0), *(("random.jsonl.gz", n) for n in range(0, 1500, CHUNK))],
)
def test_the_model_answers_as_the_c_did(file: str, first: int) -> None:
    """Every key of the recorded result is equal: rc, bug, calls, trace_full, final, ..."""
    told = lines(file)[first : first + CHUNK]
    assert len(told) in (102, CHUNK)
    wrong: list[str] = []
    for line in told:
        vector: dict[str, Any] = json.loads(line)
        got = json.loads(json.dumps(kmm.load(vector["scenario"]).run().result))
        keys = [key for key, value in vector["result"].items() if got.get(key, key) != value]
        if keys:
            wrong.append(f"{vector['scenario']['name']}: {', '.join(keys)}")
    assert not wrong


def test_a_result_without_a_record_is_the_same_as_far_as_it_goes() -> None:
    """Recording changes nothing: the end is the same without it."""
    for name in kmm.library.names():
        scenario = kmm.load(name)
        recorded, bare = scenario.run().result, scenario.run(record=False).result
        assert bare.keys() == recorded.keys() - {"calls", "trace", "trace_full"}
        assert {key: recorded[key] for key in bare} == bare
