# SPDX-License-Identifier: GPL-2.0-only
"""Run: what became of one operation in one world.

`run.trace` is the record, `run.result` the result as docs/scenario-format.md describes it, and
`run.machine` the machine as it stands afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError, raised_by_own
from kmm.mm.swap import lru_add_drain
from kmm.scenario.final import final_state
from kmm.scenario.primitives import QUIET
from kmm.scenario.projection import calls_of, trace_of
from kmm.sim import KernelBug, Machine, StepLimit, Trace
from kmm.sim.machine import LIMIT

if TYPE_CHECKING:
    from kmm.scenario.world import World


class Run:
    """One operation, which has been run by the time this exists."""

    def __init__(
        self,
        world: World,
        operation: Callable[[], Any],
        *,
        record: bool = True,
        limit: int | None = LIMIT,
        about: dict[str, Any] | None = None,
    ) -> None:
        self.world = world
        self.machine: Machine = world.machine
        self.rc: Any = None
        self.bug: str | None = None
        #: What cut the run off though the kernel could have gone on: its limit of steps, or None.
        self.stopped: str | None = None
        self._about = about or {}
        self._trace: Trace | None = None
        self._result: dict[str, Any] | None = None
        if world.last_run is not None:
            # The machine goes on: what the last run would say of its end must be said now.
            world.last_run.settle()
        world.last_run = self
        __tracebackhide__ = True
        self._run(operation, record=record, limit=limit)

    def _run(self, operation: Callable[[], Any], *, record: bool, limit: int | None) -> None:
        __tracebackhide__ = True
        machine, world = self.machine, self.world
        machine.current = world.current
        kernel = machine.kernel
        kernel.not_isolated, kernel.user_status = [], None
        machine.recorder = None
        if record:
            machine.record(limit)
        with machine:
            try:
                self.rc = operation()
            except StepLimit:
                pass
            except KernelBug as bug:
                self.bug = bug.message
            except Exception as error:
                raised_by_own(error)
                raise
            if isinstance(machine.bug, StepLimit):
                # Also of an operation that has caught it: what came then took no step.
                self.rc, self.stopped = None, machine.bug.message
            if record:
                self._trace = machine.end_record(**self._about)
            if world.drain_after and machine.bug is None:
                lru_add_drain()

    @property
    def trace(self) -> Trace:
        """Every step of the operation."""
        if self._trace is None:
            raise KmmError("this run was not recorded: run it with record=True")
        return self._trace

    @property
    def result(self) -> dict[str, Any]:
        """What happened and how it ended, as one JSON document."""
        if self._result is None:
            self._result = self._make_result()
        return self._result

    def settle(self) -> None:
        """Take down the end of the run before the machine goes on."""
        if self._result is None:
            self._result = self._make_result()

    def _make_result(self) -> dict[str, Any]:
        kernel = self.machine.kernel
        result: dict[str, Any] = {"rc": self.rc, "bug": self.bug}
        if self.stopped is not None:
            result["stopped"] = self.stopped
        if kernel.user_status is not None:
            status = kernel.user_status
            result["status"] = [status[i] for i in range(status.length)]
        result["not_isolated"] = list(kernel.not_isolated)
        result["events_unfired"] = len(self.world.others.pending)
        result["warnings"] = list(kernel.warnings)
        result["oob"] = [list(read) for read in kernel.beyond_mask]
        if self._trace is not None:
            task = self.world.current.name if self.world.current else ""
            full = trace_of(self._trace, task)
            result["calls"] = calls_of(self._trace, task)
            result["trace"] = [entry for entry in full if entry[0] not in QUIET]
            result["trace_full"] = full
        result["final"] = final_state(self.world)
        return result

    def __repr__(self) -> str:
        if self.stopped:
            return f"<Run: cut off: {self.stopped}>"
        end = f"stopped by {self.bug}" if self.bug else f"rc {self.rc}"
        return f"<Run: {end}>"
