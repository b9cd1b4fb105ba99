# SPDX-License-Identifier: GPL-2.0-only
"""Watchdog: ends a function that neither returns nor makes a step (`while True: pass`).

A loop that makes steps is stopped by its number of steps.  One that makes none never comes back to
the machine, so another thread has to look at the clock, and raises an exception in the thread that
loops.
"""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Endless(BaseException):
    """Raised in the thread that has made no step for too long.

    No Exception: a loop that says `except Exception: pass` must not go on.
    """


class Watchdog:
    """Inside `with`, `pulse()` must have another value at least every `patience` seconds.

    Otherwise Endless, or the kind of it that `error` names, is raised in the thread that entered,
    at whatever line it is.  It must be a line of the one who loops: what others have asked the
    garbage collector to call could swallow the exception, and is not called meanwhile.
    """

    def __init__(
        self, pulse: Callable[[], object], patience: float, error: type[Endless] = Endless
    ) -> None:
        self.pulse = pulse
        self.patience = patience
        self.error = error
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kmm watchdog", daemon=True)
        self._watched = 0
        self._callbacks: list[Any] = []

    def __enter__(self) -> Watchdog:
        self._watched = threading.get_ident()
        self._callbacks = list(gc.callbacks)
        gc.callbacks.clear()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._over.set()
            self._thread.join()
        finally:
            gc.callbacks.extend(self._callbacks)

    def _watch(self) -> None:
        last, wait = self.pulse(), self.patience
        while not self._over.wait(wait):
            now = self.pulse()
            wait = self.patience
            if now == last:
                # Again and again, and soon, should the loop swallow it.
                wait /= 10
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._watched), ctypes.py_object(self.error)
                )
            last = now
