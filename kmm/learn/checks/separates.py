# SPDX-License-Identifier: GPL-2.0-only
"""Separates: a world, made by the student, in which the model breaks and its mended version not.

The answer is a function without arguments that returns the world and the page to be migrated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explore.edit import Edit, edited
from kmm.explore.invariants import ALWAYS, first_wrong
from kmm.learn.asked import quoted
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.outcome import Outcome
from kmm.learn.own import STEPS, Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.mm.fs import AddressSpace
from kmm.mm.page import Page
from kmm.scenario import Run, World


@dataclass(frozen=True)
class Separates:
    """Migrating the page to node 1 breaks the kernel as it is, and not with the edits `mended`."""

    mended: tuple[Edit, ...]
    label: str = "the world shows the bug"
    points: float = 1

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What breaks in the world; if nothing, what kind of a world it is."""
        no = refused(mine)
        if no is not None:
            return no
        found = attempt(lambda: self._run(mine, ()))
        if isinstance(found, Trouble):
            return troubled(found, "in your world")
        run, facts = found
        broken = _broken(run)
        if not broken:
            says = f"nothing breaks: migrate_pages() returns {run.rc}"
            return Outcome(False, says, facts | {"nothing breaks"}, run.trace)
        again = attempt(lambda: self._run(mine, self.mended))
        if isinstance(again, Trouble):
            return troubled(again, "in your world, mended")
        still = _broken(again[0])
        if still:
            says = f"it breaks, but so it does with the bug mended: {still}"
            return Outcome(False, says, facts | {"breaks anyway"}, run.trace)
        return Outcome(True, f"it breaks: {broken}", facts, run.trace, again[0].trace)

    def _run(self, mine: Any, edits: tuple[Edit, ...]) -> tuple[Run, frozenset[str]]:
        made = mine()
        if not isinstance(made, tuple) or [type(one) for one in made] != [World, Page]:
            raise KmmError(f"a world and a page are asked for (w, page), not {quoted(made)}")
        w, page = made
        facts = frozenset(_kind(w, page))
        with edited(edits):
            return w.migrate_pages(page, 1, limit=STEPS), facts


def _broken(run: Run) -> str:
    if run.bug or run.stopped:
        return str(run.bug or run.stopped)
    wrong = first_wrong(ALWAYS, run.world)
    return wrong[1] if wrong else ""


def _kind(w: World, page: Page) -> Iterator[str]:
    """What of the world decides whether its page is written at all."""
    mapping = page.mapping
    if not isinstance(mapping, AddressSpace):
        yield "of no file"
        return
    if mapping.a_ops.migratepage:
        yield "has migratepage"
    if not mapping.a_ops.writepage:
        yield "no writepage"
    elif not page.PG_dirty and not any(_dirty_ptes(w, page)):
        yield "clean"
    else:
        yield f"writepage {mapping.writes}"
    if not w.machine.debug_vm:
        yield "no debug_vm"


def _dirty_ptes(w: World, page: Page) -> Iterator[bool]:
    for mm in w.mms.values():
        for pte in dict(mm.struct.page_table.items()).values():
            yield pte.page is page and bool(pte.dirty)
