# SPDX-License-Identifier: GPL-2.0-only
"""Questions to predict: every answer is answered, and explained from the step itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmm
from kmm.errors import KmmError
from kmm.sim import Trace

TRACE = kmm.load("anon-simple").run().trace
PTE = "m0.pte[0x401000]"


@pytest.fixture
def trace() -> Trace:
    return TRACE


def test_without_a_guess_it_asks_and_does_not_tell(trace: Trace) -> None:
    asked = trace.predict("p0._count", 38)
    assert asked.right is None
    assert asked.verdict == "Replace None by your number and run the cell again."
    assert asked.why == ()
    assert "put_page_testzero(p0)" in asked.question


@pytest.mark.parametrize("guess", [1, 1.0, "1", " 1 ", True])
def test_a_right_number_however_typed(trace: Trace, guess: Any) -> None:
    told = trace.predict("p0._count", 38, guess)
    assert told.right is True
    assert told.verdict == "Right: p0._count is 1."


def test_a_wrong_number_is_explained_at_once(trace: Trace) -> None:
    told = trace.predict("p0._count", 38, guess=0, because="nobody maps it")
    assert told.right is False
    assert told.verdict == "Not quite: p0._count is 1, not 0."
    text = str(told)
    assert trace.narrate(38) in text
    assert "p0._count 2 → 1" in text
    assert "Your reason: nobody maps it" in text
    assert "Who holds p0 now: isolator" in text


@pytest.mark.parametrize("guess", ["two", [], {}, 1.5, float("nan"), float("inf"), object(), 1j])
def test_another_kind_gets_a_request_and_no_traceback(trace: Trace, guess: Any) -> None:
    told = trace.predict("p0._count", 38, guess)
    assert told.right is None
    assert told.verdict.startswith("A number, please")
    assert told.why == ()


@settings(deadline=None)
@given(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary(), st.booleans(),
                 st.lists(st.integers()), st.tuples(st.text())))  # fmt: skip
def test_whatever_is_guessed_is_answered(guess: Any) -> None:
    for field in ("p0._count", "p0.mapping", PTE):
        told = TRACE.predict(field, 71, guess)
        assert told.verdict
        assert str(told)
        assert told._repr_html_()


def test_texts_are_compared_as_the_tables_write_them(trace: Trace) -> None:
    assert trace.predict(PTE, 36, "migration p0 w").right is True
    assert trace.predict(PTE, 36, " migration  p0 w").right is True
    assert trace.predict(PTE, 36, "p0 wdy").right is False
    assert trace.predict("p0.mapping", 71, "NULL").right is True
    assert trace.predict(PTE, 36, 3.5).verdict.startswith("A text, please")


def test_the_mapcount_that_people_count(trace: Trace) -> None:
    assert trace.predict("p0.mapcount", 37, 0).right is True
    assert trace.predict("p0._mapcount", 37, -1).right is True


def test_a_frozen_page_tells_who_holds_it_meanwhile() -> None:
    trace = kmm.load("file-clean").run().trace
    k = next(s.index for s in trace if s.primitive == "page_freeze_refs")
    told = trace.predict("p0._count", k, 0)
    assert told.right is True
    assert any("Frozen: 2 are kept" in line for line in told.why)


def test_the_question_must_be_one(trace: Trace) -> None:
    with pytest.raises(KmmError, match="has no field"):
        trace.predict("p0.cuont", 38)
    with pytest.raises(IndexError, match="no step 900"):
        trace.predict("p0._count", 900)


def test_the_html_says_in_words_what_its_colour_says(trace: Trace) -> None:
    html = trace.predict("p0._count", 38, 7, because="<b>why</b>")._repr_html_()
    assert "Not quite" in html
    assert "<b>" not in html
    assert 'role="status"' in html
