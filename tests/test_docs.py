# SPDX-License-Identifier: GPL-2.0-only
"""What is written about kmm is true: its pages, its docstrings, its signatures."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.mm import migrate
from kmm.scenario import library
from kmm.scenario.primitives import QUIET, TRACED
from kmm.sim import FUNCTIONS
from kmm.sim.recorder import Columns
from kmm.sim.tracefile import schema
from kmm.sim.values import VALUE_TYPES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.append(str(DOCS))

import generate  # noqa: E402

MODULES = [
    path for room in ("sim", "mm", "scenario") for path in (ROOT / "kmm" / room).rglob("*.py")
]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)


def words(text: str) -> set[str]:
    """What stands between backticks."""
    return {
        word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[\w>-]+", code)
    }


def section(name: str, title: str) -> str:
    """A page from one heading to the next of the same level."""
    _, found, rest = page(name).partition(f"\n## {title}\n")
    assert found
    return rest.partition("\n## ")[0]


# Generated pages (branches.md has its own tests).


def test_the_list_of_simplifications_is_current() -> None:
    """If this fails: python docs/generate.py."""
    assert generate.simplified() == page("simplified.md")


def test_the_list_of_simplifications_is_complete() -> None:
    """Every mark in a source file is in a docstring and in the list, each once."""
    marks = [
        path.relative_to(ROOT).as_posix()
        for room in generate.ROOMS
        for path in sorted((ROOT / "kmm" / room).rglob("*.py"))
        for _ in re.finditer(generate.MARK, path.read_text(encoding="utf-8"))
    ]
    assert marks == [found.file for found in generate.simplifications()]
    for found in generate.simplifications():
        assert found.text.endswith("."), found


# docs/trace-format.md


def encoded(value: Any) -> Any:
    from kmm.sim.tracefile import _encoded

    return _encoded(value)


@pytest.mark.parametrize("name", library.names())
def test_the_reader_of_the_trace_page_rebuilds_every_state(name: str, tmp_path: Path) -> None:
    """It is plain Python, and what it finds is what Trace finds."""
    (source,) = blocks("trace-format.md", "python")
    assert "kmm" not in source
    reader: dict[str, Any] = {}
    exec(source, reader)
    trace = kmm.load(name).run().trace
    trace.save(tmp_path / "t.json")
    saved = reader["read"](tmp_path / "t.json")
    for k in [*range(0, len(trace), 13), len(trace)]:
        there = {
            name: {json.dumps(key): value for key, value in cells if value is not None}
            for name, cells in reader["state"](saved, k).items()
        }
        expected = {
            name: {
                json.dumps(encoded(key)): encoded(v) for key, v in cells.items() if v is not None
            }
            for name, cells in trace.state(k).to_dict().items()
        }
        assert there == expected
    for k in range(0, len(trace), 5):
        step = trace[k]
        assert reader["stack"](saved, k) == list(step.stack)
        assert reader["step"](saved, k) == {
            "primitive": step.primitive,
            "file": step.file,
            "line": step.line,
            "args": [encoded(arg) for arg in step.args],
            "result": encoded(step.result),
        }


def test_the_trace_page_names_every_key_and_every_column() -> None:
    shape = schema()
    keys = {*shape["properties"], *shape["properties"]["columns"]["properties"]}
    for definition in shape["definitions"].values():
        keys.update(definition.get("properties", ()))
    assert keys <= words(page("trace-format.md")) | {"ref", "value", "parts", "type"}
    assert {f.name for f in fields(Columns)} == set(shape["properties"]["columns"]["properties"])
    assert set(shape["properties"]["columns"]["required"]) == {f.name for f in fields(Columns)}


def test_the_trace_page_names_the_parts_of_every_value() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]*?)(?:: [^|]*)? \|$", page("trace-format.md"), re.MULTILINE
    )
    told = dict(rows)
    ours = {
        name: kind for name, kind in VALUE_TYPES.items() if kind.__module__.startswith("kmm.mm")
    }
    assert ours.keys() <= told.keys()
    for name, kind in ours.items():
        assert told[name].split(", ") == list(kind._fields)


# docs/scenario-format.md


def test_the_example_of_the_scenario_page_gives_the_result_that_is_shown() -> None:
    scenario, shown = map(json.loads, blocks("scenario-format.md", "json"))
    result = kmm.load(scenario).run().result
    final = shown.pop("final")
    assert shown.items() <= result.items()
    assert final.items() <= result["final"].items()
    assert ["page_freeze_refs", "data", 2, 1] not in result["trace"]  # it is anonymous


def _keys(shape: Any) -> Iterator[str]:
    """Every key and every word that a schema allows."""
    if isinstance(shape, dict):
        yield from shape.get("properties", ())
        yield from (word for word in shape.get("enum", ()) if isinstance(word, str))
        for inner in shape.values():
            yield from _keys(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from _keys(inner)


def test_the_scenario_page_names_every_key_and_every_word() -> None:
    path = ROOT / "kmm" / "scenario" / "scenario.schema.json"
    keys = set(_keys(json.loads(path.read_text(encoding="utf-8"))))
    text = set(re.findall(r"\w+", page("scenario-format.md")))
    assert sorted(keys - text) == []


def test_the_scenario_page_names_every_part_of_a_result() -> None:
    named = words(page("scenario-format.md"))
    results = [kmm.load(name).run().result for name in library.names()[::5]]
    for result in results:
        final = result["final"]
        assert {*result, *final} <= named
        for table in ("pages", "mms", "tasks"):
            for entry in final[table].values():
                assert set(entry) <= named
        for ring in final["buffers"].values():
            assert {key for bh in ring if isinstance(bh, dict) for key in bh} <= named
        assert set(final["memcg"]) <= named


def test_the_scenario_page_names_every_primitive() -> None:
    text = section("scenario-format.md", "The result")
    only_look = text.partition("These only look")[2]
    named = set(re.findall(r"`([^`]+)`", text))
    quiet = set(re.findall(r"`([^`]+)`", only_look))
    flag = re.compile(r"(Set|Clear|)Page[A-Z]\w+")
    flags = {name for name in TRACED | QUIET if flag.fullmatch(name)} - {"PageAnon"}
    assert TRACED - flags <= named - quiet
    assert QUIET - flags <= quiet
    for name in flags:
        assert re.search(rf"\b{name.rpartition('Page')[2]}\b", text)


def test_links_between_pages_lead_somewhere() -> None:
    for path in DOCS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        headings = {
            h.strip().lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)
        }
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("#"):
                assert target[1:] in headings, (path.name, target)
            elif "://" not in target:
                assert (path.parent / target.partition("#")[0]).exists(), (path.name, target)


# Docstrings.


def public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Functions and classes that others may use."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            # A setter is documented where its property is.
            if any(re.search(r"overload$|\.setter$", ast.unparse(d)) for d in node.decorator_list):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    # A method that overrides a documented one inherits its words.
    inherited = {"recorded_cells"}
    missing = [
        f"{node.name}, line {node.lineno}"
        for node in public(tree)
        if not ast.get_docstring(node) and node.name not in inherited
    ]
    assert missing == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_begins_with_a_sentence(path: Path) -> None:
    for node in public(ast.parse(path.read_text(encoding="utf-8"))):
        text = ast.get_docstring(node) or "It."
        first = text.split("\n\n")[0].rstrip()
        assert first.endswith((".", ":", ".)", '."')), (node.name, first)


def test_every_function_of_the_kernel_says_which_file_it_is_from() -> None:
    for path in MODULES:
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    # Tests make functions of their own.
    ours = [f for f in FUNCTIONS.values() if f.original.__module__.startswith("kmm.")]
    for function in ours:
        assert function.file or function.kind == "statement", function.name


#: The functions of mm/migrate.c in the order of the C, with the names of their parameters.
SIGNATURES = {
    "migrate_prep": "",
    "putback_lru_pages": "l",
    "remove_migration_pte": "vma old new",
    "remove_file_migration_ptes": "old new",
    "remove_anon_migration_ptes": "old new",
    "remove_migration_ptes": "old new",
    "migration_entry_wait": "mm pmd address",
    "migrate_page_move_mapping": "mapping newpage page",
    "migrate_page_copy": "newpage page",
    "fail_migrate_page": "mapping newpage page",
    "migrate_page": "mapping newpage page",
    "buffer_migrate_page": "mapping newpage page",
    "writeout": "mapping page",
    "fallback_migrate_page": "mapping newpage page",
    "move_to_new_page": "newpage page",
    "unmap_and_move": "get_new_page private page force",
    "migrate_pages": "from get_new_page private",
    "new_page_node": "p private result",
    "do_move_page_to_node_array": "mm pm migrate_all",
    "do_pages_move": "mm task nr_pages pages nodes status flags",
    "do_pages_stat": "mm nr_pages pages status",
    "sys_move_pages": "pid nr_pages pages nodes status flags",
    "migrate_vmas": "mm to from flags",
}


def test_the_functions_of_migrate_are_those_of_the_c_in_its_order() -> None:
    ours = [f.name for f in FUNCTIONS.values() if f.file == migrate.KERNEL_FILE]
    assert sorted(ours) == sorted(SIGNATURES)
    tree = ast.parse(Path(migrate.__file__).read_text(encoding="utf-8"))
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] == list(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_function_of_migrate_is_called_as_in_c_and_names_its_source(name: str) -> None:
    function = getattr(migrate, name)
    # `from` is a word of Python's.
    names = [parameter.removesuffix("_") for parameter in inspect.signature(function).parameters]
    assert names == SIGNATURES[name].split()
    assert inspect.getdoc(function).endswith(f"Source: mm/migrate.c: {name} (2.6.28-rc3)")
