# SPDX-License-Identifier: GPL-2.0-only
"""Who waits for whom: a scenario in which another CPU holds the lock, counted by hand."""

from __future__ import annotations

import kmm
from kmm.explain.waits import UNTOLD, WAITS
from kmm.scenario import library
from kmm.sim import FUNCTIONS


def test_whoever_waits_for_a_page_lock_waits_from_his_trylock_to_its_end() -> None:
    """lock_page tries, somebody else unlocks, lock_page goes on: that one step is the wait."""
    trace = kmm.load("locked-until-pass-3").run().trace
    (wait,) = trace.waits()
    assert str(wait) == "t0 waits in lock_page for p0, which other CPUs has"
    assert wait.last - wait.first == 1
    assert (trace[wait.first - 1].primitive, trace[wait.first - 1].result) == ("trylock_page", 0)
    assert (trace[wait.first].primitive, trace[wait.first].task) == ("unlock_page", "other CPUs")
    assert (trace[wait.last].primitive, trace[wait.last].task) == ("__lock_page", "t0")


def test_no_task_makes_a_step_while_it_waits() -> None:
    """In every scenario, at every step of every wait."""
    seen = 0
    for name in library.names():
        trace = kmm.load(name).run().trace
        for wait in trace.waits():
            seen += 1
            assert all(trace[k].task != wait.task for k in range(wait.first, wait.last))
            assert trace[wait.last].task == wait.task
    assert seen > 5


def test_every_step_that_can_wait_has_words() -> None:
    """A primitive with `until` is in the table or named as untold, and the other way round."""
    waiting = {name for name, function in FUNCTIONS.items() if function.until is not None}
    ours = {name for name in waiting if FUNCTIONS[name].file != "tests"}
    assert ours - UNTOLD == WAITS.keys()
    assert not UNTOLD & WAITS.keys()
