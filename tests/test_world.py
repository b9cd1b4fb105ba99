# SPDX-License-Identifier: GPL-2.0-only
"""World makes the worlds that scenarios in JSON make, and keeps its books meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kmm
from kmm.mm.page import page_count, page_mapcount


def anon_simple() -> kmm.Run:
    world = kmm.World(nodes=2, free=20)
    mm = world.mm()
    vma = mm.mmap(pages=4)
    world.task(mm=mm)
    page = vma.touch(1)
    return world.migrate_pages([page], to_node=1)


def move_ok() -> kmm.Run:
    world = kmm.World(nodes=2, free=20)
    mm = world.mm()
    vma = mm.mmap(pages=4)
    world.task(mm=mm)
    vma.touch(1)
    return world.move_pages([vma.address(1)], [1])


def file_buffers() -> kmm.Run:
    document = kmm.library.document("file-buffers")
    (name,) = document["files"]
    world = kmm.World(nodes=2, free=20)
    file = world.file(**document["files"][name])
    (vma,) = document["mms"]["m0"]["vmas"]
    mm = world.mm()
    area = mm.mmap(vma["pages"], file=file, start=int(vma["start"], 16), flags=vma.get("flags", ()))
    world.task(mm=mm)
    told = document["pages"]["p0"]
    page = file.page(told["index"], flags=told["flags"])
    for m in told.get("maps", ()):
        bits = {bit: m.get(bit, False) for bit in ("write", "dirty", "young")}
        world.map(page, mm, int(m["addr"], 16), **bits)
    world.add_buffers(page, told["buffers"])
    assert area.mm is mm
    return world.migrate_pages(page, to_node=1)


def pinned_until_pass_4() -> kmm.Run:
    world = kmm.World(nodes=2, free=20)
    mm = world.mm()
    world.task(mm=mm)
    page = mm.mmap(pages=4).touch(1)
    world.pin(page)
    world.meanwhile(page, "unpin", attempt=4)
    return world.migrate_pages(page, to_node=1)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (anon_simple, "anon-simple"),
        (move_ok, "move-ok"),
        (file_buffers, "file-buffers"),
        (pinned_until_pass_4, "pinned-until-pass-4"),
    ],
)
def test_python_and_json_make_the_same_world(build: Any, name: str) -> None:
    """Same steps and same end, entry by entry, as the scenario of the library."""
    assert build().result == kmm.load(name).run().result


def test_a_page_that_is_touched_is_mapped_and_counted() -> None:
    """Counted by hand: one pte, one reference; a fork makes it two of each."""
    world = kmm.World()
    mm = world.mm()
    page = mm.mmap(pages=2).touch(0)
    assert (page_count(page), page_mapcount(page)) == (1, 1)
    mm.fork()
    assert (page_count(page), page_mapcount(page)) == (2, 2)
    assert [str(m.struct.page_table[0x400000]) for m in world.mms.values()] == ["p0 -dy", "p0 ---"]


def test_a_world_says_what_is_in_it() -> None:
    world = kmm.World(nodes=3)
    world.mm().mmap(pages=2).touch(0)
    assert repr(world) == "<World: 3 nodes, 1 address space, 0 files, 1 page>"


def test_touching_again_finds_the_same_page() -> None:
    vma = kmm.World().mm().mmap(pages=2)
    assert vma.touch(1) is vma.touch(1)


def test_two_runs_in_one_world_go_on_from_each_other() -> None:
    """The first run's result is what it was when it ended."""
    world = kmm.World(pagevec_size=1)
    page = world.mm().mmap().touch()
    there = world.migrate_pages(page, to_node=1)
    moved = world["m0.pte"][0x400000].page
    assert moved.name == "n0"
    back = world.migrate_pages(moved, to_node=0)
    assert there.result["final"]["ptes"] == {"m0": {"0x400000": "n0 w--"}}
    assert back.result["final"]["ptes"] == {"m0": {"0x400000": "n1 w--"}}
    # Cells that only the first record saw filled are known to the second.
    changed = {change.path for step in back.trace for change in step.changes}
    assert "cpu0.pagevec[inactive_anon][0]" in changed


def test_meanwhile_is_recorded_as_the_doing_of_others() -> None:
    run = pinned_until_pass_4()
    (step,) = [step for step in run.trace if step.task == "other CPUs"]
    assert step.primitive == "another_cpu_unpins"
    assert [str(change) for change in step.changes] == ["p0.pins 1 → 0", "p0._count 3 → 2"]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (lambda w: w.file(migratepage="move"), 'migratepage must be None, "migrate_page"'),
        (lambda w: w.file(writepage="fail"), 'writepage must be "ok", "async"'),
        (lambda w: w.page(flags=["dirt"]), "there is no page flag dirt"),
        (lambda w: w.page(lru="lists"), 'lru must be "list", "pagevec" or None'),
        (lambda w: w.mm().mmap(flags=["RAED"]), "there is no vma flag RAED"),
        (lambda w: w.mm().mmap(pages=2).touch(2), "v0 has pages 0 to 1, not 2"),
        (lambda w: [w.page("x"), w.page("x")], "there is something called x already"),
        (lambda w: w["p7"], "nothing here is called p7"),
        (lambda w: w.meanwhile(w.page(), "vanish"), "another CPU can pin, unpin"),
        (lambda w: w.meanwhile(w.page(), "zap"), "zap needs mm and addr"),
        (lambda w: kmm.World(nodes=2, free=[1]), "free must have a number for each of the 2"),
        (lambda w: kmm.World(free={0: 5, 1: 5}), "free must have a number for each of the 2"),
    ],
)
def test_a_mistake_is_one_sentence(mistake: Any, told: str) -> None:
    with pytest.raises(kmm.KmmError) as caught:
        mistake(kmm.World())
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_was_not_recorded_cannot_be_asked_for() -> None:
    run = kmm.load("anon-simple").run(record=False)
    with pytest.raises(kmm.KmmError, match="run it with record=True"):
        _ = run.trace
    with pytest.raises(kmm.KmmError, match="nothing is recorded"):
        kmm.World().machine.trace()


def test_vmas_may_not_overlap() -> None:
    mm = kmm.World().mm()
    mm.mmap(pages=4, start=0x1000)
    with pytest.raises(kmm.KmmError, match="v1 overlaps another vma of m0"):
        mm.mmap(pages=1, start=0x4000)


def test_load_takes_a_name_a_file_and_a_document(tmp_path: Any) -> None:
    document = kmm.library.document("anon-simple")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document))
    assert kmm.load("anon-simple").run().result == kmm.load(document).run().result
    assert kmm.load(file).run().result == kmm.load(str(file)).run().result
    with pytest.raises(kmm.KmmError, match="cannot be read: No such file"):
        kmm.load(tmp_path / "none.json")
    with pytest.raises(kmm.KmmError, match="did you mean anon-simple"):
        kmm.load("anon-simpel")
    for wrong in (3, None, b"anon-simple", ["anon-simple"]):
        with pytest.raises(kmm.KmmError, match="load takes a scenario's name, a file or a doc"):
            kmm.load(wrong)
