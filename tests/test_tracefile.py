# SPDX-License-Identifier: GPL-2.0-only
"""kmm-trace/1: a saved trace says all that the trace said, and a wrong file says what is wrong."""

from __future__ import annotations

import copy
import json
import linecache
import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kmm
from kmm import KmmError, Trace
from kmm.scenario import library
from kmm.sim.recorder import Site
from kmm.sim.sources import Sources, file_name
from kmm.sim.tracefile import OtherValue, from_dict, schema

ROOT = Path(__file__).resolve().parents[1]

#: One whose trace has pages, ptes, swap entries, buffers and two address spaces.
SAMPLE = "anon-shared"


@cache
def run(name: str) -> Trace:
    return kmm.load(name).run().trace


@cache
def text(name: str = SAMPLE) -> str:
    return json.dumps(run(name).to_dict())


def document(name: str = SAMPLE) -> Any:
    """A new copy of the document of a scenario's trace."""
    return json.loads(text(name))


def reloaded(trace: Trace, folder: Path) -> Trace:
    trace.save(folder / "trace.json")
    return Trace.load(folder / "trace.json")


def ask_everything(trace: Trace, states: int = 3) -> list[Any]:
    """Whatever a trace can be asked about its own data."""
    choice = random.Random(len(trace))
    some = {0, len(trace), *(choice.randrange(len(trace) + 1) for _ in range(states))}
    slots = sorted(set(trace.columns.slot))
    return [
        [
            (repr(s), s.args, s.result, s.changes, s.stack, s.function, s.task, s.failed)
            for s in trace
        ],
        [(s.primitive, s.kernel_file, s.file, s.line, s.call) for s in trace],
        repr(trace.calls),
        [trace.state(k).to_dict() for k in sorted(some)],
        [(owner, owner.type, field) for owner, field in map(trace.slots.name, slots)],
        [trace.histories.steps(slot) for slot in slots],
        trace.diff(0, len(trace)),
        [trace.sources.code(number) for number in range(len(trace.sources.codes))],
        (trace.tasks, trace.failed, trace.bug, trace.about, repr(trace)),
    ]


@pytest.mark.parametrize("name", library.names())
def test_what_was_saved_says_the_same(name: str, tmp_path: Path) -> None:
    trace = run(name)
    again = reloaded(trace, tmp_path)
    assert again == trace
    assert ask_everything(again) == ask_everything(trace)
    assert [again.state(k) for k in range(0, len(trace) + 1, 7)] == [
        trace.state(k) for k in range(0, len(trace) + 1, 7)
    ]
    assert again.calls == trace.calls


def test_a_slot_is_found_again_by_its_name(tmp_path: Path) -> None:
    again = reloaded(run(SAMPLE), tmp_path)
    for slot in set(again.columns.slot):
        owner, field = again.slots.name(slot)
        path = f"{owner}{field}" if field.startswith("[") else f"{owner}.{field}"
        assert again.slots.slot(path) == slot
    assert [repr(s) for s in again.history("p0._count")] == [
        repr(s) for s in run(SAMPLE).history("p0._count")
    ]


@pytest.mark.parametrize("name", library.names())
def test_documents_keep_to_the_published_schema(name: str) -> None:
    published(document(name))


published = fastjsonschema.compile(schema())


# Sources.


def test_the_source_of_every_function_that_ran_is_there() -> None:
    """Of those that made steps and of those that were steps; only bare writes have none."""
    saved = document()
    for function in saved["functions"]:
        if function["kind"] == "statement":
            assert function["code"] == -1
        else:
            code = saved["codes"][function["code"]]
            # The operations of page flags are made from a table, all by the same few functions.
            made = code["file"] == "kmm/mm/page_flags.py"
            assert made or f"def {function['name']}(" in code["source"]
    for code in saved["codes"]:
        assert code["source"].endswith("\n")


def test_a_line_of_a_site_is_a_line_of_its_source() -> None:
    saved = document()
    for site in saved["sites"][1:]:
        code = saved["codes"][site["code"]]
        lines = code["source"].splitlines()
        called = saved["functions"][site["function"]]
        line = lines[site["line"] - code["first_line"]]
        assert called["kind"] == "statement" or called["name"] in line or "(" in line


