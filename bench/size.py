# SPDX-License-Identifier: GPL-2.0-only
"""How many bytes does a trace keep a step?"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable
from sys import getsizeof
from typing import Any

import kmm
from bench.figures import Answer
from bench.worlds import migrate_pages, whole_library

PAGES = 1000
MOST = 64


def ask() -> Answer:
    """Weigh traces."""
    answer = Answer(
        "How many bytes does a trace keep a step?",
        "Columns: the bytes of all arrays (`trace.nbytes`). Tables: sys.getsizeof of each value, "
        "object, name and place that the numbers in the columns stand for, each counted once. All "
        "that is freed: what tracemalloc sees go when the trace goes. A trace holds no object of "
        "the machine that it is of.",
    )
    _weigh(answer, f"migrate_pages, {PAGES:,} anonymous pages", _large)
    _weigh(answer, "every scenario of the library", _library)
    return answer


def _large() -> list[kmm.Run]:
    return [migrate_pages(PAGES).run(record=True)]


def _library() -> list[kmm.Run]:
    return [case.run(record=True) for case in whole_library()]


def _weigh(answer: Answer, what: str, runs: Callable[[], list[kmm.Run]]) -> None:
    _library()  # what is made once, is made now
    tracemalloc.start()
    made = runs()
    for run in made:
        run.machine.recorder = None
    gc.collect()
    steps = sum(len(run.trace) for run in made)
    columns = sum(run.trace.nbytes for run in made)
    before = tracemalloc.get_traced_memory()[0]
    for run in made:
        run._trace = None
    gc.collect()
    freed = before - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del made
    seen: set[int] = set()  # what several traces share is counted once
    again = runs()
    tables = sum(_size(_tables(run.trace), seen) for run in again)
    total = (columns + tables) / steps
    answer.add(
        f"{what}: columns and tables ({steps:,} steps)",
        f"{total:.1f} bytes a step",
        f"columns {columns / steps:.1f}, tables {tables / steps:.1f}; "
        f"freed with the trace {freed / steps:.1f}",
        f"at most {MOST}",
        total <= MOST,
    )


def _tables(trace: kmm.Trace) -> list[Any]:
    """Everything beside the columns."""
    return [trace.values, trace.objects, trace.tasks, trace.functions, trace.sources]


def _size(things: Iterable[Any], seen: set[int]) -> int:
    """The bytes of the things and their parts, without those that are in `seen`."""
    total = 0
    waiting = list(things)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _SHARED):
            continue
        seen.add(id(thing))
        total += getsizeof(thing)
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            waiting += thing
        elif type(thing).__module__.startswith("kmm."):
            waiting += [
                getattr(thing, name) for cls in type(thing).__mro__ for name in _attributes(cls)
            ]
            waiting += getattr(thing, "__dict__", {}).values()
    return total


#: Code is the model's, not the trace's.
_SHARED = (type, type(_size), type(_size.__code__))


def _attributes(cls: type) -> Iterable[str]:
    slots = cls.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else slots
