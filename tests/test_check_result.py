# SPDX-License-Identifier: GPL-2.0-only
"""What a notebook shows of a check, and what is remembered of it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.cli import main
from kmm.learn import attempts


class Texts(HTMLParser):
    """The texts of a piece of HTML; every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_text_and_html_say_the_same() -> None:
    result = kmm.check("e01.q1", "<b>2</b>")
    html = Texts(result._repr_html_())
    said = " ".join(" ".join(html.texts).split())
    for line in str(result).splitlines():
        assert " ".join(line.split()) in said
    assert "<b>" not in result._repr_html_()


def test_after_success_there_is_an_explanation_and_no_hint() -> None:
    text = str(kmm.check("e01.q1", 3))
    assert "the isolator's own" in text
    assert "kmm.hint" not in text
    assert 'kmm.hint("e01.q1")' in str(kmm.check("e01.q1", 7))


def test_marks_shows_the_result_and_gives_its_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert kmm.check("e01.q1", 3).marks() == 1
    assert "1 of 1 checks pass" in capsys.readouterr().out
    assert kmm.check("e01.q1", 4).marks() == 0
    assert kmm.check("e01.q1", None).marks() == 0


def test_demand_raises_what_is_wrong() -> None:
    kmm.check("e01.q1", 3).demand()
    for wrong in (4, None):
        with pytest.raises(AssertionError, match=r"e01\.q1"):
            kmm.check("e01.q1", wrong).demand()


def test_an_attempt_is_one_line_without_the_answer(own_attempts: Path) -> None:
    kmm.exercise("e01", 5)
    kmm.check("e01.q1", 987654)
    kmm.exercise("e01", 0)
    (line,) = own_attempts.read_text("utf-8").splitlines()
    entry = json.loads(line)
    assert entry.pop("at").endswith("+00:00")
    assert entry == {"problem": "e01.q1", "seed": 5, "right": False, "points": 0, "of": 1}
    assert "987654" not in line


def test_what_is_marked_with_other_checks_is_no_attempt(own_attempts: Path) -> None:
    kmm.check("e01.q1", 3, checks=())
    assert not own_attempts.exists()


def test_hints_open_one_by_one_and_stay_open() -> None:
    first = kmm.hint("e01.q1")
    assert (len(first.open), first.of) == (1, 2)
    assert len(kmm.hint("e01.q1").open) == 2
    last = kmm.hint("e01.q1")
    assert len(last.open) == 2
    assert "2 of 2 hints are open." in str(last)
    Texts(last._repr_html_().replace("<br>", ""))


def test_progress_counts_attempts_until_it_is_solved() -> None:
    for answer in (1, 2, 3, 4, 3):
        kmm.check("e01.q1", answer)
    kmm.check("e01.q2", {})
    kmm.hint("e01.q2")
    by_name = {one.problem: one for one in kmm.progress().standings}
    solved, tried, other = (by_name[f"e01.q{n}"] for n in (1, 2, 3))
    assert (solved.state, solved.attempts, solved.best) == ("solved", 3, 1)
    assert (tried.state, tried.attempts, tried.hints) == ("tried", 1, 1)
    assert (other.state, other.attempts) == ("not yet tried", 0)
    assert "1 of " in kmm.progress().summary
    Texts(kmm.progress()._repr_html_())


def test_the_command_tells_where_it_is_kept_and_forgets(
    own_attempts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kmm.check("e01.q1", 3)
    assert main(["progress"]) == 0
    assert str(own_attempts) in capsys.readouterr().out
    assert main(["progress", "--json"]) == 0
    (first, *_) = json.loads(capsys.readouterr().out)
    assert (first["problem"], first["state"]) == ("e01.q1", "solved")
    assert main(["progress", "--forget"]) == 0
    assert not own_attempts.exists()
    assert "0 of " in capsys.readouterr().out


def test_a_file_that_somebody_has_damaged_is_read_as_far_as_it_can(own_attempts: Path) -> None:
    kmm.check("e01.q1", 3)
    text = own_attempts.read_text("utf-8")
    strange = ['{"problem": 3}', "[]", "null", '{"problem": "e01.q2", "right": 7, "points": "x"}']
    own_attempts.write_text("\n".join(["{", *strange, text, "\0"]), "utf-8")
    assert kmm.progress().standings[0].state == "solved"


def test_where_nothing_can_be_written_it_is_known_while_the_kernel_lives(
    own_attempts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_attempts.parent.mkdir()
    own_attempts.mkdir()
    kmm.check("e01.q1", 3)
    assert kmm.progress().standings[0].state == "solved"
    monkeypatch.setenv(attempts.VARIABLE, attempts.OFF)
    assert len(kmm.hint("e01.q1").open) == 1
    assert len(kmm.hint("e01.q1").open) == 2
    assert "Nothing is written down" in str(kmm.progress())


def test_a_run_without_a_step_is_not_played() -> None:
    """migrate_vmas makes none by itself: there would be nothing to look at."""
    result = kmm.check("e13.q2", lambda mm, to, from_, flags: None)
    assert result.right is False
    assert result.wrong is not None
    assert result.wrong.outcome.mine is not None
    assert result.play() is None
