# SPDX-License-Identifier: GPL-2.0-only
"""Checks of a migration that the student makes move by move ("Be the kernel").

Moves    a sequence, as a list or a text: nothing is harmed on the way, and the end is right
Plays    a function that makes the moves itself, whatever it finds: `mine(k)` with a Kernel

Neither knows a right sequence: judgement.py says what is wrong with one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmm.learn.asked import quoted
from kmm.learn.bekernel.judgement import judged
from kmm.learn.bekernel.kernel import MOST, Kernel, texts
from kmm.learn.bekernel.moves import OLD
from kmm.learn.bekernel.play import Setting, recorded
from kmm.learn.checks.functions import refused, troubled
from kmm.learn.outcome import Outcome
from kmm.learn.own import Trouble, attempt
from kmm.learn.parameters import Parameters
from kmm.mm.list import LIST_HEAD, list_add_tail
from kmm.mm.migrate import putback_lru_pages, unmap_and_move
from kmm.mm.vmscan import isolate_lru_page
from kmm.scenario.driver import get_new_page
from kmm.sim import Trace


def model_of(setting: Setting) -> Trace:
    """What the kernel itself does with the page: one attempt."""
    w = setting.world()
    with w.machine:
        pagelist = LIST_HEAD("pagelist")

    def once() -> int:
        isolate_lru_page(w[OLD])
        list_add_tail(w[OLD].lru, pagelist)
        rc = unmap_and_move(get_new_page, setting.node, w[OLD], 0)
        putback_lru_pages(pagelist)
        return rc

    return w.run(once).trace


def found(setting: Setting, sequence: list[str], where: str = "") -> Outcome:
    """The outcome of a sequence, with its record and the model's; `where` stands before it."""
    end = judged(setting, sequence)
    if not end.wrong:
        return Outcome(True, f"{len(sequence)} moves, and nothing comes to harm")
    facts = frozenset({end.sign})
    says = f"{where}: {end.wrong}" if where else end.wrong
    if end.sign == "impossible":
        return Outcome(False, says, facts)
    trace, _ = recorded(setting, sequence[: end.at or None])
    return Outcome(False, says, facts, trace, model_of(setting))


@dataclass(frozen=True)
class Moves:
    """A sequence of moves with the page of `setting`.

    It is right if nothing is harmed at any move and, at the end, the page has moved; or, if
    somebody else holds it, everything is where it was.
    """

    setting: Callable[[Parameters], Setting]
    label: str = "the moves"
    points: float = 2

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first move that does harm, or what is wrong at the end."""
        try:
            sequence = list(texts(mine))
        except TypeError:
            says = f"a list of moves is asked for, and {quoted(mine)} is none"
            return Outcome(False, says, frozenset({"of another kind"}))
        if not sequence:
            return Outcome(False, "there is no move yet", frozenset({"not moved"}))
        if len(sequence) > MOST:
            says = f"{len(sequence)} moves are more than any migration needs"
            return Outcome(False, says, frozenset({"too many"}))
        return found(self.setting(p), sequence)


@dataclass(frozen=True)
class Plays:
    """A function `mine(k)` that makes the moves with k.do(), right in each of the settings."""

    settings: Callable[[Parameters], tuple[Setting, ...]]
    label: str = "the moves that it makes"
    points: float = 2

    def judge(self, mine: Any, p: Parameters) -> Outcome:
        """The first setting in which it does harm, or does not arrive."""
        no = refused(mine)
        if no is not None:
            return no
        settings = self.settings(p)
        for setting in settings:
            k = Kernel(setting)
            trouble = attempt(mine, k)
            where = _short(setting)
            if isinstance(trouble, Trouble):
                return self._troubled(trouble, where, k)
            outcome = found(setting, k.sequence, where)
            if not outcome.right:
                return outcome
        many = f"{len(settings)} pages" if settings[1:] else _short(settings[0])
        return Outcome(True, f"{many}: nothing comes to harm")

    def _troubled(self, trouble: Trouble, where: str, k: Kernel) -> Outcome:
        if trouble.kind != "refused":
            return troubled(trouble, where)
        # What was harmed before is the cause, and is told first.  If nothing was, this page has no
        # such move; with the others it may be right.
        harmed = judged(k.setting, k.sequence, to_the_end=False)
        if harmed.wrong:
            return found(k.setting, k.sequence[: harmed.at], where)
        says = f"{where}: move {len(k.sequence) + 1}, {trouble.says}"
        return Outcome(False, says, frozenset({"impossible"}))


def _short(setting: Setting) -> str:
    held = ", held by somebody else" if setting.pins else ""
    maps = "mapped once" if setting.mappers == 1 else f"mapped {setting.mappers} times"
    return f"{setting.kind}, {maps}{held}, to node {setting.node}"
