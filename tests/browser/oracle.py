# SPDX-License-Identifier: GPL-2.0-only
"""Where each move leads from step k, asked of the trace in Python, in the plainest way.

A step's calls are numbered, outermost first; None is a move that leads nowhere.
"""

from __future__ import annotations

from kmm.show.words import code
from kmm.sim import Trace


def calls(trace: Trace, k: int) -> tuple[int, ...]:
    """The numbers of the calls that step k is in, innermost first, with the outermost, the task."""
    parents = trace.columns.call_parent
    found = [trace.columns.call[k]]
    while parents[found[-1]] != found[-1]:
        found.append(parents[found[-1]])
    return tuple(found)


def forward(trace: Trace, k: int) -> int | None:
    return k + 1 if k + 1 < len(trace) else None


def back(trace: Trace, k: int) -> int | None:
    return k - 1 if k else None


def over(trace: Trace, k: int) -> int | None:
    own = calls(trace, k)[0]
    return next((j for j in range(k + 1, len(trace)) if own not in calls(trace, j)[1:]), None)


def into(trace: Trace, k: int) -> int | None:
    own = calls(trace, k)[0]
    other = next((j for j in range(k + 1, len(trace)) if calls(trace, j)[0] != own), None)
    return other if other is not None and own in calls(trace, other) else None


def out(trace: Trace, k: int) -> int | None:
    """The step after the last one of the function, wherever others run in between."""
    own, *outer = calls(trace, k)
    last = max(j for j in range(k, len(trace)) if own in calls(trace, j))
    return last + 1 if outer and last + 1 < len(trace) else None


def task(trace: Trace, k: int) -> int | None:
    return next((j for j in range(k + 1, len(trace)) if trace[j].task != trace[k].task), None)


def next_phase(trace: Trace, k: int) -> int | None:
    return next((p.first for p in trace.phases() if p.first > k), None)


def previous_phase(trace: Trace, k: int) -> int | None:
    return next((p.first for p in reversed(trace.phases()) if p.first < k), None)


def changes(trace: Trace, k: int, path: str) -> bool:
    """Whether step k gives the field another value."""
    return any(c.path == path and c.old != c.new for c in trace[k].changes)


def next_change(trace: Trace, k: int, path: str) -> int | None:
    return next((j for j in range(k + 1, len(trace)) if changes(trace, j, path)), None)


def previous_change(trace: Trace, k: int, path: str) -> int | None:
    return next((j for j in range(k - 1, -1, -1) if changes(trace, j, path)), None)


def found(trace: Trace, k: int, words: str) -> bool:
    """Whether a search for the words finds step k."""
    step = trace[k]
    texts = (code(trace, step), step.function, trace.narrate(k), *(c.path for c in step.changes))
    return any(words in text.lower() for text in texts if text)


def before_a_call(trace: Trace) -> int:
    """A step from which forward, over and out lead to three different steps."""
    for k in range(len(trace) // 4, len(trace)):
        if over(trace, k) not in (None, k + 1):
            ways = {forward(trace, k), over(trace, k), out(trace, k), None}
            if len(ways) == 4:
                return k
    raise ValueError("this trace has no such step")


def amid_a_function(trace: Trace) -> int:
    """A step of a function that calls another one later, but not at once."""
    steps = range(len(trace) // 4, len(trace))
    return next(k for k in steps if (into(trace, k) or 0) > k + 1)
