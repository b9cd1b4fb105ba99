# SPDX-License-Identifier: GPL-2.0-only
"""Others: the environment of a scenario, in which other CPUs do what its events say.

Waiting always succeeds at once: whoever holds what our task wants lets go of it.  An event happens
at the beginning of an attempt (a call of unmap_and_move for its page), or just before a primitive
that migrate.c calls in that attempt.  What others do is recorded as steps of the task
"other CPUs", each event as one step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kmm.mm.buffer import unlock_buffer
from kmm.mm.filemap import unlock_page
from kmm.mm.page import Page
from kmm.mm.page_writeback import end_page_writeback
from kmm.scenario import wanted
from kmm.scenario.events import DETAILS, EVENTS
from kmm.scenario.primitives import QUIET, TRACED
from kmm.sim import Environment, Function, KernelBug, Machine

if TYPE_CHECKING:
    from kmm.scenario.spec import EventSpec
    from kmm.scenario.world import World

MIGRATE = "mm/migrate.c"

#: How a scenario calls what the model calls otherwise.
SCENARIO_NAMES = {"vma_migrate": "vm_ops->migrate"}


#: How somebody else ends what our task waits for in each of these.
LET_GO: dict[str, Callable[[Any], None]] = {
    "__lock_page": unlock_page,
    "wait_on_page_lock_bit": unlock_page,
    "wait_on_page_writeback_bit": end_page_writeback,
    "__lock_buffer": unlock_buffer,
}


@dataclass(slots=True)
class Attempt:
    """One call of unmap_and_move: which page, and how often each primitive has been called."""

    page: Page
    events: list[EventSpec]
    allocator: Function | None
    newpage: Page | None = None
    calls: Counter[str] = field(default_factory=Counter)


class Others(Environment):
    """Other CPUs, which do what the events say and let every wait end."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.pending: list[EventSpec] = []
        self._attempts: Counter[str] = Counter()
        self._attempt: list[Attempt] = []
        self._functions: list[Function] = []
        self._acting = False

    @property
    def attentive(self) -> bool:  # type: ignore[override]
        """Without events there is nothing to look out for."""
        return bool(self.pending)

    @property
    def attends_calls(self) -> bool:  # type: ignore[override]
        """Events happen in calls."""
        return bool(self.pending)

    def add(self, event: EventSpec) -> None:
        """Let `event` happen."""
        self.pending.append(event)
        self.machine.attend()

    # Where our task is.

    def before(self, function: Function, args: tuple[Any, ...]) -> None:
        """Our task is about to make a step."""
        if not self._acting:
            self._called(function)

    def entered(self, function: Function, args: tuple[Any, ...]) -> None:
        """Our task has called a kernel function."""
        if self._acting:
            return
        self._called(function)
        self._functions.append(function)
        if function.name == "unmap_and_move":
            self._begin(*args)

    def left(self, function: Function, result: Any) -> None:
        """A kernel function of our task has returned."""
        if self._acting:
            return
        self._functions.pop()
        attempt = self._attempt[-1] if self._attempt else None
        if attempt is None:
            return
        if function is attempt.allocator:
            attempt.newpage = result
        elif function.name == "unmap_and_move":
            self._attempt.pop()

    def _begin(self, get_new_page: Any, private: Any, page: Page, force: int) -> None:
        """An attempt begins: events without `at` happen now."""
        number = self._attempts[page.name]
        self._attempts[page.name] += 1
        mine = [e for e in self.pending if e.page == page.name and e.attempt == number]
        allocator = getattr(get_new_page, "function", None)
        attempt = Attempt(page, [e for e in mine if e.at is not None], allocator)
        self._attempt.append(attempt)
        # What an attempt was to be refused is not left over for the next one.
        self.machine.kernel.memcg.__dict__["refuses"] = 0
        for event in mine:
            if event.at is None:
                self._happen(event, attempt)

    def _called(self, function: Function) -> None:
        """migrate.c calls a primitive: events that wait for this happen before it."""
        if not self._attempt or self._functions[-1].file != MIGRATE:
            return
        attempt = self._attempt[-1]
        if not attempt.events:
            return
        name = SCENARIO_NAMES.get(function.name, function.name)
        nth = attempt.calls[name]
        attempt.calls[name] += 1
        for event in [e for e in attempt.events if e.at == name and e.nth == nth]:
            attempt.events.remove(event)
            self._happen(event, attempt)

    def _happen(self, event: EventSpec, attempt: Attempt) -> None:
        self.pending.remove(event)
        page = attempt.newpage if event.on_new else attempt.page
        if page is None or page.PG_buddy:
            return
        self._acting = True
        try:
            with self.machine.as_task(self.machine.kernel.others):
                details = DETAILS.get(event.do, ())
                EVENTS[event.do](page, *(getattr(event, detail) for detail in details))
        finally:
            self._acting = False

    # Waiting.

    def wait(self, function: Function, args: tuple[Any, ...]) -> None:
        """Whoever holds what our task wants lets go of it."""
        what = args[0]
        kernel = self.machine.kernel
        ours = self.machine.current
        if function.name in ("spin_lock", "spin_lock_irq"):
            raise KernelBug("deadlock: lock already held", function.name, what.name)
        if function.name in ("__lock_page", "wait_on_page_lock_bit") and what.lock_owner is ours:
            name = "lock_page" if function.name == "__lock_page" else "wait_on_page_locked"
            raise KernelBug("deadlock: page lock already held by us", name, what.name)
        let_go = LET_GO.get(function.name)
        if let_go is None:
            super().wait(function, args)
            return
        acting, self._acting = self._acting, True
        try:
            with self.machine.as_task(kernel.others):
                let_go(what)
        finally:
            self._acting = acting


def require_event(
    world: World, do: Any, attempt: Any, at: Any, nth: Any, what: Mapping[str, Any]
) -> None:
    """Another CPU can do this, at a moment that there may be, and is told what it needs for it."""
    if not isinstance(do, str) or do not in EVENTS:
        near = wanted.guess(do, EVENTS)
        raise wanted.wrong(f"another CPU can {', '.join(EVENTS)}, but not {do}{near}")
    wanted.whole("attempt", attempt, most=wanted.INT - 1)
    wanted.whole("nth", nth, most=wanted.INT - 1)
    if at is not None and (not isinstance(at, str) or at not in TRACED | QUIET):
        near = wanted.guess(at, TRACED | QUIET)
        raise wanted.wrong(f"at must be a primitive of migrate.c, not {wanted.said(at)}{near}")
    if at is None and nth:
        raise wanted.wrong('nth counts the calls of `at`, which is missing: at="lock_page"')
    needed = DETAILS.get(do, ())
    if missing := [detail for detail in needed if detail not in what]:
        raise wanted.wrong(f"{do} needs {' and '.join(missing)}")
    if more := [detail for detail in what if detail not in needed]:
        raise wanted.wrong(
            f"{do} does not have {more[0]}; it needs {' and '.join(needed) or 'no more'}"
        )
    if "mm" in what and (not isinstance(what["mm"], str) or what["mm"] not in world.mms):
        there = ", ".join(world.mms) or "none yet"
        raise wanted.wrong(
            f"mm is the name of an mm, not {wanted.said(what['mm'])}; there is {there}"
        )
    if "addr" in what:
        wanted.address("addr", what["addr"])
    if "node" in what:
        wanted.node(world, "node", what["node"])
    for number in {"n", "rc"} & what.keys():
        wanted.whole(number, what[number], -wanted.INT, wanted.INT - 1)
