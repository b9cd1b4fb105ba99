# SPDX-License-Identifier: GPL-2.0-only
"""compare: two traces side by side, and where they first part."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import KmmError
from kmm.cli import main
from kmm.mm import migrate
from kmm.mm.list import list_del
from kmm.mm.page import Page, get_page, page_count, put_page_testzero
from kmm.scenario import library
from kmm.show.compare import Comparison
from kmm.show.sidebyside import payload
from kmm.show.words import written
from kmm.sim import ListHead, Trace

ROOT = Path(__file__).resolve().parents[1]
NODE = shutil.which("node")


@cache
def run(name: str) -> Trace:
    """A scenario's trace."""
    made: Trace = kmm.load(name).run().trace
    return made


def rewritten(name: str, old: str, new: str) -> Callable[..., Any]:
    """A function of migrate.py with other words in one place, as a student would have it."""
    source = inspect.getsource(inspect.unwrap(getattr(migrate, name)))
    source = source.replace("@kernel_function\n", "")
    assert source.count(old) == 1
    names = dict(vars(migrate))
    exec(source.replace(old, new), names)
    made: Callable[..., Any] = names[name]
    return made


def mistaken(scenario: str, name: str, old: str, new: str) -> Comparison:
    """The model's own run beside one in which one place is written otherwise."""
    with kmm.replace(**{name: rewritten(name, old, new)}):
        mine = kmm.load(scenario).run()
    return kmm.compare(run(scenario), mine, names=("the model", "mine"))


def test_it_is_found_by_its_name_and_imported_when_first_asked_for() -> None:
    assert "compare" in dir(kmm)
    program = "import kmm, sys; assert 'kmm.show.compare' not in sys.modules; kmm.compare"
    subprocess.run([sys.executable, "-c", program], check=True)


# Where they part.


@pytest.mark.parametrize("name", library.names())
def test_a_scenario_never_parts_from_itself(name: str) -> None:
    comparison = kmm.compare(run(name), kmm.load(name).run())
    steps = len(run(name))
    assert comparison.parts is None
    assert comparison.pairs == [(k, k) for k in range(steps)]
    assert {comparison.kind(k) for k in range(steps)} <= {""}
    assert comparison.differences() == comparison.differences(None) == []
    assert str(comparison).endswith("\nAt the end both are in the same state.")


def test_who_writes_the_same_in_other_words_never_parts() -> None:
    """Other lines, another name, a helper of one's own: the machine sees no difference."""

    def set_back(page: Any, count: int) -> None:
        migrate.page_unfreeze_refs(page, count)

    body = rewritten("migrate_page_move_mapping", "    page_unfreeze_refs(", "    set_back(")
    body.__globals__["set_back"] = set_back

    def my_own(a: Any, b: Any, c: Any) -> Any:
        return body(a, b, c)

    with kmm.replace(migrate_page_move_mapping=my_own):
        mine = kmm.load("file-clean").run()
    assert mine.trace.to_dict()["codes"] != run("file-clean").to_dict()["codes"]
    assert kmm.compare(run("file-clean"), mine).parts is None


def test_one_expected_count_less_parts_where_the_count_is_frozen() -> None:
    """Counted by hand: the first 47 steps lead to the count, and two more to the freezing."""
    comparison = mistaken(
        "file-clean",
        "migrate_page_move_mapping",
        "page_freeze_refs(page, expected_count)",
        "page_freeze_refs(page, expected_count - 1)",
    )
    parts = comparison.parts
    assert parts is not None
    assert (parts.left, parts.right, parts.pair, parts.kind) == (49, 49, 49, "other arguments")
    assert str(parts) == (
        "They part at step 49, in migrate_page_move_mapping: the model calls"
        " page_freeze_refs(p0, 2) = 1, mine calls page_freeze_refs(p0, 1) = 0."
    )


