# SPDX-License-Identifier: GPL-2.0-only
"""Whatever comes in, `check` gives a Spec or says where the input is wrong, and nothing else.

Two kinds of input: real scenarios of the library with a few random changes, which get far into the
rules, and arbitrary JSON, which does not.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import kmm
from kmm.scenario import library
from kmm.scenario.check import ScenarioError, check, parse
from kmm.scenario.spec import Spec

EXTREMES = [-1, 0, 1, 2, 3, 8, 9, 14, 15, 17, 63, 64, 65, 4096, 4097, 2**31, 2**47, 2**64, -(2**63)]
WORDS = ["", "p0", "p1", "n0", "m0", "v0", "a0", "f0", "t0", "swapper", "ZERO", "zap", "lock_page"]
ODD_WORDS = [
    "a.b",
    "x[0]",
    "p0\n",
    "\ud800",
    "\x00",
    "{data}",
    "%s",
    '"',
    "0x401000",
    "0x1",
    "1" * 30,
]

numbers = st.sampled_from(EXTREMES) | st.integers() | st.floats()
words = st.sampled_from(WORDS + ODD_WORDS) | st.text(max_size=8)
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def verdict(document: object) -> Spec | ScenarioError:
    """What check says; the document is left as it was, and a place leads to something in it."""
    before = repr(document)
    said = answer(check, document)
    assert isinstance(said, Spec | ScenarioError)
    assert repr(document) == before
    if isinstance(said, ScenarioError):
        assert "\n" not in str(said)
        assert len(said.sentence) < 400
        assert leads_somewhere(said.place, document), str(said)
    return said


def answer(function: Callable[[Any], object], argument: Any) -> object:
    """What the function returns, or the ScenarioError it raises; all other errors get through."""
    try:
        return function(argument)
    except ScenarioError as error:
        return error


STEP = re.compile(r"""\[(?P<index>\d+)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|\.?(?P<word>[\w-]+)""")


def leads_somewhere(place: str, document: object) -> bool:
    """Each step of the place is in the document; the last may be the key that is missing there."""
    steps = list(STEP.finditer(place))
    if "".join(step.group() for step in steps) != place:
        return False
    here: Any = document
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if step["index"]:
            if not isinstance(here, list) or int(step["index"]) >= len(here):
                return False
            here = here[int(step["index"])]
        elif not isinstance(here, dict):
            return False
        else:
            key = key_of(step, here)
            if key not in here:
                return last
            here = here[key]
    return True


def key_of(step: re.Match[str], here: dict[str, Any]) -> str:
    """The key that a step names; a long one is shown by its beginning only."""
    key: str = json.loads(step["quoted"]) if step["quoted"] else step["word"]
    if key.endswith("..."):
        return next((long for long in here if long.startswith(key[:-3])), key)
    return key


def holders(value: object) -> list[Any]:
    """All objects and lists in a document, the outermost first."""
    if isinstance(value, dict):
        return [value, *(each for element in value.values() for each in holders(element))]
    if isinstance(value, list):
        return [value, *(each for element in value for each in holders(element))]
    return []


def seen(value: object, under: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """All values of a document by the key they stand under; elements of a list: by the list's."""
    if isinstance(value, dict):
        for key, element in value.items():
            group = under.setdefault(key, [])
            group += element if isinstance(element, list) else []
            group.append(element)
            seen(element, under)
    elif isinstance(value, list):
        for element in value:
            seen(element, under)
    return under


SEEN: dict[str, list[Any]] = seen([library.document(name) for name in library.names()], {})


def fitting(key: object, value: object) -> st.SearchStrategy[Any]:
    """Values that may well pass for the value under the key."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.sampled_from(EXTREMES) | st.integers(-1, 20)
    if isinstance(value, str):
        return st.sampled_from(WORDS + [v for v in SEEN.get(str(key), []) if isinstance(v, str)])
    return st.sampled_from(SEEN.get(str(key), [value]))


@st.composite
def changed_scenarios(draw: st.DrawFn, *, wild: bool) -> dict[str, Any]:
    """A scenario of the library after one to three changes anywhere in it.

    Wild changes put anything anywhere; the others what looks right, and so get far into the rules.
    """
    document = library.document(draw(st.sampled_from(library.names())))
    for _ in range(draw(st.integers(1, 3))):
        holder = draw(st.sampled_from(holders(document)))
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        change = draw(st.sampled_from(["put", "put", "put", "insert", "delete", "double"]))
        if not keys or change == "insert":
            insert(draw, holder, wild)
            continue
        key = draw(st.sampled_from(keys))
        if change == "delete":
            del holder[key]
        elif change == "put":
            holder[key] = copy.deepcopy(draw(values if wild else fitting(key, holder[key])))
        elif isinstance(holder, dict):
            holder[draw(words)] = copy.deepcopy(holder[key])
        else:
            holder.append(copy.deepcopy(holder[key]))
    return document


def insert(draw: st.DrawFn, holder: Any, wild: bool) -> None:
    if isinstance(holder, list):
        elements = values if wild or not holder else fitting(None, holder[0])
        holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(draw(elements)))
    else:
        key = draw(words if wild else st.sampled_from(sorted(SEEN)))
        holder[key] = copy.deepcopy(draw(values if wild else st.sampled_from(SEEN[key])))


@settings(max_examples=600, deadline=None)
@given(changed_scenarios(wild=True) | changed_scenarios(wild=False))
def test_a_changed_scenario_is_a_scenario_or_told_to_be_none(document: dict[str, Any]) -> None:
    verdict(document)


@settings(max_examples=400, deadline=None)
@given(changed_scenarios(wild=False))
def test_what_is_a_scenario_has_a_result(document: dict[str, Any]) -> None:
    """Whatever passes the check can be run: it ends with a code or a kernel bug, and is JSON."""
    try:
        scenario = kmm.load(document)
    except ScenarioError:
        return
    run = scenario.run()
    assert run.bug is None or " in " in run.bug or run.bug == "oops: bad pointer dereference"
    assert json.loads(json.dumps(run.result))["rc"] == run.rc
    assert len(run.trace.state(len(run.trace)).to_dict()) > 0


@settings(max_examples=300, deadline=None)
@given(values)
@example({"op": {"call": "migrate_pages", "from": [], "to_node": 0, "x[0].y": 1}})
@example({"op": {}, "pages": {"a.b": {"pins": []}}})
def test_arbitrary_json_is_told_to_be_no_scenario(document: object) -> None:
    verdict(document)


@settings(max_examples=300, deadline=None)
@given(changed_scenarios(wild=True) | changed_scenarios(wild=False))
def test_a_scenario_as_text_is_judged_as_the_same_data(document: dict[str, Any]) -> None:
    reread = answer(parse, json.dumps(document))
    if isinstance(reread, ScenarioError):
        assert leads_somewhere(reread.place, document), str(reread)
    else:
        assert str(verdict(reread)) == str(verdict(document))


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary())
@example(b"\xef\xbb\xbf{}")
@example('{"a": 1e999, "a": NaN}')
@example("[" * 100_000)
def test_arbitrary_text_is_a_document_or_told_to_be_none(text: str | bytes) -> None:
    document = answer(parse, text)
    if not isinstance(document, ScenarioError):
        assert answer(parse, json.dumps(document)) == document


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(library.names()), st.data())
def test_cut_or_damaged_text_is_told_with_line_and_column(name: str, data: st.DataObject) -> None:
    text = json.dumps(library.document(name), indent=1)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ScenarioError, match=r"^line \d+, column \d+: is not JSON: "):
        parse(text[:cut])
