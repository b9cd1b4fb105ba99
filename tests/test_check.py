# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E501 (the table of rules has one rule a line)
"""Every rule a scenario can break is told at its place, in one sentence; all else is let through."""

from __future__ import annotations

import copy
import gzip
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from kmm.errors import KmmError
from kmm.scenario.check import ScenarioError, check, parse
from kmm.scenario.spec import (
    BufferSpec,
    EventSpec,
    FileSpec,
    MapSpec,
    MigratePagesOp,
    MovePagesOp,
    PageSpec,
    PteSpec,
    Spec,
    TaskSpec,
    VmaSpec,
)

VECTORS = Path(__file__).parent / "vectors"
LEAVE_OUT = object()

WORLD: dict[str, Any] = {
    "nodes": 2,
    "files": {
        "f0": {"migratepage": "migrate_page", "releasepage": "ok"},
        "f1": {"migratepage": "buffer_migrate_page", "writepage": "ok"},
    },
    "anon_vmas": ["a0"],
    "mms": {
        "m0": {
            "vmas": [
                {"id": "v0", "start": "0x400000", "pages": 4, "anon_vma": "a0"},
                {"id": "v1", "start": "0x500000", "pages": 2, "file": "f0", "pgoff": 7},
            ],
            "ptes": [
                {"addr": "0x402000", "swap": 9},
                {"addr": "0x403000", "migration": "p1", "write": True},
            ],
        },
        "m1": {},
    },
    "tasks": {"t0": {"pid": 1, "mm": "m0"}, "t1": {"pid": 2, "mm": None}},
    "pages": {
        "p0": {
            "anon_vma": "a0",
            "index": 1,
            "maps": [{"mm": "m0", "addr": "0x400000"}, {"mm": "m0", "addr": "0x401000"}],
        },
        "p1": {"file": "f0", "index": 7, "pins": 1, "fs_private": True},
        "p2": {"file": "f1", "index": 7, "buffers": [{"busy": 1}, {}]},
        "p3": {"swap": 17},
    },
    "events": [
        {"page": "p0", "attempt": 0, "do": "pin", "at": "copy_highpage", "nth": 1},
        {"page": "p0", "attempt": 1, "do": "zap", "mm": "m0", "addr": "0x401000"},
        {"page": "p0", "attempt": 1, "do": "frames", "node": 1, "n": -3},
    ],
    "op": {"call": "migrate_pages", "from": ["p0", "p1"], "to_node": 1},
}

MOVE = {"call": "move_pages", "pages": ["0x400000"], "nodes": [1], "flags": ["MOVE"]}
WAIT = {"call": "migration_entry_wait", "mm": "m0", "addr": "0x403000"}
VMAS = {"call": "migrate_vmas", "mm": "m0", "from": [0], "to": [1]}
BACK = {"call": "putback_lru_pages", "from": ["p0"]}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """WORLD with other values at some places."""
    document = copy.deepcopy(WORLD)
    for place, value in changes:
        *way, last = [
            int(i) if i else name for name, i in re.findall(r"([^.[\]]+)|\[(\d+)\]", place)
        ]
        there: Any = document
        for step in way:
            there = there[step]
        if value is LEAVE_OUT:
            del there[last]
        elif isinstance(there, list) and last == len(there):
            there.append(value)
        else:
            there[last] = value
    return document