def test_a_forgotten_put_page_is_a_step_that_stands_alone() -> None:
    """It comes five steps behind the freezing, and all that differs at the end is its count."""
    comparison = mistaken("file-clean", "migrate_page_move_mapping", "    __put_page(page)\n", "")
    assert comparison.parts is not None
    assert (comparison.parts.left, comparison.parts.kind) == (54, "other primitive")
    assert comparison.left[54].primitive == "__put_page"
    assert comparison.pairs[53:56] == [(53, 53), (54, None), (55, 54)]
    assert comparison.kind(54) == "alone"
    assert comparison.differences(53) == []
    assert comparison.differences(54) == comparison.differences() == [("p0._count", 1, 2)]
    page = (ROOT / "docs" / "player.md").read_text(encoding="utf-8")
    assert f"```text\n{comparison}\n```" in page


def recorded(work: Callable[[Page, Page], None], *, count: int = 1, task: str = "t0") -> Trace:
    """What a task does to two pages; p0 has so many references at first."""
    world = kmm.World(nodes=2)
    area = world.mm().mmap(pages=2)
    first, second = area.touch(0), area.touch(1)
    first._count = count
    world.machine.current = {name: world.task(name) for name in ("t0", "t1")}[task]
    world.machine.record()
    work(first, second)
    return world.machine.trace()


def gets(page: Page, other: Page) -> None:
    page_count(other)
    get_page(page)


def puts(page: Page, other: Page) -> None:
    page_count(other)
    put_page_testzero(page)


def gets_the_other(page: Page, other: Page) -> None:
    page_count(other)
    get_page(other)


def gets_twice(page: Page, other: Page) -> None:
    gets(page, other)
    get_page(page)


def writes_the_count(page: Page, other: Page) -> None:
    page_count(other)
    page._count = 2


def writes_the_index(page: Page, other: Page) -> None:
    page_count(other)
    page.index = 2


def writes_another_count(page: Page, other: Page) -> None:
    page_count(other)
    page._count = 3


def counts(page: Page, other: Page) -> None:
    page_count(page)


@pytest.mark.parametrize(
    ("left", "right", "kind", "told"),
    [
        (gets, puts, "other primitive",
         "left calls get_page(p0), right calls put_page_testzero(p0) = 1"),
        (gets, gets_the_other, "other arguments",
         "left calls get_page(p0), right calls get_page(p1)"),
        (gets, writes_the_count, "other primitive",
         "left calls get_page(p0), right sets p0._count = 2"),
        (writes_the_count, writes_another_count, "other arguments",
         "left sets p0._count = 2, right sets p0._count = 3"),
        (writes_the_count, writes_the_index, "other primitive",
         "left sets p0._count = 2, right sets p0.index = 2"),
    ],
)  # fmt: skip
def test_the_kind_of_a_parting_is_the_first_thing_that_is_other(
    left: Any, right: Any, kind: str, told: str
) -> None:
    parts = kmm.compare(recorded(left), recorded(right)).parts
    assert parts is not None
    assert (parts.left, parts.right, parts.kind) == (1, 1, kind)
    assert str(parts) == f"They part at step 1, outside all kernel functions: {told}."


def test_the_same_call_may_return_something_else() -> None:
    """The pages begin with other counts, and that is told too."""
    comparison = kmm.compare(recorded(counts, count=2), recorded(counts, count=3))
    assert comparison.parts is not None
    assert (comparison.parts.left, comparison.parts.kind) == (0, "other result")
    assert str(comparison) == (
        "At the start 1 field differs: p0._count is 2 in left and 3 in right.\n"
        "They part at step 0, outside all kernel functions: left calls page_count(p0) = 2,"
        " right calls page_count(p0) = 3.\n"
        "At the end 1 field differs: p0._count is 2 in left and 3 in right."
    )


