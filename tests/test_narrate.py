# SPDX-License-Identifier: GPL-2.0-only
"""Each step has one sentence, which is true and can be read."""

from __future__ import annotations

import gzip
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import kmm
import kmm.mm
from kmm import Trace, World
from kmm.explain.narrate import generic, told
from kmm.explain.sentences import SENTENCES
from kmm.explain.sentences.bugs import EXPECTED
from kmm.mm.page import Page, page_count, page_freeze_refs
from kmm.mm.page_flags import PageDirty
from kmm.mm.pgtable import pte_pointer, pte_t, set_pte_at
from kmm.scenario import library
from kmm.sim import Name, Step, primitive
from kmm.sim.function import FUNCTIONS

VECTORS = Path(__file__).parent / "vectors"

# A function of the kernel is known once its module has been imported.
for _module in pkgutil.walk_packages(kmm.mm.__path__, "kmm.mm."):
    importlib.import_module(_module.name)

#: Signs that something of Python's has got into a sentence.
PYTHON = re.compile(
    r"None|True|False|&local|\w+_t\(|\w+\(\w+=|EventSpec|[{}]|<[A-Z]|\('|', |\bdict\b|\.0\b"
)


@cache
def trace_of(name: str) -> Trace:
    return kmm.load(name).run().trace


def steps(what: str, function: str | None = None) -> Iterator[tuple[Trace, Step]]:
    """Every such step of the library."""
    for name in library.names():
        trace = trace_of(name)
        for step in trace:
            if step.primitive == what and function in (None, step.function):
                yield trace, step


