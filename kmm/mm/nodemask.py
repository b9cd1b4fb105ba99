# SPDX-License-Identifier: GPL-2.0-only
"""Nodes and masks of nodes (include/linux/nodemask.h).

A mask is a bitmap of MAX_NUMNODES bits.  Nothing checks that a node number is one of them: a number
outside reads memory beyond the bitmap, and what stands there is up to the machine (`oob`).
"""

from __future__ import annotations

from collections.abc import Iterable

from kmm.sim import current_machine, primitive

KERNEL_FILE = "include/linux/nodemask.h"

MAX_NUMNODES = 64

#: The state of a node that has memory.
N_HIGH_MEMORY = "N_HIGH_MEMORY"


def node_mask(nodes: Iterable[int]) -> int:
    """The mask of some nodes."""
    return sum(1 << node for node in set(nodes))


def _bit(function: str, node: int, mask: int) -> int:
    if not 0 <= node < MAX_NUMNODES:
        bit: int = current_machine().kernel.read_beyond_mask(function, node)
        return bit
    return mask >> node & 1


@primitive
def node_state(node: int, state: str) -> int:
    """1 if the node is in that state."""
    return _bit("node_state", node, current_machine().kernel.nodes_with_memory)


@primitive
def node_isset(node: int, mask: int) -> int:
    """1 if the node is in the mask."""
    return _bit("node_isset", node, mask)
