# SPDX-License-Identifier: GPL-2.0-only
"""What scenarios there are, by topic.

With words: only the scenarios in whose name, sentence or topic all the words stand.
"""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from typing import Any

from kmm.cli.console import QUIET, STRONG, Paper, out
from kmm.errors import KmmError


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("words", nargs="*", metavar="WORD", help="what it should be about")
    command.add_argument("--json", action="store_true", help="one JSON document")


def obey(options: argparse.Namespace) -> int:
    topics = _about(options.words)
    paper = out()
    if options.json:
        paper.line(json.dumps(topics, indent=2))
    elif not topics:
        raise KmmError(
            f"no scenario speaks of {' '.join(options.words)}; `kmm scenarios` shows them all"
        )
    else:
        _show(topics, paper)
    return 0


def _about(words: list[str]) -> list[dict[str, Any]]:
    """The topics with their scenarios, as far as all `words` stand in them."""
    from kmm.scenario import library

    wanted = [word.casefold() for word in words]
    found = []
    for topic in library.topics():
        scenarios = []
        for name in topic.names:
            doc = library.document(name).get("doc", "")
            text = " ".join((name, doc, topic.topic, topic.title)).casefold()
            if all(word in text for word in wanted):
                scenarios.append({"name": name, "doc": doc})
        if scenarios:
            head = {"topic": topic.topic, "title": topic.title, "sentence": topic.sentence}
            found.append({**head, "scenarios": scenarios})
    return found


def _show(topics: list[dict[str, Any]], paper: Paper) -> None:
    column = 4 + max(len(s["name"]) for topic in topics for s in topic["scenarios"])
    for number, topic in enumerate(topics):
        if number:
            paper.line()
        paper.line((topic["title"], STRONG))
        for line in _wrapped(topic["sentence"], 0, paper):
            paper.line((line, QUIET))
        for scenario in topic["scenarios"]:
            first, *more = _wrapped(scenario["doc"], column, paper)
            paper.line(f"  {scenario['name']:{column - 2}}{first}")
            for line in more:
                paper.line(" " * column, line)


def _wrapped(text: str, column: int, paper: Paper) -> list[str]:
    """`text` in lines that fit beside the names on a terminal; one line where it is none."""
    width = shutil.get_terminal_size().columns - column
    if not paper.stream.isatty() or width < 24:
        return [text]
    return textwrap.wrap(text, width) or [""]
