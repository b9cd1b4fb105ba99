# SPDX-License-Identifier: GPL-2.0-only
"""Script: every step of a trace as code, with what it returned.

    page_freeze_refs(p0, 2) = 1

words.py writes one step; here each value, and each result of a function, is written once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kmm.show.words import IN_HEX, STATEMENTS, code, result, written
from kmm.sim import Trace


class _Written(dict[int, str]):
    """Each value (its number) as an argument called `name` is written."""

    def __init__(self, values: list[Any], name: str) -> None:
        super().__init__()
        self._values, self._name = values, name

    def __missing__(self, number: int) -> str:
        text = self[number] = written(self._values[number], self._name)
        return text


def script(trace: Trace) -> Iterator[str]:
    """The code of each step, in order."""
    columns, sources = trace.columns, trace.sources
    plain, in_hex = _Written(trace.values, ""), _Written(trace.values, IN_HEX[0])
    heads: dict[int, tuple[str, list[_Written]]] = {}
    results: dict[tuple[int, int], str] = {}
    begin = 0
    for k, (site, end, outcome) in enumerate(
        zip(columns.site, columns.args_end, columns.result, strict=True)
    ):
        numbers = columns.args[begin:end]
        begin = end
        if site not in heads:
            called = trace.called(site)
            heads[site] = called.name, [in_hex if p in IN_HEX else plain for p in called.parameters]
        name, ways = heads[site]
        if name in STATEMENTS or len(numbers) > len(ways):
            call = code(trace, trace[k])
        else:
            call = f"{name}({', '.join([way[n] for way, n in zip(ways, numbers, strict=False)])})"
        if k in trace.failed:
            yield f"{call} stops"
            continue
        returned = sources.functions[site], outcome
        if returned not in results:
            text = result(trace[k])
            results[returned] = f" = {text}" if text else ""
        yield call + results[returned]
