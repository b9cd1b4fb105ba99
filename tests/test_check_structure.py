# SPDX-License-Identifier: GPL-2.0-only
"""The structure of a scenario, key by key, against a table that was written by hand.

Each key is given every kind of value it must not have, and each object a key it does not know and
lacks in turn all that it must have. The answer must point at exactly that place.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from kmm.scenario.check import ScenarioError, check

BASE: dict[str, Any] = {
    "name": "base",
    "doc": "All kinds of objects.",
    "oob": {},
    "faults": {},
    "files": {"f0": {"releasepage": "ok"}},
    "mms": {
        "m0": {
            "vmas": [{"id": "v0", "start": "0x1000", "pages": 9, "file": "f0", "anon_vma": "a0"}],
            "ptes": [{"addr": "0x1000"}, {"addr": "0x3000", "migration": "p0"}],
        }
    },
    "anon_vmas": ["a0"],
    "tasks": {"t0": {"pid": 1}},
    "pages": {"p0": {"pins": 1, "buffers": [{}], "maps": [{"mm": "m0", "addr": "0x2000"}]}},
    "events": [
        {"page": "p0", "attempt": 0, "do": "pin", "at": "get_page"},
        {"page": "p0", "attempt": 0, "do": "zap", "mm": "m0", "addr": "0x2000"},
        {"page": "p0", "attempt": 0, "do": "memcg_error", "rc": 1},
        {"page": "p0", "attempt": 0, "do": "frames", "node": 0, "n": 1},
    ],
}

OPS: dict[str, dict[str, Any]] = {
    "migrate_pages": {"from": ["p0"], "to_node": 0},
    "move_pages": {"pages": [0], "nodes": [0], "flags": [], "faults": {}},
    "migrate_vmas": {"mm": "m0", "from": [0], "to": [0]},
    "migration_entry_wait": {"mm": "m0", "addr": "0x1000"},
    "putback_lru_pages": {"from": ["p0"]},
}

# place of the object, then its keys: (name, what it holds); `!` marks what must be there.
TABLE = """
    name text, doc text, nodes int 1 64, memoryless [node], local_node node, cpuset_mems [node],
    pagevec_size int 1 14, debug_vm bool, memcg bool, drain_after bool, security cint,
    current text, free {}, oob {}, faults {}, files {}, mms {}, tasks {}, pages {},
    anon_vmas [name], events [{}], op {} !
free: 0 int 0 2147483647
oob: node_state bit, node_isset bit
faults: vmalloc bool
files.f0: migratepage word?, writepage word?, releasepage word?, account_dirty bool,
    unevictable bool
mms.m0: vmas [{}], ptes [{}]
mms.m0.vmas[0]: id name !, start addr !, pages int 1 34359738368 !, file text?, pgoff index,
    anon_vma text?, flags [word], ops_migrate cint?
mms.m0.ptes[0]: addr addr !, swap int 1 4095, migration text, file_pgoff index, special true
mms.m0.ptes[1]: write bool
tasks.t0: pid int 1 2147483647 !, mm text?, uid uid, euid uid, suid uid, caps [word],
    swapwrite bool, mems [node]
pages.p0: node node, file text?, anon_vma text?, index index, swap int? 1 4095, flags [word],
    buffers list_{}, fs_private bool, lru word?, pins int 0 1000000, locked_by_other bool,
    frozen bool, maps [{}]
pages.p0.buffers[0]: busy int 0 1000000, locked bool, dirty bool
pages.p0.maps[0]: mm text !, addr addr !, write bool, dirty bool, young bool
events[0]: page text !, attempt count !, do word !, at text, nth count, on word
events[1]: mm text !, addr addr !
events[2]: rc cint !
events[3]: node node !, n cint !
op=migrate_pages: call word !, from [text] !, to_node node !, prep bool, security cint, faults {}
op=migrate_pages.faults: vmalloc bool
op=move_pages: call word !, pid cint, pages [addr] !, nodes [cint]?, flags list_word,
    nr_pages int 0 18446744073709551615, security cint, faults {}
op=move_pages.faults: pages [element], nodes [element], status [element], vmalloc bool
op=migrate_vmas: call word !, mm text !, from [node] !, to [node] !,
    flags int 0 18446744073709551615, security cint, faults {}