def test_a_replaced_function_is_saved_as_it_was_replaced() -> None:
    def mine(page: Any) -> int:
        """A student's own way to look."""
        return int(page._count)

    with kmm.replace(page_count=mine):
        trace = kmm.load("anon-simple").run().trace
    saved = trace.to_dict()  # after the replacement has ended
    (entry,) = [f for f in saved["functions"] if f["name"] == "page_count"]
    assert saved["codes"][entry["code"]]["name"].endswith("mine")
    assert "A student's own way to look." in saved["codes"][entry["code"]]["source"]
    assert saved["codes"][entry["code"]]["file"] == "test_tracefile.py"
    body = trace.sources.body(next(n for n, f in trace.functions.items() if f.name == "page_count"))
    assert body is not None
    assert body.name.endswith("mine")


def test_a_body_without_source_has_none() -> None:
    class Counter:
        def __call__(self, page: Any) -> int:
            return int(page._count)

    with kmm.replace(page_count=Counter()):
        saved = kmm.load("anon-simple").run().trace.to_dict()
    assert [f["code"] for f in saved["functions"] if f["name"] == "page_count"] == [-1]


def compiled(source: str, filename: str) -> Any:
    """A function as a notebook's cell defines it."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), names)
    return names["page_count"]


CELLS = ("/tmp/ipykernel_4711/2534.py", "<ipython-input-5-0f3c>")


@pytest.mark.parametrize("filename", CELLS)
def test_a_cell_is_called_a_cell_and_keeps_its_text(filename: str) -> None:
    source = "# a cell\n\ndef page_count(page):\n    return page._count\n"
    with kmm.replace(page_count=compiled(source, filename)):
        trace = kmm.load("anon-simple").run().trace
    saved = trace.to_dict()
    del linecache.cache[filename]
    (entry,) = [f for f in saved["functions"] if f["name"] == "page_count"]
    code = saved["codes"][entry["code"]]
    assert (code["file"], code["first_line"]) == ("cell", 3)
    assert code["source"] == "def page_count(page):\n    return page._count\n"


def test_equal_functions_of_two_files_stay_apart() -> None:
    source = "def page_count(page):\n    return page._count\n"
    files = []
    for filename in ("/home/ann/one.py", "/home/ann/two.py"):
        with kmm.replace(page_count=compiled(source, filename)):
            saved = kmm.load("anon-simple").run().trace.to_dict()
        (entry,) = [f for f in saved["functions"] if f["name"] == "page_count"]
        files.append(saved["codes"][entry["code"]]["file"])
    assert files == ["one.py", "two.py"]
    codes = [compiled(source, f"/home/ann/{name}.py").__code__ for name in ("one", "two")]
    assert codes[0] == codes[1]
    assert len(Sources.of([Site(0, code, 0) for code in codes]).codes) == 2


@pytest.mark.parametrize("name", library.names())
def test_no_trace_tells_where_it_was_made(name: str) -> None:
    whole = text(name)
    for path in (ROOT, Path.home(), Path(sys.prefix)):
        assert path == Path("/") or str(path) not in whole
    assert " at 0x" not in whole  # the address of a Python object


def test_files_outside_kmm_are_known_by_their_bare_names() -> None:
    assert file_name(test_files_outside_kmm_are_known_by_their_bare_names.__code__) == (
        "test_tracefile.py"
    )
    assert file_name(Trace.load.__func__.__code__) == "kmm/sim/trace.py"  # type: ignore[attr-defined]


PROGRAM = """
import sys
{first}
import kmm
kmm.load("anon-shared").run().trace.save(sys.argv[1])
"""


def test_the_file_is_the_same_whatever_was_imported_before(tmp_path: Path) -> None:
    files = []
    for seed, first in enumerate(("", "import kmm.mm.vmscan, kmm.mm.buffer")):
        path = tmp_path / f"{seed}.json"
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(first=first), str(path)],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        files.append(path.read_bytes())
    assert files[0] == files[1]


# Values.


def test_a_value_of_an_unknown_kind_is_kept() -> None:
    saved = document()
    saved["values"].append({"value": "their_own", "parts": [1, {"ref": "p0", "type": "Page"}]})
    trace = from_dict(saved)
    value = trace.values[-1]
    assert isinstance(value, OtherValue)
    assert str(value) == "their_own(1, p0)"
    assert trace.to_dict() == saved


def test_a_name_is_not_a_text() -> None:
    trace = from_dict(document())
    name = next(v for v in trace.values if v == "p0")
    assert name.type == "Page"


def test_any_text_can_be_saved_and_read(tmp_path: Path) -> None:
    saved = document()
    saved["about"] = {"scenario": "λ \ud800 \u2028", "deep": [{"x": 1.5}, None]}
    trace = from_dict(saved)
    assert reloaded(trace, tmp_path) == trace


# Wrong files.


def refusal(content: str | bytes, folder: Path) -> str:
    """What Trace.load says of the file, without the file's name."""
    path = folder / "wrong.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(KmmError) as caught:
        Trace.load(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON: "),
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("9" * 10_000, "not JSON: "),
        (b"\xff\xfe", "cannot be read: it is not UTF-8 text"),
        ("[]", "no kmm-trace/1: the file must be object"),
        ("{}", "no kmm-trace/1: the file must contain"),
        ('{"format": "kmm-trace/2"}', "no kmm-trace/1: it says that its format is 'kmm-trace/2'"),
    ],
)
def test_what_is_no_document_is_refused(content: str | bytes, said: str, tmp_path: Path) -> None:
    assert refusal(content, tmp_path).startswith(said)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json", tmp_path / "a\0b"):
        with pytest.raises(KmmError, match="cannot be read: "):
            Trace.load(path)
    with pytest.raises(KmmError, match="cannot be written: "):
        run(SAMPLE).save(tmp_path)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"value": "tuple", "parts": [value]}
    return value


