# SPDX-License-Identifier: GPL-2.0-only
"""A person's own code is run: whatever it does, there is an answer, and the kernel lives on.

`attempt` gives what came of it, or Trouble: one sentence that names the line.  A loop that makes
steps ends at the limit of a record; one that makes none, when its time is over.
"""

from __future__ import annotations

import ctypes
import linecache
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple

from kmm.errors import KmmError, is_own
from kmm.sim.watchdog import Endless, Watchdog

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: So many steps are more than any exercise needs.
STEPS = 20_000

#: Whose mistake it is, where no line of it is known.
YOURS = "your function"

#: So many seconds are more than so many steps take.
SECONDS = 2.0


@dataclass(frozen=True)
class Trouble:
    """Why there is no result: `kind` is "raises", "endless" or "refused"; `says` a sentence."""

    kind: str
    says: str


class OutOfTime(Endless):
    """Endless, for code that swallows whatever is raised: each of its lines raises it again.

    `except: pass` in a loop would catch it once and go on.  The exception is made in the thread
    that loops, so there it can see to it that the handler does not get far either.
    """

    def __init__(self) -> None:
        super().__init__()
        frame: FrameType | None = sys._getframe(1)
        sys.settrace(_stop)
        while frame is not None and frame.f_code is not attempt.__code__:
            if is_own(frame.f_code.co_filename):
                frame.f_trace = _stop
            frame = frame.f_back


def _stop(frame: FrameType, event: str, argument: Any) -> Any:
    # A trace function that raises is dropped; this one stays, for the next handler.
    if event == "line" and is_own(frame.f_code.co_filename):
        _raise_here(Endless)
    return _stop


def _raise_here(error: type[BaseException] | None) -> None:
    """This thread is about to be interrupted by the error; None: by nothing any more."""
    what = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), what)


def attempt(run: Callable[[*Ts], T], *args: *Ts, seconds: float = SECONDS) -> T | Trouble:
    """What `run(*args)` returns, or why nothing.  KeyboardInterrupt alone comes through."""
    tracer = sys.gettrace()
    try:
        with Watchdog(lambda: None, seconds, OutOfTime):
            return run(*args)
    except KeyboardInterrupt:
        raise
    except Endless as error:
        return Trouble("endless", f"{_where(error) or YOURS} does not come to an end")
    except KmmError as error:
        where = _where(error)
        return Trouble("refused", f"{where} is wrong: {error}" if where else str(error))
    except NotImplementedError as error:
        return Trouble("missing", f"{_where(error) or YOURS} is still to be written")
    except BaseException as error:  # noqa: BLE001 (SystemExit too: the kernel lives on)
        text = f": {error}" if str(error) else ""
        return Trouble("raises", f"{_where(error) or YOURS} raises {type(error).__name__}{text}")
    finally:
        sys.settrace(tracer)
        _raise_here(None)


def _where(error: BaseException) -> str | None:
    """The function of one's own in which it happened, and the line; None where it was in none."""
    own: list[traceback.FrameSummary] = []
    cause: BaseException | None = error
    # What is raised once more on its way out, to end a loop that swallows it, has left the frame.
    while cause is not None and not own:
        own = [f for f in traceback.extract_tb(cause.__traceback__) if is_own(f.filename)]
        cause = cause.__context__
    if not own:
        return None
    last = own[-1]
    text = linecache.getline(last.filename, last.lineno or 0).strip()
    return f"your {last.name}(), line {last.lineno}{f' ({text})' if text else ''},"
