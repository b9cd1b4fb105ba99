# SPDX-License-Identifier: GPL-2.0-only
"""Measuring: several samples of each thing, taken in turns.

Things that are compared are measured in turns (A B B A A B ...), so that a machine that gets slower
or faster meanwhile does so for all of them.  The first turn warms up and is thrown away.  What the
samples say is their median; the least is shown too, for noise only ever adds.

The garbage collector runs before each sample and stays on during it, as it is for everybody who
uses kmm.  What a sample needs (a world to run in) is made before the clock starts.
"""

from __future__ import annotations

import compileall
import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]

#: Makes ready, and returns what is to be measured.
Prepare = Callable[[], Callable[[], object]]


@dataclass
class Samples:
    """Seconds, of one thing measured several times."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle of the samples."""
        return median(self.seconds)

    @property
    def least(self) -> float:
        """The sample that was disturbed least."""
        return min(self.seconds)


def cpu(prepare: Prepare) -> float:
    """CPU seconds of this process for what `prepare` returns."""
    action = prepare()
    gc.collect()
    start = time.process_time()
    action()
    return time.process_time() - start


def in_turns(things: Mapping[str, Prepare], turns: int, *, warm_up: int = 1) -> dict[str, Samples]:
    """`turns` samples of each thing."""
    return {
        name: Samples(seconds)
        for name, seconds in _turns(
            {name: lambda p=prepare: cpu(p) for name, prepare in things.items()}, turns, warm_up
        ).items()
    }


def _turns(
    things: Mapping[str, Callable[[], float]], turns: int, warm_up: int
) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in things}
    for turn in range(warm_up + turns):
        order = list(things.items())
        for name, sample in reversed(order) if turn % 2 else order:
            seconds = sample()
            if turn >= warm_up:
                taken[name].append(seconds)
    return taken


@dataclass
class Child:
    """What a process took, in seconds, and what it said."""

    cpu: float
    wall: float
    output: str


@cache
def _compiled() -> None:
    """The bytecode of the project is there, as it is for whoever has installed it."""
    for room in ("kmm", "bench"):
        compileall.compile_dir(ROOT / room, quiet=2)


def child(*args: str) -> Child:
    """Run Python with these arguments, from the root of the project."""
    _compiled()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *args], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Child(spent, wall, done.stdout)


def children_in_turns(
    things: Mapping[str, Sequence[str]], turns: int, *, wall: bool = False, warm_up: int = 1
) -> dict[str, Samples]:
    """`turns` samples of each command of Python: its CPU seconds, or those on the wall."""

    def sample(args: Sequence[str]) -> float:
        done = child(*args)
        return done.wall if wall else done.cpu

    commands = {name: lambda a=args: sample(a) for name, args in things.items()}
    return {name: Samples(seconds) for name, seconds in _turns(commands, turns, warm_up).items()}
