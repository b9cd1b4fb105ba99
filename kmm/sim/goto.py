# SPDX-License-Identifier: GPL-2.0-only
"""C's forward goto, for functions that leave through labels.

    with label() as unlock:         the code that stands before `unlock:`
        if not force:
            goto(unlock)            jumps behind the block
    unlock_page(page)               the code that stands behind `unlock:`

Labels that C writes one after the other are blocks inside one another.
"""

from __future__ import annotations

from typing import NoReturn


class label:
    """The block of code before a label."""

    __slots__ = ()

    def __enter__(self) -> label:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, _Jump) and error.target is self


class _Jump(BaseException):
    """Not an Exception: no `except` of a student's is to catch it on its way."""

    def __init__(self, target: label) -> None:
        self.target = target


def goto(target: label) -> NoReturn:
    """Leave the block of `target`."""
    raise _Jump(target)
