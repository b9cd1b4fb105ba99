# SPDX-License-Identifier: GPL-2.0-only
"""Patterns: the sentences of a long trace, of which most differ in a few names only.

Steps of one site, function, task and result that change the same fields are told by one text of the
tables: it is found and taken apart once, and each step fills its own arguments and changes in.
Whether a text is such a pattern is not guessed.  The function that makes it is given a scene that
notices what it is asked for (`Watched`).  If that was more than these five things, and than the
arguments, the text has been made for its step alone, and is told as narrate.py tells any step.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator
from operator import mul, ne
from string import Formatter
from typing import Any, NamedTuple

from kmm.explain.glossary import Glossary, Words
from kmm.explain.once import once
from kmm.explain.scene import Scene, Went
from kmm.explain.sentences import SENTENCES
from kmm.explain.sentences.table import UNFIT, candidates
from kmm.sim import Trace
from kmm.sim.fields import EXISTS

#: What stands in a gap of a text, for step k with these arguments (their numbers).
Gap = Callable[[int, "array[int]"], str]


class Pattern(NamedTuple):
    """A text with gaps, and what stands in each of them."""

    text: str
    gaps: tuple[Gap, ...]


#: There is no pattern, or there is one for each list of arguments.
NONE, BY_ARGUMENTS = Pattern("", ()), Pattern("by arguments", ())


class Patterns:
    """The patterns of a trace, each made when the first step of its kind is told."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._glossary = once(trace, Glossary)
        self._known: dict[Hashable, Pattern] = {}
        #: For each change the number of the field, and 0 where nothing has changed.
        columns, fields = trace.columns, _Fields(trace)
        real = map(ne, columns.old, columns.new)
        self._changed = array("I", map(mul, real, map(fields.of.__getitem__, columns.slot)))
        self._fields = fields.numbers
        #: The number of each value that steps can share; which object it is, is said in a gap.
        self._shared = [
            number if isinstance(value, int | None) else -1
            for number, value in enumerate(trace.values)
        ]

    def told(self) -> Iterator[str | None]:
        """The sentence of each step in order, None where there is no pattern for it."""
        trace, columns, known = self._trace, self._trace.columns, self._known
        functions, tasks = self._glossary.functions, columns.call_task
        shared, fields = self._shared, self._changed
        begin, first = 0, 0
        for k, (site, call, result, end, last) in enumerate(zip(
            columns.site, columns.call, columns.result, columns.args_end, columns.changes_end,
            strict=True,
        )):  # fmt: skip
            args = columns.args[begin:end]
            changed = fields[first:last].tobytes() if first < last else b""
            begin, first = end, last
            key: Hashable = site, functions[call], tasks[call], shared[result], changed
            pattern = known.get(key)
            if pattern is None:
                pattern = known[key] = self._pattern(k)
            if pattern is BY_ARGUMENTS:
                key = key, args.tobytes()
                pattern = known.get(key)
                if pattern is None:
                    pattern = known[key] = self._pattern(k, by_arguments=True)
            if pattern is NONE or k in trace.failed:
                yield None
                continue
            try:
                yield pattern.text % tuple([gap(k, args) for gap in pattern.gaps])
            except UNFIT:
                yield None

    # How a pattern is made.

    def _pattern(self, k: int, *, by_arguments: bool = False) -> Pattern:
        """The pattern of all steps that are like step k."""
        watched: Any = Watched(Scene(self._trace, self._trace[k]))
        sentence = next(candidates(SENTENCES, watched), None)
        if sentence is None:
            return NONE
        # The texts for each result are the same for all objects.
        watched.asked_more = False
        try:
            text = sentence if isinstance(sentence, str) else sentence(watched)
        except UNFIT:
            return NONE
        if watched.asked_more:
            return NONE
        if watched.asked_arguments and not by_arguments:
            return BY_ARGUMENTS
        parts, gaps = [], []
        for literal, field, _, _ in Formatter().parse(text):
            parts.append(literal.replace("%", "%%"))
            if field is not None:
                parts.append("%s")
                gaps.append(self._gap(k, field))
        return Pattern("".join(parts), tuple(gaps))

    def _gap(self, k: int, field: str) -> Gap:
        """What a field of a text says."""
        trace, glossary = self._trace, self._glossary
        site = glossary.site(trace.columns.site[k])
        if field in site.words:
            place, words = site.words[field]
            return lambda k, args: words[args[place]]
        if field == "result":
            results, numbers = glossary.words(site.primitive), trace.columns.result
            return lambda k, args: results[numbers[k]]
        if field == "who":
            who = str(Scene(trace, trace[k])["who"])
            return lambda k, args: who
        changed = field.removeprefix("went[").removesuffix("]")
        if field == f"went[{changed}]" and (before := self._before_end(k, changed)):
            return self._went(before, glossary.words(changed))
        whole = f"{{{field}}}"
        return lambda k, args: whole.format_map(Scene(trace, trace[k]))

    def _before_end(self, k: int, field: str) -> int:
        """How far before the last change of step k is the first one of a field; 0 if none is."""
        ends = self._trace.columns.changes_end
        changed = self._changed[ends[k - 1] if k else 0 : ends[k]].tolist()
        wanted = self._fields.get(field, -1)
        return len(changed) - changed.index(wanted) if wanted in changed else 0

    def _went(self, before: int, words: Words) -> Gap:
        """How a field has changed, "2 → 1": for all steps it is the change at the same place."""
        columns = self._trace.columns
        ends, old, new = columns.changes_end, columns.old, columns.new
        return lambda k, args: f"{words[old[ends[k] - before]]} → {words[new[ends[k] - before]]}"


