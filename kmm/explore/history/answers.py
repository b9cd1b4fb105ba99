# SPDX-License-Identifier: GPL-2.0-only
"""What a program is told by move_pages(2): the code that it returns, and the status array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from kmm.explore.books import Books
from kmm.explore.invariants import Invariant
from kmm.mm.migrate import MPOL_MF_MOVE
from kmm.scenario.driver import call_move_pages
from kmm.sim import current_machine


class Answer(NamedTuple):
    """`rc`: what the call returns.  `status`: the array afterwards, None where it is as before."""

    rc: int
    status: tuple[Any, ...]


def ask(
    addresses: Sequence[int], nodes: Sequence[int] | None = None, *, pid: int = 0, **more: Any
) -> Answer:
    """The running task calls move_pages(2); `more` is as call_move_pages takes it."""
    rc = call_move_pages(pid, addresses, nodes, MPOL_MF_MOVE, **more)
    array = current_machine().kernel.user_status
    return Answer(rc, tuple(array.cells.get(i) for i in range(len(addresses))))


def answers(
    task: str, name: str, sentence: str, wrong: Callable[[Answer, Books], Iterator[str]]
) -> Invariant:
    """`wrong` of what the task has been told."""
    return Invariant(name, sentence, lambda books: wrong(books.returned[task], books))
