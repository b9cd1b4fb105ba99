# SPDX-License-Identifier: GPL-2.0-only
"""Cases are explored here, in other processes or on a cluster, and the answers are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from kmm import KmmError
from kmm.cli import main, workers
from kmm.explore import beside, verdict, work
from kmm.explore.case import Case
from kmm.explore.search import Counts
from kmm.explore.work import Order, answers

ORDERS = [Order("case", name) for name in ("fault", "exit", "lookup")]

#: What the search says of these: 49 and 61 runs to the end, and the anon_vma that is gone.
KEYS = {
    "name", "holds_with", "complete", "bound", "runs", "steps", "broken_without", "backed_by",
    "broken_without_both", "preemptions", "counterexample_steps", "invariant", "fixes", "schedule",
}  # fmt: skip


@pytest.fixture(scope="module")
def here() -> list[work.Answer]:
    return list(answers(ORDERS))


def test_the_answers_come_in_order_and_say_what_holds(here: list[work.Answer]) -> None:
    assert [answer.order for answer in here] == ORDERS
    assert [answer.right for answer in here] == [True, False, True]
    assert all(set(answer.data) == KEYS for answer in here)
    assert here[1].breaks is not None
    assert "use after free" in here[1].text


def test_other_processes_give_the_same_answers(here: list[work.Answer]) -> None:
    with workers.workers(2) as executor:
        assert list(answers(ORDERS, executor)) == here


@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_cluster_gives_the_same_answers(here: list[work.Answer]) -> None:
    """As docs/explorer.md says how."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert list(answers(ORDERS, client.get_executor())) == here


class Slow(Executor):
    """Has answered the first order when Ctrl-C comes, is at the second, has not begun the third."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Interrupted() if len(self.futures) == 1 else Future()
        self.futures.append(future)
        if len(self.futures) < 3:
            future.set_running_or_notify_cancel()
            future.set_result(function(*args, **kwargs))
        return future


class Interrupted(Future[Any]):
    """The first who asks for the result presses Ctrl-C instead."""

    pressed = False

    def result(self, timeout: float | None = None) -> Any:
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        return super().result(timeout)


def test_ctrl_c_gives_up_what_has_not_begun_and_keeps_the_rest(here: list[work.Answer]) -> None:
    slow = Slow()
    assert list(answers(ORDERS, slow)) == here[:2]
    assert slow.futures[2].cancelled()


def test_ctrl_c_ends_a_search_with_what_is_known() -> None:
    def interrupted(counts: Counts) -> None:
        if counts.runs == 5:
            raise KeyboardInterrupt

    [answer] = answers(ORDERS, progress=interrupted)
    assert answer.interrupted
    assert (answer.right, answer.data["runs"], answer.data["bound"]) == (None, 5, "interrupted")


def test_a_worker_that_is_told_to_stop_answers_with_what_it_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    stop = threading.Event()
    monkeypatch.setattr(work, "_stop", None)
    work.heed(stop)
    stop.set()
    answer = work.work(Order("case", "fault"))
    assert (answer.interrupted, answer.data["runs"]) == (True, 1)


# The command line.


def explored(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["explore", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_status_says_whether_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    status, told, _ = explored(capsys, "fault")
    assert (status, told) == (0, "fault: holds in every interleaving (49 runs, 8970 steps)\n")
    status, told, _ = explored(capsys, "exit", "--json")
    [found] = json.loads(told)
    assert status == 1
    assert (found["holds_with"], found["preemptions"]) == (False, 1)
    status, told, _ = explored(capsys, "exit", "--replay", found["schedule"])
    assert (status, told) == (1, "broken: use after free in spin_lock\n")
    status, told, _ = explored(capsys, "file-fault-ten-passes", "--seconds", "0.01")
    assert (status, "not complete: stopped after 0.01 s" in told) == (2, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "explore what? a FILE.py, a name, --guards or --history"),
        (["nothing"], "there is no case nothing; there are fault, "),
        (["faults"], "there is no case faults; did you mean fault"),
        (["nothing.py"], "nothing.py: there is no such file"),
        (["--guards", "nothing"], "there is no guard nothing; there are "),
        (["--history", "99"], "there is no bug of history 99; there are "),
        (["fault", "--jobs", "x"], "a number of processes is expected, not 'x'"),
        (["fault", "--seconds", "0"], "a number of seconds above 0 is expected, not '0'"),
        (["fault", "--seconds", "x"], "a number of seconds above 0 is expected, not 'x'"),
        (["fault", "--max-preemptions", "-1"], "a number of preemptions is expected, not '-1'"),
        (["fault", "--guards"], "not allowed with"),
        (["fault", "--replay", "migrate, ,other"], "schedule: part 2 is empty"),
        (["fault", "--replay", "migrate 9999"], "asks for a step of migrate after"),
        (["fault", "--replay", "reader 3"], "there is no task reader; there are migrate, other"),
    ],
)
def test_a_wrong_question_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told, complaint = explored(capsys, *words)
    assert (status, told) == (2, "")
    assert sentence in complaint
    assert complaint.count("\n") == 1


# A file of one's own, with a mistake in it.

HEAD = """\
import kmm
from kmm.mm.page import get_page
from kmm.mm.swap import put_page

