# SPDX-License-Identifier: GPL-2.0-only
"""Places in the code: from code object and offset to file and line, when somebody asks.

A trace keeps the source of every function that it ran, be it that a step was made in it or that a
step was a call of it: a notebook's cell is gone when the kernel stops, and a file may have been
edited since.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from kmm.sim.function import NUMBERED

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
    #: The body of each function (its number) that was called, where it is written in Python.
    bodies: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, sites: list[Site]) -> Sources:
        """The places of a live recorder, none of them looked up yet.

        The bodies are those of this moment: a trace is taken while what was replaced still is.
        """
        numbers: dict[int, int] = {}
        codes: list[CodeType] = []

        def numbered(code: CodeType | None) -> int:
            if code is None:
                return -1
            # By identity: equal code may stand in two files.
            number = numbers.setdefault(id(code), len(codes))
            if number == len(codes):
                codes.append(code)
            return number

        raw = [(numbered(site.code), site.offset) for site in sites]
        functions = [site.function for site in sites]
        bodies = {
            function: numbered(code)
            for function in dict.fromkeys(functions)
            if NUMBERED[function].kind != "statement"
            and (code := code_of(NUMBERED[function].body)) is not None
        }
        return cls(functions, [None] * len(sites), [None] * len(codes), raw, codes, bodies)

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

    def body(self, function: int) -> Code | None:
        """The source of what ran when the function was called, None if that is not known."""
        number = self.bodies.get(function)
        return None if number is None else self.code(number)


def code_of(body: Callable[..., Any]) -> CodeType | None:
    """The code object of a function or method, None of what is not written in Python."""
    if hasattr(body, "__wrapped__"):
        body = inspect.unwrap(body)
    code = getattr(body, "__code__", None)
    return code if isinstance(code, CodeType) else None


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
    # A cell of a notebook: ipykernel keeps cells in files of a directory named after the process,
    # IPython by itself calls them <ipython-input-5-0f3c>.
    cell = "ipykernel" in code.co_filename or code.co_filename.startswith("<ipython-input-")
    return "cell" if cell else path.name


#: What has been read, by the identity of the code object, which is kept so that it stays unique.
_READ: dict[int, tuple[CodeType, Code]] = {}


def read_code(code: CodeType) -> Code:
    """The source of a code object, empty where Python cannot find it."""
    if id(code) not in _READ:
        try:
            lines, first = inspect.getsourcelines(code)
        except (OSError, TypeError):
            lines, first = [], code.co_firstlineno
        read = Code(code.co_qualname, file_name(code), max(first, 1), "".join(lines))
        _READ[id(code)] = code, read
    return _READ[id(code)][1]
