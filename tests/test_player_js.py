# SPDX-License-Identifier: GPL-2.0-only
"""The player's JavaScript, run by Node: what it decodes is what Python says."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.mm.page import get_page
from kmm.mm.swap import put_page
from kmm.scenario import library
from kmm.show.bundle import FILES, program
from kmm.show.payload import compact
from kmm.sim import Trace
from kmm.sim.slots import key_text

HERE = Path(__file__).parent
JS = HERE.parent / "kmm" / "show" / "js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node (`apt-get install nodejs`)")


def node(*args: str, stdin: str = "") -> str:
    assert NODE is not None
    command = [NODE, *args]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain(value: Any) -> Any:
    """A value as kmm-trace/1 writes it."""
    if hasattr(value, "type") and isinstance(value, str):
        return {"ref": str(value), "type": value.type}
    if isinstance(value, tuple):
        kind = type(value).__name__ if hasattr(value, "_fields") else "tuple"
        return {"value": kind, "parts": [plain(part) for part in value]}
    return value


def digests(trace: Trace) -> list[str]:
    """One digest a state, worked out by Python alone."""

    @cache
    def written(kind: type, value: Any) -> str:
        return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)

    hex_keys = {entry.name: entry.hex_keys for entry in trace.objects}
    found = []
    for k in range(len(trace) + 1):
        objects = []
        for name, fields in trace.state(k).to_dict().items():
            pairs = ",".join(
                f"[{json.dumps(key_text(key, hex_keys=hex_keys[name]))},{written(type(v), v)}]"
                for key, v in fields.items()
            )
            objects.append(f"[{json.dumps(name)},[{pairs}]]")
        text = f"[{','.join(objects)}]"
        found.append(hashlib.sha256(text.encode()).hexdigest()[:16])
    return found


def test_the_player_has_the_state_of_every_step_of_every_scenario() -> None:
    traces = {name: kmm.load(name).run().trace for name in library.names()}
    payloads = "\n".join(map(compact, traces.values()))
    lines = node(str(HERE / "states.mjs"), str(JS / "decode.js"), stdin=payloads).splitlines()
    for (name, trace), line in zip(traces.items(), lines, strict=True):
        assert json.loads(line) == digests(trace), name


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A page that two processes map."""
    made: Trace = kmm.load("anon-shared").run().trace
    return made


@pytest.fixture(scope="module")
def answers(trace: Trace) -> dict[str, Any]:
    """Where the moves lead from each step, as the player has it."""
    text = node(str(HERE / "moves.mjs"), str(JS / "moves.js"), str(JS), stdin=compact(trace))
    found: dict[str, Any] = json.loads(text)
    return found


def ancestors(trace: Trace, k: int) -> list[int]:
    """The calls that step k is in, innermost first, with the one that is its own parent."""
    calls = [trace.columns.call[k]]
    while (parent := trace.columns.call_parent[calls[-1]]) != calls[-1]:
        calls.append(parent)
    return calls


def test_over_leads_to_the_next_step_outside_the_calls_that_are_made(
    trace: Trace, answers: dict[str, Any]
) -> None:
    for k, found in enumerate(answers["over"]):
        own = trace.columns.call[k]
        behind = (j for j in range(k + 1, len(trace)) if own not in ancestors(trace, j)[1:])
        assert found == next(behind, None), k


def test_into_leads_into_the_next_call_of_the_same_function(
    trace: Trace, answers: dict[str, Any]
) -> None:
    for k, found in enumerate(answers["into"]):
        own = trace.columns.call[k]
        other = next((j for j in range(k + 1, len(trace)) if trace.columns.call[j] != own), None)
        inside = other is not None and own in ancestors(trace, other)
        assert found == (other if inside else None), k


def test_out_leads_behind_the_last_step_of_the_function(
    trace: Trace, answers: dict[str, Any]
) -> None:
    for k, found in enumerate(answers["out"]):
        calls = ancestors(trace, k)
        behind = [
            j for j in range(k + 1, len(trace)) if calls[0] not in ancestors(trace, j)
        ]  # fmt: skip
        assert found == (behind[0] if behind and len(calls) > 1 else None), k


def test_the_next_phase_is_the_next_of_the_phases(trace: Trace, answers: dict[str, Any]) -> None:
    for k, found in enumerate(answers["phase"]):
        assert found == next((p.first for p in trace.phases() if p.first > k), None), k


