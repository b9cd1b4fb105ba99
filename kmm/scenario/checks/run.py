# SPDX-License-Identifier: GPL-2.0-only
"""Rules for what happens: the operation, and the events that others throw in.

Arguments that a user passes to a system call are not judged: to answer them is the kernel's part.
"""

from __future__ import annotations

from kmm.scenario.checks.known import require_address, require_known, require_node, require_nodes
from kmm.scenario.checks.place import ScenarioError, guess, show
from kmm.scenario.primitives import QUIET, TRACED
from kmm.scenario.spec import (
    EventSpec,
    MigratePagesOp,
    MigrateVmasOp,
    MigrationEntryWaitOp,
    PutbackLruPagesOp,
    Spec,
)

# What each kind of event is told besides where and when; other kinds are told nothing.
_DETAILS = {
    "memcg_error": ("rc",),
    "zap": ("mm", "addr"),
    "frames": ("node", "n"),
}


def require_op(spec: Spec) -> None:
    """The operation works on pages, nodes, mms and page table entries that exist."""
    pages = [page.name for page in spec.pages]
    mms = [mm.name for mm in spec.mms]
    match spec.op:
        case MigratePagesOp(from_, to_node):
            _require_all("op.from", from_, pages)
            require_node("op.to_node", to_node, spec)
        case PutbackLruPagesOp(from_):
            _require_all("op.from", from_, pages)
        case MigrateVmasOp(mm, from_, to):
            require_known("op.mm", mm, mms, "mm")
            require_nodes("op.from", from_, spec)
            require_nodes("op.to", to, spec)
        case MigrationEntryWaitOp(mm, addr):
            require_known("op.mm", mm, mms, "mm")
            _require_put(mm, addr, spec)


def _require_all(place: str, names: tuple[str, ...], pages: list[str]) -> None:
    for i, name in enumerate(names):
        require_known(f"{place}[{i}]", name, pages, "page")


def _require_put(mm: str, addr: int, spec: Spec) -> None:
    """Something was put at the address: only there is a page table for sure."""
    maps = {(pte.mm, pte.addr) for page in spec.pages for pte in page.maps}
    ptes = {(each.name, pte.addr) for each in spec.mms for pte in each.ptes}
    if (mm, addr) not in maps | ptes:
        raise ScenarioError("op.addr", f"neither maps nor ptes put anything at {addr:#x} of {mm}")


def require_events(spec: Spec) -> None:
    """Events strike pages and primitives that exist, and are told what they need, no more."""
    pages = [page.name for page in spec.pages]
    mms = [mm.name for mm in spec.mms]
    for i, event in enumerate(spec.events):
        place = f"events[{i}]"
        require_known(f"{place}.page", event.page, pages, "page")
        require_known(f"{place}.mm", event.mm, mms, "mm")
        _require_moment(place, event)
        _require_own_details(place, event)
        if event.addr is not None:
            require_address(f"{place}.addr", event.addr)
        if event.node is not None:
            require_node(f"{place}.node", event.node, spec)


def _require_moment(place: str, event: EventSpec) -> None:
    if event.at is None:
        if event.nth:
            raise ScenarioError(f"{place}.nth", "counts the calls of `at`, which is missing")
    elif event.at not in TRACED and event.at not in QUIET:
        hint = guess(event.at, TRACED | QUIET)
        raise ScenarioError(f"{place}.at", f"there is no primitive {show(event.at)}{hint}")


def _require_own_details(place: str, event: EventSpec) -> None:
    for kind, keys in _DETAILS.items():
        for key in keys:
            if kind != event.do and getattr(event, key) is not None:
                raise ScenarioError(f"{place}.{key}", f"only {kind} has this, not {event.do}")
