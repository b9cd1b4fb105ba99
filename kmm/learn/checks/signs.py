# SPDX-License-Identifier: GPL-2.0-only
"""Signs of a mistake: how a function of a student's goes another way than the model's, as facts.

The two are compared call by call.  Who gives up too early makes fewer calls, or other ones, from
there on: of what comes after such a call nothing is said, for it would be about another mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from errno import errorcode
from itertools import combinations
from typing import Any

from kmm.sim import Trace
from kmm.sim.recorder import RETURNED
from kmm.sim.trace import Call


@dataclass(frozen=True)
class Done:
    """What one call of the function did: its own steps and the functions that it called."""

    names: tuple[str, ...]
    result: Any
    aborted: bool


def calls(function: str, trace: Trace) -> list[Done]:
    """Every call of the function, in the order in which they began."""
    found = [call for call in _every(trace.calls) if call.fn == function]
    return [_done(trace, call) for call in sorted(found, key=lambda call: call.index)]


def _every(outermost: Iterable[Call]) -> Iterator[Call]:
    for call in outermost:
        yield call
        yield from _every(call.children)


def _done(trace: Trace, call: Call) -> Done:
    steps = (trace[k] for k in range(call.first, call.last))
    named = [
        (step.index, step.primitive)
        for step in steps
        if step.task == call.task and step.function == call.fn
    ]
    named += [(child.first, child.fn) for child in call.children]
    named.sort(key=lambda pair: pair[0])
    result = NONE_YET if call.aborted else call.result
    return Done(tuple(name for _, name in named), result, call.aborted)


def signs(function: str, model: Trace, mine: Trace) -> frozenset[str]:
    """How the function's calls differ: "lacks a", "adds a", "a before b", "returns None".

    Of what it lacks altogether, and not only once or twice, there is also "never a".
    Only a pair that both have once, and in the other order, gives "a before b".  A call that does
    nothing at all gives "makes no step"; one that returns something else, only that; one that
    leaves out more than a few things "gives up early", and they are not named.
    """
    facts: set[str] = set()
    for left, right in zip(calls(function, model), calls(function, mine), strict=False):
        if differ(left.result, right.result):
            return frozenset(facts | {f"returns {told(right.result)}"} | _nothing(left, right))
        facts |= _nothing(left, right) or _apart(left, right)
        if left.aborted or right.aborted:
            break
    return frozenset(facts)


#: A result that there is not: the call has been aborted.
NONE_YET = object()


def results(function: str, trace: Trace) -> Iterator[Any]:
    """What each call of the function returned, without looking at its steps."""
    columns = trace.columns
    for index, parent in enumerate(columns.call_parent):
        if parent != index and trace.called(columns.call_site[index]).name == function:
            done = columns.call_state[index] == RETURNED
            yield trace.values[columns.call_result[index]] if done else NONE_YET


def differ(left: Any, right: Any) -> bool:
    """Both have returned, and not the same; what the model does not return is not asked for."""
    if left is None or left is NONE_YET or right is NONE_YET:
        return False
    return bool(left != right)


def returned(function: str, model: Trace, mine: Trace) -> str:
    """In words, what the first call returns that returns something else; "" if none does."""
    for left, right in zip(results(function, model), results(function, mine), strict=False):
        if differ(left, right):
            return f"your function returns {told(right)}, and the model's {told(left)}"
    return ""


def reordered(function: str, model: Trace, mine: Trace) -> bool:
    """Each call does what the model's does, and some of them in another order."""
    left, right = calls(function, model), calls(function, mine)
    return (
        len(left) == len(right)
        and left != right
        and all(sorted(a.names) == sorted(b.names) for a, b in zip(left, right, strict=True))
    )


def told(result: Any) -> str:
    """What was returned, an error by its name."""
    if isinstance(result, int) and -result in errorcode:
        return f"-{errorcode[-result]}"
    return str(result)


def _nothing(left: Done, right: Done) -> set[str]:
    if right.names or not left.names:
        return set()
    only = {f"lacks {left.names[0]}"} if len(left.names) == 1 else set()
    return {"makes no step", *only}


#: Who leaves out more than so many things has not forgotten them: he does not get there.
FEW = 4


def _apart(left: Done, right: Done) -> set[str]:
    names = _until(right.names, left.names) if right.aborted else left.names
    wanted, made = Counter(names), Counter(right.names)
    lacks = {f"lacks {name}" for name in wanted - made}
    never = {f"never {name}" for name in wanted if name not in made}
    facts = {f"adds {name}" for name in made - wanted}
    facts |= lacks | never if len(lacks) <= FEW else {"gives up early"}
    once = [name for name in wanted if wanted[name] == made[name] == 1]
    for a, b in combinations(once, 2):
        first, then = (a, b) if right.names.index(a) < right.names.index(b) else (b, a)
        if names.index(first) > names.index(then):
            facts.add(f"{first} before {then}")
    return facts


def _until(made: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the model's names those up to where the other one was stopped."""
    last, seen = made[-1], 0
    if last not in names:
        alike = [a == b for a, b in zip(made, names, strict=False)]
        return names[: [*alike, False].index(False)]
    for k, name in enumerate(names):
        seen += name == last
        if seen == made.count(last):
            return names[: k + 1]
    return names
