# SPDX-License-Identifier: GPL-2.0-only
"""Scene: what a sentence about a step can speak of.

A sentence is a text with fields, and the scene fills them in: `{page}` is the argument that the
kernel calls page, `{result}` what was returned, `{went[_count]}` how a field changed ("2 → 1"),
`{went[_count].new}` its new value, `{call[mapping]}` an argument of the function that made the
step, `{who}` the task.  A scene raises KeyError for what is not there, and then a sentence cannot
be told.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import Any

from kmm.errors import KmmError
from kmm.explain.glossary import Glossary
from kmm.explain.once import once
from kmm.explain.words import word
from kmm.sim import Step, Trace

#: The task that stands for everybody else.
OTHERS = "other CPUs"


class Went:
    """A change of a field: written "2 → 1"."""

    def __init__(self, object: str, field: str, old: Any, new: Any) -> None:
        self.object, self.field = object, field
        self.old, self.new = old, new

    def __str__(self) -> str:
        return f"{word(self.old, self.field)} → {word(self.new, self.field)}"


class Scene:
    """One step, with names for all that a sentence needs."""

    def __init__(self, trace: Trace, step: Step) -> None:
        self.trace = trace
        self.step = step
        self._glossary = once(trace, Glossary)
        self._site = self._glossary.site(trace.columns.site[step.index])
        self.primitive = self._site.primitive

    def __getitem__(self, name: str) -> Any:
        """A field of a sentence, in words."""
        if name in self._site.words:
            place, words = self._site.words[name]
            if place < len(self._args):
                return words[self._args[place]]
        match name:
            case "result":
                number = self.trace.columns.result[self.step.index]
                return self._glossary.words(self.primitive)[number]
            case "who":
                return "another CPU" if self.step.task == OTHERS else self.step.task
            case "went":
                return self.went
            case "call":
                return {name: word(value, name) for name, value in self.call.items()}
            case "references":
                return references(self.step.result)
        raise KeyError(name)

    @cached_property
    def _args(self) -> array[int]:
        """The arguments by number."""
        columns, k = self.trace.columns, self.step.index
        return columns.args[columns.args_end[k - 1] if k else 0 : columns.args_end[k]]

    @cached_property
    def args(self) -> dict[str, Any]:
        """The arguments of the primitive by name."""
        return dict(zip(self._site.parameters, self.step.args, strict=False))

    @property
    def result(self) -> Any:
        """What the primitive returned."""
        return self.step.result

    @cached_property
    def went(self) -> dict[str, Went]:
        """What really changed, by field; the first of several objects counts."""
        changed: dict[str, Went] = {}
        for object, field, old, new in self.step.changes:
            if old != new:
                changed.setdefault(field, Went(object, field, old, new))
        return changed

    @cached_property
    def cell(self) -> Went:
        """The cell of a container that changed; KeyError if none did."""
        for field, went in self.went.items():
            if field.startswith("["):
                return went
        raise KeyError("cell")

    @property
    def function(self) -> str:
        """The kernel function for whose sake the step was made, "" outside all."""
        return self._glossary.functions[self.step.call]

    @cached_property
    def call(self) -> dict[str, Any]:
        """The arguments of that function."""
        columns = self.trace.columns
        call = self._glossary.acting[self.step.call]
        if columns.call_parent[call] == call:
            return {}
        numbers = columns.call_args[columns.call_args_end[call - 1] : columns.call_args_end[call]]
        values = map(self.trace.values.__getitem__, numbers)
        parameters = self._glossary.site(columns.call_site[call]).parameters
        return dict(zip(parameters, values, strict=False))

    def value(self, path: str, *, after: bool = False) -> Any:
        """A field before the step or `after` it, None where the trace has none."""
        try:
            return self.trace.value(path, self.step.index + after)
        except KmmError:
            return None

    def earlier(self, primitive: str) -> Any:
        """The result of the last such step of the same call, on the page of this one.

        KeyError if there is none.
        """
        k = self._glossary.before(self.step.index, primitive, self._args[0])
        if k is None:
            raise KeyError(primitive)
        return self.trace.values[self.trace.columns.result[k]]

    def counters(self) -> str:
        """What the zone and the group count differently now: "; NR_ANON_PAGES of node[0] 1 → 0"."""
        told = [
            f"{went.field} of {went.object} {went}"
            for went in self.went.values()
            if went.field.startswith("NR_")
        ]
        return f" ({', '.join(told)})" if told else ""


def references(count: int) -> str:
    """A number of references."""
    return "1 reference" if count == 1 else f"{count} references"
