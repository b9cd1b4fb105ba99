# SPDX-License-Identifier: GPL-2.0-only
"""Attempts: what was checked and which hints were opened, in one file of the student's own.

The file is ~/.kmm/attempts.jsonl, or what $KMM_ATTEMPTS names ("off": nothing is written).  A line
is one attempt as JSON: it can be read, and the file deleted, at any time.  Nothing is sent
anywhere, and no answer is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VARIABLE = "KMM_ATTEMPTS"
OFF = "off"

#: What cannot be written is known at least as long as the kernel lives.
_meanwhile: list[dict[str, Any]] = []


def path() -> Path | None:
    """Where attempts are kept; None if nowhere."""
    named = os.environ.get(VARIABLE)
    if named == OFF:
        return None
    return Path(named) if named else Path.home() / ".kmm" / "attempts.jsonl"


def keep(problem: str, **what: Any) -> None:
    """Write one line down."""
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "problem": problem, **what}
    file = path()
    try:
        if file is None:
            raise OSError
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry) + "\n")
    except OSError:
        _meanwhile.append(entry)


def entries() -> Iterator[dict[str, Any]]:
    """Everything that was kept, oldest first; lines that somebody has damaged are passed over."""
    file = path()
    if file is not None and file.is_file():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and isinstance(entry.get("problem"), str):
                yield entry
    yield from _meanwhile


def forget() -> None:
    """Nothing is known any more."""
    file = path()
    if file is not None:
        file.unlink(missing_ok=True)
    _meanwhile.clear()
