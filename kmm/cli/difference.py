# SPDX-License-Identifier: GPL-2.0-only
"""The first place where two results differ, as a short text to read.

    final.pages.p0.count
      - 2
      + 1

What was expected stands behind the minus, what the model gave behind the plus.  Two results are
equal if they are equal as JSON: 1 is not true, and the order of keys means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

#: What happened comes before what it led to: the first wrong step explains the wrong end.
FIRST = ("trace_full", "calls")
#: So many entries that still agree are shown before the first that does not.
CONTEXT = 3
#: A longer value is cut.
WIDTH = 160

NOTHING = object()


def difference(expected: dict[str, Any], got: dict[str, Any]) -> str | None:
    """Where `got` first differs from `expected`, in the keys that `expected` has; None if nowhere.

    Keys that only `got` has are no difference: a vector says what it was asked to say.
    """
    order = [*(key for key in FIRST if key in expected), *expected]
    wrong = [key for key in dict.fromkeys(order) if not _same(expected[key], got.get(key, NOTHING))]
    if not wrong:
        return None
    first, *others = wrong
    lines = list(_place(first, expected[first], _plain(got.get(first, NOTHING))))
    if others:
        lines.append(f"  different too: {', '.join(others)}")
    return "\n".join(lines)


def _same(a: Any, b: Any) -> bool:
    return NOTHING not in (a, b) and _text(a) == _text(b)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _plain(value: Any) -> Any:
    """`value` as JSON gives it back: lists for tuples, texts for keys."""
    return value if value is NOTHING else json.loads(json.dumps(value))


def _place(path: str, expected: Any, got: Any) -> Iterator[str]:
    """The first difference of two values that do differ, which are at `path`."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in dict.fromkeys((*expected, *got)):
            pair = expected.get(key, NOTHING), got.get(key, NOTHING)
            if not _same(*pair):
                yield from _place(f"{path}.{key}", *pair)
                return
    if isinstance(expected, list) and isinstance(got, list):
        index = next(
            (i for i, pair in enumerate(zip(expected, got, strict=False)) if not _same(*pair)),
            min(len(expected), len(got)),
        )
        pair = _item(expected, index), _item(got, index)
        if path == "trace_full":
            yield from _entry(expected, index, *pair)
        else:
            yield from _place(f"{path}[{index}]", *pair)
        return
    yield path
    yield f"  - {_shown(expected)}"
    yield f"  + {_shown(got)}"


def _entry(trace: list[Any], index: int, expected: Any, got: Any) -> Iterator[str]:
    """The first entry of the trace that differs, below the last ones that agree."""
    yield f"trace_full[{index}] of {len(trace)}"
    for i in range(max(0, index - CONTEXT), index):
        yield f"    {i:5} {_shown(trace[i])}"
    yield f"  - {index:5} {_shown(expected)}"
    yield f"  + {index:5} {_shown(got)}"


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else NOTHING


def _shown(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
