# SPDX-License-Identifier: GPL-2.0-only
"""Patch: a mend is given as edits of the model's own function, and judged as a function is.

Edit("do_pages_move", "err = -EACCES", "err = -EPERM")      or several in a list
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kmm.errors import KmmError
from kmm.explore.edit import Edit, body
from kmm.learn.asked import quoted
from kmm.learn.outcome import Kind, Outcome
from kmm.learn.own import Trouble, attempt
from kmm.learn.parameters import Parameters


@dataclass(frozen=True)
class Patch:
    """The function of the model after the edits is right, as `check` judges it."""

    function: str
    check: Kind

    @property
    def label(self) -> str:
        """What is checked of the edited function."""
        return self.check.label

    @property
    def points(self) -> float:
        """As many as the check has."""
        return self.check.points

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """What is found of the edited function; "refused" where the edits do not fit it."""
        edits = (mine,) if isinstance(mine, Edit) else ()
        if isinstance(mine, list | tuple):
            edits = tuple(mine)
        if not edits or not all(isinstance(edit, Edit) for edit in edits):
            says = f"an Edit, or a list of them, is asked for, and {quoted(mine)} is none"
            return Outcome(False, says, frozenset({"of another kind"}))
        other = [edit.function for edit in edits if edit.function != self.function]
        if other:
            says = f"the bug is not in {other[0]}"
            return Outcome(False, says, frozenset({f"edits {other[0]}", "refused"}))
        made = attempt(lambda: self._body(edits))
        if isinstance(made, Trouble):
            return Outcome(False, made.says, frozenset({made.kind}))
        return self.check.judge(made, p)

    def _body(self, edits: tuple[Edit, ...]) -> Any:
        try:
            return body(self.function, edits)
        except SyntaxError as error:
            line = (error.text or "").strip()
            raise KmmError(f"after the edits it is no Python: {error.msg} in {line!r}") from None
