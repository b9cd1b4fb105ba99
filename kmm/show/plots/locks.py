# SPDX-License-Identifier: GPL-2.0-only
"""trace.plot_locks(): who holds which lock when, and who waits for it.

A lane is a lock, a bar a hold; its look says whose, and so does its text where there is room.  Who
waits has an empty bar with a dashed edge below the one that is in his way; a cross there is a try
that found the lock taken.  Many locks of one kind share a lane, and the bars name the lock.
kmm/explain/locks.py knows what a lock is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kmm.errors import KmmError
from kmm.explain.locks import Hold, Lock, locks
from kmm.show.plots.bands import named_phases
from kmm.show.plots.boxes import MARK, Box, Look, boxes, visible, write
from kmm.show.plots.figure import heading, sheet
from kmm.show.theme import LIGHT
from kmm.sim import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kmm.show.plots.figure import Sheet

#: How the holds of the tasks look, in the order in which the tasks first hold a lock.
LOOKS = (
    Look(LIGHT["present"], "", LIGHT["paper"]),
    Look("#e69f00", "///"),
    Look("#56b4e9", ".."),
    Look(LIGHT["buffer"], "\\\\\\", LIGHT["paper"]),
    Look("#cc79a7", "xx"),
    Look("#f0e442", "||"),
    Look("#999999", "--"),
)
#: More locks of a kind than this share a lane.
MANY = 10
#: Inches: the height of one bar.
BAR = 0.27
#: How a wait and a try look.
WAIT = Look(LIGHT["paper"], dashed=True)
TRY = Look(LIGHT["paper"], mark="x")
#: So many locks, and of one so many holds, are told in words.
TOLD = 12
HOLDS = 4
#: What a hold is called.
WORDS = {"held": "held by", "read": "held for reading by", "write": "held for writing by"}


class Bar(NamedTuple):
    """A hold or a wait, in the states `first` to `last`, in one row of its lane.

    `text` is the lock's name where the lane is shared.
    """

    task: str
    text: str
    first: int
    last: int
    row: int


class Lane(NamedTuple):
    """The bars of one lock, or of all locks of a kind.

    Holds at the same time stand in different rows, and waits and tries in the rows below.
    """

    name: str
    holds: list[Bar]
    waits: list[Bar]
    tries: list[int]

    @property
    def rows(self) -> int:
        """How many rows it needs."""
        used = [bar.row + 1 for bar in (*self.holds, *self.waits)]
        return max([*used, self.below + bool(self.tries)])

    @property
    def below(self) -> int:
        """The first row of waits and tries."""
        return max([bar.row for bar in self.holds], default=-1) + 1


@Trace.extend
def plot_locks(trace: Trace) -> Figure:
    """Who holds which lock when: a lane for each lock, a bar for each hold and each wait.

    Returns a matplotlib Figure, which a notebook shows; its `alt` says in words what it shows.

    Raises KmmError if nobody ever holds a lock, and where matplotlib is not installed.
    """
    found = locks(trace)
    if not found:
        raise KmmError("nobody holds a lock in this trace, at none of its steps")
    lanes = _lanes(found)
    tasks = list(dict.fromkeys(hold.task for lock in found for hold in lock.holds))
    looks = {task: LOOKS[n % len(LOOKS)] for n, task in enumerate(tasks)}
    key = [(f"held by {task}", look) for task, look in looks.items()]
    if any(lane.waits for lane in lanes):
        key.append(("a task waits", WAIT))
    if any(lane.tries for lane in lanes):
        key.append(("a try finds it taken", TRY))
    rows = sum(lane.rows for lane in lanes)
    on = sheet(
        trace, _alt(trace, found), "who holds which lock", high=BAR * rows,
        names=[lane.name for lane in lanes], key=key,
    )  # fmt: skip
    named_phases(trace, on)
    _draw(on, lanes, looks)
    return on.figure


def _lanes(found: Sequence[Lock]) -> list[Lane]:
    """A lane for each lock, one for all of a kind that has too many."""
    kinds = Counter(lock.kind for lock in found)
    shared: dict[str, list[Lock]] = {}
    for lock in found:
        number = kinds[lock.kind]
        name = lock.name if number <= MANY else f"{lock.kind}, {number:,} locks"
        shared.setdefault(name, []).append(lock)
    return [_lane(name, group) for name, group in shared.items()]


def _lane(name: str, group: Sequence[Lock]) -> Lane:
    def text(lock: Lock, task: str) -> str:
        return task if len(group) == 1 else lock.name.removesuffix(f" {lock.kind}")

    holds = [Bar(h.task, text(o, h.task), h.first, h.last, 0) for o in group for h in o.holds]
    waits = [
        Bar(w.task, text(o, f"{w.task} waits"), w.first, w.last, 0) for o in group for w in o.waits
    ]
    holds = _apart(holds, 0)
    below = max((bar.row for bar in holds), default=-1) + 1
    return Lane(name, holds, _apart(waits, below), sorted(k for o in group for k in o.tries))


def _apart(bars: list[Bar], top: int) -> list[Bar]:
    """Each bar in the first row, from `top` down, in which there is room for it."""
    ends: list[int] = []
    placed = []
    for bar in sorted(bars, key=lambda bar: (bar.first, bar.last)):
        row = next((n for n, end in enumerate(ends) if end <= bar.first), len(ends))
        ends[row : row + 1] = [bar.last]
        placed.append(bar._replace(row=top + row))
    return placed


def _draw(on: Sheet, lanes: Sequence[Lane], looks: dict[str, Look]) -> None:
    """The lanes from the top down."""
    top = 0
    middles = []
    drawn: dict[str, list[tuple[Bar, Box]]] = {task: [] for task in looks}
    waits: list[tuple[Bar, Box]] = []
    tries: list[tuple[float, float]] = []
    for lane in lanes:
        for bar in lane.holds:
            drawn[bar.task].append((bar, _box(bar, top)))
        waits += [(bar, _box(bar, top)) for bar in lane.waits]
        tries += [(k, top + lane.below) for k in lane.tries]
        middles.append(top + (lane.rows - 1) / 2)
        top += lane.rows
        on.axes.axhline(top - 0.5, color=LIGHT["edge"], linewidth=0.3, zorder=0.5)
    for task, found in drawn.items():
        _bars(on, found, looks[task], task)
    _bars(on, waits, WAIT, "waits")
    if tries:
        on.axes.plot(
            *zip(*tries, strict=True), linestyle="", marker=TRY.mark, color=TRY.ink,
            markersize=MARK, zorder=4, label="tries",
        )  # fmt: skip
    on.axes.set_yticks(middles, [lane.name for lane in lanes])
    on.axes.set_ylim(top - 0.5, -0.5)


def _box(bar: Bar, top: int) -> Box:
    row = top + bar.row
    return Box(bar.first - 1.5, bar.last - 1.5, row - 0.4, row + 0.4)


def _bars(on: Sheet, found: list[tuple[Bar, Box]], look: Look, name: str) -> None:
    if found:
        boxes(on, [visible(box, on) for _, box in found], look, name)
    for bar, box in found:
        write(on, box, (bar.text,), look, row=BAR)


def _alt(trace: Trace, found: Sequence[Lock]) -> str:
    """What the figure shows, in words."""
    told = [f"{lock.name}: {_said(trace, lock)}" for lock in found[:TOLD]]
    if found[TOLD:]:
        holds = sum(len(lock.holds) for lock in found[TOLD:])
        told.append(f"{len(found) - TOLD} more locks, held {holds} times in all")
    return f"{'; '.join(told)}; {heading(trace)}."


def _said(trace: Trace, lock: Lock) -> str:
    """Who holds and who waits, in steps: what takes a lock is a step, and what lets it go."""
    end = len(trace) + 1
    said = [_held(hold, end) for hold in lock.holds[:HOLDS]]
    if lock.holds[HOLDS:]:
        said.append(f"{len(lock.holds) - HOLDS} more holds")
    for wait in lock.waits[:HOLDS]:
        until = "and never gets it" if wait.vain else f"until step {wait.last - 1}"
        said.append(f"waited for by {wait.task} after step {wait.first - 1} {until}")
    if lock.waits[HOLDS:]:
        said.append(f"{len(lock.waits) - HOLDS} more waits")
    if lock.tries:
        steps = ", ".join(map(str, lock.tries[:HOLDS]))
        more = f" and {len(lock.tries) - HOLDS} more" if lock.tries[HOLDS:] else ""
        said.append(f"found taken in step {steps}{more}")
    return ", ".join(said)


def _held(hold: Hold, end: int) -> str:
    since = f"from step {hold.first - 1}" if hold.first else "from the start"
    until = "to the end" if hold.last == end else f"to step {hold.last - 1}"
    return f"{WORDS[hold.how]} {hold.task} {since} {until}"
