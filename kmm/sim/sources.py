# SPDX-License-Identifier: GPL-2.0-only
"""Places in the code: from code object and offset to file and line, when somebody asks.

A trace keeps the source of every function that it ran in: a notebook's cell is gone when the
kernel stops, and a file may have been edited since.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kmm.sim.recorder import Site

_PACKAGE = Path(__file__).resolve().parents[1]


class Place(NamedTuple):
    """A line of Python: in which piece of code (a number in `Sources.codes`), and where."""

    code: int
    file: str
    line: int


NO_PLACE = Place(-1, "", 0)


class Code(NamedTuple):
    """A function's source: `first_line` is the number of the first line of `source`."""

    name: str
    file: str
    first_line: int
    source: str


@dataclass
class Sources:
    """The places of a trace's sites.  Site 0 is nowhere."""

    #: The function that is called at each site.
    functions: list[int]
    places: list[Place | None]
    codes: list[Code | None]
    #: What has not been looked up yet: for each site its code object's number and the offset.
    raw_sites: list[tuple[int, int]]
    raw_codes: list[CodeType]

    @classmethod
    def of(cls, sites: list[Site]) -> Sources:
        """The places of a live recorder, none of them looked up yet."""
        numbers: dict[int, int] = {}
        codes: list[CodeType] = []
        raw = []
        for site in sites:
            if site.code is None:
                raw.append((-1, 0))
                continue
            number = numbers.setdefault(id(site.code), len(codes))
            if number == len(codes):
                codes.append(site.code)
            raw.append((number, site.offset))
        functions = [site.function for site in sites]
        return cls(functions, [None] * len(sites), [None] * len(codes), raw, codes)

    def place(self, site: int) -> Place:
        """Where `site` is."""
        place = self.places[site]
        if place is None:
            number, offset = self.raw_sites[site]
            if number < 0:
                place = NO_PLACE
            else:
                code = self.raw_codes[number]
                place = Place(number, file_name(code), line_of(code, offset))
            self.places[site] = place
        return place

    def code(self, number: int) -> Code:
        """The source of a function."""
        code = self.codes[number]
        if code is None:
            code = self.codes[number] = read_code(self.raw_codes[number])
        return code


def line_of(code: CodeType, offset: int) -> int:
    """The line of the instruction at `offset`."""
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    return code.co_firstlineno


def file_name(code: CodeType) -> str:
    """The file, as a reader of the trace should see it: no path of the machine that ran it."""
    path = Path(code.co_filename)
    if path.is_relative_to(_PACKAGE):
        return path.relative_to(_PACKAGE.parent).as_posix()
    return "cell" if "ipykernel" in code.co_filename else path.name


@cache
def read_code(code: CodeType) -> Code:
    """The source of a code object, empty where Python cannot find it."""
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError):
        lines, first = [], code.co_firstlineno
    return Code(code.co_qualname, file_name(code), max(first, 1), "".join(lines))
