# SPDX-License-Identifier: GPL-2.0-only
"""How long does it take to ask a long trace?"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.clock import child
from bench.figures import Answer, seconds
from bench.worlds import migrate_pages

STEPS = 1_000_000
PAGES = 7_300
FIELDS = 2_000
STATES = 15
FIELD_MOST, STATE_MOST = 1e-4, 0.2
SEED = 2628


def ask() -> Answer:
    """Ask a trace of a million steps, with numpy and without."""
    answer = Answer(
        "How long does it take to ask a long trace?",
        f"A trace of a million steps (migrate_pages of {PAGES:,} pages), in a process of its own; "
        f"{FIELDS:,} fields and {STATES} states at random places, times on the wall. The first "
        "question of each kind builds its index. Without numpy means that it cannot be imported.",
    )
    for word, options in (("with numpy", []), ("without numpy", ["--no-numpy"])):
        found = json.loads(child("-m", "bench.state", *options).output)
        _tell(answer, word, found)
    return answer


def _tell(answer: Answer, word: str, found: dict[str, Any]) -> None:
    answer.add(
        f"one field, {word} ({found['steps']:,} steps)",
        f"{seconds(found['field'])}, worst of {FIELDS:,} {seconds(found['field_worst'])}",
        f"the same field through the whole state: {seconds(found['state'])}",
        f"under {seconds(FIELD_MOST)}",
        found["field"] < FIELD_MOST,
    )
    answer.add(
        f"building its index, once, {word}",
        seconds(found["index"] + found["names"]),
        f"of changes {seconds(found['index'])}, of names {seconds(found['names'])}; "
        f"the run took {seconds(found['run'])}",
    )
    answer.add(
        f"state(k), every value, {word}",
        f"{seconds(found['state'])}, worst of {STATES} {seconds(found['state_worst'])}",
        f"of all {found['changes']:,} changes in plain Python: {seconds(found['plain'])}",
        f"under {seconds(STATE_MOST)}",
        found["state_worst"] < STATE_MOST,
    )
    answer.add(
        f"state(k).to_dict(), {found['objects']:,} objects, {word}",
        f"{seconds(found['dict'])}, worst {seconds(found['dict_worst'])}",
        f"state(k) alone: {seconds(found['state'])}",
    )


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure() -> dict[str, Any]:
    """Make the trace and ask it."""
    case = migrate_pages(PAGES)
    start = time.perf_counter()
    trace = case.run(record=True).trace
    run = time.perf_counter() - start
    assert len(trace) >= STEPS, f"{PAGES} pages make no {STEPS} steps but {len(trace)}"
    del case
    chance = random.Random(SEED)
    names = _timed(lambda: trace.slots)
    index = _timed(lambda: trace.histories)
    pages = [entry for entry in trace.objects if entry.type == "Page"]
    questions = []
    for _ in range(FIELDS):
        page = chance.choice(pages)
        field = f"{page.name}.{chance.choice(page.fields)}"
        questions.append((field, chance.randrange(len(trace) + 1)))
    trace.state(len(trace))  # which may import numpy
    fields = [_timed(lambda q=q: trace.value(*q)) for q in questions]
    moments = [chance.randrange(len(trace) + 1) for _ in range(STATES)]
    states = [_timed(lambda k=k: trace.state(k)) for k in moments]
    dicts = [_timed(trace.state(k).to_dict) for k in moments]
    return {
        "steps": len(trace),
        "changes": len(trace.columns.slot),
        "objects": len(trace.objects),
        "run": run,
        "names": names,
        "index": index,
        "field": median(fields),
        "field_worst": max(fields),
        "state": median(states),
        "state_worst": max(states),
        "dict": median(dicts),
        "dict_worst": max(dicts),
        "plain": min(_timed(lambda: _plain_replay(trace)) for _ in range(3)),
    }


def _plain_replay(trace: Any) -> list[int]:
    """The end of the trace, from its beginning, in the plainest way."""
    values = list(trace.columns.initial)
    for slot, new in zip(trace.columns.slot, trace.columns.new, strict=True):
        values[slot] = new
    return values


if __name__ == "__main__":
    if "--no-numpy" in sys.argv:
        sys.modules["numpy"] = None  # type: ignore[assignment]
    print(json.dumps(measure()))