def test_the_same_call_may_change_something_else() -> None:
    def get_page(page: Any) -> None:
        page._count += 2

    left = recorded(gets)
    with kmm.replace(get_page=get_page):
        right = recorded(gets)
    parts = kmm.compare(left, right).parts
    assert parts is not None
    assert (parts.left, parts.kind) == (1, "other change")
    assert str(parts).endswith(
        ": each calls get_page(p0), left changes p0._count 1 → 2, right changes p0._count 1 → 3."
    )


def test_another_task_is_another_step() -> None:
    parts = kmm.compare(recorded(gets), recorded(gets, task="t1")).parts
    assert parts is not None
    assert (parts.left, parts.kind) == (0, "other task")
    assert "in left t0 calls page_count(p1) = 1, in right t1 calls page_count(p1) = 1" in str(parts)


def test_one_may_end_where_the_other_goes_on() -> None:
    comparison = kmm.compare(recorded(gets), recorded(gets_twice))
    parts = comparison.parts
    assert parts is not None
    assert (parts.left, parts.right, parts.kind, parts.pair) == (None, 2, "one ends", 2)
    assert comparison.pairs == [(0, 0), (1, 1), (None, 2)]
    assert str(parts) == (
        "They part where left ends, after step 1: right goes on at step 2,"
        " outside all kernel functions, and calls get_page(p0)."
    )
    other = kmm.compare(recorded(gets_twice), recorded(gets)).parts
    assert other is not None
    assert (other.left, other.right) == (2, None)


def test_a_run_that_a_bug_stops_parts_from_one_that_goes_on() -> None:
    comparison = mistaken(
        "anon-simple", "migrate_page_copy", "    copy_highpage(newpage, page)\n",
        "    copy_highpage(newpage, page)\n    BUG_ON(True)\n",
    )  # fmt: skip
    parts = comparison.parts
    assert parts is not None
    assert comparison.right[-1].primitive == "BUG"
    assert (parts.left, parts.kind) == (54, "other primitive")
    assert parts.right == len(comparison.right) - 1
    assert "mine stops: BUG_ON" in str(parts)


def test_two_worlds_without_a_common_object() -> None:
    machine = kmm.Machine()
    machine.record()
    empty = machine.trace()
    lines = str(kmm.compare(empty, run("anon-simple"))).splitlines()
    assert lines[0] == "They are of two worlds, which have no object in common."
    assert lines[1].startswith("They part where left ends, before its first step: right goes on")
    assert kmm.compare(empty, empty).pairs == []
    assert kmm.compare(empty, empty).differences() == []


# Which step stands beside which.


def test_every_step_stands_somewhere_once_and_in_order() -> None:
    """Each scenario beside the next one: equal beginnings one to one, no step lost or doubled."""
    for name, other in pairwise(library.names()):
        comparison = kmm.compare(run(name), run(other))
        sides = [[k for k in side if k is not None] for side in zip(*comparison.pairs, strict=True)]
        for side, trace in zip(sides or [[], []], (comparison.left, comparison.right), strict=True):
            assert side == list(range(len(trace)))
        assert (None, None) not in comparison.pairs
        first = comparison.parts.pair if comparison.parts else len(comparison.pairs)
        assert comparison.pairs[:first] == [(k, k) for k in range(first)]
        kinds = [comparison.kind(n) for n in range(len(comparison.pairs))]
        assert kinds[:first] == [""] * first
        if comparison.parts:
            assert kinds[first] != ""


def test_differences_are_those_of_the_states_field_by_field() -> None:
    """Against the plain dicts of both states."""
    comparison = kmm.compare(run("file-clean"), run("file-buffers"))
    reached = [0, 0]
    for n, pair in enumerate(comparison.pairs):
        reached = [k + (step is not None) for k, step in zip(reached, pair, strict=True)]
        left, right = (
            trace.state(k).to_dict()
            for trace, k in zip((comparison.left, comparison.right), reached, strict=True)
        )
        wanted = {f"{name}.exists" for name in left.keys() ^ right.keys()}
        for name in left.keys() & right.keys():
            ours, theirs = left[name], right[name]
            if comparison.left.slots.by_name[name].type == "ListHead":
                wanted |= {name} if list(ours) != list(theirs) else set()
                continue
            for key in ours.keys() | theirs.keys():
                if ours.get(key) != theirs.get(key):
                    cells = comparison.left.slots.by_name[name].cells is not None
                    key = f"[{key:#x}]" if name.endswith(".pte") else f"[{key}]" if cells else key
                    wanted.add(f"{name}{key}" if cells else f"{name}.{key}")
        found = [d.field for d in comparison.differences(n)]
        assert len(found) == len(set(found))
        assert set(found) == wanted, n


