# SPDX-License-Identifier: GPL-2.0-only
"""A state and a step in words, for those who do not see the picture, and a step as code."""

from __future__ import annotations

import errno
from typing import Any

from kmm.explain.words import some
from kmm.mm.pgtable import pte_t
from kmm.sim import Change, State, Step, Trace
from kmm.sim.function import FUNCTIONS
from kmm.sim.step import shown

#: So many pages and ptes are told of.
MANY = 4


def sentence(trace: Trace, k: int | None) -> str:
    """What step k does, in one sentence, and why it is the last if it is; "" for the start."""
    if k is None:
        return ""
    cut = f" The trace is cut off here: {trace.stopped}." if trace.stopped else ""
    return f"{trace.narrate(k)}{cut if k == len(trace) - 1 else ''}"


def state_words(trace: Trace, k: int | None, moment: str = "") -> str:
    """The state after step k in one sentence, what the step did first, or `moment` instead."""
    state = trace.state(0 if k is None else k + 1)
    parts = [_page(state, page) for page in state.of_type("Page") if page != "ZERO"]
    ptes = [
        f"{table.removesuffix('.pte')} at {address:#x}: {pte_words(pte)}"
        for table in state.of_type("PageTable")
        for address, pte in state[table].items()
    ]
    parts = _few(parts, "pages") + _few(ptes, "ptes")
    what = "; ".join(parts) or "no page"
    return f"{moment or _moment(trace, k)}: {what}."


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


#: Steps that no function stands for are told by what they are.
STATEMENTS = ("assign", "BUG")
#: Parameters and fields of these names are written in hex, unless they are small numbers.
IN_HEX = ("addr", "address", "gfp_mask")
SMALL = 0x1000


def code(trace: Trace, step: Step) -> str:
    """The step as code: a call with its arguments, or an assignment."""
    if step.primitive == "assign":
        place, value = step.args
        return f"{place} = {written(value, str(place).rpartition('.')[2])}"
    if step.primitive == "BUG":
        return str(step.args[0])
    names = trace.called(trace.columns.site[step.index]).parameters
    # A function with *args has more arguments than names.
    names = (*names, *[""] * len(step.args))
    passed = (written(value, name) for name, value in zip(names, step.args, strict=False))
    return f"{step.primitive}({', '.join(passed)})"


def result(step: Step) -> str:
    """What the step returned, "" if it returns nothing: its signature tells that from NULL."""
    if step.failed:
        return "stops"
    if step.result is None:
        known = FUNCTIONS.get(step.primitive)
        void = known is None or known.signature.return_annotation in ("None", None)
        return "" if void else "NULL"
    value = step.result
    if isinstance(value, int) and not isinstance(value, bool) and -value in errno.errorcode:
        return f"-{errno.errorcode[-value]}"
    return written(value, "address" if "address" in step.primitive else "")


def written(value: Any, name: str = "") -> str:
    """A value of a parameter or a field as a kernel developer writes it."""
    if isinstance(value, int) and value >= SMALL and name in IN_HEX:
        return hex(value)
    if type(value) is tuple:
        return f"({', '.join(map(written, value))})"
    return shown(value)
