# SPDX-License-Identifier: GPL-2.0-only
"""Situation: pages of all kinds on one node, of which some are to be isolated and migrated.

    s = Situation(("plain", "pinned", "locked"), want=2, most=2)
    s.pages                  the candidates, with what can be seen of each before anything is done
    s.run(["p0", "p2"])      what came of isolating these and migrating them to node 1, in one call
    s.best                   the fewest attempts that do it, found by trying every choice of pages
                             that are of any use

Nothing about a page's fate is written down: each is tried out in the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import combinations
from typing import Any

from kmm.learn.given.candidates import KINDS, Candidate, seen
from kmm.mm.page import Page
from kmm.scenario import World
from kmm.scenario.driver import isolate_and_migrate
from kmm.sim import FUNCTIONS, Trace, replace

#: The node that needs free frames, and the one that the pages go to.
FROM, TO = 0, 1


@dataclass(frozen=True)
class Report:
    """What came of one call: who was isolated and who moved, how many attempts each page took.

    `freed`: so many frames more are free on node 0.  `rc`: what migrate_pages returned.
    """

    chosen: tuple[str, ...]
    rc: int
    freed: int
    moved: tuple[str, ...]
    busy: tuple[str, ...]
    attempts: dict[str, int]
    trace: Trace | None = field(default=None, repr=False)

    @property
    def total(self) -> int:
        """All attempts."""
        return sum(self.attempts.values())

    def __str__(self) -> str:
        lines = [f"migrate_pages returned {self.rc}; node 0 has {self.freed} free frames more."]
        for name in self.chosen:
            tried = self.attempts.get(name, 0)
            times = "once" if tried == 1 else f"{tried} times"
            end = "moved" if name in self.moved else "did not move"
            how = "was not isolated" if name in self.busy else f"was tried {times} and {end}"
            lines.append(f"{name} {how}.")
        return "\n".join([*lines, f"Attempts: {self.total}."])

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Situation:
    """`kinds`: for each page what is the matter with it, of candidates.KINDS.

    `want`: so many frames of node 0 shall become free.  `most`: so many pages may be isolated at
    once.  `room`: so many frames are free on node 1.  `prep`: migrate_prep() is called before.
    """

    kinds: tuple[str, ...]
    want: int = 1
    most: int = 99
    room: int = 100
    prep: bool = True

    def world(self) -> World:
        """A new world with the pages p0, p1, ..., each of its kind."""
        w = World(nodes=3, free=[4, self.room, 100], cpus=2, drain_after=True)
        w.task("you", cpu=0)
        for kind in self.kinds:
            KINDS[kind].make(w)
        return w

    @cached_property
    def pages(self) -> tuple[Candidate, ...]:
        """What can be seen of each page."""
        w = self.world()
        return tuple(seen(w, page) for page in w.pages.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The pages by name."""
        return tuple(f"p{i}" for i in range(len(self.kinds)))

    def kind_of(self, name: str) -> str:
        """What is the matter with the page."""
        return self.kinds[int(name[1:])]

    def run(self, names: Sequence[str], *, record: bool = False) -> Report:
        """Isolate these pages, in this order, and migrate them to node 1 in one call."""
        w = self.world()
        attempts: Counter[str] = Counter()
        body = FUNCTIONS["unmap_and_move"].body

        def counted(get_new_page: Any, private: Any, page: Page, force: int) -> int:
            attempts[page.name] += 1
            rc: int = body(get_new_page, private, page, force)
            return rc

        before = w.kernel.zones[FROM].free
        chosen = [w[name] for name in names]
        trace = None
        with replace(unmap_and_move=counted):
            run = w.run(lambda: isolate_and_migrate(chosen, TO, self.prep), record=record)
        if record:
            trace = run.trace
        return Report(
            tuple(names),
            run.rc,
            w.kernel.zones[FROM].free - before,
            tuple(page.name for page in chosen if page.PG_buddy),
            tuple(w.kernel.not_isolated),
            dict(attempts),
            trace,
        )

    @cached_property
    def alone(self) -> dict[str, Report]:
        """What comes of each page alone."""
        return {name: self.run([name]) for name in self.names}

    @property
    def useful(self) -> list[str]:
        """The pages that free a frame of node 0, those first that take the fewest attempts."""
        able = [name for name in self.names if self.alone[name].freed]
        return sorted(able, key=lambda name: self.alone[name].total)

    def _choices(self) -> Iterator[Report]:
        """Every choice of pages that can be of use."""
        useful = self.useful
        for count in range(1, min(len(useful), self.most) + 1):
            for names in combinations(useful, count):
                yield self.run(names)

    @cached_property
    def best(self) -> int | None:
        """The fewest attempts that free what is wanted; None if nothing does."""
        return min((one.total for one in self._choices() if one.freed >= self.want), default=None)

    @cached_property
    def most_freed(self) -> int:
        """The most frames of node 0 that any choice frees."""
        return max((one.freed for one in self._choices()), default=0)

    def why(self, name: str) -> str:
        """Why the page does not move, or what it costs, in a sentence."""
        return f"{name} {KINDS[self.kind_of(name)].why}"

    def __str__(self) -> str:
        return "\n".join(str(page) for page in self.pages)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in Candidate.COLUMNS)
        rows = "".join(
            f"<tr><th scope='row'>{escape(page.name)}</th>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in page.cells[1:])
            + "</tr>"
            for page in self.pages
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
