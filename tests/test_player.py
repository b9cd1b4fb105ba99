# SPDX-License-Identifier: GPL-2.0-only
"""The Python half of the player: the payload, the widget, the file, the command."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import KmmError
from kmm.cli import main
from kmm.explain.holders import held
from kmm.show.payload import compact, payload
from kmm.sim import Trace

STEPS, LIMIT = 20_000, 600_000


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A page of the page cache with four buffers."""
    made: Trace = kmm.load("file-buffers").run().trace
    return made


def big(pages: int) -> Trace:
    """Many pages, moved at once."""
    world = kmm.World(nodes=2)
    mapping = world.mm().mmap(pages=pages)
    made: Trace = world.migrate_pages([mapping.touch(n) for n in range(pages)], to_node=1).trace
    return made


def test_a_long_trace_is_sent_in_less_than_600_kilobytes() -> None:
    """Measured at a quarter of the length, and what a step adds is no more than at the limit."""
    trace = big(48)
    assert len(trace) > STEPS / 5
    packed = len(gzip.compress(compact(trace).encode()))
    assert packed < LIMIT * len(trace) / STEPS


def test_every_step_has_its_call_and_its_sentence(trace: Trace) -> None:
    sent = payload(trace)
    said = [sent["sentences"]["table"][n] for n in sent["sentences"]["at"]]
    assert said == [trace.narrate(k) for k in range(len(trace))]
    called = [sent["code"]["table"][n] for n in sent["code"]["at"]]
    for step, text in zip(trace, called, strict=True):
        if step.primitive not in ("assign", "BUG"):
            assert text.startswith(f"{step.primitive}(")


def test_the_holders_are_those_of_every_state(trace: Trace) -> None:
    stretches = held(trace, "p0")
    for k in range(len(trace) + 1):
        number = max(n for n, (state, _) in enumerate(stretches) if state <= k)
        assert stretches[number][1] == trace.holders("p0", k)


def words(row: dict[str, Any], picture: dict[str, Any], k: int) -> list[Any]:
    """What a row of the payload says at step k."""
    place = max(n for n, state in enumerate(row["states"]) if state <= k + 1)
    which = "marked" if row["states"][place] == k + 1 else "plain"
    return [list(span) for span in picture["spans"][row[which][place]]]


def test_the_player_writes_what_the_picture_on_paper_writes(trace: Trace) -> None:
    picture = payload(trace)["picture"]
    rows = {row["key"]: row for card in picture["cards"] for row in card["rows"]}
    for k in range(len(trace)):
        svg = trace.svg(k).text
        for key in ("p0.counts", "n0.counts", "p0.flags", "f0.page_tree[3]"):
            if f'data-row="{key}"' not in svg:
                continue
            part = svg.split(f'data-row="{key}"')[1].split("</g>")[0]
            drawn = re.findall(r"<text[^>]*>([^<]*)</text>", part)
            said = [text for text, _ in words(rows[key], picture, k)]
            label = [rows[key]["label"]] if rows[key]["label"] else []
            assert sorted(drawn) == sorted(label + said), (k, key)


def test_every_line_that_is_ever_drawn_has_its_way(trace: Trace) -> None:
    picture = payload(trace)["picture"]
    routes = {(source, target) for source, target, _ in picture["routes"]}
    pages = {card["key"] for card in picture["cards"]}
    for card in picture["cards"]:
        for row in card["rows"]:
            targets = {picture["looks"][n][1] for n in row["look"]}
            assert {(row["key"], t) for t in targets if t in pages} <= routes


def test_the_player_stands_where_it_is_told(trace: Trace) -> None:
    player = trace.play(step=41, select="p0._count")
    assert (player.step, player.selection, player.folds) == (41, "p0._count", {})
    player.step = -1
    assert player.step == len(trace) - 1
    assert trace.play().selection == "p0"


def test_a_step_or_a_selection_that_is_not_there_is_refused(trace: Trace) -> None:
    with pytest.raises(IndexError, match="steps 0 to"):
        trace.play(step=len(trace))
    with pytest.raises(KmmError, match="knows no such field"):
        trace.play(select="p7")
    player = trace.play()
    with pytest.raises(IndexError):
        player.step = len(trace)
    with pytest.raises(KmmError):
        player.selection = "p7"


def test_where_no_widget_runs_there_is_a_picture_and_a_sentence(trace: Trace) -> None:
    player = trace.play(step=41)
    bundle = player._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert trace.narrate(41) in data["text/plain"]
    assert "<img src=" in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_trace_shown_by_itself_is_its_player(
    trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = trace._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in data
    from kmm.show import player

    monkeypatch.setitem(sys.modules, "anywidget", None)
    player._player_class.cache_clear()
    assert set(trace._repr_mimebundle_()) == {"text/plain", "text/html"}
    player._player_class.cache_clear()


def test_without_anywidget_one_sentence_says_what_to_install(
    trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmm.show import player

    monkeypatch.setitem(sys.modules, "anywidget", None)
    player._player_class.cache_clear()
    with pytest.raises(KmmError, match=r"pip install 'kmm\[lab\]'"):
        trace.play()
    player._player_class.cache_clear()


def test_the_file_holds_everything_and_asks_for_nothing(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    trace.to_html(path)
    text = path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="trace">(.*?)</script>', text, re.S)
    assert data is not None
    assert json.loads(data[1]) == json.loads(compact(trace))
    asked = re.findall(r'(?:src|href)="[^"#]|@import|url\(|fetch\(|https?://(?!www\.w3\.org)', text)
    assert asked == []


def test_a_source_that_ends_a_script_does_not_end_the_page(tmp_path: Path) -> None:
    trace = kmm.load("anon-simple").run().trace
    trace.about["scenario"] = "</script><b>"
    path = tmp_path / "out.html"
    trace.to_html(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    assert "<b>" not in text.split("<script")[0]


def test_a_place_that_cannot_be_written_is_told(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(KmmError, match="cannot be written"):
        trace.to_html(tmp_path / "no" / "out.html")


def test_the_command_writes_a_scenario_and_a_saved_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, saved, second = (str(tmp_path / name) for name in ("a.html", "t.json", "b.html"))
    assert main(["player", "anon-simple", "-o", first]) == 0
    trace = kmm.load("anon-simple").run().trace
    trace.save(saved)
    assert main(["player", saved, "-o", second]) == 0
    assert capsys.readouterr().out.count(f"{len(trace)} steps") == 2
    assert Path(first).read_text(encoding="utf-8") == Path(second).read_text(encoding="utf-8")


def test_the_command_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["player", "anon-simpel"]) == 2
    assert "did you mean anon-simple" in capsys.readouterr().err


def test_a_trace_without_steps_is_played_too() -> None:
    machine = kmm.Machine()
    machine.record()
    trace = machine.trace()
    assert payload(trace)["steps"] == 0
    player = trace.play()
    player.step = -1
    assert player.step == 0
    with pytest.raises(IndexError, match="no steps"):
        trace.play(step=1)


def test_a_trace_that_a_bug_ends_says_so() -> None:
    name = next(n for n in kmm.library.names() if kmm.load(n).run().trace.bug)
    trace = kmm.load(name).run().trace
    assert payload(trace)["bug"] == trace.bug
    picture = base64.b64encode(trace.svg(-1).text.encode()).decode()
    assert picture in trace.play(step=-1).still()["text/html"]
