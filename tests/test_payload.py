# SPDX-License-Identifier: GPL-2.0-only
"""What is worked out once for many steps is what each step says by itself.

The sentences, the code, the film and the measures of a trace visit kinds of steps; here every step
is asked, the slow and obvious way.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections import defaultdict
from functools import cache
from itertools import count
from typing import Any

import pytest

import kmm
from kmm import World
from kmm.explain.holders import held
from kmm.explain.narrate import sentences
from kmm.explain.patterns import Patterns
from kmm.mm.page import get_page, page_count, put_page_testzero
from kmm.scenario import library
from kmm.show.filmstrip import filmstrip
from kmm.show.layout import lay_out
from kmm.show.measure import MORE_LINES, more_words, step_title, title_lines, unshown
from kmm.show.payload import compact, payload
from kmm.show.script import script
from kmm.show.spans import View
from kmm.show.theme import mono_width
from kmm.show.words import code, result
from kmm.sim import Trace, primitive

#: Traces in which steps are alike, or nearly: many pages, some of them busy, some that fail.
WORLDS = ("many", "shared", "students", "looping")


@primitive
def peek(page: Any, *more: Any) -> Any:
    """A primitive of a student's, with as many arguments as one likes."""
    return page._count if more else page


@cache
def trace_of(name: str) -> Trace:
    if name not in WORLDS:
        return kmm.load(name).run().trace
    world = World(nodes=2)
    mm = world.mm()
    vma = mm.mmap(pages=80)
    pages = [vma.touch(n) for n in range(70 if name == "many" else 8)]
    if name == "shared":
        chance = random.Random(7)
        for page in pages:
            if chance.random() < 0.5:
                world.pin(page, chance.randrange(1, 3))
            if chance.random() < 0.5:
                world.lock(page)
        world.meanwhile(pages[2], "unpin", attempt=1)
        world.meanwhile(pages[3], "unlock", attempt=2)

    def mine(*args: Any) -> None:
        for n in count():
            page = pages[n % 8]
            page_count(page)
            if n % 3:
                get_page(page)
            if n % 3 == 2 and n < 400:
                put_page_testzero(page)
            if name == "students":
                peek(page, *range(n % 4))
                page.index = n % 5

    if name in ("students", "looping"):
        with kmm.replace(migrate_pages=mine):
            return world.migrate_pages(pages, 1, limit=3000).trace
    return world.migrate_pages(pages, 1).trace


ALL = [*library.names(), *WORLDS]


@cache
def sent_of(name: str) -> dict[str, Any]:
    return payload(trace_of(name))


@pytest.mark.parametrize("name", ALL)
def test_the_sentences_are_those_of_each_step(name: str) -> None:
    trace = trace_of(name)
    assert list(sentences(trace)) == [trace.narrate(k) for k in range(len(trace))]


def test_most_sentences_come_from_a_pattern() -> None:
    """Without this the test above would say nothing."""
    trace = trace_of("many")
    told = list(Patterns(trace).told())
    assert sum(sentence is not None for sentence in told) > 0.75 * len(told)
    assert len(Patterns(trace)._known) == 0


@pytest.mark.parametrize("name", ALL)
def test_the_code_is_that_of_each_step(name: str) -> None:
    trace = trace_of(name)
    slowly = []
    for step in trace:
        returned = result(step)
        end = " stops" if step.failed else f" = {returned}" if returned else ""
        slowly.append(code(trace, step) + end)
    assert list(script(trace)) == slowly


