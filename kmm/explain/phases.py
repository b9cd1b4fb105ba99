# SPDX-License-Identifier: GPL-2.0-only
"""The phases of a trace: isolate, prepare, lock, unmap, move mapping, copy, restore, put back.

trace.phases()                  all of them, in order; together they cover every step
trace.phases().phase_at(61)     Phase(name='move mapping', first=43, last=59, page='p0', attempt=0)

One task is followed, the one that migrates; what others do meanwhile falls into the phase that it
is in.  A phase begins where that task calls a function of CALLS, or makes a step of STEPS, and
lasts until the next one begins.  Between `unmap_and_move` and its return, phases belong to a page
and to an attempt: the k-th call for that page is attempt k, counted from 0 as in a scenario.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kmm.explain.once import once
from kmm.sim import Trace
from kmm.sim.numbered import numbered
from kmm.sim.recorder import OPEN

#: A function whose call begins a phase.
CALLS = {
    # The callers of migrate_pages.
    "isolate_and_migrate": "isolate",
    "isolate_and_put_back": "isolate",
    "migrate_prep": "drain pagevecs",
    "isolate_lru_page": "isolate",
    # One attempt.
    "migrate_pages": "prepare",
    "unmap_and_move": "prepare",
    "try_to_unmap": "unmap",
    "move_to_new_page": "move mapping",
    "migrate_page_move_mapping": "move mapping",
    "migrate_page_copy": "copy",
    "writeout": "write out",
    "writepage": "write out",
    "try_to_release_page": "drop buffers",
    "try_to_free_buffers": "drop buffers",
    "remove_migration_ptes": "restore",
    "putback_lru_page": "put back",
    "putback_lru_pages": "put back",
    # The system call.
    "sys_move_pages": "check",
    "do_pages_move": "copy in",
    "do_move_page_to_node_array": "look up",
    "do_pages_stat": "look up",
    # Others.
    "fault_on_entry": "fault",
    "migration_entry_wait": "fault",
    "wait_on_page_locked": "wait",
    "ask_vmas": "ask vmas",
    "migrate_vmas": "ask vmas",
}

#: A step or a call that begins a phase where this function makes it.
STEPS = {
    ("isolate_and_migrate", "LIST_HEAD"): "isolate",
    ("migrate_pages", "cond_resched"): "prepare",
    ("unmap_and_move", "trylock_page"): "lock",
    ("unmap_and_move", "PageAnon"): "unmap",
    ("unmap_and_move", "rcu_read_unlock"): "put back",
    ("unmap_and_move", "unlock_page"): "put back",
    ("unmap_and_move", "mem_cgroup_end_migration"): "put back",
    ("buffer_migrate_page", "get_bh"): "move buffers",
    ("buffer_migrate_page", "unlock_buffer"): "move buffers",
    ("do_move_page_to_node_array", "LIST_HEAD"): "look up",
    ("do_move_page_to_node_array", "ZERO_PAGE"): "look up",
    ("do_move_page_to_node_array", "list_empty"): "prepare",
    ("do_pages_move", "put_user"): "copy out",
    ("do_pages_move", "vfree"): "copy out",
    ("migration_entry_wait", "put_page"): "let go",
}

#: Functions whose phase belongs to the page that they are called for.
OF_A_PAGE = frozenset({"isolate_lru_page", "unmap_and_move"})


#: What is done outside all functions.
OUTSIDE = "outside"


class Phase(NamedTuple):
    """A stretch of a trace: steps `first` to `last`, without `last`.

    `page` and `attempt` say whose attempt it is part of, counted from 0; None outside of all.
    """

    name: str
    first: int
    last: int
    page: str | None = None
    attempt: int | None = None


class Phases(tuple[Phase, ...]):
    """All phases of a trace, in order and without gaps."""

    def __new__(cls, phases: Iterable[Phase] = ()) -> Phases:
        self = super().__new__(cls, phases)
        self._firsts = [phase.first for phase in self]
        return self

    _firsts: list[int]

    def phase_at(self, k: int) -> Phase:
        """The phase that step k is in; -1 is the last.  IndexError if there is no such step."""
        k = numbered(k, self[-1].last if self else 0, "step")
        return self[bisect_right(self._firsts, k) - 1]


@Trace.extend
def phases(trace: Trace) -> Phases:
    """The phases of the trace, which cover all of its steps.

    Returns Phases, a tuple of Phase with `phase_at(k)`; it is empty for a trace without steps.
    """
    return once(trace, _phases_of)


def _phases_of(trace: Trace) -> Phases:
    """Worked out anew; see `phases`."""
    return Phases(_Walk(trace).phases())


class _Label:
    """A phase that may yet get steps; the page of a first part is known when it comes up."""

    def __init__(self, name: str, page: str | None = None, attempt: int | None = None) -> None:
        self.name, self.page, self.attempt = name, page, attempt

    @property
    def key(self) -> tuple[str, str | None, int | None]:
        return self.name, self.page, self.attempt


class _Walk:
    """One walk through the calls and steps of the task that migrates."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._task = _followed(trace)
        self._label: _Label | None = None
        self._page: str | None = None
        self._attempt: int | None = None
        #: The step behind the attempt that we are in.
        self._end = 0
        self._attempts: Counter[str] = Counter()
        self._rules: dict[tuple[int, int], tuple[str, str | None]] = {}

    def phases(self) -> list[Phase]:
        begun: list[tuple[int, _Label]] = []
        for k, label in enumerate(self._labels()):
            if not begun or (label is not begun[-1][1] and label.key != begun[-1][1].key):
                begun.append((k, label))
        firsts = [k for k, _ in begun]
        ends = [*firsts[1:], len(self._trace)][: len(firsts)]
        return [
            Phase(label.name, first, last, label.page, label.attempt)
            for (first, label), last in zip(begun, ends, strict=True)
        ]

    def _labels(self) -> list[_Label]:
        """The label of each step."""
        columns = self._trace.columns
        calls = (c for c, first in enumerate(columns.call_first) if self._begins(c))
        upcoming = next(calls, None)
        labels: list[_Label | None] = []
        for k, call in enumerate(columns.call):
            while upcoming is not None and columns.call_first[upcoming] <= k:
                self._leave(k)
                self._enter(upcoming)
                upcoming = next(calls, None)
            self._leave(k)
            if columns.call_task[call] == self._task:
                self._step(k, call)
            labels.append(self._label)
        # What others did before our task did anything falls into its first phase.
        first = next((label for label in labels if label is not None), _Label("others"))
        return [label or first for label in labels]

    def _begins(self, call: int) -> bool:
        """A call of our task that has steps; one without cannot be seen in the trace."""
        columns = self._trace.columns
        if columns.call_parent[call] == call or columns.call_task[call] != self._task:
            return False
        empty = columns.call_first[call] == columns.call_last[call]
        return not empty or columns.call_state[call] == OPEN

    def _name(self, call: int) -> str:
        columns = self._trace.columns
        if columns.call_parent[call] == call:
            return ""
        return self._trace.called(columns.call_site[call]).name

    def _args(self, call: int) -> dict[str, object]:
        columns = self._trace.columns
        start = columns.call_args_end[call - 1]
        numbers = columns.call_args[start : columns.call_args_end[call]]
        parameters = self._trace.called(columns.call_site[call]).parameters
        values = map(self._trace.values.__getitem__, numbers)
        return dict(zip(parameters, values, strict=False))

    def _enter(self, call: int) -> None:
        name, caller = self._name(call), self._name(self._trace.columns.call_parent[call])
        if name in OF_A_PAGE:
            page = str(self._args(call)["page"])
            if name == "unmap_and_move":
                self._begin_attempt(call, page)
            self._open(CALLS[name], page, self._attempt)
        elif name == "remove_migration_ptes":
            old, new = self._args(call).values()
            # The same page twice: what has been unmapped is mapped again, nothing has moved.
            self._begin("undo" if old == new else CALLS[name])
        elif phase := STEPS.get((caller, name), CALLS.get(name)):
            self._begin(phase)
        elif not caller:
            self._begin(name)

    def _begin_attempt(self, call: int, page: str) -> None:
        columns = self._trace.columns
        self._page, self._attempt = page, self._attempts[page]
        self._attempts[page] += 1
        open_ = columns.call_state[call] == OPEN
        self._end = len(self._trace) if open_ else columns.call_last[call]

    def _leave(self, k: int) -> None:
        """The attempt is over: what follows belongs to no page, until something new begins."""
        if self._page is not None and k >= self._end:
            self._page = self._attempt = None
            self._begin("put back")

    def _rule(self, call: int, site: int) -> tuple[str, str | None]:
        """The function that makes the step, and the phase that it begins by that."""
        place = self._trace.columns.call_site[call], site
        rule = self._rules.get(place)
        if rule is None:
            name = self._name(call)
            phase = STEPS.get((name, self._trace.called(site).name))
            rule = self._rules[place] = name, phase
        return rule

    def _step(self, k: int, call: int) -> None:
        name, phase = self._rule(call, self._trace.columns.site[k])
        if phase is not None:
            self._begin(phase)
        elif self._label is None or (not name and self._label.name != OUTSIDE):
            self._begin(name or OUTSIDE)

    def _begin(self, name: str) -> None:
        """A phase begins, unless we are in it."""
        self._open(name, self._page, self._attempt)

    def _open(self, name: str, page: str | None, attempt: int | None) -> None:
        now = self._label
        if now is not None and now.name == name and now.page is None:
            # The steps before the call that names the page were done for that page.
            now.page, now.attempt = page, attempt
        elif now is None or now.key != (name, page, attempt):
            self._label = _Label(name, page, attempt)


def _followed(trace: Trace) -> int:
    """The number of the task that migrates: the first that calls unmap_and_move, else any."""
    columns = trace.columns
    for call, parent in enumerate(columns.call_parent):
        if call != parent and trace.called(columns.call_site[call]).name == "unmap_and_move":
            return columns.call_task[call]
    for call in columns.call:
        if columns.call_parent[call] != call:
            return columns.call_task[call]
    return 0
