# SPDX-License-Identifier: GPL-2.0-only
"""How long does it take to explore all interleavings?"""

from __future__ import annotations

import gc
import time
from collections import Counter
from math import factorial, log10, prod

from bench.clock import Samples
from bench.figures import Answer, number, seconds
from bench.races import case
from kmm.explore.case import Case
from kmm.explore.search import Counts, Search
from kmm.explore.verdict import LONGEST, broken_by
from kmm.sim.sched import Scheduler
from kmm.sim.watch import reads_seen

TURNS = 3
LEAST = 1_000
#: Beside ten passes: who, in how many seconds it is to be proved, and after which it is given up.
TEN = {"lookup": (5.0, 60.0), "zap": (5.0, 60.0), "fault": (5.0, 60.0), "truncate": (10.0, 30.0)}
GROWING = (
    ("once", "lookup"),
    ("once", "lookup", "lookup"),
    ("once", "lookup", "lookup", "lookup"),
    ("once", "zap"),
    ("once", "zap", "zap"),
    ("once", "fault"),
    ("once", "fault", "fault"),
)
#: Runs after which counting ends.
MOST = 4_000


def ask() -> Answer:
    """Explore cases of one attempt and of ten passes, with two tasks and with more."""
    answer = Answer(
        "How long does it take to explore all interleavings?",
        f"Medians of {TURNS} searches, their invariants judged at the end of each run; the full "
        "model, not an abstraction of it. Steps are primitives, bare writes and bare reads. Most "
        "of a run is the beginning that it has in common with the one before. Runs without "
        "reduction are not counted but calculated: the orders of as many steps as the tasks make "
        "in the first run.",
    )
    for actor in ("lookup", "zap", "access"):
        _rate(answer, case("once", actor))
    for actor, (aim, patience) in TEN.items():
        _proof(answer, case("ten", actor), aim, patience)
    for actors in GROWING:
        _growth(answer, case(*actors))
    return answer


def explored(
    case: Case, *, patience: float | None = None, most: int | None = None
) -> tuple[Counts, float, bool]:
    """How much was done, in how many seconds of the CPU, and whether it came to its end."""
    world, tasks = case.build()
    gc.collect()
    start = time.process_time()
    with case.changed():
        search = Search(world.machine, tasks, longest=LONGEST)
        for end in search.ends():
            assert broken_by(case, world, end) is None
            spent = time.process_time() - start
            if (patience is not None and spent > patience) or search.counts.runs == most:
                return search.counts, spent, False
    return search.counts, time.process_time() - start, True


def once(case: Case) -> tuple[Counter[int], float]:
    """The steps of each task in one run in which nothing is kept, and its seconds."""
    world, tasks = case.build()
    machine = world.machine
    gc.collect()
    with machine, reads_seen():
        machine.saw = bool
        scheduler = Scheduler(machine, tasks)
        start = time.process_time()
        scheduler.run(lambda s, able: s.running if s.running in able else able[0])
        spent = time.process_time() - start
        machine.saw = None
    return Counter(scheduler.taken), spent


def _rate(answer: Answer, case: Case) -> None:
    explored(case)
    searches = [explored(case) for _ in range(TURNS)]
    counts = searches[0][0]
    times = Samples([spent for _, spent, _ in searches])
    alone = Samples([once(case)[1] for _ in range(9)])
    rate = counts.runs / times.median
    answer.add(
        f"{case.name}: runs a second",
        f"{number(rate)}/s a core ({number(counts.runs / times.least)}/s)",
        f"{counts.runs:,} runs of {counts.steps / counts.runs:.0f} steps, "
        f"{seconds(times.median / counts.runs)} each; "
        f"one run that nobody compares: {seconds(alone.median)}",
        f"at least {LEAST:,}/s a core",
        rate >= LEAST,
    )


def _proof(answer: Answer, case: Case, aim: float, patience: float) -> None:
    searches = [explored(case, patience=patience)]
    if searches[0][2]:
        searches += [explored(case) for _ in range(TURNS - 1)]
    times = Samples([spent for _, spent, _ in searches])
    counts, _, complete = searches[0]
    steps, _ = once(case)
    answer.add(
        f"{case.name}: {'proved' if complete else 'not complete'}",
        f"{seconds(times.median)} ({seconds(times.least)})",
        f"{counts.runs:,} runs of {counts.steps / counts.runs:.0f} steps, "
        f"{seconds(times.median / counts.steps)} a step; "
        f"without reduction about 10^{_orders(steps):.0f} runs",
        f"proved in {aim:g} s",
        complete and times.median < aim,
    )


def _growth(answer: Answer, case: Case) -> None:
    counts, spent, complete = explored(case, most=MOST)
    steps, _ = once(case)
    answer.add(
        f"{case.name}: runs",
        f"{counts.runs:,}" if complete else f"more than {counts.runs:,}, stopped there",
        f"{seconds(spent)}; without reduction about 10^{_orders(steps):.0f} "
        f"({' + '.join(str(n) for n in steps.values())} steps)",
    )


def _orders(steps: Counter[int]) -> float:
    """The orders of so many steps of each task, as a power of ten."""
    return log10(factorial(steps.total()) // prod(factorial(n) for n in steps.values()))
