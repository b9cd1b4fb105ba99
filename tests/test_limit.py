# SPDX-License-Identifier: GPL-2.0-only
"""A record has a limit of steps: a loop without end stops there, and everything says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import KmmError, Run, Trace, World
from kmm.cli import main
from kmm.mm.page import Page, get_page, page_count
from kmm.mm.swap import put_page
from kmm.scenario import library
from kmm.show.payload import payload
from kmm.sim import KernelBug, StepLimit, kernel_function
from kmm.sim.machine import LIMIT
from kmm.sim.values import plain


def mine(pages: list[Page], get_new_page: object, private: int) -> int:
    """A student's migrate_pages, which never ends."""
    for _ in count():
        for page in list(pages):
            page_count(page)  # line of the loop
            get_page(page)
    return 0


def endless(limit: int | None, body: Callable[..., Any] = mine) -> Run:
    world = World()
    page = world.mm().mmap(pages=1).touch(0)
    with kmm.replace(migrate_pages=body):
        return world.migrate_pages([page], 1, limit=limit)


@pytest.mark.parametrize("limit", [1, 2, 17, 1000])
def test_a_loop_without_end_stops_at_exactly_the_limit(limit: int) -> None:
    run = endless(limit)
    assert len(run.trace) == limit
    assert run.trace.stopped == run.stopped == run.result["stopped"]
    assert (run.trace.bug, run.bug, run.rc) == (None, None, None)
    assert run.trace.failed == frozenset()


def test_the_message_names_ones_own_function_and_its_line() -> None:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    first = next(n for n, line in enumerate(lines, 1) if line.endswith("# line of the loop"))
    for limit in (1000, 1001):
        run = endless(limit)
        # It is the step that was not made that the message is about.
        line = first + (run.trace[-1].primitive == "page_count")
        assert run.stopped == f"the limit of {limit:,} steps was reached in mine(), line {line}"


def test_ones_own_function_is_named_where_the_models_make_the_steps_for_it() -> None:
    @kernel_function
    def looping(pages: Any, get_new_page: Any, private: int) -> None:
        for page in pages:
            for _ in count():
                get_page(page)
                put_page(page)

    assert "in looping(), line" in str(endless(50, looping).stopped)


def test_without_a_function_of_ones_own_it_is_the_models() -> None:
    run = kmm.load("anon-simple").run(limit=20)
    step = kmm.load("anon-simple").run().trace[20]
    assert run.stopped == f"the limit of 20 steps was reached in {_python(step)}"


def _python(step: Any) -> str:
    """The Python function and the line that make a step."""
    trace, site = step._trace, step._trace.columns.site[step.index]
    place = trace.place(site)
    return f"{trace.sources.code(place.code).name}(), line {place.line}"


@pytest.mark.parametrize("name", library.names())
def test_a_cut_off_run_is_the_beginning_of_the_whole_run(name: str) -> None:
    whole = kmm.load(name).run().trace
    limit = max(1, len(whole) // 2)
    run = kmm.load(name).run(limit=limit)
    if len(whole) <= limit:
        assert run.stopped is None
        return
    assert [(s.primitive, s.args, s.result, s.changes) for s in run.trace] == [
        (s.primitive, s.args, s.result, s.changes) for s in whole[:limit]
    ]
    # The machine itself stands where the replay of the record ends.
    state = run.trace.state(limit)
    for object, fields in state.to_dict().items():
        thing = run.machine[object]
        if hasattr(thing, "FIELDS"):
            assert {field: plain(getattr(thing, field)) for field in fields} == fields, object


@pytest.mark.parametrize("name", ["anon-simple", "memcg-impossible-error"])
def test_a_run_that_fits_is_as_ever(name: str) -> None:
    """Exactly as many steps as the limit: nobody wanted one more."""
    whole = kmm.load(name).run()
    fits = kmm.load(name).run(limit=len(whole.trace))
    assert fits.trace == whole.trace
    assert fits.result == whole.result
    assert fits.stopped is None


def test_the_machine_is_dead_afterwards_as_after_a_bug() -> None:
    run = endless(100)
    with run.machine, pytest.raises(StepLimit, match="the limit of 100 steps was reached in mine"):
        page_count(run.machine["p0"])
    assert isinstance(run.machine.bug, KernelBug)


def test_a_machine_goes_on_whose_record_was_full_but_over() -> None:
    world = World()
    page = world.mm().mmap(pages=1).touch(0)
    steps = len(world.run(lambda: page_count(page), limit=1).trace)
    assert steps == 1
    assert not world.machine.hooked
    assert world.run(lambda: [page_count(page) for _ in range(3)]).rc == [1, 1, 1]


def test_except_does_not_help() -> None:
    def stubborn(pages: Any, get_new_page: Any, private: int) -> int:
        stopped = 0
        while stopped < 3:
            try:
                for page in list(pages):
                    page_count(page)
            except Exception:  # noqa: BLE001 (that is what a student writes)
                stopped += 1
        return stopped

    run = endless(30, stubborn)
    assert len(run.trace) == 30
    assert run.stopped is not None
    assert run.stopped == run.trace.stopped
    assert run.rc is None


def test_a_trace_that_was_cut_off_is_saved_and_loaded(tmp_path: Path) -> None:
    trace = endless(200).trace
    trace.save(tmp_path / "t.json")
    again = Trace.load(tmp_path / "t.json")
    assert again == trace
    assert again.stopped == trace.stopped
    assert repr(again) == repr(trace)


def test_a_file_without_the_key_is_read_as_before(tmp_path: Path) -> None:
    trace = kmm.load("anon-simple").run().trace
    trace.save(tmp_path / "t.json")
    document = json.loads((tmp_path / "t.json").read_text())
    assert "stopped" not in document
    assert Trace.load(tmp_path / "t.json").stopped is None
    document["stopped"] = 7
    (tmp_path / "t.json").write_text(json.dumps(document))
    with pytest.raises(KmmError, match="stopped"):
        Trace.load(tmp_path / "t.json")


def test_everything_that_shows_it_says_that_it_is_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = endless(100)
    assert "cut off: the limit of 100 steps was reached in mine()" in repr(run.trace)
    assert "cut off: the limit of 100 steps was reached in mine()" in repr(run)
    assert "cut off" in run.trace.svg(5).text
    assert str(run.stopped) in run.trace.svg(-1).caption
    assert str(run.stopped) not in run.trace.svg(5).caption
    run.trace.to_html(tmp_path / "t.html")
    assert str(run.stopped) in (tmp_path / "t.html").read_text(encoding="utf-8")
    run.trace.save(tmp_path / "t.json")
    assert main(["player", str(tmp_path / "t.json"), "-o", str(tmp_path / "u.html")]) == 0
    assert f"100 steps, cut off: {run.stopped}" in capsys.readouterr().out


def test_the_command_says_it_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "anon-simple", "--limit", "20"]) == 1
    out = capsys.readouterr().out
    assert "cut off: the limit of 20 steps was reached in " in out
    assert out.endswith("20 steps\n")
    assert main(["run", "anon-simple", "--limit", "100000"]) == 0


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "10"])
def test_a_limit_that_is_none_is_told(limit: Any) -> None:
    with pytest.raises(KmmError, match="a limit is a number of steps"):
        kmm.load("anon-simple").run(limit=limit)