def test_the_changes_of_a_field_are_its_history(trace: Trace, answers: dict[str, Any]) -> None:
    assert answers["changes"] == [
        step.index
        for step in trace.history("p0._count")
        if any(c.path == "p0._count" and c.old != c.new for c in step.changes)
    ]


def test_the_search_finds_the_steps_of_a_function(trace: Trace, answers: dict[str, Any]) -> None:
    inside = {s.index for s in trace if s.function == "try_to_unmap_one"}
    assert inside
    assert inside <= set(answers["search"])
    assert answers["nothing"] == []


def test_play_stops_at_a_line_and_at_a_change(trace: Trace, answers: dict[str, Any]) -> None:
    first = trace[answers["changes"][0]]
    assert answers["stops"] == [f"line {first.line}", "p0._count changes"]


@pytest.mark.parametrize("function", ["unmap_and_move", "try_to_unmap_one", "isolate_and_migrate"])
@pytest.mark.parametrize("name", ["anon-shared", "four-pages", "locked-until-pass-3"])
def test_a_folded_call_is_one_step_with_what_it_has_changed(name: str, function: str) -> None:
    trace = kmm.load(name).run().trace
    text = node(str(HERE / "fold.mjs"), str(JS), function, stdin=compact(trace))
    found = json.loads(text)
    # A step belongs with all steps of the outermost call of the function that it is in.
    units: list[range] = []
    for step in trace:
        functions = ancestors(trace, step.index)[-2::-1]
        around = [c for c in functions if trace.called(trace.columns.call_site[c]).name == function]
        units.append(
            range(trace.columns.call_first[around[0]], trace.columns.call_last[around[0]])
            if around
            else range(step.index, step.index + 1)
        )
    assert found["units"] == [[unit.start, unit.stop] for unit in units]
    # What another CPU does in the middle of such a call is passed over with it.
    walk = []
    while not walk or walk[-1] + 1 < len(trace):
        walk.append(units[walk[-1] + 1 if walk else 0][-1])
    assert found["walk"] == walk
    assert found["back"] == walk[::-1]
    nexts = [*(unit[-1] for unit in units), None]
    assert found["forward"] == [nexts[unit.stop] for unit in units]
    for k, changed in zip(walk, found["changes"], strict=True):
        unit = units[k]
        assert set(changed) == {c.path for c in trace.diff(unit.start, unit.stop)}, k
    calls = sum(
        parent != call and trace.called(site).name == function and last - first > 1
        for call, (parent, site, first, last) in enumerate(
            zip(
                trace.columns.call_parent,
                trace.columns.call_site,
                trace.columns.call_first,
                trace.columns.call_last,
                strict=True,
            )
        )
    )
    assert dict(found["foldable"]).get(function, 0) == calls


def test_the_player_has_the_states_of_a_trace_that_was_cut_off() -> None:
    """In the middle of a call, and in a loop without end."""
    world = kmm.World()
    page = world.mm().mmap(pages=1).touch(0)

    def mine(*args: Any) -> None:
        while True:
            get_page(page)
            page.index, page.index = 5, 6
            put_page(page)

    with kmm.replace(migrate_pages=mine):
        looping = world.migrate_pages([page], 1, limit=500).trace
    cut = kmm.load("four-pages").run(limit=100).trace
    traces = [looping, cut, cut.first(50)]
    payloads = "\n".join(map(compact, traces))
    lines = node(str(HERE / "states.mjs"), str(JS / "decode.js"), stdin=payloads).splitlines()
    assert [json.loads(line) for line in lines] == [digests(trace) for trace in traces]


def test_the_joined_program_is_one_module_without_dependencies(tmp_path: Path) -> None:
    text = program()
    assert "import" not in {line.split(" ")[0] for line in text.splitlines()}
    module = tmp_path / "player.mjs"
    module.write_text(text, encoding="utf-8")
    script = (
        "import(process.argv[1]).then(m => console.log(typeof m.mount, typeof m.default.render))"
    )
    assert node("-e", script, module.as_uri()).split() == ["function", "function"]


def test_every_file_is_joined_and_short_enough_to_read() -> None:
    assert sorted(FILES) == sorted(path.name for path in JS.glob("*.js"))
    for path in JS.glob("*.js"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 300, path.name
