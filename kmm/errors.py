# SPDX-License-Identifier: GPL-2.0-only
"""The errors that a person can mend: every room may raise them.

A notebook shows of such an error the line of one's own that led to it, and its sentence; none of
the frames in between, which are kmm's (IPython asks an exception how it wants to be shown).
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from types import TracebackType

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_NOT_OWN = tuple(f"{place}{os.sep}" for place in (Path(__file__).parent, *_LIBRARIES))


class KmmError(Exception):
    """Misuse of the tool: one clear sentence that says how to mend it.

    It is no part of the model. What the C returns is returned, and a kernel BUG is a KernelBug;
    a KmmError says that a scenario, an option or a file is wrong, and the command line shows its
    sentence without a traceback.
    """

    # Also where KeyError comes behind it, which would show the sentence in quotes.
    __str__ = Exception.__str__

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows."""
        import traceback

        own = [f for f in traceback.extract_tb(self.__traceback__) if is_own(f.filename)]
        says = f"{type(self).__name__}: {self}"
        if not own:
            return [says]
        where = "" if own[-1].name == "<module>" else f" of {own[-1].name}()"
        return [f"In line {own[-1].lineno}{where}: {own[-1].line}", says]


class NoSuchIndex(KmmError, IndexError):
    """A number behind the end, or before the beginning."""


class NoSuchKey(KmmError, KeyError):
    """A name that there is not."""


class NoSuchField(KmmError, AttributeError):
    """A field or a question that there is not."""


class WrongType(KmmError, TypeError):
    """Something of another kind than what is asked for."""


def is_own(file: str) -> bool:
    """The file is neither part of kmm nor of what is installed, and nobody has generated it."""
    if file.startswith("<"):
        return file.startswith(("<ipython", "<stdin"))
    return not file.startswith(_NOT_OWN)


def raised_by_own(error: Exception) -> Exception:
    """The same error, told without the frames of kmm that lead to the function of one's own below.

    What that function called stays; so does everything if there is no such function.
    """
    frames: list[TracebackType] = []
    here = error.__traceback__
    while here is not None:
        frames.append(here)
        here = here.tb_next
    own = [n for n, frame in enumerate(frames) if is_own(frame.tb_frame.f_code.co_filename)]
    if not own:
        return error
    kept = [frames[n] for n in own] + frames[own[-1] + 1 :]
    chain: TracebackType | None = None
    for frame in reversed(kept):
        chain = TracebackType(chain, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return error.with_traceback(chain)