@pytest.mark.parametrize("name", ALL)
def test_every_row_says_at_every_step_what_it_says_when_asked_there(name: str) -> None:
    trace = trace_of(name)
    film = sent_of(name)["picture"]
    rows = {row.key: row for row in lay_out(trace, width=760.0).cards.rows}
    sent = {row["key"]: row for card in film["cards"] for row in card["rows"]}
    assert sent.keys() == rows.keys()
    stride = max(1, len(trace) // 60)
    for k in [-1, *range(0, len(trace), stride)]:
        old: dict[int, int] = {}
        if k >= 0:
            for change in range(trace.changes_before(k), trace.changes_before(k + 1)):
                old.setdefault(trace.columns.slot[change], trace.columns.old[change])
        numbers = trace.state(k + 1).numbers
        marked, plain = View(trace.values, numbers, old), View(trace.values, numbers, {})
        for key, row in rows.items():
            told = sent[key]
            place = bisect_right(told["states"], k + 1) - 1
            now = told["states"][place] == k + 1
            said = film["spans"][told["marked" if now else "plain"][place]]
            assert list(said) == [tuple(span) for span in row.spans(marked)], (k, key)
            target = row.link(plain) or ("", "")
            assert film["looks"][told["look"][place]] == (row.sign(plain), *target), (k, key)


@pytest.mark.parametrize("name", ALL)
def test_every_change_and_every_title_has_room(name: str) -> None:
    trace = trace_of(name)
    layout = lay_out(trace)
    unseen = [unshown(trace, k, layout.shown) for k in range(len(trace))]
    room = layout.size[1] - layout.more
    if any(unseen):
        lines = max(len(more_words(changes)) for changes in unseen if changes)
        # A picture that is narrower than most keeps room for as many lines as there can be.
        assert room >= lines * 15 + 5
        assert room <= MORE_LINES * 15 + 7
    else:
        assert abs(room + 10) <= 1
    for k in (None, *range(len(trace))):
        for line in title_lines(step_title(trace, k), layout.size[0] - 32):
            assert mono_width(line, 11) <= layout.size[0] - 32


@pytest.mark.parametrize("name", ALL)
def test_the_holders_are_those_of_each_state(name: str) -> None:
    trace = trace_of(name)
    sent = sent_of(name)["holders"]
    stride = max(1, len(trace) // 100)
    for page, stretches in sent["pages"].items():
        assert [line[0] for line in stretches] == [state for state, _ in held(trace, page)]
        for k in range(0, len(trace) + 1, stride):
            line = stretches[bisect_right([line[0] for line in stretches], k) - 1]
            state, page_count_, holders, lost, missing, _, *more = line
            there = trace.holders(page, k)
            assert state <= k
            assert (more or [0, 0]) == [there.more, there.more_unaccounted]
            assert (page_count_, missing) == (there.page_count, there.missing)
            assert [sent["table"][n][1] for n in holders] == [h.name for h in there]
            assert [sent["table"][n][1] for n in lost] == [h.name for h in there.unaccounted]


def test_of_very_many_holders_the_first_are_named_and_all_are_counted() -> None:
    trace = trace_of("looping")
    most = 0
    for k in range(len(trace) + 1):
        for page in ("p0", "p3"):
            held_there = trace.holders(page, k)
            named = len(held_there) + len(held_there.unaccounted)
            others = held_there.more + held_there.more_unaccounted
            assert named + others == trace.value(f"{page}._count", k) + held_there.missing
            assert len(held_there) <= 64
            assert not held_there.more or len(held_there) == 64
            most = max(most, others)
    assert most > 50
    assert f"and {held_there.more} more; unaccounted" in str(held_there)


@pytest.mark.parametrize("name", ALL)
def test_the_steps_of_the_changes_are_those_of_the_steps(name: str) -> None:
    trace = trace_of(name)
    slowly = [step.index for step in trace for _ in step.changes]
    unfinished = len(trace.columns.slot) - len(slowly)
    assert trace.change_steps.tolist() == slowly + unfinished * [len(trace)]


def test_changes_of_a_step_that_is_not_over_are_shown_nowhere() -> None:
    taken = []

    @primitive
    def in_the_middle(page: Any) -> None:
        page.index = 7
        taken.append(page.machine.trace())
        page.index = 8

    world = World()
    page = world.mm().mmap(pages=1).touch(0)

    def operation() -> None:
        get_page(page)
        in_the_middle(page)

    whole = world.run(operation).trace
    (trace,) = taken
    assert len(trace) == 1
    assert trace.change_steps.tolist() == [0, 1]
    for given in (trace, whole.first(1)):
        assert payload(given)["slot"] == payload(trace)["slot"]
        assert filmstrip(given)["cards"] == filmstrip(trace)["cards"]


@pytest.mark.parametrize("name", ALL)
def test_the_fields_over_time_are_the_first_that_change(name: str) -> None:
    trace = trace_of(name)
    pages: dict[str, None] = {}
    ptes: dict[str, None] = {}
    for slot in trace.columns.slot:
        owner, field = trace.slots.name(slot)
        if field in ("_count", "_mapcount"):
            pages[str(owner)] = None
        elif owner.type == "PageTable" and field.startswith("["):
            ptes[f"{owner}{field}"] = None
    counts = [f"{page}.{field}" for page in [*pages][:2] for field in ("_count", "_mapcount")]
    assert sent_of(name)["timeline"] == [*counts, *[*ptes][:2]]


def test_the_payload_of_a_loaded_trace_is_the_same(tmp_path: Any) -> None:
    for name in ("anon-shared", "students"):
        trace = trace_of(name)
        trace.save(tmp_path / "t.json")
        assert json.loads(compact(kmm.Trace.load(tmp_path / "t.json"))) == json.loads(
            compact(trace)
        )


def test_work_is_done_once_for_what_is_alike() -> None:
    """The slow way is taken by kinds of steps, not by steps: four times the pages, few more."""
    asked: dict[int, int] = defaultdict(int)
    for pages in (10, 40):
        world = World(nodes=2)
        vma = world.mm().mmap(pages=pages)
        trace = world.migrate_pages([vma.touch(n) for n in range(pages)], 1).trace
        patterns = Patterns(trace)
        list(patterns.told())
        kinds = {key for key in patterns._known if isinstance(key, tuple) and len(key) == 5}
        asked[pages] = len(kinds)
    assert asked[40] < 1.5 * asked[10]
