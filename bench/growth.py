# SPDX-License-Identifier: GPL-2.0-only
"""Does the time grow with the work?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import kmm
from bench.clock import Samples, in_turns
from bench.figures import Answer, seconds
from bench.worlds import Case, migrate_pages, move_pages
from kmm.sim import FUNCTIONS

LINEAR = {100: 10, 1000: 3, 10_000: 1}  # pages: how many worlds make one sample
QUADRATIC = (100, 300, 1000, 3000)
TURNS = 5
MOST = 1.3


def ask() -> Answer:
    """migrate_pages is linear, move_pages is not, in the C as here."""
    answer = Answer(
        "Does the time grow with the work?",
        f"Medians of {TURNS} samples of the operation alone; a sample of 100 pages is "
        f"{LINEAR[100]} worlds, one of 1,000 is {LINEAR[1000]}. move_pages(2) looks for each "
        "page's element from the beginning of the array (new_page_node): n pages take "
        "n (n + 1) / 2 looks, in the C as here.",
    )
    for record in (True, False):
        _linear(answer, record=record)
    _quadratic(answer)
    return answer


def _linear(answer: Answer, *, record: bool) -> None:
    def prepared(pages: int, worlds: int) -> Callable[[], object]:
        cases = [migrate_pages(pages) for _ in range(worlds)]
        return lambda: [case.run(record=record) for case in cases]

    sizes = {str(n): (lambda n=n, w=worlds: prepared(n, w)) for n, worlds in LINEAR.items()}
    times = in_turns(sizes, TURNS)

    def a_page(n: int) -> Samples:
        return Samples([s / n / LINEAR[n] for s in times[str(n)].seconds])

    word = "recorded" if record else "off"
    first = a_page(min(LINEAR))
    for n in LINEAR:
        samples = a_page(n)
        ratio = samples.median / first.median
        judged = n != min(LINEAR)
        answer.add(
            f"migrate_pages, {n:,} pages, {word}",
            f"{seconds(samples.median * n)} ({seconds(samples.least * n)})",
            f"a page {seconds(samples.median)} ({seconds(samples.least)})"
            + (f"; {ratio:.2f} times that of {min(LINEAR)}" if judged else ""),
            f"at most {MOST} times a page" if judged else "",
            ratio <= MOST if judged else None,
        )


def _quadratic(answer: Answer) -> None:
    def prepared(n: int) -> Callable[[], object]:
        case = move_pages(n)
        return lambda: case.run(record=False)

    times = in_turns({str(n): (lambda n=n: prepared(n)) for n in QUADRATIC}, 3)
    for n in QUADRATIC:
        looks, search = _search(n)
        total = times[str(n)].median
        expected = n * (n + 1) // 2
        answer.add(
            f"move_pages, {n:,} pages, off",
            f"{seconds(total)} ({seconds(times[str(n)].least)}), {seconds(total / n)} a page",
            f"{looks:,} looks, {seconds(search)} of the time in new_page_node",
            "n (n + 1) / 2 looks",
            looks == expected,
        )


class _Watched:
    """The array of page_to_node, which remembers how far it was read."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.furthest = -1

    def __getitem__(self, i: int) -> Any:
        self.furthest = max(self.furthest, i)
        return self._array[i]


def _search(n: int) -> tuple[int, float]:
    """The looks that move_pages takes for n pages, and the time in the function that looks.

    Two runs: counting takes time.
    """
    original = FUNCTIONS["new_page_node"].original
    looks, spent = 0, 0.0

    def counting(p: Any, private: Any, result: Any) -> Any:
        nonlocal looks
        array = _Watched(private)
        page = original(p, array, result)
        looks += array.furthest + 1
        return page

    def timing(p: Any, private: Any, result: Any) -> Any:
        nonlocal spent
        start = time.process_time()
        page = original(p, private, result)
        spent += time.process_time() - start
        return page

    for body in (counting, timing):
        case: Case = move_pages(n)
        with kmm.replace(new_page_node=body):
            case.run(record=False)
    return looks, spent