def put(*path: Any) -> Any:
    """A change to a document: the last of `path` goes to the place that the rest names."""
    *way, last, value = path

    def change(d: Any) -> None:
        for key in way:
            d = d[key]
        d[last] = value

    return change


def find(d: Any, kind: str) -> int:
    """The number of the first object of a type."""
    return next(i for i, o in enumerate(d["objects"]) if o["type"] == kind)


def of_a_list(d: Any) -> None:
    """A text where a list keeps the place of a member."""
    slots = {slot for o in d["objects"] if o["type"] == "ListHead" for _, slot in o["cells"]}
    change = next(i for i, slot in enumerate(d["columns"]["slot"]) if slot in slots)
    d["values"].append("a text")
    d["columns"]["new"][change] = len(d["values"]) - 1


def of_a_pte(*parts: Any) -> Any:
    return lambda d: d["values"].append({"value": "pte_t", "parts": list(parts)})


def change_cell(index: int, value: Any) -> Any:
    def change(d: Any) -> None:
        cells = next(o["cells"] for o in d["objects"] if len(o.get("cells", ())) > 1)
        cells[0][index] = cells[1][index] if value == "the next" else value

    return change


HUGE = 2**64
WRONG: list[tuple[Any, str]] = [
    (lambda d: d.pop("values"), "the file must contain"),
    (put("more", 1), "the file must not contain"),
    (put("steps", 1.0), "steps must be a whole number"),
    (put("steps", -1), "steps must be"),
    (put("steps", 3), "columns.site has "),
    (put("bug", 1), "bug must be"),
    (put("about", []), "about must be object"),
    (put("failed", [10_000]), "failed[0]: there are only "),
    (put("failed", [0.0]), "failed[0] must be a whole number"),
    (put("values", 0, 1), "values[0] must be null"),
    (put("values", 1, []), "values[1] must not be an array"),
    (put("values", 1, {"ref": "p0"}), "values[1] must have the keys"),
    (put("values", 1, {"ref": "p0", "type": 1}), "values[1]: ref and type"),
    (put("values", 1, {"value": "tuple", "parts": 1}), "values[1]: value must be"),
    (put("values", 1, {"value": "tuple", "parts": [[1]]}), "values[1] must not be an array"),
    (put("values", 1, nested(60)), "values[1] has parts inside parts, more than 50 deep"),
    (of_a_pte(), ": a pte_t has 7 parts (page, write, dirty, young, entry, pgoff, special)"),
    (put("values", 1, {"value": "swp_entry_t", "parts": ["x", []]}), "values[1] must not be"),
    (put("values", 1, {"value": "pte_pointer", "parts": [1, "x"]}), "values[1]: a pte_pointer"),
    (put("functions", 0, "number", 7), "functions[0] must not contain"),
    (put("functions", 1, "kind", "macro"), "functions[1].kind must be one of"),
    (put("functions", 1, "code", 10_000), "functions[1].code: there are only "),
    (put("functions", 1, "code", -2), "functions[1].code must be"),
    (put("sites", 1, "function", 10_000), "sites[1].function: there are only "),
    (put("sites", 1, "function", -1), "sites[1].function must be"),
    (put("sites", 1, "code", 10_000), "sites[1].code: there are only "),
    (put("sites", 1, "line", "7"), "sites[1].line must be integer"),
    (put("sites", 1, "line", 7.0), "sites[1].line must be a whole number"),
    (put("codes", 0, "first_line", 0), "codes[0].first_line must be"),
    (put("tasks", ["t"] * 257), "tasks must contain less than or equal to 256 items"),
    (put("columns", "site", 0, 10_000), "columns.site[0] is 10000, and there are only "),
    (put("columns", "site", 0, -1), "columns.site[0] must be a whole number from 0"),
    (put("columns", "site", 0, HUGE), "columns.site[0] must be a whole number from 0"),
    (put("columns", "site", 0, True), "columns.site[0] must be a whole number from 0"),
    (put("columns", "site", 0, None), "columns.site[0] must be a whole number from 0"),
    (put("columns", "call_task", 0, 1), "columns.call_task[0] is 1, and there are only 1 tasks"),
    (put("columns", "call_task", 0, 256), "columns.call_task[0] must be a whole number from 0"),
    (
        put("columns", "call_state", 0, 3),
        "columns.call_state[0] must be a whole number from 0 to 2",
    ),
    (put("columns", "call_parent", 1, 2), "columns.call_parent[1]: a call comes after"),
    (put("columns", "call_last", 1, 10_000), "columns.call_last[1]: there are only "),
    (put("columns", "args_end", 3, 10_000), "columns.args_end[3] must lie between"),
    (put("columns", "changes_end", 3, 0), "columns.changes_end["),
    (put("columns", "old", []), "columns.old has 0 entries instead of "),
    (put("columns", "slot", 0, 100_000), "columns.slot[0] is 100000, and there are only "),
    (put("columns", "extra", []), "columns must not contain"),
    (lambda d: d["columns"].pop("args"), "columns must contain"),
    (lambda d: d["columns"]["site"].append(1), "columns.site has "),
    (lambda d: d["columns"]["initial"].pop(), " slots"),
    (put("objects", 0, "base", 100_000), "objects[0]: slot 100000 is not in columns.initial"),
    (put("objects", 0, "base", 1), "belongs to an object already"),
    (put("objects", 0, "name", "p0"), "is the name of another object"),
    (lambda d: d["objects"].pop(0), " belongs to no object"),
    (lambda d: d["objects"][0].update(fields=["a"] * 9), "belongs to an object already"),
    (lambda d: d["objects"][find(d, "Page")].update(cells=[], hex_keys=False), "objects["),
    (lambda d: d["objects"][find(d, "ListHead")].pop("hex_keys"), "objects["),
    (lambda d: d["objects"][find(d, "ListHead")]["cells"].append([1]), " must be a key and a slot"),
    (change_cell(1, -1), "[1] must be a whole number from 0"),
    (change_cell(1, 1.0), "[1] must be a whole number from 0"),
    (change_cell(1, "the next"), "belongs to an object already"),
    (change_cell(0, "the next"), " has the key of another cell"),
    (of_a_list, ": a list keeps whole numbers, the places of its members"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_document_is_refused_with_its_place(number: int, tmp_path: Path) -> None:
    change, said = WRONG[number]
    wrong = document()
    change(wrong)
    assert said in refusal(json.dumps(wrong), tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"ref": inner, "type": inner})
        | st.fixed_dictionaries(
            {"value": st.sampled_from(["pte_t", "tuple", "slot_pointer"]), "parts": inner}
        )
    ),
    max_leaves=8,
)
NUMBERS = st.integers(-2, 400) | st.sampled_from([2**31, 2**32, 2**64, -(2**63)]) | st.floats()


