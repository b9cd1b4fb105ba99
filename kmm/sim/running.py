# SPDX-License-Identifier: GPL-2.0-only
"""Which machine is running now, and who calls.

Kernel functions have the kernel's signatures: `cond_resched()` takes no object, so it asks here
what it is to act on.  One machine runs at a time; a machine that is entered while another runs
(a lecturer's `with` inside a `with`) gives the place back when it is left.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from kmm.errors import KmmError

if TYPE_CHECKING:
    from kmm.sim.bug import KernelBug
    from kmm.sim.machine import Machine


class Running:
    """The one slot that every primitive looks into."""

    __slots__ = ("machine",)

    def __init__(self) -> None:
        self.machine: Machine | None = None


now = Running()


def machine() -> Machine | None:
    """The running machine, or None."""
    return now.machine


def current_machine() -> Machine:
    """The running machine.

    Raises KmmError where there is none: outside `with machine:`, a call without any kernel
    object among its arguments cannot know which machine is meant.
    """
    if now.machine is None:
        raise KmmError("no machine is running: call it inside `with machine:`")
    return now.machine


def current() -> Any:
    """The task that runs (a task_struct).

    C's `current` is a macro, evaluated anew wherever it stands, and so it is called here.
    """
    return current_machine().current


def caller() -> FrameType:
    """The frame that called the function which asks."""
    return sys._getframe(2)


#: What is the kernel's in any record, and what only carries it.
MODEL, CARRIER = "kmm.mm", "kmm.sim"


def actor(frame: FrameType | None) -> tuple[str, int]:
    """The function that is at work in `frame`, and its line.

    That is the innermost function of one's own that a run is in: what the model does, it does for
    that.  Where all is the model's, it is the innermost function of the model.
    """
    innermost: tuple[str, int] | None = None
    while frame is not None:
        here = frame.f_code.co_name, frame.f_lineno
        room = ".".join(frame.f_globals.get("__name__", "").split(".")[:2])
        if room != "kmm" and not room.startswith("kmm."):
            return here
        if room not in (MODEL, CARRIER):
            break
        if room == MODEL:
            innermost = innermost or here
        frame = frame.f_back
    return innermost or here


def stop(bug: KernelBug, frame: FrameType) -> NoReturn:
    """Raise `bug`, leaving a step in the record if it does not fall into one already."""
    if now.machine is not None:
        now.machine.record_stop(bug, frame)
    raise bug
