# SPDX-License-Identifier: GPL-2.0-only
"""What is looked at while a run is made, by the primitives that could break it.

To look is part of the primitive's step, so what is looked at counts among what the step touches:
two steps of which one breaks what the other looks at are tried in both orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kmm.mm.mmap import MmStruct
from kmm.mm.page import Page
from kmm.mm.pgtable import pte_pointer, pte_t
from kmm.mm.swapops import SWP_MIGRATION_READ
from kmm.sim import FUNCTIONS, current_machine, replace
from kmm.sim.bug import oops

#: Looks at a primitive's step, with its arguments, when it has been made: what is wrong, or None.
Look = Callable[..., str | None]


@contextmanager
def looked_at(looks: Iterable[tuple[str, str, Look]]) -> Iterator[None]:
    """Inside, each (primitive, name of what must hold, look) is looked at and stops the machine.

    To be entered when the functions are as they shall be: their present bodies are kept.
    """
    of: dict[str, list[tuple[str, Look]]] = {}
    for primitive, name, look in looks:
        of.setdefault(primitive, []).append((name, look))
    with ExitStack() as stack:
        if of:
            stack.enter_context(
                replace(**{name: _looking(name, some) for name, some in of.items()})
            )
        yield


def _looking(primitive: str, looks: list[tuple[str, Look]]) -> Callable[..., Any]:
    """The body of the primitive, and behind it the looks."""
    body = FUNCTIONS[primitive].body

    def looking(*args: Any) -> Any:
        result = body(*args)
        for name, look in looks:
            wrong = look(*args)
            if wrong is not None:
                oops(name, wrong, where=False)
        return result

    return looking


def _entry_of(pte: pte_t | None) -> Page | None:
    """The page for which the pte holds a migration entry."""
    if pte is None or pte.entry is None or pte.entry.type < SWP_MIGRATION_READ:
        return None
    page: Page = pte.entry.offset
    return page


def an_entry_is_put(mm: MmStruct, address: int, ptep: pte_pointer, pte: pte_t) -> str | None:
    page = _entry_of(pte)
    if page is None or page.PG_locked:
        return None
    return f"pte {address:#x} of {mm.name} gets an entry for {page.name}, which is not locked"


def the_lock_is_left(page: Page) -> str | None:
    for mm in current_machine().objects.values():
        if isinstance(mm, MmStruct):
            for address, pte in mm.page_table.items():
                if _entry_of(pte) is page:
                    return f"pte {address:#x} of {mm.name} still holds an entry for {page.name}"
    return None
