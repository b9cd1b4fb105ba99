# SPDX-License-Identifier: GPL-2.0-only
"""Pages with as many buffers as a seed has drawn, one of them locked, and who may do what then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from errno import EAGAIN
from typing import Any

from kmm.learn.checks.worlds import Wrong
from kmm.learn.own import STEPS
from kmm.learn.parameters import Parameters
from kmm.scenario import Run, World
from kmm.sim import Step, Trace
from kmm.sim.trace import Call

FUNCTION = "buffer_migrate_page"


def moves(
    buffers: int,
    *,
    locked: int | None = None,
    until: int | None = None,
    pins: int = 0,
    busy: int = 0,
) -> Run:
    """A page of a file with so many buffers, of which the last is dirty, is migrated to node 1.

    `locked`: which buffer somebody else has locked; `until`: he unlocks it before that attempt.
    `busy`: the first buffer has so many users.
    """
    w = World(nodes=2)
    page = w.file(migratepage=FUNCTION, writepage="ok").page(0)
    if buffers:
        ring: list[dict[str, Any]] = [{} for _ in range(buffers)]
        ring[-1]["dirty"] = True
        ring[0]["busy"] = busy
        if locked is not None:
            ring[locked]["locked"] = True
        w.add_buffers(page, ring)
    if pins:
        w.pin(page, pins)
    if until is not None:
        w.meanwhile(page, "release_buffers", attempt=until)
    return w.migrate_pages([page], 1, limit=STEPS)


def worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Nobody in the way, a buffer locked, for ever or for a while, a pin, and no buffers."""
    many, locked = p.buffers, p.locked
    yield f"{many} buffers", lambda: moves(many)
    yield f"{many} buffers, number {locked} locked", lambda: moves(many, locked=locked)
    yield (
        f"{many} buffers, number {many - 1} locked for a while",
        lambda: moves(many, locked=many - 1, until=2),
    )
    yield f"{many} buffers and a pin", lambda: moves(many, pins=1)
    yield "no buffers", lambda: moves(0)


def free_worlds(p: Parameters) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Those of the worlds in which nobody has locked a buffer."""
    for where, make in worlds(p):
        if "locked" not in where:
            yield where, make


def halfway(p: Parameters) -> dict[str, Any]:
    """Both counts, and the first buffer, when the copy begins."""
    trace = moves(p.buffers, busy=p.users).trace
    k = next(step.index for step in trace if step.primitive == "copy_highpage")
    paths = {
        "p0._count": "p0._count",
        "n0._count": "n0._count",
        "b_count": "p0/bh0.b_count",
        "b_page": "p0/bh0.b_page",
    }
    return {name: trace.value(path, k) for name, path in paths.items()}


def rules_broken(run: Run) -> Iterator[Wrong]:
    """Nobody waits; all buffers are locked before there is no way back; each lock is given back."""
    trace = run.trace
    ring = [entry.name for entry in trace.objects if entry.name.startswith("p0/bh")]
    for step in trace:
        if step.primitive == "__lock_buffer":
            yield Wrong("waits", f"step {step.index} waits for a buffer that somebody has locked")
        elif step.primitive == "unlock_buffer":
            yield from _unlocks(trace, step)
        elif step.primitive in BETWEEN:
            for bh in ring:
                if trace.value(f"{bh}.lock_owner", step.index) != step.task:
                    fact, says = BETWEEN[step.primitive]
                    yield Wrong(fact, f"at step {step.index} {says}, and {bh} is not locked by you")
    for bh in ring:
        if trace.value(f"{bh}.lock_owner", len(trace)) == trace[0].task:
            yield Wrong("stays locked", f"at the end you still hold the lock of {bh}")
    for bh in ring:
        users = trace.value(f"{bh}.b_count", len(trace))
        others = trace.value(f"{bh}.others_count", len(trace))
        if users != others:
            yield Wrong("users", f"at the end {bh} has b_count {users}, and {others} users")
    for call in _every(trace.calls):
        if call.fn == FUNCTION and not call.aborted and call.result not in (0, -EAGAIN):
            fact = "no answer" if call.result is None else "another answer"
            yield Wrong(fact, f"the function returns {call.result}")


#: Where all buffers must be locked, and what happens there.
BETWEEN = {
    "radix_tree_replace_slot": ("locked too late", "the new page takes its place"),
    "set_bh_page": ("locked too late", "a buffer gets its new page"),
    "copy_highpage": ("unlocked too early", "the contents are copied"),
}


def _unlocks(trace: Trace, step: Step) -> Iterator[Wrong]:
    owner = {change.path: change.old for change in step.changes}
    for path, old in owner.items():
        if path.endswith(".lock_owner") and old != step.task:
            yield Wrong(
                "another's lock", f"step {step.index} unlocks a buffer that is not locked by you"
            )
    if not owner:
        yield Wrong("another's lock", f"step {step.index} unlocks a buffer that is not locked")


def _every(calls: Iterable[Call]) -> Iterator[Call]:
    for call in calls:
        yield call
        yield from _every(call.children)