def refusal(document: object, **options: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        check(document, **options)
    return str(caught.value)


def many(number: int, thing: Any, prefix: str = "x") -> dict[str, Any]:
    return {f"{prefix}{i}": thing for i in range(number)}


# One change to WORLD, and all that is then said about it.
ONE_CHANGE: list[tuple[str, Any, str]] = [
    # keys, types, ranges and words
    ("op", LEAVE_OUT, "op: is missing"),
    ("opp", {}, 'opp: unknown key; did you mean "op"?'),
    ("comment", "", "comment: unknown key; there are name, doc, nodes, memoryless, free, local_node, cpuset_mems, pagevec_size, debug_vm, memcg, drain_after, oob, security, faults, files, anon_vmas, mms, tasks, current, pages, events, op"),
    ("nodes", 0, "nodes: must be 1 to 64, not 0"),
    ("nodes", True, "nodes: must be a whole number, not true"),
    ("nodes", 2.0, "nodes: must be a whole number, not 2.0"),
    ("nodes", "2", 'nodes: must be a whole number, not "2"'),
    ("nodes", None, "nodes: must be a whole number, not null"),
    ("nodes", 2**64, "nodes: is a number of more than 64 bits"),
    ("pagevec_size", 15, "pagevec_size: must be 1 to 14, not 15"),
    ("debug_vm", 1, "debug_vm: must be true or false, not 1"),
    ("free", {"00": 1}, 'free.00: unknown key; keys are node numbers'),
    ("free", {"0": -1}, "free.0: must be 0 to 2147483647, not -1"),
    ("oob", {"node_state": 2}, "oob.node_state: must be 0 or 1, not 2"),
    ("oob", {"node_state": False}, "oob.node_state: must be a whole number, not false"),
    ("faults", {"pages": [0]}, "faults.pages: unknown key; there are vmalloc"),
    ("tasks", {}, "tasks: must not be empty; leave it out to have the default"),
    ("tasks.t0", {"mm": "m0"}, "tasks.t0.pid: is missing"),
    ("tasks.t0.pid", 0, "tasks.t0.pid: must be 1 to 2147483647, not 0"),
    ("tasks.t0.caps", ["SYSNICE"], 'tasks.t0.caps[0]: must be "SYS_NICE", not "SYSNICE"; did you mean "SYS_NICE"?'),
    ("files.f0.writepage", "Ok", 'files.f0.writepage: must be "ok", "async", "error", "error_locked", "activate" or null, not "Ok"; did you mean "ok"?'),
    ("mms.m0.vmas", {}, "mms.m0.vmas: must be a list, not an empty object"),
    ("mms.m0.vmas[0]", [], "mms.m0.vmas[0]: must be an object, not an empty list"),
    ("mms.m0.vmas[0].start", "400000x", 'mms.m0.vmas[0].start: "400000x" is not an address: write "0x401000" or a whole number'),
    ("mms.m0.vmas[0].start", -4096, "mms.m0.vmas[0].start: must be 0 to 18446744073709551615, not -4096"),
    ("mms.m0.vmas[0].start", LEAVE_OUT, "mms.m0.vmas[0].start: is missing"),
    ("mms.m0.vmas[0].pages", 0, "mms.m0.vmas[0].pages: must be 1 to 34359738368, not 0"),
    ("mms.m0.vmas[0].flags", ["READ", "shared"], 'mms.m0.vmas[0].flags[1]: must be "READ", "WRITE", "EXEC", "SHARED", "LOCKED", "IO", "PFNMAP", "HUGETLB", "RESERVED", "NONLINEAR" or "MIXEDMAP", not "shared"; did you mean "SHARED"?'),
    ("mms.m0.vmas[0].ops_migrate", "", 'mms.m0.vmas[0].ops_migrate: must be a whole number or null, not ""'),
    ("mms.m0.ptes[0].swap", 4096, "mms.m0.ptes[0].swap: must be 1 to 4095, not 4096"),
    ("mms.m0.ptes[0].special", True, 'mms.m0.ptes[0].special: only one of "swap", "migration", "file_pgoff" or "special" is possible'),
    ("mms.m0.ptes[0].write", True, "mms.m0.ptes[0].write: only a migration entry can remember this"),
    ("mms.m0.ptes[0]", {"addr": 0, "special": False}, "mms.m0.ptes[0].special: must be true, not false"),
    ("pages.p0.swap", 0, "pages.p0.swap: must be 1 to 4095, not 0"),
    ("pages.p0.lru", "List", 'pages.p0.lru: must be "list", "pagevec" or null, not "List"; did you mean "list"?'),
    ("pages.p0.flags", ["locked"], 'pages.p0.flags[0]: must be "error", "referenced", "uptodate", "dirty", "active", "checked", "reserved", "writeback", "mappedtodisk", "reclaim", "swapbacked", "unevictable" or "mlocked", not "locked"; did you mean "mlocked"?'),
    ("pages.p0.loked_by_other", True, 'pages.p0.loked_by_other: unknown key; did you mean "locked_by_other"?'),
    ("pages.p0.pins", -1, "pages.p0.pins: must be 0 to 1000000, not -1"),
    ("pages.p0.index", LEAVE_OUT, "pages.p0.index: is missing; where in the file or vma is the page?"),
    ("pages.p2.buffers", 9, "pages.p2.buffers: must be 0 to 8, not 9"),
    ("pages.p2.buffers", [{}] * 9, "pages.p2.buffers: must have at most 8 elements, not 9"),
    ("pages.p2.buffers[1]", {"bussy": 1}, 'pages.p2.buffers[1].bussy: unknown key; did you mean "busy"?'),
    ("events[1].attempt", LEAVE_OUT, "events[1].attempt: is missing"),
    ("events[1].addr", LEAVE_OUT, "events[1].addr: is missing"),
    ("events[2].n", LEAVE_OUT, "events[2].n: is missing"),
    ("events[1].do", "memcg_error", "events[1].rc: is missing"),
    ("events[0].do", "unpinn", 'events[0].do: must be "pin", "unpin", "lock", "unlock", "start_writeback", "end_writeback", "redirty", "clean", "release_buffers", "memcg_enomem", "memcg_error", "zap", "truncate", "free", "lru_drain" or "frames", not "unpinn"; did you mean "unpin"?'),
    ("events[0].on", "old", 'events[0].on: must be "new", not "old"'),
    ("events[0].nth", -1, "events[0].nth: must be 0 to 2147483647, not -1"),
    ("op.call", "migrate_page", 'op.call: must be "migrate_pages", "move_pages", "migrate_vmas", "migration_entry_wait" or "putback_lru_pages", not "migrate_page"; did you mean "migrate_pages"?'),
    ("op.call", LEAVE_OUT, "op.call: is missing"),
    ("op.to_node", LEAVE_OUT, "op.to_node: is missing"),
    ("op.nodes", [], 'op.nodes: unknown key; did you mean "to_node"?'),
    ("op", MOVE | {"flags": ["MOVEALL"]}, 'op.flags[0]: must be "MOVE" or "MOVE_ALL", not "MOVEALL"; did you mean "MOVE_ALL"?'),
    ("op", MOVE | {"nodes": [2**31]}, "op.nodes[0]: must be -2147483648 to 2147483647, not 2147483648"),
    ("op", MOVE | {"faults": {"pages": [-1]}}, "op.faults.pages[0]: must be 0 to 9223372036854775807, not -1"),
    ("op", BACK | {"faults": {"pages": [0]}}, "op.faults.pages: unknown key; there are vmalloc"),
    # names
    ("pages.n7", {"pins": 1}, "pages.n7: n7 is a name the kernel gives; take another"),
    ("pages.ZERO", {"pins": 1}, "pages.ZERO: ZERO is a name the kernel gives; take another"),
    ("files.swapper", {}, "files.swapper: swapper is a name the kernel gives; take another"),
    ("pages.m0", {"pins": 1}, "pages.m0: the name m0 is taken by mms.m0"),
    ("mms.m0.vmas[1].id", "v0", "mms.m0.vmas[1].id: the name v0 is taken by mms.m0.vmas[0].id"),
    ("mms.m0.vmas[1].id", "f0", "mms.m0.vmas[1].id: the name f0 is taken by files.f0"),
    ("anon_vmas[1]", "a0", "anon_vmas[1]: the name a0 is taken by anon_vmas[0]"),
    ("tasks.p0", {"pid": 7}, "pages.p0: the name p0 is taken by tasks.p0"),
    ("pages.p-0", {"pins": 1}, "pages.p-0: unknown key; keys are names: a letter or _, then up to 39 letters, digits or _"),
    ("pages.p0\n", {"pins": 1}, 'pages["p0\\n"]: unknown key; keys are names: a letter or _, then up to 39 letters, digits or _'),
    ("anon_vmas[1]", "a" * 41, 'anon_vmas[1]: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..." is not a new name: a letter or _, then up to 39 letters, digits or _'),
    # nodes
    ("free", {"2": 5}, "free.2: there is no node 2; they are 0 to 1"),
    ("memoryless", [1, 2], "memoryless[1]: there is no node 2; they are 0 to 1"),
    ("cpuset_mems", [5], "cpuset_mems[0]: there is no node 5; they are 0 to 1"),
    ("local_node", 2, "local_node: there is no node 2; they are 0 to 1"),
    ("nodes", 1, "op.to_node: there is no node 1; the only one is 0"),
    ("tasks.t0.mems", [0, 2], "tasks.t0.mems[1]: there is no node 2; they are 0 to 1"),
    ("pages.p0.node", 2, "pages.p0.node: there is no node 2; they are 0 to 1"),
    ("events[2].node", 2, "events[2].node: there is no node 2; they are 0 to 1"),
    ("op.to_node", 2, "op.to_node: there is no node 2; they are 0 to 1"),
    ("op", VMAS | {"from": [0, 9]}, "op.from[1]: there is no node 9; they are 0 to 1"),
    ("op", VMAS | {"to": [9]}, "op.to[0]: there is no node 9; they are 0 to 1"),
    # vmas and tasks
    ("mms.m0.vmas[0].start", "0x400800", "mms.m0.vmas[0].start: 0x400800 is not the start of a page of 4096 bytes"),
    ("mms.m0.vmas[0].start", 1 << 47, "mms.m0.vmas[0].start: user space ends at 0x800000000000, before 0x800000000000"),
    ("mms.m0.vmas[0].pages", 1 << 35, "mms.m0.vmas[0].pages: user space ends at 0x800000000000, before 0x8000003fffff"),
    ("mms.m0.vmas[0].pages", 257, "mms.m0.vmas[1]: overlaps v0, which goes from 0x400000 to 0x501000"),
    ("mms.m0.vmas[0].start", "0x501000", "mms.m0.vmas[0]: overlaps v1, which goes from 0x500000 to 0x502000"),
    ("mms.m0.vmas[1].file", "f2", 'mms.m0.vmas[1].file: there is no file "f2"; there are f0 and f1'),
    ("mms.m0.vmas[1].file", "swapper", 'mms.m0.vmas[1].file: there is no file "swapper"; there are f0 and f1'),
    ("mms.m0.vmas[0].anon_vma", "b", 'mms.m0.vmas[0].anon_vma: there is no anon_vma "b"; there is a0'),
    ("tasks.t1.mm", "m", 'tasks.t1.mm: there is no mm "m"; did you mean "m1"?'),
    ("tasks.t1.pid", 1, "tasks.t1.pid: 1 is the pid of t0 already"),
    ("current", "p0", 'current: there is no task "p0"; there are t0 and t1'),
    # pages
    ("pages.p1.file", "f9", 'pages.p1.file: there is no file "f9"; there are f0 and f1'),
    ("pages.p0.anon_vma", "a9", 'pages.p0.anon_vma: there is no anon_vma "a9"; there is a0'),
    ("pages.p1.anon_vma", "a0", "pages.p1.anon_vma: a page of a file is not anonymous"),
    ("pages.p1.swap", 3, "pages.p1.swap: a page of a file is not in the swap cache"),
    ("pages.p3.buffers", 1, "pages.p3.buffers: a page in the swap cache has no room for buffers"),
    ("pages.p1.buffers", 1, "pages.p1.fs_private: a page with buffers has no other private data"),
    ("pages.p3.fs_private", True, "pages.p3.fs_private: only pages of a file with releasepage and without buffer_migrate_page can have this"),
    ("files.f0.releasepage", None, "pages.p1.fs_private: only pages of a file with releasepage and without buffer_migrate_page can have this"),
    ("files.f0.migratepage", "buffer_migrate_page", "pages.p1.fs_private: only pages of a file with releasepage and without buffer_migrate_page can have this"),
    ("pages.p0.maps", [], "pages.p0: nobody holds it; a page needs a pte, cache, buffers, fs_private, pagevec or pin"),
    ("pages.p4", {}, "pages.p4: nobody holds it; a page needs a pte, cache, buffers, fs_private, pagevec or pin"),
    ("pages.p4", {"file": "f0", "index": 7}, "pages.p4.index: page 7 of f0 is p1 already"),
    ("pages.p0.swap", 17, "pages.p3.swap: slot 17 holds p0 already"),
    # page tables
    ("pages.p0.maps[1].mm", "m7", 'pages.p0.maps[1].mm: there is no mm "m7"; there are m0 and m1'),
    ("pages.p0.maps[1].mm", "m1", "pages.p0.maps[1].addr: in no vma of m1"),
    ("pages.p0.maps[1].addr", "0x404000", "pages.p0.maps[1].addr: in no vma of m0"),
    ("pages.p0.maps[1].addr", "0x3ff000", "pages.p0.maps[1].addr: in no vma of m0"),
    ("pages.p0.maps[1].addr", 0x401001, "pages.p0.maps[1].addr: 0x401001 is not the start of a page of 4096 bytes"),
    ("pages.p0.maps[1].addr", "0x400000", "pages.p0.maps[1].addr: p0 is mapped at 0x400000 of m0 already"),
    ("pages.p3.maps", [{"mm": "m0", "addr": "0x400000"}], "pages.p3.maps[0].addr: p0 is mapped at 0x400000 of m0 already"),
    ("pages.p0.maps[1].addr", "0x402000", "mms.m0.ptes[0].addr: p0 is mapped at 0x402000 of m0 already"),
    ("mms.m0.ptes[1].addr", "0x402000", "mms.m0.ptes[1].addr: ptes[0] is put at 0x402000 of m0 already"),
    ("mms.m0.ptes[1].addr", "0x402fff", "mms.m0.ptes[1].addr: 0x402fff is not the start of a page of 4096 bytes"),
    ("mms.m0.ptes[1].migration", "p9", 'mms.m0.ptes[1].migration: there is no page "p9"; there are p0, p1, p2 and p3'),
    # events and the operation
    ("events[0].page", "n0", 'events[0].page: there is no page "n0"; there are p0, p1, p2 and p3'),
    ("events[0].at", "copy_hugepage", 'events[0].at: there is no primitive "copy_hugepage"; did you mean "copy_highpage"?'),
    ("events[0].at", LEAVE_OUT, "events[0].nth: counts the calls of `at`, which is missing"),
    ("events[0].rc", -12, "events[0].rc: only memcg_error has this, not pin"),
    ("events[0].n", 1, "events[0].n: only frames has this, not pin"),
    ("events[2].mm", "m0", "events[2].mm: only zap has this, not frames"),
    ("events[1].mm", "m2", 'events[1].mm: there is no mm "m2"; there are m0 and m1'),
    ("events[1].addr", "0x401010", "events[1].addr: 0x401010 is not the start of a page of 4096 bytes"),
    ("op.from", ["p0", "P1"], 'op.from[1]: there is no page "P1"; did you mean "p1"?'),
    ("op", BACK | {"from": ["n0"]}, 'op.from[0]: there is no page "n0"; there are p0, p1, p2 and p3'),
    ("op", VMAS | {"mm": "t0"}, 'op.mm: there is no mm "t0"; there are m0 and m1'),
    ("op", WAIT | {"mm": "m9"}, 'op.mm: there is no mm "m9"; there are m0 and m1'),
    ("op", WAIT | {"addr": "0x500000"}, "op.addr: neither maps nor ptes put anything at 0x500000 of m0"),
    ("op", WAIT | {"mm": "m1"}, "op.addr: neither maps nor ptes put anything at 0x403000 of m1"),
    # limits
    ("nodes", 17, "nodes: 17 nodes; at most 16 are possible"),
    ("free", {"0": 1650}, "free: 1750 free frames in all; at most 1700 are possible"),
    ("files", many(17, {}), "files: 17 files; at most 16 are possible"),
    ("anon_vmas", [f"a{i}" for i in range(17)], "anon_vmas: 17 anon_vmas; at most 16 are possible"),
    ("mms", many(9, {}), "mms: 9 mms; at most 8 are possible"),
    ("mms.m1.vmas", [{"id": f"w{i}", "start": i << 12, "pages": 1} for i in range(47)], "mms: 49 vmas in all; at most 48 are possible"),
    ("mms.m1.ptes", [{"addr": i << 21} for i in range(24)], "mms: 25 page tables (2 MiB ranges in use); at most 24 are possible"),
    ("tasks", {f"t{i}": {"pid": i + 1} for i in range(9)}, "tasks: 9 tasks; at most 8 are possible"),
    ("pages", many(257, {"pins": 1}), "pages: 257 pages; at most 256 are possible"),
    ("pages", many(33, {"buffers": 8}), "pages: 264 buffers in all; at most 256 are possible"),
    ("pages", {f"x{i}": {"file": "f1", "index": i} for i in range(65)}, "pages: 65 pages in the cache of f1; at most 64 are possible"),
    ("pages", {f"x{i}": {"swap": i + 1} for i in range(65)}, "pages: 65 pages in the swap cache; at most 64 are possible"),
    ("events", [WORLD["events"][0]] * 65, "events: 65 events; at most 64 are possible"),
    ("op", MOVE | {"pages": [0] * 257}, "op.pages: 257 elements; at most 256 are possible"),
    ("op", MOVE | {"nodes": [0] * 257}, "op.nodes: 257 elements; at most 256 are possible"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "told"), ONE_CHANGE)
def test_one_thing_wrong_is_told_at_its_place(place: str, value: Any, told: str) -> None:
    assert refusal(changed((place, value))) == told


def test_a_misspelt_key_explains_why_another_is_missing() -> None:
    assert refusal({"Op": BACK}) == 'Op: unknown key; did you mean "op"?'
    told = 'op.to_nod: unknown key; did you mean "to_node"?'
    assert refusal({"op": {"call": "migrate_pages", "from": [], "to_nod": 1}}) == told
    assert refusal({"op": {"call": "migrate_pages", "from": []}}) == "op.to_node: is missing"


def test_two_objects_without_a_task_of_ones_own() -> None:
    """The task that is there by default has a name too."""
    document = {"pages": {"t0": {"pins": 1}}, "op": BACK | {"from": []}}
    assert refusal(document) == "pages.t0: the name t0 is taken by tasks.t0"


FILE, ANON, SWAP = {"file": "f0", "index": 0}, {"anon_vma": "a0", "index": 0}, {"swap": 1}
ACTIVE, ANON_LIKE = {"flags": ["active"]}, {"flags": ["swapbacked"]}


@pytest.mark.parametrize(
    ("size", "pages", "refused"),
    [
        (1, [FILE], "x0"),
        (2, [FILE], None),
        (2, [FILE, {}], "x1"),
        (2, [FILE, ANON], None),
        (2, [FILE, SWAP], None),
        (2, [FILE, ANON_LIKE], None),
        (2, [FILE, ACTIVE], None),
        (2, [ANON, SWAP], "x1"),
        (3, [ANON, SWAP, ACTIVE, ANON_LIKE], "x3"),
    ],
)
def test_no_pagevec_begins_full(size: int, pages: list[dict[str, Any]], refused: str) -> None:
    waiting = {f"x{i}": page | {"lru": "pagevec"} for i, page in enumerate(pages)}
    document = {"pagevec_size": size, "files": {"f0": {}}, "anon_vmas": ["a0"], "pages": waiting}
    document["op"] = BACK | {"from": []}
    if refused:
        told = f"its pagevec would be full with this page (pagevec_size {size})"
        assert refusal(document) == f"pages.{refused}.lru: {told}"
    else:
        check(document)


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [("pages.p0.maps[1].addr", "0x501000")],  # an anonymous page in the vma of a file
        [("pages.p0.frozen", True), ("op", BACK)],
        [("pages.p0.flags", ["active", "unevictable", "active"])],
        [("pages.p0.buffers", 2)],
        [("pages.p3.index", 2**52 - 1)],
        [("pages.p4", {"buffers": 8})],
        [("pages.p4", {"lru": "pagevec"})],
        [("pages.p4", {"file": "f1", "index": 8})],
        [("pages.p4", {"file": None, "anon_vma": None, "swap": None, "pins": 1})],
        [("mms.m0.ptes[0]", {"addr": "0x7ffffffff000"})],  # in no vma
        [("mms.m0.ptes[0]", {"addr": 4096, "special": True})],
        [("mms.m0.ptes[0]", {"addr": 4096, "file_pgoff": 0})],
        [("mms.m0.vmas[0].pages", 256)],  # the vmas touch
        [("mms.m0.vmas", []), ("pages.p0.maps", []), ("pages.p0.pins", 1)],
        [("mms.m0.vmas[1].ops_migrate", None)],
        [("mms.m0.vmas[1].flags", [])],
        [("memoryless", [0, 1]), ("cpuset_mems", [])],
        [("tasks.t0.euid", 0), ("tasks.t0.caps", ["SYS_NICE"])],
        [("events[0].at", "vm_ops->migrate")],
        [("events[0].at", "PageAnon"), ("events[0].on", "new")],
        [("events[0]", {"page": "p0", "attempt": 0, "do": "pin", "nth": 0})],
        [("events[1].addr", "0x600000")],  # nothing to zap
        [("op.from", [])],
        [("op.from", ["p0", "p0"]), ("op.prep", False)],
        [("op", MOVE | {"nodes": [-1]})],
        [("op", MOVE | {"nodes": [-(2**31)], "pid": -5, "flags": -1})],
        [("op", MOVE | {"nodes": [4096, 1, 1]})],
        [("op", MOVE | {"pages": ["0xffffffffffffffff", 3]})],
        [("op", MOVE | {"nr_pages": 2**64 - 1, "faults": {"status": [7]}})],
        [("op", {"call": "move_pages", "pages": []})],
        [("op", VMAS | {"flags": 2**64 - 1, "from": []})],
        [("op", WAIT)],
        [("op", WAIT | {"addr": "0x400000"})],
    ],
)
def test_what_the_kernel_can_be_asked_is_let_through(changes: list[tuple[str, Any]]) -> None:
    check(changed(*changes))


