# SPDX-License-Identifier: GPL-2.0-only
"""What holds in every world, shown on random ones that Hypothesis builds with World.

Nothing here compares with the recorded answers of the C.  The oracle is counting: who refers to a
page, how many frames there are, what a field was when the machine stood there.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmm
from kmm.mm.page import Page
from kmm.mm.swap import Pagevec
from kmm.mm.vmstat import ZONE_ITEMS
from kmm.scenario.others import Others
from kmm.sim import Cells, ListHead, Machine, Tracked
from kmm.sim.values import plain

# Steps of others that keep every count true; leaks that the C itself has are left out.
EVENTS = ["pin", "unpin", "lock", "unlock", "start_writeback", "end_writeback", "redirty", "clean"]
EVENTS += ["release_buffers", "truncate", "free", "lru_drain"]
PLACES = [None, "page_freeze_refs", "trylock_page", "page_mapped", "copy_highpage", "spin_lock"]


@st.composite
def worlds(draw: st.DrawFn) -> kmm.World:
    """A world with a few processes and pages of all kinds, and others who interfere."""
    world = kmm.World(
        nodes=draw(st.integers(1, 3)),
        free=draw(st.integers(0, 30)),
        pagevec_size=draw(st.integers(1, 14)),
        memcg=draw(st.booleans()),
    )
    last_node = len(world.kernel.zones) - 1
    parent = world.mm()
    # Pages with buffers and plain migrate_page leak a reference in the C, as the lesson has it.
    files = [
        world.file(
            migratepage=draw(st.sampled_from([None, "buffer_migrate_page", "fail_migrate_page"])),
            writepage=draw(st.sampled_from([None, "ok", "async", "activate", "error_locked"])),
            releasepage=draw(st.sampled_from([None, "ok", "busy"])),
            account_dirty=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    vmas = [parent.mmap(pages=4)]
    vmas += [parent.mmap(pages=4, file=f, flags=("READ", "WRITE", "SHARED")) for f in files]
    for vma in vmas:
        for i in draw(st.sets(st.integers(0, 3), max_size=3)):
            lru = draw(st.sampled_from(["list", "list", "pagevec", None]))
            node = draw(st.integers(0, last_node))
            flags = draw(st.sets(st.sampled_from(["uptodate", "referenced", "active", "dirty"])))
            swap = 100 + i if vma is vmas[0] and draw(st.booleans()) else None
            more = {"swap": swap} if swap else {}
            page = vma.touch(i, write=draw(st.booleans()), lru=lru, node=node, flags=flags, **more)
            if vma is not vmas[0] and draw(st.booleans()):
                world.add_buffers(
                    page,
                    [
                        {"busy": draw(st.integers(0, 1)), "dirty": draw(st.booleans())}
                        for _ in range(draw(st.integers(1, 3)))
                    ],
                )
            world.pin(page, draw(st.sampled_from([0, 0, 0, 1])))
            if draw(st.integers(0, 4)) == 0:
                world.lock(page)
    for _ in range(draw(st.integers(0, 2))):
        parent.fork()
    pages = list(world.pages.values())
    if pages:
        for _ in range(draw(st.integers(0, 4))):
            do = draw(st.sampled_from(EVENTS))
            # Nobody starts to write a page that is locked and clean: migrate_page would BUG.
            at = None if do == "start_writeback" else draw(st.sampled_from(PLACES))
            attempt = draw(st.integers(0, 4))
            world.meanwhile(draw(st.sampled_from(pages)), do, attempt=attempt, at=at)
    return world


def migrate(world: kmm.World) -> kmm.Run:
    """All pages to the last node."""
    return world.migrate_pages(list(world.pages.values()), to_node=len(world.kernel.zones) - 1)


def pages_of(world: kmm.World) -> list[Page]:
    """Every page that is not free, but the zero page."""
    objects = world.machine.objects.values()
    return [p for p in objects if isinstance(p, Page) and not p.PG_buddy and p.name != "ZERO"]


def references(world: kmm.World) -> Counter[str]:
    """Who refers to each page, counted by looking everywhere."""
    held: Counter[str] = Counter()
    for mm in world.mms.values():
        held.update(pte.page.name for _, pte in mm.struct.page_table.items() if pte.page)
    mappings = [file.mapping for file in world.files.values()] + [world.kernel.swapper_space]
    for tree in [mapping.page_tree for mapping in mappings]:
        held.update(page.name for _, page in tree.items() if page is not None)
    for thing in world.machine.objects.values():
        if isinstance(thing, Pagevec):
            held.update(page.name for page in thing.pages)
    for page in pages_of(world):
        held[page.name] += page.pins + page.PG_private
    return held


def counters(world: kmm.World) -> dict[str, list[int]]:
    """The zones' counters, counted anew from the pages."""
    made = {item: [0] * len(world.kernel.zones) for item in ZONE_ITEMS}
    mappings = [file.mapping for file in world.files.values()] + [world.kernel.swapper_space]
    for mapping in mappings:
        for page in mapping.page_tree.cells.values():
            if page is not None:
                made["NR_FILE_PAGES"][page.node] += 1
                if mapping.account_dirty and page.PG_dirty:
                    made["NR_FILE_DIRTY"][page.node] += 1
    for page in pages_of(world):
        if page._mapcount >= 0:
            anonymous = isinstance(page.mapping, tuple)
            made["NR_ANON_PAGES" if anonymous else "NR_FILE_MAPPED"][page.node] += 1
        made["NR_WRITEBACK"][page.node] += page.PG_writeback
        made["NR_MLOCK"][page.node] += page.PG_mlocked
    return made


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_references_frames_and_counters_are_conserved(world: kmm.World) -> None:
    """A reference is somewhere, a frame is free or in use, a zone counts what is in it."""
    frames = [zone.free for zone in world.kernel.zones]
    for page in pages_of(world):
        frames[page.node] += 1
    run = migrate(world)
    assert run.bug is None
    held = references(world)
    assert {p.name: p._count for p in pages_of(world)} == {
        p.name: held[p.name] for p in pages_of(world)
    }
    mapped = Counter(
        pte.page.name
        for mm in world.mms.values()
        for _, pte in mm.struct.page_table.items()
        if pte.page
    )
    assert all(page._mapcount + 1 == mapped[page.name] for page in pages_of(world))
    for page in pages_of(world):
        frames[page.node] -= 1
    assert frames == [zone.free for zone in world.kernel.zones]
    zones = world.kernel.zones
    assert {item: [getattr(z, item) for z in zones] for item in ZONE_ITEMS} == counters(world)
    assert run.result["final"]["held"] == []


