# SPDX-License-Identifier: GPL-2.0-only
"""python -m bench.judge RACE 0|1: whether a race holds without or with its guard, runs, seconds."""

from __future__ import annotations

import sys
import time

from bench.races import race
from kmm.explore.verdict import explore

start = time.perf_counter()
verdict = explore(race(sys.argv[1], guarded=sys.argv[2] == "1"))
if not (verdict.holds or verdict.violation):
    raise SystemExit(str(verdict))
print(int(verdict.holds), verdict.counts.runs, time.perf_counter() - start)
