# SPDX-License-Identifier: GPL-2.0-only
"""Pages with the flags that a seed has drawn, and two rules for every step of their copying."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kmm.learn.checks.worlds import Wrong
from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.mm.page import PAGE_FLAGS
from kmm.scenario import Run, World
from kmm.sim import Trace

FUNCTION = "migrate_page_copy"

#: What problem 1 asks for, and which flags are set in the world of a seed.
ASKED = ("uptodate", "referenced", "active", "dirty", "mappedtodisk")
FLAGS = (
    ("uptodate", "referenced", "active", "dirty"),
    ("uptodate", "active", "dirty", "mappedtodisk"),
    ("uptodate", "referenced", "dirty", "mappedtodisk"),
    ("uptodate", "referenced", "active", "mappedtodisk"),
)

#: Flags that say where the page is just now, and not what it is.
PASSING = ("locked", "lru", "uptodate", "writeback", "reclaim")
LASTING = tuple(flag for flag in PAGE_FLAGS if flag not in PASSING)


def moves(flags: tuple[str, ...], buffers: int = 0) -> Run:
    """A page of a file with these flags, and with buffers of which the first is dirty, moves."""
    w = World(nodes=2)
    page = w.file(migratepage="buffer_migrate_page").page(0, flags=flags)
    if buffers:
        w.add_buffers(page, [{"dirty": "dirty" in flags and n == 0} for n in range(buffers)])
    return w.migrate_pages([page], 1, limit=STEPS)


def worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """A dirty page with buffers, that of the numbers, two not read well, two with rare flags."""
    yield f"dirty, {p.buffers} buffers", lambda: moves(("uptodate", "dirty"), p.buffers)
    yield " ".join(p.flags), lambda: moves(p.flags)
    yield "error dirty referenced", lambda: moves(("uptodate", "error", "dirty", "referenced"))
    rare = ("uptodate", "checked", "mappedtodisk", "mlocked")
    yield " ".join(rare), lambda: moves(rare)
    yield "uptodate unevictable dirty", lambda: moves(("uptodate", "unevictable", "dirty"))
    yield "not uptodate", lambda: moves(("referenced", "dirty"))


def kept(p: Parameters) -> dict[str, int]:
    """Which flags the old page has when the copy has ended."""
    trace = moves(p.flags).trace
    end = max(step.index for step in trace if step.function == FUNCTION) + 1
    return {flag: trace.value(f"p0.PG_{flag}", end) for flag in ASKED}


def rules_broken(run: Run) -> Iterator[Wrong]:
    """Both rules at every step: dirtiness is somewhere; what is uptodate is complete."""
    steps = [step.index for step in run.trace if step.function == FUNCTION]
    if not steps:
        yield Wrong("empty", "the function makes no step")
        return
    yield from _nowhere_dirty(run.trace, steps[0], steps[-1])
    yield from _too_early(run.trace, steps[0], steps[-1])


def _nowhere_dirty(trace: Trace, first: int, last: int) -> Iterator[Wrong]:
    if not trace.value("p0.PG_dirty", first):
        return
    for k in range(first, last + 1):
        if not any(trace.value(f"{page}.PG_dirty", k + 1) for page in ("p0", "n0")):
            yield Wrong("nowhere dirty", f"after step {k} neither p0 nor n0 is dirty")
            return


def _too_early(trace: Trace, first: int, last: int) -> Iterator[Wrong]:
    ready = [k for k in range(first, last + 1) if trace.value("n0.PG_uptodate", k + 1)]
    if not ready:
        return
    k = ready[0]
    if trace.value("n0.data", k + 1) != trace.value("p0.data", first):
        yield Wrong("empty and uptodate", f"after step {k} n0 is uptodate and not copied yet")
    for flag in LASTING:
        if trace.value(f"n0.PG_{flag}", k + 1) != trace.value(f"n0.PG_{flag}", last + 1):
            fact = "not dirty yet" if flag == "dirty" else "incomplete"
            yield Wrong(fact, f"after step {k} n0 is uptodate, and PG_{flag} is still to come")
