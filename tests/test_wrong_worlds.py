# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E501 (the tables have one row for each mistake)
"""Whatever is wrong about a world is told where it is given, in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kmm
from kmm.explore.case import Case
from kmm.explore.verdict import explore
from kmm.mm.migrate import migrate_page

Wrong = Callable[[Any], object]

WORLDS: list[tuple[dict[str, Any], str]] = [
    ({"nodes": 0}, "nodes must be a whole number from 1 to 64, not 0"),
    ({"nodes": 65}, "nodes must be a whole number from 1 to 64, not 65"),
    ({"nodes": True}, "nodes must be a whole number from 1 to 64, not True"),
    ({"nodes": 2.0}, "nodes must be a whole number from 1 to 64, not 2.0"),
    ({"nodes": "two"}, 'nodes must be a whole number from 1 to 64, not "two"'),
    ({"free": -1}, "free must be a whole number from 0 to 2147483647, not -1"),
    ({"free": [3, -4]}, "free[1] must be a whole number from 0 to 2147483647, not -4"),
    ({"free": [3, "4"]}, 'free[1] must be a whole number from 0 to 2147483647, not "4"'),
    ({"free": "12"}, 'free must have a number for each of the 2 nodes, not "12"'),
    ({"free": None}, "free must be a whole number from 0 to 2147483647, not None"),
    ({"memoryless": [2]}, "memoryless: there is no node 2; they are 0 to 1"),
    ({"memoryless": 1}, "memoryless must be a list of nodes, as in [0]; it is 1"),
    ({"nodes": 1, "local_node": 1}, "local_node: there is no node 1; the only one is 0"),
    (
        {"local_node": "0"},
        'local_node must be a whole number from -2147483648 to 2147483647, not "0"',
    ),
    ({"cpuset_mems": [0, -1]}, "cpuset_mems: there is no node -1; they are 0 to 1"),
    ({"pagevec_size": 15}, "pagevec_size must be a whole number from 1 to 14, not 15"),
    ({"cpus": 0}, "cpus must be a whole number from 1 to 64, not 0"),
    ({"oob": 1}, "oob must be a list of two bits, as in (0, 1); it is 1"),
    ({"oob": (0, 2)}, "oob must be two bits, as in (0, 1), not (0, 2)"),
    ({"debug_vm": "no"}, 'debug_vm must be True or False, not "no"'),
    ({"memcg": None}, "memcg must be True or False, not None"),
    ({"drain_after": 2}, "drain_after must be True or False, not 2"),
    ({"workers": 3}, "workers must be True or False, not 3"),
    ({"tlb": "yes"}, 'tlb must be True or False, not "yes"'),
    ({"disk": "yes"}, 'disk must be True or False, not "yes"'),
    ({"reuse_frames": []}, "reuse_frames must be True or False, not []"),
]

THINGS: list[tuple[Wrong, str]] = [
    (lambda w: w[3], "nothing here is called 3"),
    (lambda w: w["page0"], "nothing here is called page0"),
    (
        lambda w: w.mm("m 0"),
        'a name is a letter or _, then letters, digits, _, - or /, 40 at most, not "m 0"',
    ),
    (
        lambda w: w.mm(5),
        "a name is a letter or _, then letters, digits, _, - or /, 40 at most, not 5",
    ),
    (lambda w: w.page("n3"), "n3 is a name the kernel gives to what it allocates; take another"),
    (lambda w: w.file("p0"), "there is something called p0 already"),
    (lambda w: w.file(releasepage="dog"), 'releasepage must be "ok", "busy" or None, not "dog"'),
    (lambda w: w.file(releasepage="bussy"), 'not "bussy"; did you mean "busy"?'),
    (lambda w: w.file(writepage=1), "or None, not 1"),
    (lambda w: w.file(migratepage="migrate_pages"), 'did you mean "migrate_page"?'),
    (lambda w: w.file(size=-1), "size must be a whole number from 0 to 4503599627370495, not -1"),
    (lambda w: w.file(account_dirty="no"), 'account_dirty must be True or False, not "no"'),
    (lambda w: w.file(unevictable=7), "unevictable must be True or False, not 7"),
    (
        lambda w: w.file().page(-1),
        "index must be a whole number from 0 to 4503599627370495, not -1",
    ),
    (
        lambda w: w.file().page([1]),
        "index must be a whole number from 0 to 4503599627370495, not [1]",
    ),
    (lambda w: w.task(mm=w["m0"]), "mm must be an mm, as w.mm() makes it, not"),
    (lambda w: w.task(mm="m0"), 'not "m0"; w.mms["m0"] is it'),
    (
        lambda w: w.task(mm=kmm.World().mm()),
        "mm must be an mm, as w.mm() makes it of this world; <Mm m0> is",
    ),
    (lambda w: w.task(pid=0), "pid must be a whole number from 1 to 2147483647, not 0"),
    (lambda w: [w.task("a", pid=7), w.task(pid=7)], "7 is the pid of a already"),
    (lambda w: w.task(uid=-1), "uid must be a whole number from 0 to 4294967295, not -1"),
    (lambda w: w.task(euid="root"), 'euid must be a whole number from 0 to 4294967295, not "root"'),
    (lambda w: w.task(suid=1.0), "suid must be a whole number from 0 to 4294967295, not 1.0"),
    (lambda w: w.task(sys_nice="no"), 'sys_nice must be True or False, not "no"'),
    (lambda w: w.task(swapwrite="no"), 'swapwrite must be True or False, not "no"'),
    (lambda w: w.task(mems=[5]), "mems: there is no node 5; they are 0 to 1"),
    (lambda w: w.task(cpu=1), "cpu must be a whole number from 0 to 0, not 1"),
    (lambda w: w.page(node=2), "node: there is no node 2; they are 0 to 1"),
    (lambda w: w.page(node=True), "node must be a whole number from -2147483648"),
    (lambda w: w.page(index=-1), "index must be a whole number from 0"),
    (lambda w: w.page(swap=0), "swap must be a whole number from 1 to 4095, not 0"),
    (lambda w: w.page(lru=1), 'lru must be "list", "pagevec" or None, not 1'),
    (
        lambda w: w.page(flags="dirty"),
        'flags must be a list of names of flags, as in flags=["locked"]; it is "dirty"',
    ),
    (lambda w: w.page(flags=[3]), "there is no page flag 3"),
    (lambda w: w.page(flags=["dirt"]), 'there is no page flag dirt; did you mean "dirty"?'),
    (lambda w: w.page(flags=(flag for flag in ["dirt"])), "there is no page flag dirt"),
    (lambda w: w.page(file="f"), 'file must be a file, as w.file() makes it, not "f"'),
    (lambda w: w.page(file=kmm.World().file()), "of this world; <File f0> is of another one"),
    (
        lambda w: w.page(anon_vma="a0"),
        'anon_vma must be an anon_vma, as w.anon_vma() makes it, not "a0"; w["a0"] is it',
    ),
    (
        lambda w: w.page(file=w.file(), swap=3),
        "a page of a file has neither an anon_vma nor a swap slot",
    ),
    (
        lambda w: [w.page(file=w.file("g"), index=2), w.page(file=w.files["g"], index=2)],
        "page 2 of g is p1 already",
    ),
    (lambda w: [w.page(swap=3), w.page(swap=3)], "slot 3 of swapper is p1 already"),
    (lambda w: w.use_slot(-1), "slot must be a whole number from 1 to 4095, not -1"),
]

VMAS: list[tuple[Wrong, str]] = [
    (lambda m: m.mmap(pages=-1), "pages must be a whole number from 1 to"),
    (lambda m: m.mmap(pages=0), "pages must be a whole number from 1 to"),
    (lambda m: m.mmap(pages=True), "pages must be a whole number from 1 to"),
    (lambda m: m.mmap(pages=1 << 40), "pages must be a whole number from 1 to"),
    (
        lambda m: m.mmap(start=0x1001),
        "start must be where a page begins, not 0x1001: pages have 4096 bytes, and that one begins at 0x1000",
    ),
    (lambda m: m.mmap(start=-4096), "0 to 0x7fffffffffff, not -0x1000"),
    (
        lambda m: m.mmap(start=1 << 47),
        "start must be one of user space, 0 to 0x7fffffffffff, not 0x800000000000",
    ),
    (lambda m: m.mmap(start="0x1000"), 'start must be a whole number, 0 or more, not "0x1000"'),
    (lambda m: m.mmap(pgoff=-1), "pgoff must be a whole number from 0"),
    (lambda m: m.mmap(file="f0"), 'file must be a file, as w.file() makes it, not "f0"'),
    (lambda m: m.mmap(file=0), "file must be a file, as w.file() makes it, not 0"),
    (lambda m: m.mmap(anon_vma=kmm.World().anon_vma()), "of this world; a0 is of another one"),
    (
        lambda m: m.mmap(flags="READ"),
        'flags must be a list of names of flags, as in flags=["READ"]',
    ),
    (lambda m: m.mmap(flags=["read"]), 'there is no vma flag read; did you mean "READ"?'),
    (lambda m: m.mmap(name="two words"), "a name is a letter or _"),
    (
        lambda m: m.mmap(vm_ops_migrate="no"),
        "vm_ops_migrate must be a whole number from -2147483648",
    ),
    (lambda m: m.fork("m0"), "there is something called m0 already"),
    (lambda m: m.put_pte(0x1234), "address must be where a page begins, not 0x1234"),
    (lambda m: m.put_swap_entry(0x1000, 0), "slot must be a whole number from 1 to 4095, not 0"),
    (
        lambda m: m.put_migration_entry(0x1000, "p0"),
        'page must be a page, as vma.touch() gives it, not "p0"; w["p0"] is it',
    ),
    (lambda m: m.put_file_pte(0x1000, -2), "pgoff must be a whole number from 0"),
    (
        lambda m: m.put_special_pte("x"),
        'address must be a whole number, 0 or more, not "x"',
    ),
    (lambda m: m.vmas[0].touch(-1), "v0 has pages 0 to 3, not -1"),
    (lambda m: m.vmas[0].touch("1"), 'i must be a whole number, 0 or more, not "1"'),
    (lambda m: m.vmas[0].touch(True), "i must be a whole number, 0 or more, not True"),
    (lambda m: m.vmas[0].touch(1, write="no"), 'write must be True or False, not "no"'),
    (lambda m: m.vmas[0].touch(1, node=9), "node: there is no node 9; they are 0 to 1"),
    (lambda m: m.vmas[0].address(1.0), "i must be a whole number, 0 or more, not 1.0"),
    (lambda m: m.vmas[0].link("a0"), "anon_vma must be an anon_vma, as w.anon_vma() makes it"),
]

DEEDS: list[tuple[Callable[[Any, Any], object], str]] = [
    (lambda w, p: w.map(p, w["m0"], 0), "mm must be an mm, as w.mm() makes it, not"),
    (lambda w, p: w.map(p, w.mms["m0"], 1), "address must be where a page begins, not 0x1"),
    (lambda w, p: w.map("p0", w.mms["m0"], 0), 'page must be a page, as vma.touch() gives it, not "p0"; w["p0"] is it'),
    (lambda w, p: w.map(p, w.mms["m0"], 0, young="no"), 'young must be True or False, not "no"'),
    (lambda w, p: w.add_buffers(p, 0), "buffers must be a whole number from 1 to 4096, not 0"),
    (lambda w, p: w.add_buffers(p, []), "the number of buffers must be a whole number from 1 to 4096, not 0"),
    (lambda w, p: w.add_buffers(p, True), "buffers must be a list of buffers"),
    (lambda w, p: w.add_buffers(p, ["busy"]), 'or how many; in it is "busy"'),
    (lambda w, p: w.add_buffers(p, [{"bussy": 1}]), 'a key of a buffer must be "busy", "locked" or "dirty", not "bussy"; did you mean "busy"?'),
    (lambda w, p: w.add_buffers(p, [{"busy": -1}]), "busy must be a whole number from 0 to 1000000, not -1"),
    (lambda w, p: w.add_buffers(p, [{"dirty": "no"}]), 'dirty must be True or False, not "no"'),
    (lambda w, p: w.add_private("p0"), "page must be a page"),
    (lambda w, p: w.pin(p, -1), "count must be a whole number from 0 to 1000000, not -1"),
    (lambda w, p: w.pin(0), "page must be a page, as vma.touch() gives it, not 0; vma.touch(i) is page number i of a vma"),
    (lambda w, p: w.pin(kmm.World().page()), "page must be a page, as vma.touch() gives it of this world; p0 is of another one"),
    (lambda w, p: w.lock(kmm.World().page()), "p0 is of another one"),
    (lambda w, p: w.freeze("p0"), "page must be a page"),
    (lambda w, p: w.meanwhile("p0", "pin"), "page must be a page"),
    (lambda w, p: w.meanwhile(p, "unpinn"), 'but not unpinn; did you mean "unpin"?'),
    (lambda w, p: w.meanwhile(p, ["pin"]), "another CPU can pin, unpin"),
    (lambda w, p: w.meanwhile(p, "pin", attempt=-1), "attempt must be a whole number from 0"),
    (lambda w, p: w.meanwhile(p, "pin", at="lock_pages"), 'at must be a primitive of migrate.c, not "lock_pages"; did you mean "lock_page"?'),
    (lambda w, p: w.meanwhile(p, "pin", at="lock_page", nth=-1), "nth must be a whole number from 0"),
    (lambda w, p: w.meanwhile(p, "pin", nth=1), "nth counts the calls of `at`, which is missing"),
    (lambda w, p: w.meanwhile(p, "pin", on_new="new"), 'on_new must be True or False, not "new"'),
    (lambda w, p: w.meanwhile(p, "pin", rc=3), "pin does not have rc; it needs no more"),
    (lambda w, p: w.meanwhile(p, "zap", mm=w.mms["m0"], addr=0), "mm is the name of an mm, not <Mm m0>; there is m0"),
    (lambda w, p: w.meanwhile(p, "zap", mm="m0", addr=3), "addr must be where a page begins, not 0x3"),
    (lambda w, p: w.meanwhile(p, "frames", node=7, n=1), "node: there is no node 7"),
    (lambda w, p: w.meanwhile(p, "frames", node=1, n="1"), 'n must be a whole number from -2147483648 to 2147483647, not "1"'),
    (lambda w, p: w.migrate_pages(p, 2), "to_node: there is no node 2; they are 0 to 1"),
    (lambda w, p: w.migrate_pages("p0", 1), 'pages must be a list of pages; it is "p0"'),
    (lambda w, p: w.migrate_pages([0], 1), "page must be a page, as vma.touch() gives it, not 0"),
    (lambda w, p: w.migrate_pages(p, "1"), "to_node must be a whole number"),
    (lambda w, p: w.migrate_pages(p, 1, prep="no"), 'prep must be True or False, not "no"'),
    (lambda w, p: w.migrate_pages(p, 1, limit=0), "a limit is a number of steps, 1 or more, or None, not 0"),
    (lambda w, p: w.move_pages(0x400000, [1]), "addresses must be a list of numbers; it is 4194304"),
    (lambda w, p: w.move_pages([p], [1]), "addresses[0] must be a whole number"),
    (lambda w, p: w.move_pages([0x400000], 1), "nodes must be a list of numbers; it is 1"),
    (lambda w, p: w.move_pages([0x400000], ["1"]), 'nodes[0] must be a whole number from -2147483648 to 2147483647, not "1"'),
    (lambda w, p: w.move_pages([0x400000], [1], pid="me"), 'pid must be a whole number from -2147483648 to 2147483647, not "me"'),
    (lambda w, p: w.move_pages([0x400000], [1], move_all="no"), 'move_all must be True or False, not "no"'),
    (lambda w, p: w.run(None), "run wants a function without arguments, as lambda: ..., not None"),
    (lambda w, p: w.run(lambda page: page), "run calls the function without arguments: missing a required argument: 'page'"),
    (lambda w, p: w.run(lambda: 0, record="no"), 'record must be True or False, not "no"'),
]  # fmt: skip


def told(wrong: Callable[[], object]) -> str:
    """The sentence; it is one, and it names the place."""
    with pytest.raises(kmm.KmmError) as caught:
        wrong()
    says = str(caught.value)
    assert "\n" not in says
    assert says.startswith(("World: ", "a limit is"))
    return says


def touched() -> tuple[kmm.World, Any]:
    world = kmm.World()
    return world, world.mm().mmap(pages=4).touch(0)


@pytest.mark.parametrize(("options", "says"), WORLDS)
def test_no_such_world(options: dict[str, Any], says: str) -> None:
    assert says in told(lambda: kmm.World(**options))


@pytest.mark.parametrize(("wrong", "says"), THINGS)
def test_no_such_thing(wrong: Wrong, says: str) -> None:
    world, _ = touched()
    assert says in told(lambda: wrong(world))


@pytest.mark.parametrize(("wrong", "says"), VMAS)
def test_no_such_vma(wrong: Wrong, says: str) -> None:
    world, page = touched()
    before = set(world.machine.objects), page._count
    assert says in told(lambda: wrong(world.mms["m0"]))
    assert (set(world.machine.objects), page._count) == before


@pytest.mark.parametrize(("wrong", "says"), DEEDS)
def test_nothing_that_can_be_done(wrong: Callable[[Any, Any], object], says: str) -> None:
    """Nor has anything changed: the world goes on as if nobody had asked."""
    world, page = touched()
    before = page._count, page.PG_locked, page.PG_private, len(world.others.pending)
    assert says in told(lambda: wrong(world, page))
    assert (page._count, page.PG_locked, page.PG_private, len(world.others.pending)) == before


def test_what_a_vma_without_its_place_leaves_is_nothing() -> None:
    """The name of a vma that could not be is free again."""
    world, _ = touched()
    mm = world.mms["m0"]
    with pytest.raises(kmm.KmmError, match="overlaps"):
        mm.mmap(pages=1, start=mm.BASE, name="mine")
    assert mm.mmap(pages=1, name="mine").struct.name == "mine"


def test_numbers_of_numpy_are_numbers() -> None:
    world = kmm.World(nodes=np.int64(2), free=np.array([5, 6]))
    page = world.mm().mmap(pages=np.int32(3)).touch(np.int64(2))
    run = world.migrate_pages([page], to_node=np.int64(1))
    assert run.rc == 0
    assert run.trace.to_dict()["format"] == "kmm-trace/1"


def test_a_name_of_ones_own_is_stepped_over() -> None:
    """p1 is taken when the second page comes: it gets the next name that is free."""
    world = kmm.World()
    world.page("p1")
    assert world.page().name == "p2"
    world.task(pid=2)
    assert world.task().pid == 3


def test_replace_says_at_once_that_there_is_no_such_function() -> None:
    with pytest.raises(kmm.KmmError, match="the model has no function migrate_pagee"):
        kmm.replace(migrate_pagee=migrate_page)
    with pytest.raises(kmm.KmmError, match="migrate_page must be a function, not int"):
        kmm.replace(migrate_page=3)


def test_a_task_that_raises_before_its_first_step_is_told_so() -> None:
    def fails() -> None:
        raise ValueError("mine")

    case = Case("raises", kmm.World, lambda world: {"mine": fails}, ())
    bound = explore(case).bound
    assert bound is not None
    assert "ValueError" in bound
    assert bound.endswith(", before its first step")
