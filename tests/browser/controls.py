# SPDX-License-Identifier: GPL-2.0-only
"""CONTROLS: all that a person can press, click or type in, and the claim of what it does."""

from __future__ import annotations

import re
from dataclasses import dataclass

import claims
import oracle
from claims import Claim


@dataclass(frozen=True)
class Control:
    """A control: its line in `?`, its keys, its name as it is read out, and what it does."""

    claim: Claim
    row: str = ""
    keys: tuple[str, ...] = ()
    #: A pattern; where several buttons have it, the first that can be seen is used.
    name: str = ""
    #: Not in every trace.
    optional: bool = False

    def claims(self, name: str) -> bool:
        """Whether a name that is read out is that of this control."""
        return bool(self.name) and re.fullmatch(self.name, name) is not None


PANELS = ("Code", "Picture", "This step", "Who holds the page", "Locks held", "Over time")

CONTROLS = {
    "forward": Control(claims.moves(oracle.forward), "→ l", ("ArrowRight", "l"), "Forward"),
    "back": Control(claims.moves(oracle.back), "← h", ("ArrowLeft", "h"), "Back"),
    "first": Control(claims.moves(lambda trace, k: 0), "Home", ("Home",), "First step"),
    "last": Control(claims.moves(lambda trace, k: len(trace) - 1), "End", ("End",), "Last step"),
    "play": Control(claims.plays, "space", (" ",), "Play|Pause"),
    "faster": Control(claims.gets("8", back="-"), "+ \N{MINUS SIGN}", ("+",)),
    "slower": Control(claims.gets("2", back="+"), "+ \N{MINUS SIGN}", ("-",)),
    "next change": Control(claims.changes(oracle.next_change), "n", ("n",),
                           "Next change of the selection"),
    "previous change": Control(claims.changes(oracle.previous_change), "p", ("p",),
                               "Previous change of the selection"),
    "into": Control(claims.moves(oracle.into, start=1), "i", ("i",), "Into the next call"),
    "over": Control(claims.moves(oracle.over), "o", ("o",), "Over calls"),
    "out": Control(claims.moves(oracle.out), "u", ("u",), "Out of this function"),
    "fold": Control(claims.folds_calls, "f", ("f",), "fold"),
    "question": Control(claims.asks_nothing, "q", ("q",)),
    "next phase": Control(claims.moves(oracle.next_phase), "]", ("]",), "Next phase"),
    "previous phase": Control(claims.moves(oracle.previous_phase), "[", ("[",), "Previous phase"),
    "task": Control(claims.moves(oracle.task), "t", ("t",), "Next task switch", optional=True),
    "step number": Control(claims.takes_a_number, "g", ("g",), "Step number"),
    "selected": Control(claims.chooses, "s", ("s",), "selected"),
    "search": Control(claims.searches, "/", ("/",), "Search functions, primitives, .*"),
    "stop here": Control(claims.stops_at_the_line, "b", ("b",)),
    "watch": Control(claims.watches, "w", ("w",), "Play stops when it changes.*"),
    "over time": Control(claims.draws_over_time, "a", ("a",), r"Add .*"),
    **{f"panel {n}": Control(claims.folds(n - 1), "1 to 6", (str(n),), name)
       for n, name in enumerate(PANELS, 1)},
    "keys": Control(claims.opens_the_keys, "?", ("?",), "Keys"),
    # Fields and links that have a button's keys: Tab to them, and Enter.
    "slider": Control(claims.slides, name="Step"),
    "go by": Control(claims.goes_by, name="go by"),
    "speed": Control(claims.sets_the_speed, name="speed"),
    "next match": Control(claims.finds(1), name="Next match"),
    "previous match": Control(claims.finds(-1), name="Previous match"),
    "close the keys": Control(claims.closes_the_keys, name="Close"),
    "line number": Control(claims.marks_a_line, name=r"Stop at line \d+"),
    "caller": Control(claims.shows_the_caller, name="Show where .* is"),
    "name": Control(claims.selects, name="Select .*"),
    "step link": Control(claims.goes_to_the_step, name=r"Go to step \d+"),
    "stop": Control(claims.no_longer_stops, name="No longer stop at .*"),
    "field": Control(claims.takes_a_field_away, name="Remove .*"),
}  # fmt: skip
