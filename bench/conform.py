# SPDX-License-Identifier: GPL-2.0-only
"""How many vectors a second does `kmm conform` check?"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.clock import ROOT, children_in_turns
from bench.figures import Answer, number, seconds

VECTORS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/vectors/*.jsonl.gz"))
TURNS = 3
LEAST = 150


def ask() -> Answer:
    """Check all vectors, and do parts of that."""
    count = sum(1 for _ in _lines(VECTORS))
    answer = Answer(
        "How many vectors a second does `kmm conform` check?",
        f"Medians of {TURNS} samples: the CPU time of whole processes on all {count:,} vectors of "
        "tests/vectors, from the start of Python to its end. What stands beside does less and "
        "less of the work.",
    )
    parts = {"check": ["-m", "kmm", "conform", *VECTORS]}
    parts |= {part: ["-m", "bench.conform", part, *VECTORS] for part in PARTS}
    times = children_in_turns(parts, TURNS, warm_up=0)
    whole = times["check"]
    rate = count / whole.median
    answer.add(
        "kmm conform",
        f"{number(rate)} vectors/s a core ({number(count / whole.least)})",
        f"{seconds(whole.median)} for all",
        f"at least {LEAST} vectors/s a core",
        rate >= LEAST,
    )
    for part, (what, _) in PARTS.items():
        part_of = times[part].median
        answer.add(
            what,
            f"{number(count / part_of)} vectors/s a core ({number(count / times[part].least)})",
            f"{seconds(part_of)} for all, {part_of / whole.median:.0%} of kmm conform",
        )
    return answer


def _lines(files: list[str]) -> Iterator[bytes]:
    for name in files:
        with gzip.open(Path(ROOT, name)) as file:
            yield from file


def _read(line: bytes) -> Any:
    return json.loads(line)


def _build(line: bytes) -> Any:
    import kmm

    return kmm.load(_read(line)["scenario"]).world()


def _run(line: bytes, *, record: bool = False) -> Any:
    import kmm

    return kmm.load(_read(line)["scenario"]).run(record=record)


def _record(line: bytes) -> Any:
    return _run(line, record=True)


def _tell(line: bytes) -> Any:
    return _record(line).result


#: What each part does with a line.
PARTS = {
    "tell": ("the same without comparing", _tell),
    "record": ("... and without the result (calls, trace_full, final)", _record),
    "run": ("... and without the record", _run),
    "build": ("... and without running: reading, checking, building worlds", _build),
    "read": ("reading and JSON alone", _read),
}

if __name__ == "__main__":
    do = PARTS[sys.argv[1]][1]
    for line in _lines(sys.argv[2:]):
        do(line)