def test_there_is_a_limit_unless_somebody_takes_it_away() -> None:
    world = World()
    world.machine.record()
    assert world.machine.recorder is not None
    assert world.machine.recorder._limit == LIMIT
    with world.machine:
        world.machine.record(1)
        world.kernel.others.flags = 1
        assert world.machine.hooked
        world.machine.record(None)
    assert not world.machine.recorder.full
    assert not world.machine.hooked


def test_a_wait_leaves_no_step_behind_the_limit() -> None:
    """Another CPU acts while somebody waits; its steps are counted like all others."""
    for name in ("four-pages", "writeback-waits", "locked-released-early", "anon-zapped-meanwhile"):
        whole = kmm.load(name).run().trace
        others = [step.index for step in whole if step.task == "other CPUs"]
        assert others
        for limit in sorted({k + n for k in others for n in (0, 1, 2)} - {0}):
            trace = kmm.load(name).run(limit=limit).trace
            assert len(trace) == min(limit, len(whole)), (name, limit)
            assert trace.failed == frozenset()


@pytest.mark.parametrize("name", ["anon-shared", "locked-until-pass-3", "memcg-impossible-error"])
def test_the_beginning_of_a_trace_is_what_a_limit_would_have_left(
    name: str, tmp_path: Path
) -> None:
    whole = kmm.load(name).run().trace
    for steps in (0, 1, 2, len(whole) // 2, len(whole) - 1):
        first = whole.first(steps)
        assert len(first) == steps
        assert first.bug is None
        assert first.stopped == f"these are the first {steps:,} of {len(whole):,} steps"
        assert [first.state(k) for k in range(steps + 1)] == [
            whole.state(k) for k in range(steps + 1)
        ]
        first.save(tmp_path / "t.json")
        assert Trace.load(tmp_path / "t.json") == first
        limited = kmm.load(name).run(limit=max(1, steps)).trace
        # A BUG is told even where the record is full.
        if steps and limited.bug is None:
            assert [(s.primitive, s.stack, s.changes) for s in first] == [
                (s.primitive, s.stack, s.changes) for s in limited
            ]
            assert [(c.fn, c.first, c.last, c.result, c.aborted) for c in first.calls] == [
                (c.fn, c.first, c.last, None if c.aborted else c.result, c.aborted)
                for c in limited.calls
            ]
            assert [first.narrate(k) for k in range(steps)] == [
                limited.narrate(k) for k in range(steps)
            ]
    assert whole.first(len(whole)) is whole
    with pytest.raises(IndexError):
        whole.first(-1)


def test_a_player_has_the_beginning_of_a_trace_that_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = kmm.load("anon-shared").run().trace
    monkeypatch.setattr("kmm.show.payload.MOST_STEPS", 50)
    sent = payload(trace)
    assert sent["steps"] == 50
    assert sent["stopped"] == f"these are the first 50 of {len(trace)} steps"
    assert payload(trace.first(50)) == sent
