# SPDX-License-Identifier: GPL-2.0-only
"""Scenario: a situation with a name, and one operation in it.

kmm.load("anon-shared").run().result["rc"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.scenario import library
from kmm.scenario.build import build, operation
from kmm.scenario.check import ScenarioError, check, parse
from kmm.scenario.run import Run
from kmm.scenario.spec import Spec
from kmm.scenario.world import World
from kmm.sim.machine import LIMIT


class Scenario:
    """A checked scenario; it can be run as often as one likes, each time from the beginning."""

    def __init__(self, document: Mapping[str, Any], *, topic: str = "") -> None:
        self.document = document
        self.spec: Spec = check(document)
        self.topic = topic

    @property
    def name(self) -> str:
        """The scenario's name, "" if it has none."""
        return self.spec.name

    @property
    def doc(self) -> str:
        """One sentence: what it shows."""
        return self.spec.doc

    def world(self) -> World:
        """A new world, as it is before the operation."""
        return build(self.spec)

    def run(self, *, record: bool = True, limit: int | None = LIMIT) -> Run:
        """Run the operation in a new world, with a record of at most `limit` steps."""
        __tracebackhide__ = True
        world = self.world()
        todo = operation(world, self.spec)
        return world.run(todo, record=record, limit=limit, scenario=self.name)

    def __repr__(self) -> str:
        return f"<Scenario {self.name or 'without a name'}: {self.doc}>"


def load(what: str | os.PathLike[str] | Mapping[str, Any]) -> Scenario:
    """A scenario: by its name in the library, from a JSON file, or from a document.

    Raises KmmError for a name that is not there and a file that cannot be read, ScenarioError (with
    the place) for a scenario that breaks a rule.
    """
    if isinstance(what, Mapping):
        return Scenario(what)
    text = os.fspath(what) if isinstance(what, str | os.PathLike) else None
    if not isinstance(text, str):
        kind = type(what).__name__
        raise KmmError(f"load takes a scenario's name, a file or a document, not {kind}")
    if text in library.names():
        return Scenario(library.document(text), topic=_topic_of(text))
    path = Path(text)
    if path.suffix or os.sep in text or path.exists():
        try:
            return Scenario(_read(path))
        except ScenarioError as error:
            raise ScenarioError(error.place, error.sentence, text) from None
    return Scenario(library.document(text))  # which says what names are near


def _read(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KmmError(f"{path}: cannot be read: {error.strerror}") from None
    return parse(data)


def _topic_of(name: str) -> str:
    return next(topic.topic for topic in library.topics() if name in topic.names)
