# SPDX-License-Identifier: GPL-2.0-only
"""What a sentence may be, and how the one for a step is chosen.

A sentence is a text whose fields the scene fills in (see scene.py).  Where it depends on what the
primitive returned, it is a dict by result, with OTHER for every result that is not named.  Where
that is not enough, it is a function of the scene that gives a text.

The key is the name of a primitive, or (primitive, function) where a function of the kernel has a
reason of its own; the more special key counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from kmm.explain.scene import Scene

#: Every other result.
OTHER = "other"

#: The step is not what the table takes it for: a function of a student's has made it, which gets by
#: without what the kernel's has done before.
UNFIT = (KeyError, IndexError, AttributeError, TypeError)

Text: TypeAlias = str | Callable[[Scene], str]
Sentence: TypeAlias = Text | dict[Any, Text]
Table: TypeAlias = dict[str | tuple[str, str], Sentence]


def candidates(table: Table, scene: Scene) -> Iterator[Text]:
    """The texts for the scene, the more special one first."""
    for key in ((scene.primitive, scene.function), scene.primitive):
        sentence = table.get(key)
        if isinstance(sentence, dict):
            result = scene.result
            known = isinstance(result, int | None) and result in sentence
            sentence = sentence.get(result if known else OTHER)
        if sentence is not None:
            yield sentence


def choose(table: Table, scene: Scene) -> str | None:
    """The sentence for the scene, None if the table has none that fits."""
    for sentence in candidates(table, scene):
        try:
            text = sentence if isinstance(sentence, str) else sentence(scene)
            return text.format_map(scene)
        except UNFIT:
            continue
    return None


def by_argument(name: str, texts: dict[Any, Text]) -> Text:
    """A sentence that depends on an argument of the function that makes the step."""

    def chosen(scene: Scene) -> str:
        text = texts[scene.call[name]]
        return text if isinstance(text, str) else text(scene)

    return chosen
