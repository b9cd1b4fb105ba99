# SPDX-License-Identifier: GPL-2.0-only
"""What is said of a sequence of moves: the first that does harm, or what is wrong at the end.

No right sequence is known here: what counts is what each move needs (harm.py), what the kernel
itself finds, and the end: the invariants, and where the page is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kmm.errors import KmmError
from kmm.explore.invariants import ALWAYS, first_wrong
from kmm.learn.bekernel.harm import Watch
from kmm.learn.bekernel.moves import NEW, OLD
from kmm.learn.bekernel.play import Play, Setting

#: The lectures that a reason points to.
LECTURES = {
    "02": "02, references",
    "03": "03, migration entries",
    "05": "05, the moment of no return",
    "07": "07, the swap cache",
    "08": "08, the LRU",
    "09": "09, unmap_and_move",
}


@dataclass(frozen=True)
class Judgement:
    """What came of a sequence: nothing `wrong`, or the reason in words and as a sign."""

    wrong: str = ""
    sign: str = ""
    #: With this move, which was made, the harm was done; 0: at the end, or it could not be made.
    at: int = 0


def judged(setting: Setting, sequence: Sequence[str], *, to_the_end: bool = True) -> Judgement:
    """The first thing that is wrong; the end is looked at only with `to_the_end`."""
    play = Play(setting)
    watch = Watch(play)
    for number, text in enumerate(sequence, 1):
        wrong = _move(play, watch, number, text)
        if wrong is not None:
            return wrong
    return next(_at_end(setting, play, watch), Judgement()) if to_the_end else Judgement()


def _move(play: Play, watch: Watch, number: int, text: str) -> Judgement | None:
    """The move is made; what is wrong with it."""
    try:
        move = play.find(text)
    except KmmError as error:
        return Judgement(f"move {number}, {error}", "impossible")
    where = f"move {number}, {text}"
    harm = watch.before(move)
    if harm is not None:
        says = f"{where}: {harm.says} (lecture {LECTURES[harm.lecture]})"
        return Judgement(says, harm.sign, number)
    warnings = play.world.kernel.warnings
    before = len(warnings)
    result = play.make(move)
    if play.bug:
        return Judgement(f"{where}: the kernel stops: {play.bug}", "stops", number)
    if len(warnings) > before:
        return Judgement(f"{where}: the kernel complains: {warnings[-1]}", "complains", number)
    watch.made(move, result)
    return None


def _at_end(setting: Setting, play: Play, watch: Watch) -> Iterator[Judgement]:
    """What is wrong when all moves have been made."""
    world, old, new = play.world, watch.old, watch.new
    if watch.entries:
        says = f"{watch.entries} migration entries are left: nobody can use that memory again"
        yield Judgement(f"at the end {says}", "entries left")
    for page in filter(None, (old, new)):
        if page.PG_locked:
            yield Judgement(f"at the end {page.name} is still locked", f"{page.name} left locked")
    if world.current is not None and world.current.preempt_count:
        yield Judgement("at the end you still hold tree_lock", "tree_lock left")
    moves = setting.pins == 0
    if not moves:
        if watch.looked is None:
            says = (
                "you have given up without having looked, with no pte left, whether anybody else "
                "holds p0"
            )
            yield Judgement(says, "not tried")
        elif watch.moved:
            yield Judgement("somebody holds p0, and it has moved all the same", "moved")
    elif not watch.moved:
        yield Judgement("at the end p0 stands where it stood: it has not moved", "not moved")
    if moves and new is not None and new.node != setting.node:
        says = f"n0 is on node {new.node}, and the page should go to node {setting.node}"
        yield Judgement(says, "wrong node")
    for name in sorted(watch.mine):
        says = f"at the end you still hold {name}: putback_lru_page() gives it back"
        yield Judgement(says, f"keeps {name}")
    play.rest()
    if play.bug:
        yield Judgement(f"when the pagevecs are emptied the kernel stops: {play.bug}", "stops")
    broken = first_wrong(ALWAYS, world)
    if broken is not None:
        yield Judgement(f"at the end {broken[1]}", f"broken: {broken[0].name}")
    if moves and not old.PG_buddy:
        yield Judgement(f"at the end {OLD} is not free", "not free")
    if not moves and new is not None and not new.PG_buddy:
        yield Judgement(f"at the end {NEW} is not free, and nobody uses it", "not free")
    if not moves and not old.PG_lru:
        yield Judgement(f"at the end {OLD} is on no LRU list", "not free")
