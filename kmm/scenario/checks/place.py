# SPDX-License-Identifier: GPL-2.0-only
"""How a scenario is told that it is wrong: the place in it, a colon, one sentence.

A place is written as one would reach it: `pages.p0.maps[1].addr`. A key that is no plain word
stands in brackets and quotes, as in `files["a b"]`. The whole scenario is the place "".
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable

from kmm.errors import KmmError

_WORD = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
_SHOWN = 40  # characters of a value that an error repeats
_GUESSED = 60  # characters of a word that is worth a guess: difflib is quadratic


class ScenarioError(KmmError):
    """A scenario breaks a rule: `place` says where, `sentence` what is wrong and what is right.

    `file`: from which file the scenario comes, if from any.
    """

    def __init__(self, place: str, sentence: str, file: str = "") -> None:
        super().__init__(place, sentence, file)
        self.place = place
        self.sentence = sentence
        self.file = file

    def __str__(self) -> str:
        where = (
            f"{self.file}: {self.place}" if self.file and self.place else self.file or self.place
        )
        return f"{where or 'scenario'}: {self.sentence}"


def inside(place: str, key: str | int) -> str:
    """The place one step further: the value of `key`, or element number `key`."""
    if isinstance(key, int):
        return f"{place}[{key}]"
    if not _WORD.match(key):
        return f"{place}[{show(key)}]"
    return f"{place}.{key}" if place else key


def show(value: object) -> str:
    """The value in a few characters, as JSON has it."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, str):
        return json.dumps(value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "...")
    return json.dumps(value)


def one_of(values: Iterable[object]) -> str:
    """The values as a choice: `"a", "b" or null`."""
    *most, last = [show(value) for value in values]
    return f"{', '.join(most)} or {last}" if most else last


def guess(word: object, known: Iterable[str]) -> str:
    """A question to hang on a sentence if `word` looks like one of the known words, else ""."""
    if not isinstance(word, str) or len(word) > _GUESSED:
        return ""
    # What differs in case only is nearest, whatever difflib thinks of capitals.
    folded = {name.lower(): name for name in sorted(known, reverse=True)}
    near = difflib.get_close_matches(word.lower(), folded, n=1)
    return f"; did you mean {show(folded[near[0]])}?" if near else ""
