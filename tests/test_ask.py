# SPDX-License-Identifier: GPL-2.0-only
"""Questions in the player: which are picked, what is refused, and how answers reach Python."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import KmmError, Question
from kmm.cli import main
from kmm.scenario import library
from kmm.sim import Trace
from kmm.sim.step import shown

TRACE = kmm.load("anon-simple").run().trace
PTE = "m0.pte[0x401000]"


@pytest.fixture
def trace() -> Trace:
    return TRACE


def answered(player: Any, number: int, **more: Any) -> None:
    """What the browser does when somebody answers."""
    answers = [dict(answer) for answer in player.answers]
    answers[number].update({"done": True, "attempts": 1, **more})
    player.answers = answers


# Which questions are picked.


def test_the_answers_are_those_of_counting_by_hand() -> None:
    found = {
        name: [(q.field, q.asked(t)["value"]) for q in t.pivotal(5)]
        for name in ("anon-simple", "anon-shared", "file-buffers")
        for t in [kmm.load(name).run().trace]
    }
    # One pte and the isolator; a frame of twenty; no pte; the new page; only the pagevec is left.
    assert found["anon-simple"] == [
        ("p0._count", 2), ("node[1].free", 19), ("p0.mapcount", 0), (PTE, "n0 w--"),
        ("p0._count", 1),
    ]  # fmt: skip
    # Two ptes, so one reference more at first; read-only, as after every fork.
    assert found["anon-shared"] == [
        ("p0._count", 3), ("node[1].free", 19), ("p0.mapcount", 0), (PTE, "n0 ---"),
        ("p0._count", 1),
    ]  # fmt: skip
    # A pte, the cache, the buffers and the isolator; frozen; without cache and buffers.
    assert found["file-buffers"] == [
        ("p0._count", 4), ("p0.mapcount", 0), ("p0._count", 0), ("p0._count", 1),
        ("m0.pte[0x503000]", "n0 ---"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", library.names())
def test_what_is_picked_keeps_its_promises(name: str) -> None:
    trace = kmm.load(name).run().trace
    picked = trace.pivotal(5)
    assert picked == kmm.load(name).run().trace.pivotal(5)
    steps = [question.step for question in picked]
    assert steps == sorted(set(steps))
    phases = [trace.phases().phase_at(step) for step in steps]
    assert len(set(phases)) == len(phases) <= 5
    same = set()
    for question in picked:
        path = question.field.replace(".mapcount", "._mapcount")
        before, after = trace.value(path, question.step), trace.value(path, question.step + 1)
        assert before != after
        kind = re.sub(r"\[.*\]$", "", path).rpartition(".")[2]
        same.add((kind, after if isinstance(after, int) else re.sub(r"\d", "", shown(after))))
        said = question.asked(trace)
        assert said["right"].startswith("Right")
        # The answer is not in the question: what the step is given is left out where it is.
        arguments = re.search(r"\((.*)\)", said["text"])
        assert arguments
        assert str(said["value"]) not in re.split(r", ", arguments[1])
    assert len(same) == len(picked)


def test_most_of_the_library_has_something_to_ask() -> None:
    counts = [len(kmm.load(name).run().trace.pivotal(3)) for name in library.names()]
    assert sum(count == 3 for count in counts) > len(counts) / 2


def test_one_more_question_asks_the_others_too(trace: Trace) -> None:
    picked = [set(trace.pivotal(n)) for n in range(1, 6)]
    assert [len(questions) for questions in picked] == [1, 2, 3, 4, 5]
    assert all(few < more for few, more in pairwise(picked))


@pytest.mark.parametrize("n", [0, -1, 2.5, "two", None, True])
def test_how_many_must_be_a_number(trace: Trace, n: Any) -> None:
    with pytest.raises(KmmError, match="how many questions"):
        trace.pivotal(n)


def test_predict_asks_the_first_of_them(trace: Trace) -> None:
    (first,) = trace.pivotal(1)
    assert trace.predict().question == trace.predict(first.field, first.step).question
    assert trace.predict(guess=0).right is True
    with pytest.raises(KmmError, match="both"):
        trace.predict("p0._count")
    with pytest.raises(KmmError, match="choose one"):
        kmm.load("move-esrch").run().trace.predict()


# What is refused, at once.


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        ([], "no question in the list"),
        ([Question(900, "p0._count")], "no step 900"),
        ([Question(38, "p0.cuont")], "has no field"),
        ([Question(38, "p7._count")], "no such field"),
        ([Question("38", "p0._count")], "by its number"),  # type: ignore[arg-type]
        ([Question(3, "n0._count")], "does not exist then"),
        ([Question(38, "p0._count"), Question(38, "p0.mapcount")], "two questions about step 38"),
        ([38], "is no question"),
        ("three", "what to ask"),
        (True, "what to ask"),
        (0, "how many questions"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    trace: Trace, ask: Any, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(KmmError, match=sentence):
        trace.play(ask=ask)
    with pytest.raises(KmmError, match=sentence):
        trace.to_html(tmp_path / "a.html", ask=ask)
    assert not list(tmp_path.iterdir())


def test_where_nothing_turns_nothing_is_asked() -> None:
    with pytest.raises(KmmError, match="nothing in this trace"):
        kmm.load("move-esrch").run().trace.play(ask=3)


# What is said.


def test_a_question_does_not_give_its_answer_away(trace: Trace) -> None:
    told = {k: trace.predict(field, k).question for k, field in ((36, PTE), (94, PTE))}
    assert all("set_pte_at(...)" in question for question in told.values())
    assert "p0.mapping = ..." in trace.predict("p0.mapping", 71).question


def test_the_letters_of_a_pte_may_be_left_out(trace: Trace) -> None:
    assert trace.predict(PTE, 36, "migration p0").right is True
    assert trace.predict(PTE, 94, "N0").right is True
    assert trace.predict(PTE, 94, "n0 w").right is False
    assert trace.predict(PTE, 94, "p0").right is False


def test_an_error_may_be_given_by_its_name() -> None:
    trace = kmm.load("move-pfnmap").run().trace
    (question,) = trace.pivotal(5)
    assert question.asked(trace)["value"] == -14
    assert trace.predict(question.field, question.step, "-EFAULT").right is True
    assert trace.predict(question.field, question.step, "-EAGAIN").right is False


def test_a_question_may_have_words_of_its_own(trace: Trace) -> None:
    asked = Question(38, "p0._count", "How many hold it?", because=False).asked(trace)
    assert (asked["text"], asked["because"]) == ("How many hold it?", False)


# How answers reach Python.


def test_a_player_stands_before_its_first_question(trace: Trace) -> None:
    player = trace.play(step=-1, ask=[Question(96, "n0.mapcount"), Question(38, "p0._count")])
    assert [question["step"] for question in player.questions] == [38, 96]
    assert player.step == 37
    player.step = 100
    assert player.step == 37
    answered(player, 0, given="1", value=1, right=True)
    player.step = 100
    assert player.step == 95
    answered(player, 1, given=None, value=1)
    player.step = -1
    assert player.step == len(trace) - 1


def test_answers_can_be_observed(trace: Trace) -> None:
    player = trace.play(ask=[Question(38, "p0._count")])
    assert player.answers == [
        {"step": 38, "field": "p0._count", "given": None, "value": None, "right": None,
         "because": "", "attempts": 0, "done": False},
    ]  # fmt: skip
    seen: list[Any] = []
    player.observe(lambda change: seen.append(change["new"][0]["right"]), "answers")
    answered(player, 0, given="0", value=1, right=False, because="the pte went")
    assert seen == [False]


def test_what_is_no_answer_is_refused(trace: Trace) -> None:
    player = trace.play(ask=[Question(38, "p0._count")])
    kept = player.answers
    for wrong in ([], [{}], [{**kept[0], "step": 39}], [kept[0], kept[0]], ["1"]):
        with pytest.raises(KmmError, match="no answers to the questions"):
            player.answers = wrong
    assert player.answers == kept


def test_before_the_first_step_the_start_is_shown(trace: Trace) -> None:
    player = trace.play(ask=[Question(0, "p0._count")])
    assert player.step == -1
    assert trace.svg(None).caption in player.still()["text/plain"]


def test_what_stands_for_a_player_shows_no_more_than_it(trace: Trace) -> None:
    player = trace.play(step=100, ask=[Question(38, "p0._count")])
    assert trace.narrate(37) in player.still()["text/plain"]


# In a file.


def test_a_file_has_the_questions_of_a_player(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "ask.html"
    trace.to_html(path, ask=3)
    options = re.search(r"textContent\), (\{.*\})\);", path.read_text(encoding="utf-8"))
    assert options
    sent, player = json.loads(options[1]), trace.play(ask=3)
    assert sent["questions"] == json.loads(json.dumps(player.questions))
    assert sent["answers"] == player.answers


def test_a_question_does_not_end_the_script(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "ask.html"
    trace.to_html(path, ask=Question(38, "p0._count", "</script><b>What is it?"))
    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    assert "<b>What" not in text


def test_the_command_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ask.html"
    assert main(["player", "anon-simple", "--ask", "2", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8").count('"accepted"') == 2
    assert main(["player", "move-esrch", "--ask", "2", "-o", str(tmp_path / "no.html")]) == 2
    assert "nothing in this trace" in capsys.readouterr().err


def test_the_page_of_the_player_shows_how_to_follow_it(capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("ipywidgets", "IPython", "matplotlib"):
        pytest.importorskip(package, reason="needs the lab's packages (`pip install 'kmm[lab]'`)")
    text = Path(__file__).resolve().parents[1].joinpath("docs", "player.md").read_text("utf-8")
    (example,) = (b for b in re.findall(r"```python\n(.*?)```", text, re.S) if "follow" in b)
    names: dict[str, Any] = {"kmm": kmm, "trace": kmm.load("anon-shared").run().trace}
    exec(example, names)
    capsys.readouterr()
    answered(names["player"], 0, given="0", value=0, right=True)
    assert "p0.mapcount: True" in capsys.readouterr().out