op=migration_entry_wait: call word !, mm text !, addr addr !, security cint, faults {}
op=putback_lru_pages: call word !, from [text] !, security cint, faults {}
"""

RANGES = {
    "node": (0, 63),
    "cint": (-(2**31), 2**31 - 1),
    "count": (0, 2**31 - 1),
    "uid": (0, 2**32 - 1),
    "index": (0, 2**52 - 1),
    "element": (0, 2**63 - 1),
    "bit": (0, 1),
}
OF_OTHER_TYPES: dict[str, list[Any]] = {
    "int": [True, "1", 1.5, 1.0, [], {}],
    "bool": [0, 1, "true", [], {}],
    "text": [True, 1, [], {}],
    "list": [True, "1", 1.5, {}],
    "object": [True, 1, "x", []],
}


def wrong_values(kind: str, arguments: list[int]) -> Iterator[tuple[str, Any]]:
    """What must not stand where the table says `kind`: (the place within the value, the value)."""
    if kind.endswith("?"):
        kind = kind[:-1]
    else:
        yield "", None
    if kind in RANGES or kind == "int":
        low, high = RANGES.get(kind) or arguments
        of_no_range: list[Any] = [low - 1, high + 1]
        for value in OF_OTHER_TYPES["int"] + of_no_range:
            yield "", value
    elif kind.startswith("["):
        for value in [*OF_OTHER_TYPES["list"], 1]:
            yield "", value
        for place, value in wrong_values(kind[1:-1], []):
            yield f"[0]{place}", [value]
    elif kind.startswith("list_"):  # or a number of limited range
        for value in [*OF_OTHER_TYPES["list"], -(2**31) - 1, 2**31]:
            yield "", value
        for place, value in wrong_values(kind.removeprefix("list_"), []):
            yield f"[0]{place}", [value]
    else:
        others = {
            "bool": OF_OTHER_TYPES["bool"],
            "true": [*OF_OTHER_TYPES["bool"], False],
            "text": OF_OTHER_TYPES["text"],
            "name": [*OF_OTHER_TYPES["text"], "", "9a", "a b", "a\n", "ä", "x" * 41],
            "word": [*OF_OTHER_TYPES["text"], "", "no such word"],
            "addr": [
                True,
                1.5,
                [],
                {},
                "",
                "x",
                "0x",
                "-1",
                " 1",
                "1\n",
                "0x" + "1" * 17,
                -1,
                2**64,
            ],
            "{}": OF_OTHER_TYPES["object"],
        }
        for value in others[kind]:
            yield "", value


def rows() -> Iterator[tuple[str, str, str, list[int], bool]]:
    """(object, key, kind, arguments, must it be there?) of each key in the table."""
    for place, keys in re.findall(r"^(?:(\S+):)?((?:.*,\n)*.*)$", TABLE.strip(), re.MULTILINE):
        for entry in keys.split(","):
            key, kind, *rest = entry.split()
            yield place, key, kind, [int(word) for word in rest if word != "!"], "!" in rest


def scenario(place: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A right scenario that has an object at the place, the place without its op, the object."""
    call = re.match(r"op=(\w+)", place)
    document = copy.deepcopy(BASE)
    document["free"] = {}
    name = call[1] if call else "migrate_pages"
    document["op"] = {"call": name, **copy.deepcopy(OPS[name])}
    place = re.sub(r"=\w+", "", place)
    here: Any = document
    for word, index in re.findall(r"([^.[\]]+)|\[(\d+)\]", place):
        here = here[int(index)] if index else here.setdefault(word, {})
    return document, place, here


def place_told(document: dict[str, Any]) -> str:
    with pytest.raises(ScenarioError) as caught:
        check(document)
    return caught.value.place


@pytest.mark.parametrize("call", OPS)
def test_the_base_is_right(call: str) -> None:
    check(scenario(f"op={call}")[0])


def test_the_table_has_every_key_of_the_schema() -> None:
    schema = resources.files("kmm.scenario").joinpath("scenario.schema.json").read_text("utf-8")
    assert {key for _, key, *_ in rows()} == {*keys_of(json.loads(schema)), "0"}


def keys_of(schema: Any) -> Iterator[str]:
    """The keys that a schema names, at any depth."""
    for key, part in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "properties":
            yield from part
        if isinstance(part, dict | list):
            yield from keys_of(part)


@pytest.mark.parametrize(("place", "key", "kind", "arguments", "needed"), list(rows()))
def test_each_key_takes_only_what_it_is_for(
    place: str, key: str, kind: str, arguments: list[int], needed: bool
) -> None:
    for within, value in wrong_values(kind, arguments):
        document, there, holder = scenario(place)
        holder[key] = value
        assert place_told(document) == f"{there}.{key}{within}".lstrip("."), value
    if needed:
        document, there, holder = scenario(place)
        del holder[key]
        assert place_told(document) == f"{there}.{key}".lstrip(".")


@pytest.mark.parametrize("place", dict.fromkeys(place for place, *_ in rows()))
def test_no_object_takes_a_key_it_does_not_know(place: str) -> None:
    document, there, holder = scenario(place)
    holder["9 lives"] = 1
    assert place_told(document) == f'{there}["9 lives"]'


@pytest.mark.parametrize("place", ["files", "mms", "tasks", "pages"])
def test_named_objects_have_names_and_are_objects(place: str) -> None:
    for name in ("", "9", "a-b", "a\n", "ä", "x" * 41):
        document, _, holder = scenario(place)
        holder[name] = {}
        assert place_told(document).startswith(place)
    for value in [*OF_OTHER_TYPES["object"], None]:
        document, _, holder = scenario(place)
        holder["x"] = value
        assert place_told(document) == f"{place}.x"
