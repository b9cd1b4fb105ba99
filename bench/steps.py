# SPDX-License-Identifier: GPL-2.0-only
"""What does recording cost a step?"""

from __future__ import annotations

from collections.abc import Callable

from bench.clock import Samples, in_turns
from bench.figures import Answer, number, seconds
from bench.worlds import Case, migrate_pages, whole_library

PAGES = 1000
TURNS = 9
MOST_TIMES, MOST_US = 5.0, 3.0


def ask() -> Answer:
    """Time operations with and without a record."""
    answer = Answer(
        "What does recording cost?",
        f"Medians of {TURNS} samples. Only the operation is timed, with all that a record needs: "
        "entering every object at its beginning, and handing out the trace at its end. The worlds "
        "are built before. Off is `world.run(operation, record=False)`: the same steps, of which "
        "nothing is written down.",
    )
    _compare(answer, f"migrate_pages, {PAGES:,} anonymous pages", lambda: [migrate_pages(PAGES)])
    _compare(answer, "every scenario of the library once", whole_library)
    return answer


def _compare(answer: Answer, what: str, cases: Callable[[], list[Case]]) -> None:
    steps = sum(len(case.run(record=True).trace) for case in cases())

    def prepared(record: bool) -> Callable[[], object]:
        ready = cases()
        return lambda: [case.run(record=record) for case in ready]

    times = in_turns({"on": lambda: prepared(True), "off": lambda: prepared(False)}, TURNS)
    on, off = times["on"], times["off"]

    def rate(samples: Samples) -> str:
        return f"{number(steps / samples.median)}/s ({number(steps / samples.least)}/s)"

    answer.add(
        f"{what}: steps a second, recorded ({steps:,} steps)",
        rate(on),
        f"off: {rate(off)}",
    )
    times_as_long = on.median / off.median
    answer.add(
        f"{what}: recorded takes",
        f"{times_as_long:.2f} times as long ({on.least / off.least:.2f})",
        f"{seconds(on.median / steps)} a step, off {seconds(off.median / steps)}",
        f"at most {MOST_TIMES:g} times",
        times_as_long <= MOST_TIMES,
    )
    cost = (on.median - off.median) / steps * 1e6
    least = (on.least - off.least) / steps * 1e6
    answer.add(
        f"{what}: recording costs a step",
        f"{cost:.2f} us ({least:.2f} us)",
        f"the step itself {seconds(off.median / steps)}",
        f"at most {MOST_US:g} us",
        cost <= MOST_US,
    )
