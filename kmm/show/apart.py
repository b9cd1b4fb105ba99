# SPDX-License-Identifier: GPL-2.0-only
"""Where two traces part and what then differs, as sentences."""

from __future__ import annotations

from typing import TypeAlias

from kmm.explain.differences import Difference
from kmm.explain.words import some
from kmm.show.words import code, real, result, written
from kmm.sim import Step, Trace

#: Something of the left trace and of the right one: what they are called, for one.
Sides: TypeAlias = tuple[str, str]

#: One trace is at its end where the other one goes on.
ONE_ENDS = "one ends"
#: So many fields, and so many changes, are told in a sentence.
FEW = 3


def steps_apart(traces: tuple[Trace, Trace], names: Sides, k: int, what: str) -> str:
    """Where they part: at step k of both, for up to there they have done the same."""
    if what == ONE_ENDS:
        return _one_ends(traces, names, k)
    left, right = (trace[k] for trace in traces)
    places = _place(left), _place(right)
    deeds = tuple(deed(trace, trace[k]) for trace in traces)
    if what == "other change":
        changes = [[str(change) for change in real(step.changes)] for step in (left, right)]
        own = [
            some([change for change in mine if change not in other], FEW)
            for mine, other in (changes, changes[::-1])
        ]
        happens = f"each {deeds[0]}, {names[0]} changes {own[0]}, {names[1]} changes {own[1]}"
    elif what == "other task":
        happens = f"in {names[0]} {left.task} {deeds[0]}, in {names[1]} {right.task} {deeds[1]}"
    else:
        happens = f"{names[0]} {deeds[0]}, {names[1]} {deeds[1]}"
    if places[0] == places[1]:
        where = places[0]
    else:
        where = f"{names[0]} {places[0]}, {names[1]} {places[1]}"
    return f"They part at step {k}, {where}: {happens}."


def _one_ends(traces: tuple[Trace, Trace], names: Sides, k: int) -> str:
    on = 0 if k < len(traces[0]) else 1
    step = traces[on][k]
    after = f"after step {k - 1}" if k else "before its first step"
    return (
        f"They part where {names[1 - on]} ends, {after}: {names[on]} goes on at step {k},"
        f" {_place(step)}, and {deed(traces[on], step)}."
    )


def _place(step: Step) -> str:
    return f"in {step.function}" if step.function else "outside all kernel functions"


def deed(trace: Trace, step: Step) -> str:
    """What a step does, with a verb."""
    text = code(trace, step)
    if step.primitive == "BUG":
        return f"stops: {text}"
    if step.failed:
        return f"calls {text}, which stops the kernel"
    if step.primitive == "assign":
        return f"sets {text}"
    returned = result(step)
    return f"calls {text} = {returned}" if returned else f"calls {text}"


def fields_apart(found: list[Difference], names: Sides) -> str:
    """Differences of two states as a part of a sentence: how many, and the first few."""
    if not found:
        return "both are in the same state"
    told = [
        f"{d.field} is {written(d.left)} in {names[0]} and {written(d.right)} in {names[1]}"
        for d in found[:FEW]
    ]
    if len(found) > len(told):
        told.append(f"and {len(found) - len(told)} more")
    verb = "differs" if len(found) == 1 else "differ"
    return f"{many(len(found), 'field')} {verb}: {'; '.join(told)}"


def many(n: int, thing: str) -> str:
    """So many of them, "1 step" or "2 steps"."""
    return f"{n} {thing}{'s' * (n != 1)}"
