# SPDX-License-Identifier: GPL-2.0-only
"""The library: scenarios with names, sorted by what they teach.

Each topic is one JSON file in `library/`: `{"topic", "title", "sentence", "scenarios"}`. Files are
read when first asked for. `TOPICS` is the order of teaching, which goes from one anonymous page to
system calls that should never have been made.
"""

from __future__ import annotations

import copy
import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kmm.errors import KmmError

TOPICS = (
    "anonymous-pages",
    "file-pages",
    "buffers",
    "writeout",
    "locks-and-writeback",
    "references",
    "swap-cache",
    "memory-and-the-lru",
    "entry-wait",
    "move-pages-status",
    "move-pages-errors",
    "move-pages-nodes",
    "migrate-vmas",
    "corners",
)


@dataclass(frozen=True, slots=True)
class Topic:
    """What some scenarios have in common: `sentence` says what they teach."""

    topic: str
    title: str
    sentence: str
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Topic {self.title}: {self.names[0]} and {len(self.names) - 1} more>"


def topics() -> tuple[Topic, ...]:
    """All topics, in the order of teaching."""
    return tuple(map(_topic, TOPICS))


def names() -> tuple[str, ...]:
    """The names of all scenarios, topic by topic."""
    return tuple(_documents())


def document(name: str) -> dict[str, Any]:
    """The scenario of this name, a copy that may be changed; raises KmmError if there is none."""
    if not isinstance(name, str):
        raise KmmError(f'a scenario is named by a text, as in "anon-simple", not by {name!r:.60}')
    documents = _documents()
    if name not in documents:
        near = difflib.get_close_matches(name[:60], documents, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`kmm scenarios` shows them all"
        raise KmmError(f"there is no scenario {name[:60]!r}; {hint}")
    return copy.deepcopy(documents[name])


@cache
def _read(topic: str) -> dict[str, Any]:
    file = resources.files("kmm.scenario").joinpath("library", f"{topic}.json")
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


@cache
def _topic(topic: str) -> Topic:
    content = _read(topic)
    scenarios = tuple(scenario["name"] for scenario in content["scenarios"])
    return Topic(topic, content["title"], content["sentence"], scenarios)


@cache
def _documents() -> dict[str, dict[str, Any]]:
    return {s["name"]: s for topic in TOPICS for s in _read(topic)["scenarios"]}
