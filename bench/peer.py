# SPDX-License-Identifier: GPL-2.0-only
"""How does kmm compare with a tracer that copies the state at each line?"""

from __future__ import annotations

import gc
from collections.abc import Callable

from bench.clock import in_turns
from bench.figures import Answer, number, seconds
from bench.peer_bdb import Tutor
from bench.worlds import Case, migrate_pages, scenario

TURNS = 5
LEAST_TIMES = 30.0


def ask() -> Answer:
    """Record the same operations with both."""
    answer = Answer(
        "How does kmm compare with a tracer that copies the state at each line?",
        f"Medians of {TURNS} samples. The peer is `bench/peer_bdb.py`, a bdb.Bdb that at each line "
        "of kmm/mm copies what the frames can reach, as Python Tutor does; it runs the same "
        "operation with kmm's own record off.",
    )
    _compare(answer, "scenario anon-simple (1 page)", lambda: scenario("anon-simple"))
    _compare(answer, "scenario file-buffers", lambda: scenario(_BUFFERS))
    _compare(answer, "migrate_pages, 10 anonymous pages", lambda: migrate_pages(10))
    return answer


_BUFFERS = "file-buffers"


def _compare(answer: Answer, what: str, case: Callable[[], Case]) -> None:
    lines = 0

    def ours() -> Callable[[], object]:
        ready = case()
        return lambda: ready.run(record=True)

    def theirs() -> Callable[[], object]:
        ready = case()
        tutor = Tutor()

        def record() -> None:
            nonlocal lines
            rc = ready.world.run(lambda: tutor.runcall(ready.operation), record=False).rc
            lines = len(tutor.record)
            assert rc == expected

        return record

    run = case().run(record=True)
    expected, steps = run.rc, len(run.trace)
    times = in_turns({"kmm": ours, "peer": theirs}, TURNS)
    gc.collect()
    kmm, peer = times["kmm"], times["peer"]
    ratio = peer.median / kmm.median
    answer.add(
        f"{what}: recorded in",
        f"{seconds(kmm.median)} ({seconds(kmm.least)}), {steps:,} steps",
        f"the peer: {seconds(peer.median)} ({seconds(peer.least)}), {lines:,} lines",
    )
    answer.add(
        f"{what}: the peer takes",
        f"{number(ratio)} times as long ({number(peer.least / kmm.least)})",
        f"a step {seconds(kmm.median / steps)}, a line {seconds(peer.median / lines)}",
        f"at least {LEAST_TIMES:g} times",
        ratio >= LEAST_TIMES,
    )
