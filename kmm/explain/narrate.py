# SPDX-License-Identifier: GPL-2.0-only
"""One sentence for one step: what happens, and why where that is known.

trace.narrate(61)     'Freeze p0 at 2 references: its count becomes 0, so a lookup that ...'

The sentences stand in `sentences/`, sorted by what they are about.  What no table knows (a
student's own primitive, a fact that this trace does not have) is told from its changes alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from kmm.explain.patterns import Patterns
from kmm.explain.scene import OTHERS, Scene
from kmm.explain.sentences import SENTENCES, choose
from kmm.explain.sentences.bugs import stopped
from kmm.explain.words import some, word
from kmm.sim import Step, Trace
from kmm.sim.numbered import numbered

#: So many changes are told of a step that no table knows.
CHANGES = 3


@Trace.extend
def narrate(trace: Trace, k: int) -> str:
    """What step k does, in one sentence.

    Arguments: `k` the number of a step, 0 to len(trace) - 1; -1 is the last.

    Returns a text that begins with a capital letter, or with a name of the trace (p0), and ends
    with a full stop.

    Raises IndexError for a step that the trace does not have.
    """
    return _sentence(trace, trace[numbered(k, len(trace), "step")])


def sentences(trace: Trace) -> Iterator[str]:
    """The sentence of each step, in order."""
    for k, sentence in enumerate(Patterns(trace).told()):
        yield _sentence(trace, trace[k]) if sentence is None else _begun(trace, sentence)


def _sentence(trace: Trace, step: Step) -> str:
    return _begun(trace, told(trace, step) or generic(step))


def told(trace: Trace, step: Step) -> str | None:
    """The sentence that the tables have for the step, None if they have none."""
    scene = Scene(trace, step)
    if step.failed:
        return stopped(scene)
    return choose(SENTENCES, scene)


def generic(step: Step) -> str:
    """What can be said of any step: the call, what it returned, what it changed."""
    who = "another CPU" if step.task == OTHERS else step.task
    args = ", ".join(map(word, step.args))
    parts = [f"{who} calls {step.primitive}({args})"]
    if step.result is not None:
        parts.append(f"which returns {word(step.result)}")
    changed = [
        f"{change.path} from {word(change.old, change.field)} to {word(change.new, change.field)}"
        for change in step.changes
        if change.old != change.new
    ]
    if changed:
        parts.append(f"changing {some(changed, CHANGES)}")
    return f"{', '.join(parts)}."


def _begun(trace: Trace, sentence: str) -> str:
    """With a capital at the beginning, unless the first word is a name, which stays as it is."""
    if not sentence[:1].islower():
        return sentence
    first = sentence.split(maxsplit=1)[0].rstrip(",.:")
    known = trace.slots.by_name
    if "[" in first or first in known or first.partition(".")[0] in known:
        return sentence
    return sentence[:1].upper() + sentence[1:]
