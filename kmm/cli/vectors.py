# SPDX-License-Identifier: GPL-2.0-only
"""Files of vectors: scenarios with the results that the real C gave.

A file is JSON Lines, perhaps gzipped: one `{"scenario": ..., "result": ...}` a line.  It is read
in chunks of lines, and a chunk is checked as a whole, here or in another process: what goes there
(`check`) and what comes back (`Outcome`) is plain data.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from kmm.cli.difference import difference
from kmm.errors import KmmError

#: Lines in a chunk: enough to outweigh the way to another process, few enough for a live bar.
CHUNK = 16
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of a file; `first` is the number of the first one."""

    file: str
    first: int
    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one vector: it passes if there is no difference."""

    name: str
    difference: str | None = None
    #: The line is no vector at all, and this is what is wrong with it.
    malformed: str | None = None


class VectorFile:
    """A file of vectors that is being read."""

    def __init__(self, name: str, raw: IO[bytes]) -> None:
        self.name = "standard input" if name == "-" else name
        self._raw = raw
        self._seekable = raw.seekable()

    def position(self) -> int:
        """How many bytes of the file have been read; 0 of a pipe, which cannot say."""
        return self._raw.tell() if self._seekable else 0

    def chunks(self) -> Iterator[Chunk]:
        """All lines, in order; KmmError where the file cannot be read on."""
        # A gzip file says so itself, whatever its name is.
        raw = cast("Any", self._raw)
        lines: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == GZIP else raw
        some: list[bytes] = []
        number, trouble = 0, None
        try:
            for number, line in enumerate(lines, 1):
                some.append(line)
                if len(some) == CHUNK:
                    yield Chunk(self.name, number - CHUNK + 1, some)
                    some = []
        except (OSError, EOFError, zlib.error) as error:
            # What came before the damage still counts.
            trouble = KmmError(f"{self.name}: damaged after line {number}: {error}")
        if some:
            yield Chunk(self.name, number - len(some) + 1, some)
        if trouble:
            raise trouble


@contextmanager
def opened(name: str) -> Iterator[VectorFile]:
    """The file `name`, or standard input for "-"."""
    if name == "-":
        yield VectorFile(name, sys.stdin.buffer)
        return
    try:
        raw = Path(name).open("rb")  # noqa: SIM115 - only opening it may fail with this sentence
    except OSError as error:
        raise KmmError(f"{name}: cannot be read: {error.strerror}") from None
    with raw:
        yield VectorFile(name, raw)


def size(name: str) -> int:
    """The bytes of a file, 0 for a pipe; KmmError if there is no such file."""
    try:
        return 0 if name == "-" else Path(name).stat().st_size
    except OSError as error:
        raise KmmError(f"{name}: cannot be read: {error.strerror}") from None


def check(chunk: Chunk) -> list[Outcome]:
    """Run every vector of the chunk and compare; blank lines are none."""
    return [
        _check(line, f"{chunk.file}, line {number}")
        for number, line in enumerate(chunk.lines, chunk.first)
        if line.strip()
    ]


def _check(line: bytes, place: str) -> Outcome:
    try:
        vector = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Outcome(place, malformed=f"{place}: not JSON: {error}")
    if not isinstance(vector, dict):
        return Outcome(place, malformed=f"{place}: a vector is a JSON object")
    for part in ("scenario", "result"):
        if not isinstance(vector.get(part), dict):
            return Outcome(place, malformed=f'{place}: a vector needs an object "{part}"')
    name = vector["scenario"].get("name") or place
    return Outcome(str(name), _compare(vector["scenario"], vector["result"]))


def _compare(scenario: dict[str, Any], expected: dict[str, Any]) -> str | None:
    import kmm

    try:
        got = kmm.load(scenario).run().result
    except KmmError as error:
        return f"the scenario is refused: {error}"
    except Exception as error:  # noqa: BLE001 - a crash of one vector must not hide the others
        return f"the model crashed: {_crash(error)}"
    return difference(expected, got)


def _crash(error: Exception) -> str:
    """The exception and the line that raised it."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" ({Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno})" if at else ""
    return f"{type(error).__name__}: {error}{where}"