def vectors() -> Iterator[dict[str, Any]]:
    for file in ("curated.jsonl.gz", "random.jsonl.gz"):
        with gzip.open(VECTORS / file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def is_name(word: str, trace: Trace) -> bool:
    """The word is an object of the trace, or a cell or field of one: p0, node[0], pm[1].status."""
    known = trace.slots.by_name
    return any(start in known for start in (word, word.rpartition(".")[0])) or word[-1:] == "]"


def must_name(step: Step) -> Iterator[str]:
    """The objects that a sentence must name: what changed, without the counters beside it."""
    for change in step.changes:
        if change.old == change.new or change.field in ("exists", "preempt_count", "lock_owner"):
            continue
        kind = change.object.type
        if kind in ("Page", "AnonVma", "SpinLock", "RwSemaphore", "BufferHead", "AddressSpace"):
            yield change.object
        elif kind in ("RadixTree", "PageTable"):
            yield change.object.rpartition(".")[0]
        elif kind in ("Pagevec", "ListHead"):
            yield change.object.rpartition(".")[2]


def check_form(trace: Trace, step: Step, sentence: str) -> None:
    first = sentence.split()[0].rstrip(",:")
    assert sentence[0].isupper() or is_name(first, trace), sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert not re.search(r"[.!?]\s", sentence), f"more than one sentence: {sentence}"
    assert "\n" not in sentence
    assert "  " not in sentence
    assert not PYTHON.search(sentence), sentence
    assert 14 < len(sentence) < 260, sentence


@pytest.mark.parametrize("name", library.names())
def test_every_step_of_the_library_has_a_sentence_of_its_own(name: str) -> None:
    trace = trace_of(name)
    for step in trace:
        sentence = trace.narrate(step.index)
        assert told(trace, step) is not None, (step, sentence)
        check_form(trace, step, sentence)
        if len(step.changes) < 12 and not step.primitive.startswith("another_cpu"):
            for thing in must_name(step):
                assert re.search(rf"(?<![\w/]){re.escape(thing)}(?!\w)", sentence), (
                    thing,
                    sentence,
                )
        assert not step.args or _names_its_page(step, sentence), (step, sentence)


def _names_its_page(step: Step, sentence: str) -> bool:
    pages = [a for a in step.args if isinstance(a, Name) and a.type == "Page"]
    return not pages or any(page in sentence for page in pages)


def test_random_scenarios_are_told_without_python_too() -> None:
    for number, vector in enumerate(vectors()):
        if number % 40:
            continue
        trace = kmm.load({**vector["scenario"], "drain_after": False}).run().trace
        for step in trace:
            check_form(trace, step, trace.narrate(step.index))


def test_every_primitive_of_the_kernel_and_every_event_has_a_sentence() -> None:
    """The table of functions is the oracle: whatever kmm.mm and the events declare."""
    ours = {
        name
        for name, function in FUNCTIONS.items()
        if function.kind == "primitive"
        and function.original.__module__.startswith(("kmm.mm.", "kmm.scenario."))
    }
    assert len(ours) > 120
    assert sorted(ours - {key for key in SENTENCES if isinstance(key, str)}) == []


def test_every_sentence_is_for_something_that_exists() -> None:
    for key in SENTENCES:
        name, function = (key, None) if isinstance(key, str) else key
        if name.startswith(("SetPage", "ClearPage", "TestSetPage", "TestClearPage", "Page")):
            continue  # made from a table of flags, of which the kernel declares a part
        assert FUNCTIONS[name].kind in ("primitive", "statement")
        assert function is None or FUNCTIONS[function].kind == "function"


# What the sentences say is checked against the state.


def test_the_counts_that_are_told_are_those_of_the_state() -> None:
    for name in ("get_page", "put_page_testzero", "__put_page", "get_page_unless_zero"):
        for trace, step in steps(name):
            page = step.args[0]
            before, after = (trace.value(f"{page}._count", step.index + i) for i in (0, 1))
            if before != after:
                sentence = trace.narrate(step.index)
                assert f"count goes {before} → {after}" in sentence
                assert ("freed next" in sentence) == (after == 0)


def test_mapcount_is_one_more_than_the_field() -> None:
    for name in ("page_remove_rmap", "page_add_anon_rmap", "page_add_file_rmap"):
        for trace, step in steps(name):
            page = step.args[0]
            before, after = (trace.value(f"{page}._mapcount", step.index + i) + 1 for i in (0, 1))
            assert f"mapcount goes {before} → {after}" in trace.narrate(step.index)


def test_a_count_that_is_not_as_expected_is_told_where_the_attempt_gives_up() -> None:
    seen = set()
    for trace, step in steps("page_count", "migrate_page_move_mapping"):
        sentence = trace.narrate(step.index)
        gives_up = "give up" in sentence
        assert gives_up != ("as expected" in sentence)
        # The C goes on to look at the slot, to freeze or to return 0 where the count is right.
        following = trace[step.index + 1]
        same_call = following.call == step.call
        went_on = not same_call or following.primitive != "spin_unlock_irq"
        if following.function == "move_to_new_page":
            went_on = False  # returned -EAGAIN for an anonymous page
        assert gives_up != went_on, (step, sentence)
        seen.add(gives_up)
    assert seen == {True, False}


def test_what_a_pte_may_do_is_told_as_it_is() -> None:
    for trace, step in steps("set_pte_at"):
        pte, sentence = step.args[3], trace.narrate(step.index)
        mm, address = step.args[0], step.args[1]
        assert sentence.startswith(f"The pte at {address:#x} of {mm} ")
        if pte.page is not None:
            assert f"maps {pte.page}" in sentence
            assert ("writable" in sentence) == bool(pte.write)
        elif pte.entry is not None and pte.entry.type >= 30:
            assert f"migration entry for {pte.entry.offset}" in sentence
            assert ("writable" in sentence) == (pte.entry.type == 31)


def test_a_pte_that_maps_again_is_compared_with_what_it_was() -> None:
    said = {
        name: [
            t.narrate(s.index) for t, s in steps("set_pte_at", "remove_migration_pte") if t is trace
        ]
        for name in ("file-shared-prot", "anon-shared", "writeout-ok")
        for trace in [trace_of(name)]
    }
    assert said["file-shared-prot"] == [
        "The pte at 0x503000 of m0 maps n0, writable, because the protection of its vma says so."
    ]
    assert said["anon-shared"][0].endswith(" maps n0, read-only as before.")
    assert said["writeout-ok"][0].endswith(" maps p0 again, read-only as before.")


def test_a_lock_that_is_not_free_is_told_with_who_has_it() -> None:
    held = 0
    for trace, step in steps("trylock_page"):
        sentence = trace.narrate(step.index)
        if step.result:
            assert "it was free" in sentence or sentence.startswith("Lock ")
        else:
            assert "another CPU holds its lock already" in sentence
            held += 1
    assert held


EXAMPLES = {
    ("file-clean", "page_freeze_refs"): "Freeze p0 at 2 references: its count becomes 0, so a "
    "lookup that finds it cannot take a reference.",
    ("pinned-for-ever", "page_count"): "p0 has 3 references, so somebody besides the isolator uses "
    "it, and it is worth moving.",
    ("freed-under-us", "page_count"): "p0 has 1 reference, the isolator's: everybody else has let "
    "go of it, so there is nothing left to move.",
    ("anon-simple", "trylock_page"): "Try to lock p0: it was free, and now t0 holds it.",
    ("pinned-until-pass-4", "another_cpu_unpins"): "Another CPU drops its pin on p0: its count "
    "goes 3 → 2.",
    ("move-ok", "get_user"): "Read pages[0] from the memory of the program: it is 0x401000.",
    ("move-negative-node", "alloc_pages_node"): "Node -3 means the node that t0 runs on: take a "
    "free frame there as n0.",
    ("no-memory", "alloc_pages_node"): "Node 1 has no free frame, so there is no new page.",
    ("file-clean", "radix_tree_replace_slot"): "Index 3 of f0.page_tree holds n0 in the place of "
    "p0: whoever looks it up from now on finds n0.",
    ("swap-cache", "swap_duplicate"): "One user more, a pte, has the swap entry of slot 17: 1 → 2.",
    ("file-buffer-locked", "unlock_buffer"): "Another CPU unlocks p0/bh1, and whoever waits for "
    "the lock goes on.",
    ("migrate-page-with-buffers", "ClearPagePrivate"): "PG_private of p0 is cleared, but the "
    "reference of its private data stays: nobody will drop it.",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_an_example_reads_like_this(example: tuple[str, str]) -> None:
    trace = trace_of(example[0])
    first = next(step for step in trace if step.primitive == example[1])
    assert trace.narrate(first.index) == EXAMPLES[example]


def test_one_reference_too_many_is_told_as_such() -> None:
    trace = trace_of("file-buffers-pinned")
    counted = [s for s in trace if s.primitive == "page_count" and s.function != "unmap_and_move"]
    assert trace.narrate(counted[0].index) == (
        "p0 has 4 references where 3 are expected: somebody else holds it, so this attempt will "
        "give up."
    )


# The stop.


def test_every_bug_that_a_real_kernel_met_is_told_with_what_was_expected() -> None:
    bugs = {vector["result"]["bug"] for vector in vectors()} - {None}
    assert len(bugs) >= 5
    for bug in bugs:
        assert any(bug.startswith(known) for known in EXPECTED), bug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("active-and-unevictable", "p0 was active, and no page should be active and unevictable"),
        ("writeout-error", "p0 should have been locked"),
        ("move-out-of-range-node-oops", "node 4096 should have been one that exists"),
    ],
)
def test_the_step_at_which_the_kernel_stops_says_what_was_expected(
    name: str, expected: str
) -> None:
    trace = trace_of(name)
    sentence = trace.narrate(-1)
    assert trace[-1].failed
    assert sentence.startswith(f"The kernel stops with {trace.bug}: ")
    assert expected in sentence


