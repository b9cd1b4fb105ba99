# SPDX-License-Identifier: GPL-2.0-only
"""Questions in the player's JavaScript, run by Node: what comes is hidden, and verdicts agree."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.show.payload import payload
from kmm.show.questions import open_answer, questions
from kmm.sim import Trace

HERE = Path(__file__).parent
JS = HERE.parent / "kmm" / "show" / "js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node (`apt-get install nodejs`)")

SEARCHES = ["put_page", "p0", "migration", "n0", "unlock", "undo", "the"]
TYPED = [
    "0", "1", "2", " 2 ", "+2", "-2", "02", "0x2", "2.0", "two", "", "  ", "1_0", "9" * 31,
    "p0", "N0", "n0 w--", "n0  w--", "migration p0", "migration p0 w", "none", "NULL", "null",
    "-EAGAIN", "-eagain", "-14", "EAGAIN", "'", "it's \"this\"", "<b>", "é", "x" * 60,
]  # fmt: skip


def asked_in_node(trace: Trace, ask: Any) -> dict[str, Any]:
    asked = questions(trace, ask)
    sent = {
        "payload": payload(trace),
        "questions": asked,
        "answers": [open_answer(question) for question in asked],
        "searches": SEARCHES,
        "typed": TYPED,
    }
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(HERE / "veil.mjs"), str(JS)],
        input=json.dumps(sent), capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "name", ["anon-simple", "truncated-meanwhile", "entry-wait", "move-pfnmap"]
)
def test_no_move_leads_behind_a_question(name: str) -> None:
    trace = kmm.load(name).run().trace
    ask = trace.pivotal(3)
    found = asked_in_node(trace, ask)["found"]
    lasts = [question.step - 1 for question in ask] + [len(trace) - 1]
    assert [stage["last"] for stage in found] == lasts
    # Standing before a question there is no next change of p0; once it is answered, there is.
    for before, after in pairwise(found):
        assert before["again"][1] is None
        assert (after["kept"][1] is not None) == (name != "move-pfnmap")
    for stage in found:
        last = stage["last"]
        assert all(step <= last for moves in stage["moves"] for step in moves)
        assert all(step is None or step <= last for step in stage["untold"])
        assert all(hit <= last for hits in stage["hits"] for hit in hits)
        assert stage["kept"][0] == stage["again"][0]
        # And there is always a way up to it: by any unit, forward in the end arrives.
        assert all(max(moves) == last for moves in stage["moves"])


def test_a_question_about_the_first_step_hides_it_too() -> None:
    trace = kmm.load("anon-simple").run().trace
    first, then = asked_in_node(trace, [kmm.Question(0, "p0._count")])["found"]
    assert first["last"] == -1
    assert {step for moves in first["moves"] for step in moves} == {-1}
    assert first["hits"] == [[] for _ in SEARCHES]
    assert then["last"] == len(trace) - 1


def pinned(attempt: int) -> Trace:
    """A page whose pin is dropped before this attempt."""
    world = kmm.World(nodes=2)
    page = world.mm().mmap(pages=1).touch(0)
    world.pin(page)
    world.meanwhile(page, "unpin", attempt=attempt)
    made: Trace = world.migrate_pages([page], to_node=1).trace
    return made


def test_two_futures_cannot_be_told_apart_before_the_question() -> None:
    """One present, two futures: whatever is done up to the question gives the same in both."""
    soon, late = pinned(2), pinned(4)
    parts = next(k for k, (a, b) in enumerate(zip(soon, late, strict=False)) if repr(a) != repr(b))
    assert 100 < parts < len(soon)
    asked = [asked_in_node(t, [kmm.Question(parts, "p0._count")])["found"] for t in (soon, late)]
    (here, now_soon), (there, now_late) = asked
    assert here["hits"] == there["hits"]
    assert here["said"] == there["said"]
    # A set for each step: one future has more objects than the other, and so more moves.
    assert [set(moves) for moves in here["moves"]] == [set(moves) for moves in there["moves"]]
    # The oracle can see a difference: after the answer there is one.
    assert now_soon["hits"] != now_late["hits"]


def test_the_browser_says_to_every_answer_what_a_cell_says() -> None:
    for name in ("anon-simple", "file-clean", "move-pfnmap"):
        trace = kmm.load(name).run().trace
        ask = trace.pivotal(4)
        for question, said in zip(ask, asked_in_node(trace, ask)["judged"], strict=True):
            for text, answer in zip(TYPED, said, strict=True):
                told = trace.predict(question.field, question.step, text)
                assert answer == {"right": told.right, "verdict": told.verdict}, (question, text)