class _Fields:
    """The field that each slot is, by number from 1 on; the cells of containers are all alike."""

    def __init__(self, trace: Trace) -> None:
        self.numbers = {EXISTS: 1, "[]": 2}
        self.of = array("I", bytes(4 * len(trace.columns.initial)))
        structs: dict[tuple[str, ...], array[int]] = {}
        for entry in trace.objects:
            if entry.fields not in structs:
                names = (EXISTS, *entry.fields)
                structs[entry.fields] = array("I", map(self._number, names))
            self.of[entry.base : entry.base + 1 + len(entry.fields)] = structs[entry.fields]
            for slot in (entry.cells or {}).values():
                self.of[slot] = self.numbers["[]"]

    def _number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers) + 1)


class Watched:
    """A scene that notices whether it is asked for what the steps of a pattern do not share."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.asked_arguments = False
        self.asked_more = False
        self.primitive, self.function = scene.primitive, scene.function
        self.went = _WatchedChanges(self, scene.went)

    @property
    def result(self) -> Any:
        """What was returned; of objects the steps share only that one was."""
        self.asked_more |= not isinstance(self._scene.result, int | None)
        return self._scene.result

    @property
    def args(self) -> dict[str, Any]:
        """The arguments."""
        self.asked_arguments = True
        return self._scene.args

    def __getattr__(self, name: str) -> Any:
        """Anything else."""
        self.asked_more = True
        return getattr(self._scene, name)


class _WatchedChanges:
    """Which fields have changed, which the steps share; how they did is something else."""

    def __init__(self, watched: Watched, went: dict[str, Went]) -> None:
        self._watched, self._went = watched, went

    def __len__(self) -> int:
        return len(self._went)

    def __contains__(self, field: str) -> bool:
        return field in self._went

    def get(self, field: str) -> bool:
        """Whether the field has changed."""
        return field in self._went

    def __getattr__(self, name: str) -> Any:
        self._watched.asked_more = True
        return getattr(self._went, name)

    def __getitem__(self, field: str) -> Went:
        self._watched.asked_more = True
        return self._went[field]

    def __iter__(self) -> Iterator[str]:
        self._watched.asked_more = True
        return iter(self._went)