def live(machine: Machine) -> dict[str, dict[Any, Any]]:
    """Every object of the machine as it is now, written as a state writes it."""
    state: dict[str, dict[Any, Any]] = {}
    for name, thing in machine.objects.items():
        if isinstance(thing, Tracked):
            state[name] = {field: plain(value) for field, value in thing.__dict__.items()}
        elif isinstance(thing, Cells):
            cells = thing.items()
            state[name] = {plain(k): plain(v) for k, v in cells if v is not None}
        elif isinstance(thing, ListHead):
            state[name] = dict.fromkeys(member.name for member in thing)
    return state


def comparable(state: Any) -> dict[str, dict[Any, Any]]:
    """A state of the trace in the form of `live`: of a list's members only the order counts."""
    lists = {entry.name for entry in state._trace.objects if entry.type == "ListHead"}
    return {
        name: dict.fromkeys(map(str, fields)) if name in lists else dict(fields)
        for name, fields in state.to_dict().items()
    }


class Witness(Others):
    """Others as they are, and somebody who writes down the machine before each of our steps."""

    attentive = True

    def __init__(self, others: Others) -> None:
        super().__init__(others.machine)
        self.pending = others.pending
        self.seen: list[tuple[int, dict[str, dict[Any, Any]]]] = []

    def before(self, function: Any, args: tuple[Any, ...]) -> None:
        recorder = self.machine.recorder
        if recorder is not None and not self._acting and len(self.seen) < 400:
            self.seen.append((len(recorder.columns.site), live(self.machine)))
        super().before(function, args)


def undone(trace: kmm.Trace, k: int) -> list[int]:
    """The values of all slots before step k, rebuilt from the end backwards."""
    columns = trace.columns
    values = list(trace.state(len(trace)).numbers)
    for change in range(trace.changes_before(len(trace)) - 1, trace.changes_before(k) - 1, -1):
        values[columns.slot[change]] = columns.old[change]
    return values


@settings(max_examples=40, deadline=None)
@given(worlds(), st.data())
def test_a_state_is_the_same_forward_backward_and_live(world: kmm.World, data: Any) -> None:
    """state(k) is what the machine was, whichever way it is rebuilt."""
    witness = Witness(world.others)
    world.machine.environment = witness
    trace = migrate(world).trace
    for _ in range(8 if witness.seen else 0):
        k, was = data.draw(st.sampled_from(witness.seen))
        state = trace.state(k)
        assert comparable(state) == was
        assert list(state.numbers) == undone(trace, k)
        for path in ("node[0].free", "kernel.mem_cgroup.usage"):
            assert trace.value(path, k) == state.value(path)


@settings(max_examples=30, deadline=None)
@given(worlds(), st.data())
def test_diff_history_and_changes_agree(world: kmm.World, data: Any) -> None:
    """diff(j, k) is what two states differ in, a history the steps that changed a field."""
    trace = migrate(world).trace
    j, k = (data.draw(st.integers(0, len(trace))) for _ in "jk")
    before, after = trace.state(j), trace.state(k)
    told = {change.path: (change.old, change.new) for change in trace.diff(j, k)}
    for entry in trace.objects:
        for field in entry.fields:
            path = f"{entry.name}.{field}"
            values = before.value(path), after.value(path)
            assert told.get(path, values) == values
            assert (path in told) == (values[0] != values[1])
    path = data.draw(
        st.sampled_from([f"{name}._count" for name in world.pages] or ["node[0].free"])
    )
    changing = [step for step in trace if path in [change.path for change in step.changes]]
    assert trace.history(path) == changing


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_a_saved_trace_loads_equal(tmp_path_factory: Any, world: kmm.World) -> None:
    """What is read back is equal, and answers as the original does."""
    trace = migrate(world).trace
    path: Path = tmp_path_factory.mktemp("trace") / "trace.json"
    trace.save(path)
    loaded = kmm.Trace.load(path)
    assert loaded == trace
    middle = len(trace) // 2
    assert loaded.state(middle).to_dict() == trace.state(middle).to_dict()
    assert [repr(step) for step in loaded] == [repr(step) for step in trace]


@pytest.mark.parametrize("name", kmm.library.names())
def test_the_same_scenario_twice_is_equal(name: str) -> None:
    """Nothing is left over from a run, and nothing depends on chance."""
    first, second = kmm.load(name).run(), kmm.load(name).run()
    assert first.result == second.result
    assert first.trace == second.trace
    json.dumps(first.result)
