# SPDX-License-Identifier: GPL-2.0-only
"""From text to plain data: nothing but what JSON can say, and of that only what is unambiguous.

`parse` reads JSON more strictly than the standard library does: no NaN, no key twice in one object,
no number too long. The json module meets these in the middle of its work, when the place is not yet
known; so they are planted into the document as `_Unfit`, and `require_plain`, which knows its
place at every step, reports them.

`require_plain` is also the first check of documents that never were text, such as a dict from a
notebook: after it there are only str, int, bool, None, list and dict with str keys.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, TypeAlias

from kmm.scenario.checks.place import ScenarioError, inside, show

_DEPTH = 12  # a scenario needs 5
_DIGITS = 20  # of 2**64
_HIGHEST = 2**64 - 1
_LOWEST = -(2**63)


class _Unfit:
    """Stands in a document where JSON text had something that no scenario can hold."""

    def __init__(self, sentence: str, key: str | None = None) -> None:
        self.sentence = sentence
        self.key = key


def parse(text: str | bytes) -> object:
    """The document that the JSON text (bytes: UTF-8) holds; raises ScenarioError."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ScenarioError(f"byte {error.start}", "is not UTF-8 text") from None
    try:
        document = json.loads(
            text.removeprefix("\ufeff"),  # some editors begin a file with this mark
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ScenarioError(place, f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise ScenarioError("", "is nested too deeply") from None
    require_plain(document)
    return document


def _object(pairs: list[tuple[str, Any]]) -> Any:
    keys = dict(pairs)
    if len(keys) == len(pairs):
        return keys
    twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
    return _Unfit("stands twice in this object; one of them would be lost", twice)


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _DIGITS else _Unfit("is a number of more than 64 bits")


def _constant(name: str) -> Any:
    return _Unfit(f"{name} is no number of JSON")


# The way to a value: the way to what holds it, and the last step. Only an error writes it out.
_Way: TypeAlias = tuple["_Way", str | int] | None


def require_plain(value: object, way: _Way = None, depth: int = _DEPTH) -> None:
    """Raise ScenarioError unless the value is plain data of at most `depth` levels."""
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            raise ScenarioError(_place(way), "is a number of more than 64 bits")
    elif isinstance(value, float):
        raise ScenarioError(_place(way), f"must be a whole number, not {show(value)}")
    elif isinstance(value, _Unfit):
        where = way if value.key is None else (way, value.key)
        raise ScenarioError(_place(where), value.sentence)
    elif not isinstance(value, dict | list | tuple):
        raise ScenarioError(_place(way), f"must be JSON data, not {_python(value)}")
    elif not depth:
        raise ScenarioError(_place(way), "is nested too deeply")
    elif isinstance(value, dict):
        for key, element in value.items():
            if not isinstance(key, str):
                raise ScenarioError(_place(way), f"has a key that is no text: {_python(key)}")
            require_plain(element, (way, key), depth - 1)
    else:
        for i, element in enumerate(value):
            require_plain(element, (way, i), depth - 1)


def _place(way: _Way) -> str:
    return "" if way is None else inside(_place(way[0]), way[1])


def _python(value: object) -> str:
    return f"a Python {type(value).__name__}"
