# SPDX-License-Identifier: GPL-2.0-only
"""Scene: what a sentence about a step can speak of.

A sentence is a text with fields, and the scene fills them in: `{page}` is the argument that the
kernel calls page, `{result}` what was returned, `{went[_count]}` how a field changed ("2 → 1"),
`{went[_count].new}` its new value, `{call[mapping]}` an argument of the function that made the
step, `{who}` the task.  A scene raises KeyError for what is not there, and then a sentence cannot
be told.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from kmm.errors import KmmError
from kmm.explain.words import ADDRESSES, word
from kmm.sim import Step, Trace

#: Small functions that act for whoever calls them: the reason for what they do is his.
HELPERS = frozenset({
    "put_page", "lock_page", "lock_buffer", "down_read", "pte_unmap_unlock", "pte_offset_map_lock",
    "page_lock_anon_vma", "page_unlock_anon_vma", "page_check_address", "set_page_dirty",
    "__set_page_dirty_nobuffers", "wait_on_page_locked", "wait_on_page_writeback",
})  # fmt: skip

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
        self.primitive = step.primitive
        parameters = trace.called(trace.columns.site[step.index]).parameters
        self.args: dict[str, Any] = dict(zip(parameters, step.args, strict=False))

    def __getitem__(self, name: str) -> Any:
        """A field of a sentence, in words."""
        if name in self.args:
            return word(self.args[name], name)
        match name:
            case "result":
                return word(self.step.result, self.primitive)
            case "who":
                return "another CPU" if self.step.task == OTHERS else self.step.task
            case "went":
                return self.went
            case "call":
                return {name: word(value, name) for name, value in self.call.items()}
            case "references":
                return references(self.step.result)
        raise KeyError(name)

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

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The kernel functions that were running, innermost first, without helpers at the end."""
        stack = list(reversed(self.step.stack))
        while len(stack) > 1 and stack[0] in HELPERS:
            del stack[0]
        return tuple(stack)

    @property
    def function(self) -> str:
        """The kernel function for whose sake the step was made, "" outside all."""
        return self.functions[0] if self.functions else ""

    @cached_property
    def call(self) -> dict[str, Any]:
        """The arguments of that function."""
        columns = self.trace.columns
        call = self.step.call
        while columns.call_parent[call] != call:
            function = self.trace.called(columns.call_site[call])
            if function.name == self.function:
                start = columns.call_args_end[call - 1]
                numbers = columns.call_args[start : columns.call_args_end[call]]
                values = map(self.trace.values.__getitem__, numbers)
                return dict(zip(function.parameters, values, strict=False))
            call = columns.call_parent[call]
        return {}

    def value(self, path: str, *, after: bool = False) -> Any:
        """A field before the step or `after` it, None where the trace has none."""
        try:
            return self.trace.value(path, self.step.index + after)
        except KmmError:
            return None

    def earlier(self, primitive: str, page: str) -> Any:
        """The result of the last such step on the page in the same call; KeyError if none."""
        columns = self.trace.columns
        call = self.step.call
        for k in range(self.step.index - 1, columns.call_first[call] - 1, -1):
            if columns.call[k] == call and self.trace.called(columns.site[k]).name == primitive:
                step = self.trace[k]
                if step.args[:1] == (page,):
                    return step.result
        raise KeyError(primitive)

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


__all__ = ["ADDRESSES", "HELPERS", "OTHERS", "Scene", "Went", "references"]
