# SPDX-License-Identifier: GPL-2.0-only
"""The structure of a scenario: keys, types, ranges of numbers, words to choose from.

`scenario.schema.json` says all of it once, for kmm and for every editor that knows JSON Schema;
fastjsonschema compiles it when the first scenario comes. What it raises names a rule of the schema
and the value that broke it; here that becomes a place and a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from kmm.scenario.checks.place import ScenarioError, guess, inside, one_of, show

_TYPES = {
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def require_structure(document: object) -> None:
    """Raise ScenarioError unless the plain document has the structure the schema demands."""
    validate, broken = _validator()
    try:
        validate(document)
    except broken as error:
        # Names with dots or brackets get no further than the object they stand in: the rest of
        # the validator's name for a value is our place already.
        place = error.name.removeprefix("data").removeprefix(".")
        raise _translated(place, error.rule, error.definition, error.value) from None


@cache
def _validator() -> tuple[Callable[[object], object], type[Any]]:
    import fastjsonschema

    text = resources.files("kmm.scenario").joinpath("scenario.schema.json").read_text("utf-8")
    validate = fastjsonschema.compile(json.loads(text), use_default=False)
    return validate, fastjsonschema.JsonSchemaValueException


def _translated(place: str, rule: str, definition: dict[str, Any], value: Any) -> ScenarioError:
    match rule:
        case "required":
            return _missing(place, definition, value)
        case "additionalProperties":
            return _unknown_key(place, definition, value)
        case "type":
            types = definition["type"]
            wanted = " or ".join(_TYPES[t] for t in ([types] if isinstance(types, str) else types))
            sentence = f"must be {wanted}, not {show(value)}"
        case "enum":
            words = definition["enum"]
            known = [word for word in words if isinstance(word, str)]
            sentence = f"must be {one_of(words)}, not {show(value)}{guess(value, known)}"
        case "const":
            sentence = f"must be {show(definition['const'])}, not {show(value)}"
        case "minimum" | "maximum":
            sentence = f"must be {definition['minimum']} to {definition['maximum']}, not {value}"
        case "maxItems":
            sentence = f"must have at most {definition['maxItems']} elements, not {len(value)}"
        case "minProperties":
            sentence = "must not be empty; leave it out to have the default"
        case _:  # pattern
            sentence = f"{show(value)} is not {definition['title']}: {definition['description']}"
    return ScenarioError(place, sentence)


def _missing(place: str, definition: dict[str, Any], value: dict[str, Any]) -> ScenarioError:
    missing = next(key for key in definition["required"] if key not in value)
    for key in value:
        if key not in definition.get("properties", value) and guess(key, [missing]):
            return _unknown_key(place, definition, value)
    return ScenarioError(inside(place, missing), "is missing")


def _unknown_key(place: str, definition: dict[str, Any], value: dict[str, Any]) -> ScenarioError:
    known = definition.get("properties", {})
    names = definition.get("patternProperties", {})
    key = next(k for k in value if k not in known and not any(re.fullmatch(n, k) for n in names))
    if names:
        hint = f"; {_first_sentence(definition['description'])}"
    else:
        hint = guess(key, known) or f"; there are {', '.join(known)}"
    return ScenarioError(inside(place, key), f"unknown key{hint}")


def _first_sentence(text: str) -> str:
    return text[:1].lower() + text[1:].partition(".")[0]