def test_the_rules_of_size_can_be_lifted_the_others_not() -> None:
    large = changed(("nodes", 64), ("pages", many(1000, {"pins": 1, "buffers": 8})), ("events", []))
    large["mms"]["m0"]["ptes"] = []
    large["op"]["from"] = [f"x{i}" for i in range(1000)]
    assert refusal(large).startswith("nodes: 64 nodes")
    assert len(check(large, limits=False).pages) == 1000
    assert refusal(changed(("nodes", 65)), limits=False) == "nodes: must be 1 to 64, not 65"
    assert refusal(changed(("pages.n0", {"pins": 1})), limits=False).startswith("pages.n0: ")


def vectors() -> list[dict[str, Any]]:
    lines = []
    for name in ("curated", "random"):
        with gzip.open(VECTORS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            lines += [json.loads(line) for line in file]
    return lines


def test_every_vector_is_a_scenario() -> None:
    for vector in vectors():
        scenario = vector["scenario"]
        before = copy.deepcopy(scenario)
        spec = check(scenario)
        assert scenario == before
        assert [page.name for page in spec.pages] == list(scenario.get("pages", {}))
        assert all(type(n) is int for n in numbers(spec))


def numbers(value: object) -> list[object]:
    """All numbers in a Spec, of whatever type they are."""
    if isinstance(value, tuple | frozenset):
        return [n for element in value for n in numbers(element)]
    if hasattr(value, "__slots__") and hasattr(value, "__dataclass_fields__"):
        return [n for name in value.__dataclass_fields__ for n in numbers(getattr(value, name))]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_the_least_scenario_has_every_default() -> None:
    assert check({"op": {"call": "migrate_pages", "from": [], "to_node": 0}}) == Spec(
        name="",
        doc="",
        nodes=2,
        memoryless=frozenset(),
        free=(100, 100),
        local_node=0,
        cpuset_mems=(0, 1),
        pagevec_size=14,
        debug_vm=True,
        memcg=True,
        drain_after=False,
        oob_node_state=0,
        oob_node_isset=0,
        security=0,
        vmalloc_fails=False,
        files=(),
        anon_vmas=(),
        mms=(),
        tasks=(TaskSpec("t0", 1, None, 1000, 1000, 1000, frozenset(), False, (0, 1)),),
        current="t0",
        pages=(),
        events=(),
        op=MigratePagesOp((), 0, prep=True),
    )


def test_a_spec_says_what_the_scenario_says() -> None:
    spec = check(
        changed(
            ("memoryless", [1]),
            ("cpuset_mems", [0]),
            ("tasks.t0.uid", 7),
            ("tasks.t1.mems", [1]),
            ("pages.p0.maps[1].young", True),
            ("mms.m0.vmas[1].ops_migrate", -12),
            ("mms.m0.ptes[2]", {"addr": 4096, "file_pgoff": 6}),
            ("mms.m0.ptes[3]", {"addr": "8192", "special": True}),
            ("mms.m0.ptes[4]", {"addr": "0x3000"}),
            ("events[0].on", "new"),
        )
    )
    assert spec.free == (100, 0)
    assert [(t.uid, t.euid, t.suid, t.mems) for t in spec.tasks] == [
        (7, 7, 7, (0,)),
        (1000, 1000, 1000, (1,)),
    ]
    assert spec.files[0] == FileSpec("f0", "migrate_page", None, "ok", True, False)
    (mm, _) = spec.mms
    rw = frozenset({"READ", "WRITE"})
    assert mm.vmas == (
        VmaSpec("v0", 0x400000, 4, None, 0, "a0", rw, False, None),
        VmaSpec("v1", 0x500000, 2, "f0", 7, None, rw, True, -12),
    )
    assert mm.vmas[0].end == 0x404000
    assert mm.ptes == (
        PteSpec(0x402000, "swap", 9),
        PteSpec(0x403000, "migration", "p1", True),
        PteSpec(0x1000, "file", 6),
        PteSpec(0x2000, "special"),
        PteSpec(0x3000, "none"),
    )
    maps = (MapSpec("m0", 0x400000), MapSpec("m0", 0x401000, young=True))
    none = frozenset[str]()
    assert spec.pages[0] == PageSpec(
        "p0", 0, None, "a0", 1, None, none, (), False, "list", 0, False, False, maps
    )
    assert spec.pages[2].buffers == (BufferSpec(1, False, False), BufferSpec(0, False, False))
    assert spec.events == (
        EventSpec("p0", 0, "pin", "copy_highpage", 1, on_new=True),
        EventSpec("p0", 1, "zap", mm="m0", addr=0x401000),
        EventSpec("p0", 1, "frames", node=1, n=-3),
    )


def test_move_pages_takes_the_nearest_security_and_faults() -> None:
    outside = [("security", -1), ("faults", {"vmalloc": True})]
    op = check(changed(*outside, ("op", MOVE | {"flags": ["MOVE", "MOVE_ALL", "MOVE"]}))).op
    none = frozenset[int]()
    assert op == MovePagesOp(0, (0x400000,), (1,), 6, none, none, none, True, -1, 1)
    inside = {"security": -13, "faults": {"vmalloc": False, "pages": [3]}, "nr_pages": 9}
    spec = check(changed(*outside, ("op", MOVE | inside | {"nodes": None, "flags": 8})))
    assert spec.op == MovePagesOp(
        0, (0x400000,), None, 8, frozenset({3}), none, none, False, -13, 9
    )
    assert (spec.security, spec.vmalloc_fails) == (-13, False)


def endless() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "scenario: must be an object, not null"),
        ([], "scenario: must be an object, not an empty list"),
        ({3: 4}, "scenario: has a key that is no text: a Python int"),
        ({"pages": {"p0": {"pins": 1.0}}}, "pages.p0.pins: must be a whole number, not 1.0"),
        ({"pages": {"p0": {("a",): 1}}}, "pages.p0: has a key that is no text: a Python tuple"),
        ({"op": {"from": {"p0"}}}, "op.from: must be JSON data, not a Python set"),
        ({"op": b""}, "op: must be JSON data, not a Python bytes"),
        ({"doc": endless()}, f"doc{'[0]' * 11}: is nested too deeply"),
        ({"name": float("nan")}, "name: must be a whole number, not NaN"),
        ({"na.me": {"[]": 2**70}}, '["na.me"]["[]"]: is a number of more than 64 bits'),
        ({"op": WAIT, "na.me": {}}, '["na.me"]: unknown key; did you mean "name"?'),
    ],
)
def test_a_document_must_be_plain_data(document: object, told: str) -> None:
    assert refusal(document) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1: is not JSON: expecting value"),
        ('{"op": {}', "line 1, column 10: is not JSON: expecting ',' delimiter"),
        ('{\n "op": nil}', "line 2, column 8: is not JSON: expecting value"),
        (b'{"a": "\xff"}', "byte 7: is not UTF-8 text"),
        ('{"op": {"to_node": NaN}}', "op.to_node: NaN is no number of JSON"),
        ("-Infinity", "scenario: -Infinity is no number of JSON"),
        ('{"op": {"n": [1, 1e400]}}', "op.n[1]: must be a whole number, not Infinity"),
        ('{"n": ' + "9" * 5000 + "}", "n: is a number of more than 64 bits"),
        ('{"n": 18446744073709551616}', "n: is a number of more than 64 bits"),
        (
            '{"pages": {"p0": {}, "p1": {}, "p0": {}}}',
            "pages.p0: stands twice in this object; one of them would be lost",
        ),
        ("[" * 13 + "]" * 13, f"{'[0]' * 12}: is nested too deeply"),
        ("[" * 200_000, "scenario: is nested too deeply"),
    ],
)
def test_text_must_be_unambiguous_json(text: str | bytes, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    assert str(caught.value) == told


def test_parse_reads_what_json_can_say() -> None:
    text = '{"op": {"n": [-1, 18446744073709551615, true, null, "\u00e4"]}}'
    document = {"op": {"n": [-1, 2**64 - 1, True, None, "ä"]}}
    assert parse(text) == document
    assert parse("\ufeff" + text) == document
    assert parse(text.replace("\\u00e4", "ä").encode()) == document


def test_the_error_is_a_kmm_error_and_can_travel_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(ScenarioError("op.mm", "there is no mm")))
    assert isinstance(error, KmmError)
    assert (error.place, error.sentence) == ("op.mm", "there is no mm")
    assert str(error) == "op.mm: there is no mm"
