# SPDX-License-Identifier: GPL-2.0-only
"""What several rules ask: is there such an object, such a node, can this be a user's address?"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kmm.scenario.checks.place import ScenarioError, guess, show
from kmm.scenario.spec import PAGE_SIZE, Spec
from kmm.scenario.wanted import USER_END

_FEW = 4


def require_known(place: str, name: str | None, known: Collection[str], kind: str) -> None:
    """The name, unless it is None, is one of the known ones."""
    if name is not None and name not in known:
        hint = guess(name, known) or _few(known)
        raise ScenarioError(place, f"there is no {kind} {show(name)}{hint}")


def _few(known: Collection[str]) -> str:
    """All that there are, to hang on a sentence; "" if they would make it too long."""
    if len(known) > _FEW:
        return ""
    *most, last = known or ["none at all"]
    return f"; there are {', '.join(most)} and {last}" if most else f"; there is {last}"


def require_node(place: str, node: int, spec: Spec) -> None:
    """There is such a node."""
    if not 0 <= node < spec.nodes:
        nodes = "the only one is 0" if spec.nodes == 1 else f"they are 0 to {spec.nodes - 1}"
        raise ScenarioError(place, f"there is no node {node}; {nodes}")


def require_nodes(place: str, nodes: Iterable[int], spec: Spec) -> None:
    """There are all of these nodes."""
    for i, node in enumerate(nodes):
        require_node(f"{place}[{i}]", node, spec)


def require_address(place: str, addr: int, *, aligned: bool = True) -> None:
    """The address is one of user space and, if so wanted, that of a page."""
    if addr >= USER_END:
        raise ScenarioError(place, f"user space ends at {USER_END:#x}, before {addr:#x}")
    if aligned and addr % PAGE_SIZE:
        raise ScenarioError(place, f"{addr:#x} is not the start of a page of {PAGE_SIZE} bytes")
