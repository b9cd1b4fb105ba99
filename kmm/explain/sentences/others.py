# SPDX-License-Identifier: GPL-2.0-only
"""Sentences about what another CPU does in a scenario, each event in one step."""

from __future__ import annotations

from kmm.explain.scene import Scene
from kmm.explain.sentences.table import Table
from kmm.explain.words import some, word


def _mapped(scene: Scene) -> list[str]:
    """The places where a pte of the page has been emptied."""
    return [
        f"{change.field.strip('[]')} of {change.object.removesuffix('.pte')}"
        for change in scene.step.changes
        if change.object.type == "PageTable" and change.old != change.new
    ]


def _left(scene: Scene) -> list[str]:
    """The caches that the page has left."""
    return [
        str(change.object)
        for change in scene.step.changes
        if change.object.type == "RadixTree" and change.old != change.new
    ]


def _changed(scene: Scene) -> list[str]:
    """The objects that have changed, each once."""
    return list(dict.fromkeys(str(c.object) for c in scene.step.changes if c.old != c.new))


def _zapped(scene: Scene) -> str:
    where = _mapped(scene)
    if not where:
        return "Another CPU unmaps a place where no pte is left to be emptied."
    went = scene.cell
    return f"Another CPU unmaps {where[0]}: the pte held {word(went.old)}, and is empty now."


def _let_go(scene: Scene) -> list[str]:
    """What the page has lost."""
    parts = []
    if _mapped(scene):
        parts.append(f"no pte maps {{page}} any more ({some(_mapped(scene))})")
    if _left(scene):
        parts.append(f"{{page}} has left {some(_left(scene))}")
    if scene.value(f"{scene.args['page']}.PG_private", after=True):
        parts.append("its private data is in use and stays")
    return parts


def _truncated(scene: Scene) -> str:
    mapping = scene.value(f"{scene.args['page']}.mapping")
    file = getattr(mapping, "type", "") == "AddressSpace"
    parts = _let_go(scene)
    if file and not _left(scene):
        parts.append("{page} is busy and stays in the cache for now")
    what = f"Another CPU truncates {mapping}" if file else "Another CPU unmaps {page} everywhere"
    return f"{what}: {', and '.join(parts) or 'nothing is left to be done'}."


def _freed(scene: Scene) -> str:
    count = scene.value(f"{scene.args['page']}._count", after=True)
    parts = [*_let_go(scene), f"its count is {count}"]
    return f"Everybody else lets go of {{page}}: {', and '.join(parts)}."


SENTENCES: Table = {
    "another_cpu_pins": lambda s: (
        "Another CPU takes a reference to {page} and keeps it: its count goes {went[_count]}."
        if s.went
        else "Another CPU cannot pin {page}, for its count is 0."
    ),
    "another_cpu_unpins": lambda s: (
        "Another CPU drops its pin on {page}: its count goes {went[_count]}."
        if s.went
        else "Another CPU has no pin on {page} to drop."
    ),
    "another_cpu_locks": lambda s: (
        "Another CPU locks {page}."
        if s.went
        else "Another CPU cannot lock {page}, which is locked already."
    ),
    "another_cpu_unlocks": lambda s: (
        "Another CPU unlocks {page}, which it had locked."
        if s.went
        else "Another CPU has no lock on {page} to give up."
    ),
    "another_cpu_starts_writeback": lambda s: (
        f"Another CPU begins to write {{page}} to the disk{s.counters()}."
        if "PG_writeback" in s.went
        else "Another CPU finds {page} under writeback already."
    ),
    "another_cpu_ends_writeback": lambda s: (
        f"The disk has written {{page}}, so its writeback is over{s.counters()}."
        if "PG_writeback" in s.went
        else "The disk has nothing of {page} to write."
    ),
    "another_cpu_dirties": lambda s: (
        f"Another CPU writes to {{page}}, which is dirty from now on{s.counters()}."
        if "PG_dirty" in s.went
        else "Another CPU writes to {page}, which was dirty already."
    ),
    "another_cpu_cleans": lambda s: (
        f"Another CPU has {{page}} written, which is clean from now on{s.counters()}."
        if "PG_dirty" in s.went
        else "Another CPU finds {page} clean already."
    ),
    "another_cpu_releases_buffers": lambda s: (
        "Another CPU lets go of the buffers of {page}, which are clean and unlocked now "
        f"(there was {some(_changed(s))})."
        if s.went
        else "Another CPU holds no buffers of {page} to let go of."
    ),
    "another_cpu_fills_the_group": "The memory control group is full for now, so it will refuse "
    "the next charge for moving {page}.",
    "another_cpu_breaks_the_group": "The memory control group will answer the next charge for "
    "moving {page} with an error that it never gives.",
    "another_cpu_zaps": _zapped,
    "another_cpu_truncates": _truncated,
    "another_cpu_frees": _freed,
    "another_cpu_drains_pagevecs": lambda s: (
        "Another CPU has all pagevecs emptied, and the pages that waited there are on their LRU "
        "lists."
        if s.went
        else "Another CPU has all pagevecs emptied, in which no page waited."
    ),
    "another_cpu_takes_or_gives_frames": lambda s: (
        "Others take or give back frames: {went[free].object} has {went[free]} free frames."
        if s.went
        else "Others take and give back frames, and as many are free as before."
    ),
}