def world():
    w = kmm.World()
    w.mm().mmap(pages=1).touch(0)
    return w

def tasks(world):
    page = world["p0"]
    def use():
        get_page(page)
        put_page(page)
"""


def mine(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


RAISES = """\
    def bad():
        get_page(page)
        if page._count > 2:
            raise ValueError("too many")
        put_page(page)
    return {"one": use, "two": bad}
"""

NEVER = """\
    def bad():
        while True:
            get_page(page)
            put_page(page)
    return {"one": use, "two": bad}
"""

STUCK = """\
    def bad():
        get_page(page)
        while True:
            try:
                len("no step")
            except Exception:
                pass
    return {"one": use, "two": bad}
"""


def test_a_task_that_raises_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What had been found until then is kept: one run."""
    status, told, _ = explored(capsys, mine(tmp_path, RAISES), "--json")
    [found] = json.loads(told)
    line = (HEAD + RAISES).splitlines().index('            raise ValueError("too many")') + 1
    assert status == 2
    assert f"task two has raised ValueError: too many (mine.py, line {line})" in found["bound"]
    assert found["runs"] > 0
    assert ", in the run one" in found["bound"]


def test_a_task_that_never_ends_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "LONGEST", 500)
    status, told, _ = explored(capsys, mine(tmp_path, NEVER))
    assert status == 2
    assert "a run has made 500 steps and is not done: one of two never ends" in told


def test_a_task_that_makes_no_step_any_more_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "STUCK", 0.2)
    status, told, _ = explored(capsys, mine(tmp_path, STUCK))
    assert status == 2
    assert "task two makes no step any more (mine.py, line " in told


# trace.branch


@pytest.fixture(scope="module")
def case() -> Case:
    return beside.BESIDE["fault"]


@pytest.mark.parametrize("k", [0, 1, 40, 60, 100])
def test_a_branch_is_the_same_run_up_to_there(case: Case, k: int) -> None:
    trace = case.replay("migrate, other")
    other = trace.branch(k, "other")
    assert list(map(str, other[:k])) == list(map(str, trace[:k]))
    assert (trace[k].task, other[k].task) == ("migrate", "other")
    # It is a trace like any other, and can be branched again.
    assert str(other.branch(k, "migrate")[k]) == str(trace[k])


def wrong_branches() -> Iterator[tuple[int, str, str]]:
    yield 60, "nobody", "there is no task nobody; there are migrate, other"
    yield 9999, "other", "the trace has the states 0 to 124, and no 9999"
    yield 124, "migrate", "migrate cannot go on at step 124: it is done, or has to wait"


@pytest.mark.parametrize(("k", "task", "sentence"), list(wrong_branches()))
def test_a_branch_that_cannot_be_is_one_sentence(
    case: Case, k: int, task: str, sentence: str
) -> None:
    with pytest.raises(KmmError, match=sentence):
        case.replay("migrate, other").branch(k, task)
