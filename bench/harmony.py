# SPDX-License-Identifier: GPL-2.0-only
"""How long do kmm and Harmony take to judge the same races?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.clock import child
from bench.figures import Answer, seconds

TURNS = 3
RACES = ("freeze", "fault", "truncate")
MODELS = Path(__file__).parent / "models"


class Judged(NamedTuple):
    """What was found of a race, how much was looked at, and how long it took, in seconds."""

    holds: bool
    looked_at: str
    wall: float
    checking: float


def ask() -> Answer:
    """Judge each race, guarded and not, with both."""
    answer = Answer(
        "How long do kmm and Harmony take to judge the same races?",
        f"Medians of {TURNS} whole commands in turns, times on the wall. Harmony 1.2 is a model "
        "checker for teaching; its models (`bench/models/*.hny`) were abstracted by hand from "
        "the same races to the few variables that matter. kmm explores the full model, one "
        "attempt to migrate a page of a file. Guarded, both look at everything; unguarded, both "
        "stop at what breaks, and kmm looks for the shortest such run too. Python finds the "
        "bytecode of both.",
    )
    command = _command()
    if command is None:
        answer.how += " Harmony was not found; `pip install -e .[bench]` brings it."
        return answer
    for name in RACES:
        for guarded in (True, False):
            _compare(answer, command, name, guarded)
    return answer


def _compare(answer: Answer, command: str, name: str, guarded: bool) -> None:
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(_ours(name, guarded))
        theirs.append(_theirs(command, name, guarded))
    ours.sort(key=lambda judged: judged.wall)
    theirs.sort(key=lambda judged: judged.wall)
    kmm, harmony = ours[TURNS // 2], theirs[TURNS // 2]
    agree = {judged.holds for judged in ours + theirs} == {guarded}
    verdict = ("holds" if guarded else "breaks") if agree else "THEY DISAGREE"
    what = f"{name}, {'with' if guarded else 'without'} its guard: both say it {verdict}"
    answer.add(
        what if agree else f"{name}: {verdict}",
        f"{seconds(kmm.wall)}, {kmm.looked_at}, "
        f"{seconds(median(j.checking for j in ours))} without start-up",
        f"Harmony: {seconds(harmony.wall)}, {harmony.looked_at}, "
        f"{seconds(median(j.checking for j in theirs))} without compiler and start-up",
        "the verdicts agree, and no longer than Harmony",
        agree and kmm.wall <= harmony.wall,
    )


def _ours(name: str, guarded: bool) -> Judged:
    done = child("-m", "bench.judge", name, str(int(guarded)))
    holds, runs, checking = done.output.split()
    return Judged(bool(int(holds)), f"{int(runs):,} runs", done.wall, float(checking))


def _theirs(command: str, name: str, guarded: bool) -> Judged:
    """Harmony writes beside its model, so it is given a copy."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(MODELS / f"{name}.hny", place)
        start = time.perf_counter()
        # -W: that a lookup tries again as long as the count is zero is no fault of its.
        done = subprocess.run(
            [command, "--noweb", "-W", "-T", "-c", f"guard={guarded}", f"{name}.hny"],
            cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        wall = time.perf_counter() - start
    states = re.search(r"([\d,]+) states \(time ([\d.]+)s", done.stdout)
    holds = "No issues found" in done.stdout
    if states is None or not (holds or "Safety Violation" in done.stdout):
        raise RuntimeError(f"harmony {name}: {done.stdout}")
    return Judged(holds, f"{states[1]} states", wall, float(states[2]))


def _command() -> str | None:
    beside = Path(sys.executable).parent / "harmony"
    return str(beside) if beside.exists() else shutil.which("harmony")