# A student's own code.


def world() -> tuple[World, Page, Any]:
    w = World(nodes=2)
    vma = w.mm().mmap(pages=2)
    return w, vma.touch(0), vma


def test_a_plain_assignment_is_told_as_one() -> None:
    w, page, _ = world()

    def student() -> None:
        page._count += 1
        page._count = 2
        page.PG_dirty = 0
        page.mapping = None

    trace = w.run(student).trace
    assert [trace.narrate(k) for k in range(len(trace))] == [
        "p0._count is set from 1 to 2, by a plain assignment.",
        "p0._count is set to 2, which it was already, by a plain assignment.",
        "p0.PG_dirty is set to 0, which it was already, by a plain assignment.",
        "p0.mapping is set from a0 (anonymous) to NULL, by a plain assignment.",
    ]


@primitive
def students_own(page: Page, by: int) -> int:
    """Not the kernel's."""
    page._count += by
    return page._count


def test_a_primitive_that_no_table_knows_is_told_by_what_it_changes() -> None:
    w, page, _ = world()
    trace = w.run(lambda: students_own(page, 2)).trace
    assert told(trace, trace[0]) is None
    assert trace.narrate(0) == generic(trace[0])
    assert trace.narrate(0) == (
        "t0 calls students_own(p0, 2), which returns 3, changing p0._count from 1 to 3."
    )


def test_a_function_of_a_students_that_leaves_out_a_step_is_told_all_the_same() -> None:
    def mine(mapping: Any, newpage: Page, page: Page) -> int:
        return -11 if page_count(page) != 2 else 0

    with kmm.replace(migrate_page_move_mapping=mine):
        trace = kmm.load("file-buffers-pinned").run().trace
    counted = [s for s in trace if s.function == "migrate_page_move_mapping"]
    assert trace.narrate(counted[0].index) == "p0 has 4 references."


def test_primitives_outside_every_function_are_told() -> None:
    w, page, vma = world()
    mm, address = vma.mm.struct, vma.address(1)

    def by_hand() -> None:
        PageDirty(page)
        page_freeze_refs(page, 7)
        set_pte_at(mm, address, pte_pointer(mm, address), pte_t(page, write=1))

    trace = w.run(by_hand).trace
    assert trace.narrate(0) == "p0 is clean: PG_dirty is clear."
    assert trace.narrate(1).startswith("p0 does not have 7 references")
    assert trace.narrate(2) == "The pte at 0x401000 of m0 maps p0, writable."


# The question itself.


def test_a_trace_from_a_file_tells_the_same(tmp_path: Path) -> None:
    for name in ("swap-cache", "move-max-numnodes", "truncated-meanwhile", "writeout-error"):
        trace = trace_of(name)
        trace.save(tmp_path / "t.json")
        loaded = Trace.load(tmp_path / "t.json")
        assert [loaded.narrate(k) for k in range(len(trace))] == [
            trace.narrate(k) for k in range(len(trace))
        ]


def test_there_is_no_sentence_for_a_step_that_is_not_there() -> None:
    trace = trace_of("anon-simple")
    with pytest.raises(IndexError, match="no step 9999: this trace has steps 0 to 125"):
        trace.narrate(9999)
    assert trace.narrate(-1) == trace.narrate(len(trace) - 1)
    empty = trace_of("migrate-vmas")
    with pytest.raises(IndexError, match="this trace has no steps"):
        empty.narrate(0)
