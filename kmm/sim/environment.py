# SPDX-License-Identifier: GPL-2.0-only
"""Everybody else: what other tasks and CPUs do while ours runs.

A machine asks its environment at fixed points.  Alone, nobody else exists: nothing happens
meanwhile, and whoever has to wait waits for ever.  A scenario's environment lets its events happen
and lets every wait succeed; with real tasks a scheduler answers the same questions.  The functions
of `kmm.mm` do not know which of them they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kmm.sim.bug import KernelBug

if TYPE_CHECKING:
    from kmm.sim.function import Function


class Environment:
    """Nobody else exists."""

    #: Whether `before` wants to be asked at all, and whether `entered` and `left` do.
    attentive = False
    attends_calls = False
    #: There are several tasks, and any may be left before any step.
    several = False

    def before(self, function: Function, args: tuple[Any, ...]) -> None:
        """A step of our task is about to happen: here another task may run."""

    def entered(self, function: Function, args: tuple[Any, ...]) -> None:
        """Our task enters a kernel function."""

    def left(self, function: Function, result: Any) -> None:
        """Our task leaves a kernel function by returning `result`."""

    def wait(self, function: Function, args: tuple[Any, ...]) -> None:
        """Our task cannot go on with `function(*args)` until somebody changes something.

        Returns when it is worth looking again; raises KernelBug where nobody will ever come.
        """
        raise KernelBug("deadlock: nobody will come", function.name, "nobody else is running")
