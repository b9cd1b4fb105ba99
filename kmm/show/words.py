# SPDX-License-Identifier: GPL-2.0-only
"""A state and a step in words, for those who do not see the picture."""

from __future__ import annotations

from typing import Any

from kmm.explain.words import some
from kmm.mm.pgtable import pte_t
from kmm.sim import Change, State, Trace

#: So many pages and ptes are told of.
MANY = 4


def sentence(trace: Trace, k: int | None) -> str:
    """What step k does, in one sentence; "" for the start."""
    return "" if k is None else str(trace.narrate(k))


def state_words(trace: Trace, k: int | None) -> str:
    """The state after step k in one sentence, what the step did first."""
    state = trace.state(0 if k is None else k + 1)
    parts = [_page(state, page) for page in state.of_type("Page") if page != "ZERO"]
    ptes = [
        f"{table.removesuffix('.pte')} at {address:#x}: {pte_words(pte)}"
        for table in state.of_type("PageTable")
        for address, pte in state[table].items()
    ]
    parts = _few(parts, "pages") + _few(ptes, "ptes")
    what = "; ".join(parts) or "no page"
    return f"{_moment(trace, k)}: {what}."


def _moment(trace: Trace, k: int | None) -> str:
    name = trace.about.get("scenario")
    of = f" of {name}" if name else ""
    if k is None:
        return f"The start{of}"
    changes = [str(change) for change in real(trace[k].changes)]
    changed = f", which changed {some(changes)}" if changes else ", which changed nothing"
    return f"After step {k}{of}, {trace[k].primitive}{changed}"


def real(changes: tuple[Change, ...]) -> list[Change]:
    """The changes that changed something."""
    return [change for change in changes if change.old != change.new]


def _few(parts: list[str], what: str) -> list[str]:
    left = len(parts) - MANY
    return [*parts[:MANY], f"{left} more {what}"] if left > 0 else parts


def _page(state: State, page: str) -> str:
    fields = state[page]
    if fields["PG_buddy"]:
        return f"{page} on node {fields['node']} is free"
    count, ptes = fields["_count"], fields["_mapcount"] + 1
    return f"{page} on node {fields['node']} has count {count} and {ptes} pte{'s' * (ptes != 1)}"


def pte_words(pte: Any) -> str:
    """A pte in words."""
    if not isinstance(pte, pte_t) or pte == pte_t():
        return "nothing"
    if pte.page is not None:
        return f"present, maps {pte.page}"
    return f"{pte.entry}" if pte.entry is not None else str(pte)
