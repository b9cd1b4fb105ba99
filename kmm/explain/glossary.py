# SPDX-License-Identifier: GPL-2.0-only
"""Glossary: what the sentences of a trace have in common, worked out once for all its steps.

A long trace has many steps and few sites, calls, values: what depends on one of these alone is
looked up here, by its number.  Step k itself is the business of scene.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import Any

from kmm.explain.words import ADDRESSES, COUNTS, word
from kmm.sim import Trace

#: Small functions that act for whoever calls them: the reason for what they do is his.
HELPERS = frozenset({
    "put_page", "lock_page", "lock_buffer", "down_read", "pte_unmap_unlock", "pte_offset_map_lock",
    "page_lock_anon_vma", "page_unlock_anon_vma", "page_check_address", "set_page_dirty",
    "__set_page_dirty_nobuffers", "wait_on_page_locked", "wait_on_page_writeback",
})  # fmt: skip


class Words(dict[int, str]):
    """The words for each value (its number) as a parameter or field called `name` has it."""

    def __init__(self, values: list[Any], name: str) -> None:
        super().__init__()
        self._values, self._name = values, name

    def __missing__(self, number: int) -> str:
        text = self[number] = word(self._values[number], self._name)
        return text


class Site:
    """A place in the code: the primitive called there, and how its arguments are written."""

    __slots__ = ("parameters", "primitive", "words")

    def __init__(self, primitive: str, parameters: tuple[str, ...], glossary: Glossary) -> None:
        self.primitive, self.parameters = primitive, parameters
        #: By the name of a parameter: its place among the arguments, and the words for its values.
        self.words = {name: (place, glossary.words(name)) for place, name in enumerate(parameters)}


class Glossary:
    """What is known of the sites, calls and values of `trace`."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._sites: dict[int, Site] = {}
        self._words: dict[str, Words] = {}
        self._steps: dict[str, dict[tuple[int, int], list[int]]] = {}
        #: For each call, the one for whose sake its steps are made, and the function of that: the
        #: innermost call of no helper, the outermost where there are only helpers, "" outside all.
        self.acting: list[int] = []
        self.functions: list[str] = []
        parents = trace.columns.call_parent
        for call, (parent, site) in enumerate(zip(parents, trace.columns.call_site, strict=True)):
            name = self.site(site).primitive if parent != call else ""
            helps = name in HELPERS and parents[parent] != parent
            self.acting.append(self.acting[parent] if helps else call)
            self.functions.append(self.functions[parent] if helps else name)

    def site(self, number: int) -> Site:
        """What is called at a site."""
        site = self._sites.get(number)
        if site is None:
            function = self.trace.called(number)
            site = self._sites[number] = Site(function.name, function.parameters, self)
        return site

    def words(self, name: str) -> Words:
        """How values are written that belong to a parameter, field or function of this name."""
        # Only of numbers does the name say what they are.
        kind = name if name in ADDRESSES or name in COUNTS else ""
        if kind not in self._words:
            self._words[kind] = Words(self.trace.values, kind)
        return self._words[kind]

    def before(self, step: int, primitive: str, value: int) -> int | None:
        """The last step of the same call before `step` that was `primitive` of this value."""
        if primitive not in self._steps:
            self._steps[primitive] = self._steps_of(primitive)
        steps = self._steps[primitive].get((self.trace.columns.call[step], value), [])
        place = bisect_left(steps, step)
        return steps[place - 1] if place else None

    def _steps_of(self, primitive: str) -> dict[tuple[int, int], list[int]]:
        """The steps of a primitive in each call, by the value of its first argument."""
        columns = self.trace.columns
        sites = {s for s in set(columns.site) if self.trace.called(s).name == primitive}
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for step, site in enumerate(columns.site):
            start = columns.args_end[step - 1] if step else 0
            if site in sites and start < columns.args_end[step]:
                found[columns.call[step], columns.args[start]].append(step)
        return dict(found)
