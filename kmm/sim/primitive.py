# SPDX-License-Identifier: GPL-2.0-only
"""@primitive and @kernel_function: how a plain Python function becomes part of the kernel.

A *primitive* happens at once, as far as other CPUs can see: `get_page`, `trylock_page`,
`set_pte_at`.  One call is one step of the trace, and one place before which another task may run.
What a primitive calls belongs to its step.

A *kernel function* is made of steps and of calls of other kernel functions; it has its own place
in the tree of calls.

Both are looked up at each call, so that `replace` reaches every caller, whichever module imported
the name.  The wrappers are closures with little in them: they run once for every step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from kmm.errors import KmmError
from kmm.sim.bug import KernelBug, StepLimit
from kmm.sim.function import Function
from kmm.sim.machine import Machine
from kmm.sim.recorder import LOOK_THROUGH
from kmm.sim.running import now

P = ParamSpec("P")
R = TypeVar("R")


def _file_of(body: Callable[..., Any], source: str | None) -> str:
    return source or getattr(body, "__globals__", {}).get("KERNEL_FILE", "")


@overload
def primitive(body: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def primitive(
    *,
    until: Callable[..., object] | None = None,
    held_by: Callable[..., Any] | None = None,
    source: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def primitive(
    body: Callable[..., Any] | None = None,
    /,
    *,
    until: Callable[..., object] | None = None,
    held_by: Callable[..., Any] | None = None,
    source: str | None = None,
) -> Any:
    """Make `body` a primitive: recorded as one step, and never interrupted.

    `until`: the step can only happen when `until(*args)` holds; before that the task waits.
    `held_by`: for whom it waits then, a task, several, or None if nobody knows.
    `source`: the C file, where it is not the KERNEL_FILE of the module.
    """
    if body is None:
        return lambda b: _primitive(b, until, held_by, source)
    return _primitive(body, until, held_by, source)


def _primitive(
    body: Callable[..., Any],
    until: Callable[..., object] | None,
    held_by: Callable[..., Any] | None,
    source: str | None,
) -> Callable[..., Any]:
    function = Function(body, "primitive", _file_of(body, source))
    function.until, function.held_by = until, held_by
    number = function.number
    frame_at = sys._getframe

    def call(*args: Any, **kwargs: Any) -> Any:
        machine = now.machine
        if machine is None:
            return _adopted(call, args, kwargs)
        if machine.inside:
            return function.body(*args, **kwargs)
        if kwargs:
            args = function.positional(args, kwargs)
        known = False
        if machine.hooked:
            if machine.ahead:
                machine.ahead -= 1
                known = True
            else:
                machine.before(function, args)
        machine.inside = True
        # A step that is made again, ahead, can be made.
        if until is not None and not known and not until(*args):
            machine.inside = False
            _wait(machine, function, until, args, frame_at(1))
            machine.inside = True
        recorder = machine.recorder
        try:
            result = function.body(*args)
        except Exception as error:
            machine.inside = False
            if recorder is not None:
                recorder.step(number, frame_at(1), args, None, failed=True)
            _fail(machine, error)
            raise
        machine.inside = False
        if recorder is not None:
            recorder.step(number, frame_at(1), args, result)
        return result

    return _dressed(call, body, function)


@overload
def kernel_function(body: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def kernel_function(*, source: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def kernel_function(body: Callable[..., Any] | None = None, /, *, source: str | None = None) -> Any:
    """Make `body` a kernel function: it has its own call in the tree, and can be replaced.

    `source`: the C file, where it is not the KERNEL_FILE of the module.
    """
    if body is None:
        return lambda b: _kernel_function(b, source)
    return _kernel_function(body, source)


def _kernel_function(body: Callable[..., Any], source: str | None) -> Callable[..., Any]:
    function = Function(body, "function", _file_of(body, source))
    number = function.number
    frame_at = sys._getframe

    def call(*args: Any, **kwargs: Any) -> Any:
        machine = now.machine
        if machine is None:
            return _adopted(call, args, kwargs)
        if machine.inside:
            return function.body(*args, **kwargs)
        if kwargs:
            args = function.positional(args, kwargs)
        attended = machine.attended
        if attended and machine.bug is not None:
            raise machine.bug
        recorder = machine.recorder
        entry = recorder.enter(number, frame_at(1), args) if recorder is not None else 0
        returned = False
        try:
            if attended:
                machine.entered(function, args)
            result = function.body(*args)
            returned = True
        except BaseException as error:
            _fail(machine, error, error.__traceback__)
            raise
        finally:
            # A bug leaves its step inside the call that it cuts off.
            if not returned and recorder is not None:
                recorder.abort(entry)
        if attended:
            machine.left(function, result)
        if recorder is not None:
            recorder.leave(entry, result)
        return result

    return _dressed(call, body, function)


def _dressed(
    call: Callable[..., Any], body: Callable[..., Any], function: Function
) -> Callable[..., Any]:
    """`call`, looking like `body` to help() and inspect, and knowing its Function."""
    call.__name__ = body.__name__
    call.__qualname__ = body.__qualname__
    call.__module__ = body.__module__
    call.__doc__ = body.__doc__
    call.__wrapped__ = body  # type: ignore[attr-defined]
    call.function = function  # type: ignore[attr-defined]
    return call


def _wait(
    machine: Machine,
    function: Function,
    until: Callable[..., object],
    args: tuple[Any, ...],
    frame: FrameType,
) -> None:
    """Wait until the step can happen; a wait that never ends is a step that failed."""
    try:
        while not until(*args):
            machine.environment.wait(function, args)
            machine.require_room()
    except StepLimit:
        raise  # nobody's step failed: there is no room for one
    except KernelBug as bug:
        if machine.recorder is not None:
            machine.recorder.step(function.number, frame, args, None, failed=True)
        machine.die(bug)
        raise


def _fail(machine: Machine, error: BaseException, trace: TracebackType | None = None) -> None:
    """The machine dies of a KernelBug, and of the dereference of NULL.

    `trace`: it happened outside a primitive, and leaves a step of its own.
    """
    if isinstance(error, KernelBug):
        machine.die(error)
    elif isinstance(error, AttributeError) and str(error).startswith("'NoneType' object has no"):
        field = str(error).rpartition(" ")[2]
        bug = KernelBug("oops: bad pointer dereference", None, f"NULL has no field {field}")
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            machine.record_stop(bug, trace.tb_frame)
        machine.die(bug)
        raise bug from error


def _adopted(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call outside `with machine:` runs on the machine that its first object belongs to."""
    function: Function = call.function  # type: ignore[attr-defined]
    for thing in function.positional(args, kwargs):
        machine = getattr(thing, "machine", None)
        if isinstance(machine, Machine):
            with machine:
                return call(*args, **kwargs)
    raise KmmError(
        f"{function.name}: no machine is running and no argument belongs to one; "
        "call it inside `with machine:`"
    )


LOOK_THROUGH[_adopted.__code__] = 2
