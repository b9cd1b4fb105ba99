# SPDX-License-Identifier: GPL-2.0-only
"""How large a scenario may be: sizes that the recorded C had room for.

They bind a scenario that comes as JSON, not a world built in Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kmm.scenario.checks.place import ScenarioError
from kmm.scenario.spec import MovePagesOp, Spec

_TABLE_SHIFT = 21  # one page table maps 2 MiB


def require_limits(spec: Spec) -> None:
    """Raise ScenarioError if the scenario is too large."""
    for place, count, what, limit in _sizes(spec):
        if count > limit:
            raise ScenarioError(place, f"{count} {what}; at most {limit} are possible")


def _sizes(spec: Spec) -> Iterator[tuple[str, int, str, int]]:
    yield "nodes", spec.nodes, "nodes", 16
    yield "free", sum(spec.free), "free frames in all", 1700
    yield "files", len(spec.files), "files", 16
    yield "anon_vmas", len(spec.anon_vmas), "anon_vmas", 16
    yield "mms", len(spec.mms), "mms", 8
    yield "mms", sum(len(mm.vmas) for mm in spec.mms), "vmas in all", 48
    yield "mms", len(_tables(spec)), "page tables (2 MiB ranges in use)", 24
    yield "tasks", len(spec.tasks), "tasks", 8
    yield "pages", len(spec.pages), "pages", 256
    yield "pages", sum(len(page.buffers) for page in spec.pages), "buffers in all", 256
    for file, count in Counter(page.file for page in spec.pages if page.file).items():
        yield "pages", count, f"pages in the cache of {file}", 64
    in_swap_cache = sum(page.swap is not None for page in spec.pages)
    yield "pages", in_swap_cache, "pages in the swap cache", 64
    yield "events", len(spec.events), "events", 64
    if isinstance(spec.op, MovePagesOp):
        yield "op.pages", len(spec.op.pages), "elements", 256
        yield "op.nodes", len(spec.op.nodes or ()), "elements", 256


def _tables(spec: Spec) -> set[tuple[str, int]]:
    ptes = {(mm.name, pte.addr >> _TABLE_SHIFT) for mm in spec.mms for pte in mm.ptes}
    maps = {(pte.mm, pte.addr >> _TABLE_SHIFT) for page in spec.pages for pte in page.maps}
    return ptes | maps