def mutated(data: st.DataObject, value: Any) -> None:
    """Change one place somewhere inside of `value`."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = data.draw(st.sampled_from(keys))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 7)):
            value = inner
            continue
        how = data.draw(st.sampled_from(("number", "json", "drop", "double", "swap")))
        if how == "number":
            value[key] = data.draw(NUMBERS)
        elif how == "json":
            value[key] = data.draw(JSON)
        elif how == "drop":
            del value[key]
        elif how == "double" and isinstance(value, list):
            value.insert(key, copy.deepcopy(inner))
        else:
            value[key] = copy.deepcopy(value[data.draw(st.sampled_from(keys))])
        return


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_file_is_refused_in_one_sentence_or_answers_everything(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wrong = document("move-eperm-other-user" if data.draw(st.booleans()) else SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated(data, wrong)
    folder = tmp_path_factory.getbasetemp()
    path = folder / "changed.json"
    path.write_text(json.dumps(wrong), encoding="utf-8")
    said = ""
    try:
        trace = Trace.load(path)
    except KmmError as error:
        said = str(error)
    if said:
        assert said.startswith(f"{path}: no kmm-trace/1: ")
        assert "\n" not in said
        return
    published(wrong)  # what passes keeps to the published schema
    ask_everything(trace, states=1)
    trace.save(folder / "again.json")