def test_a_list_differs_by_its_members_and_not_by_their_places() -> None:
    """b and then a before it, or a and then b behind it: the same list, with other places."""
    traces = []
    for add, order in ((ListHead.add, "ba"), (ListHead.add_tail, "ab")):
        world = kmm.World(nodes=2)
        area = world.mm().mmap(pages=2)
        pages = {"a": area.touch(0), "b": area.touch(1)}
        pagelist: ListHead[Page] = ListHead(world.machine, "pagelist")
        for page in pages.values():
            page.lru.list.remove(page.lru)
        for letter in order:
            add(pagelist, pages[letter].lru)
        world.machine.record()
        list_del(pages["a"].lru)
        traces.append(world.machine.trace())
    places = [list(trace.state(0)["pagelist"].values()) for trace in traces]
    assert places == [[-1, 0], [0, 1]]
    comparison = kmm.compare(*traces)
    assert comparison.parts is None
    assert comparison.differences(None) == comparison.differences() == []


# What a person types.


@pytest.mark.parametrize("wrong", [3, None, "anon-simple", [], kmm.load("anon-simple")])
def test_what_is_no_trace_is_refused_in_one_sentence(wrong: Any) -> None:
    for pair in ((wrong, run("anon-simple")), (run("anon-simple"), wrong)):
        with pytest.raises(KmmError, match="compare takes two traces or runs, not"):
            kmm.compare(*pair)


@pytest.mark.parametrize("wrong", [("a",), ("a", "a"), ("a", ""), ("a", 3), "ab", None, 3])
def test_names_are_two_different_texts(wrong: Any) -> None:
    with pytest.raises(KmmError, match="names are two different texts"):
        kmm.compare(run("anon-simple"), run("anon-simple"), names=wrong)


def test_a_run_that_was_not_recorded_is_told() -> None:
    with pytest.raises(KmmError, match="record=True"):
        kmm.compare(kmm.load("anon-simple").run(record=False), run("anon-simple"))


def test_a_pair_that_is_not_there_is_refused() -> None:
    comparison = kmm.compare(run("anon-simple"), run("anon-shared"))
    many = len(comparison.pairs)
    with pytest.raises(IndexError, match=f"pairs 0 to {many - 1}"):
        comparison.differences(many)
    with pytest.raises(IndexError):
        comparison.play(many)
    assert comparison.differences(-1) == comparison.differences(many - 1)


# Two players.


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """A page with buffers beside one without."""
    return kmm.compare(run("file-clean"), run("file-buffers"), names=("without", "with"))


def test_the_players_stand_where_they_part_and_where_they_are_told(comparison: Comparison) -> None:
    assert comparison.parts is not None
    player = comparison.play()
    assert player.pair == comparison.parts.pair
    player.pair = -1
    assert player.pair == len(comparison.pairs) - 1
    assert comparison.play(3).pair == 3
    with pytest.raises(IndexError):
        player.pair = len(comparison.pairs)
    assert "renderComparison" in player._esm


