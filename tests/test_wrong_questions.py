# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E501 (the tables have one row for each mistake)
"""Whatever is asked of a trace or an exercise in a wrong way is answered by one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import kmm
from kmm.learn.bekernel.play import Setting

#: Everything that takes the number of a step or a state, by the words that its sentence begins with.
NUMBERED: list[tuple[str, Callable[[Any, Any], object]]] = [
    ("step", lambda t, k: t[k]),
    ("step", lambda t, k: t.narrate(k)),
    ("step", lambda t, k: t.phases().phase_at(k)),
    ("step", lambda t, k: t.svg(k)),
    ("step", lambda t, k: t.svg(5, since=k)),
    ("step", lambda t, k: t.table(k)),
    ("step", lambda t, k: t.table(0, k)),
    ("step", lambda t, k: t.play(k)),
    ("step", lambda t, k: t.predict("p0._count", k)),
    ("state", lambda t, k: t.state(k)),
    ("state", lambda t, k: t.value("p0._count", k)),
    ("state", lambda t, k: t.diff(k, 0)),
    ("state", lambda t, k: t.diff(0, k)),
    ("state", lambda t, k: t.holders("p0", k)),
    ("beginning", lambda t, k: t.first(k)),
    ("pair", lambda t, k: kmm.compare(t, t).differences(k)),
]

QUESTIONS: list[tuple[Callable[[Any], object], str]] = [
    (lambda t: t.value(3, 0), 'a field is named by a text, as in "p0._count", not by 3'),
    (lambda t: t.history(None), 'a field is named by a text, as in "p0._count", not by None'),
    (lambda t: t.holders(["p0"], 0), "['p0'] is no page of this trace; there is p0"),
    (lambda t: t.svg(0, select=3), 'select names pages by texts, as in ["p0", "p1"], not 3'),
    (lambda t: t.svg(0, select=["p0", 3]), 'select names pages by texts, as in ["p0", "p1"], not 3'),
    (lambda t: t.svg(0, since=10**9), "no step 1000000000: this trace has steps 0 to"),
    (lambda t: t.play(select=["p0"]), 'a field is named by a text, as in "p0._count"'),
    (lambda t: t.table(only=3), "only names things by texts"),
    (lambda t: t.table(only=["p0", 3]), "only names things by texts"),
    (lambda t: t.table(only={"p0": 1}), "only names things by texts"),
    (lambda t: t.plot_calls(["t0"]), "['t0'] is no task of this trace; try t0"),
    (lambda t: t.to_html(3), "a file is named by a text or a Path, not by 3"),
    (lambda t: t.save(None), "a file is named by a text or a Path, not by None"),
    (lambda t: kmm.Trace.load(b"x"), "a file is named by a text or a Path, not by b'x'"),
    (lambda t: kmm.library.document(["a"]), "a scenario is named by a text, as in"),
    (lambda t: kmm.load("anon-simple").run(record="no"), 'record must be True or False, not "no"'),
    (lambda t: t.predict("p0._count", 3, guess=1, because=3), "because is your reason as a text, or None, not 3"),
    (lambda t: kmm.Question(True, "p0._count").asked(t), "a question is about a step, by its number, not about True"),
    (lambda t: kmm.Question(3, "p0._count", text=3).asked(t), "a question's text is a text, or None for the usual, not 3"),
    (lambda t: kmm.Question(3, "p0._count", because="no").asked(t), "a question's because is True or False, not 'no'"),
    (lambda t: kmm.exercise(["e01"]), 'which exercise? Its name is written as "e01", not [\'e01\']'),
    (lambda t: kmm.check("e01.q1", 3, seed="dog"), "check: a seed is a whole number from 0 on, not 'dog'"),
    (lambda t: kmm.check("e01.q1", 3, seed=-1), "check: a seed is a whole number from 0 on, not -1"),
    (lambda t: kmm.check("e01.q1", 3, checks="ab"), "check: checks is a list of checks"),
    (lambda t: Setting(kind=["anon"]), "Setting: kind is one of anon"),
    (lambda t: Setting(mappers=1.5), "Setting: 1 to 8 mappers, node 0 to 2, and pins from 0 on"),
    (lambda t: Setting(pins=True), "Setting: 1 to 8 mappers, node 0 to 2, and pins from 0 on"),
    (lambda t: kmm.workbench(kind=["anonymous"]), "there is no kind ['anonymous']; there are"),
    (lambda t: kmm.workbench(mappers=True), "mappers is a number from 1 to 8, not True"),
    (lambda t: kmm.workbench(dirty="no"), "dirty is True or False, not 'no'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def trace() -> kmm.Trace:
    return kmm.load("anon-simple").run().trace


@pytest.mark.parametrize("k", [1e9, 3.0, True, "3", [3], float("nan")], ids=repr)
@pytest.mark.parametrize(("what", "ask"), NUMBERED)
def test_a_step_has_a_number(trace: kmm.Trace, what: str, ask: Any, k: Any) -> None:
    with pytest.raises(kmm.KmmError) as caught:
        ask(trace, k)
    assert isinstance(caught.value, TypeError)
    assert str(caught.value) == f"a {what} has a number, not {k!r}"


@pytest.mark.parametrize(("ask", "says"), QUESTIONS)
def test_the_sentence(trace: kmm.Trace, ask: Callable[[Any], object], says: str) -> None:
    with pytest.raises(kmm.KmmError) as caught:
        ask(trace)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