def test_where_no_widget_runs_there_are_two_pictures_and_the_sentences(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = comparison._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == str(comparison)
    assert data["text/html"].count("<img src=") == 2
    from kmm.show import sidebyside

    monkeypatch.setitem(sys.modules, "anywidget", None)
    sidebyside._widget_class.cache_clear()
    plain = comparison._repr_mimebundle_()
    assert (plain["text/plain"], plain["text/html"]) == (data["text/plain"], data["text/html"])
    with pytest.raises(KmmError, match=r"pip install 'kmm\[lab\]'"):
        comparison.play()
    sidebyside._widget_class.cache_clear()


def test_the_file_holds_both_traces_and_asks_for_nothing(
    comparison: Comparison, tmp_path: Path
) -> None:
    path = tmp_path / "out.html"
    comparison.to_html(path)
    text = path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="trace">(.*?)</script>', text, re.S)
    assert data is not None
    sent = json.loads(data[1])
    assert sent == json.loads(payload(comparison))
    assert [sent[side]["steps"] for side in ("left", "right")] == [
        len(comparison.left), len(comparison.right),
    ]  # fmt: skip
    assert 'mountComparison(document.getElementById("player")' in text
    asked = re.findall(r'(?:src|href)="[^"#]|@import|url\(|fetch\(|https?://(?!www\.w3\.org)', text)
    assert asked == []
    with pytest.raises(KmmError, match="cannot be written"):
        comparison.to_html(tmp_path / "no" / "out.html")


def test_the_command_compares_scenarios_and_saved_traces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, saved, second = (str(tmp_path / name) for name in ("a.html", "t.json", "b.html"))
    assert main(["player", "anon-simple", "--against", "anon-shared", "-o", first]) == 0
    told = capsys.readouterr().out
    expected = kmm.compare(
        run("anon-simple"), run("anon-shared"), names=("anon-simple", "anon-shared")
    )
    assert str(expected) in told
    assert f"{len(expected.pairs)} pairs of steps" in told
    run("anon-simple").save(saved)
    assert main(["player", "anon-simple", "--against", saved, "-o", second]) == 0
    assert "They never part" in capsys.readouterr().out
    assert main(["player", "anon-simple", "--against", "anon-shard"]) == 2
    assert "did you mean anon-shared" in capsys.readouterr().err


@pytest.mark.skipif(NODE is None, reason="needs Node (`apt-get install nodejs`)")
def test_the_players_have_the_pairs_and_differences_that_python_has() -> None:
    names = [
        ("file-clean", "file-buffers"), ("anon-simple", "move-einval-flags"),
        ("anon-shared", "anon-mlocked"), ("swap-cache", "entry-wait"),
        ("pinned-until-pass-4", "file-clean"), ("anon-simple", "anon-simple"),
        ("active-and-unevictable", "anon-simple"),
    ]  # fmt: skip
    made = [kmm.compare(run(a), run(b)) for a, b in names]
    made.append(mistaken("file-clean", "migrate_page_move_mapping", "    __put_page(page)\n", ""))
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(ROOT / "tests" / "compare.mjs"), str(ROOT / "kmm" / "show" / "js")],
        input="\n".join(map(payload, made)), capture_output=True, text=True, check=False,
        encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    def told(comparison: Comparison, n: int | None) -> list[list[str]]:
        return [[d.field, written(d.left), written(d.right)] for d in comparison.differences(n)]

    for comparison, line in zip(made, done.stdout.splitlines(), strict=True):
        found = json.loads(line)
        pairs = comparison.pairs
        kinds = [comparison.kind(n) for n in range(len(pairs))]
        assert found["start"] == told(comparison, None)
        for n, row in enumerate(found["rows"]):
            assert row == [*pairs[n], kinds[n], told(comparison, n)]
        assert len(found["rows"]) == len(pairs)
        for side, column in enumerate(found["pairOf"]):
            assert all(pairs[n][side] == step for step, n in enumerate(column))
        starts = [n for n, kind in enumerate(kinds) if kind and (not n or not kinds[n - 1])]
        assert found["differing"] == starts
        parts = comparison.parts
        assert found["at"] == (parts.pair if parts else 0)
        assert found["stops"] == ("here they part" if parts else None)
