# SPDX-License-Identifier: GPL-2.0-only
"""Memory of a program that the kernel reads and writes, and objects that somebody keeps."""

from __future__ import annotations

import inspect
from errno import EFAULT
from typing import Any

from actors import SIZE, alone

import kmm
from kmm.mm import migrate
from kmm.mm.exit import get_task_struct, put_task_struct, release_task
from kmm.mm.memory_hotplug import sparse_remove_one_section
from kmm.mm.uaccess import UserArray, get_user, put_user
from kmm.scenario.driver import call_move_pages
from kmm.sim import Cell


def program(**vma: Any) -> tuple[kmm.World, Any, int]:
    """A world, its program's mm, and the address of two pages that were never touched."""
    w = kmm.World()
    mm = w.mm()
    at = mm.mmap(pages=2, **vma).address(0)
    w.task("program", mm=mm)
    return w, mm.struct, at


def test_an_array_that_is_not_mapped_faults_and_is_written() -> None:
    """The element at the end of the first page, and the one behind it: two faults."""
    w, mm, at = program()
    status = UserArray(w.machine, "status", 2, (), (), mm=mm, at=at + SIZE - 4, size=4)
    assert alone(w, lambda: (put_user(7, status + 0), put_user(8, status + 1))) == (0, 0)
    assert list(status.cells.values()) == [7, 8]
    assert all(mm.page_table.cells[at + i * SIZE].dirty for i in (0, 1))


def test_a_fault_that_finds_no_memory_or_must_not_write_is_efault() -> None:
    w, mm, at = program(flags=("READ",))
    here = UserArray(w.machine, "here", 1, (5,), (), mm=mm, at=at)
    nowhere = UserArray(w.machine, "nowhere", 1, (5,), (), mm=mm, at=at - SIZE)
    x: Cell[Any] = Cell(None)
    assert alone(w, lambda: get_user(x, here + 0)) == 0
    assert x.value == 5
    assert alone(w, lambda: put_user(6, here + 0)) == -EFAULT
    assert alone(w, lambda: get_user(x, nowhere + 0)) == -EFAULT
    assert here.cells[0] == 5


def test_what_is_mapped_does_not_fault_and_an_array_without_an_mm_never_does() -> None:
    w, mm, at = program()
    w.mms["m0"].vmas[0].touch(0)
    mapped = UserArray(w.machine, "mapped", 1, (), (), mm=mm, at=at)
    plain = UserArray(w.machine, "plain", 1, (), ())
    w.machine.record()
    assert alone(w, lambda: (put_user(1, mapped + 0), put_user(1, plain + 0))) == (0, 0)
    assert [step.primitive for step in w.machine.trace()] == ["put_user", "put_user"]


def test_the_access_stands_where_the_system_call_makes_it() -> None:
    """Before the fault and after it, in do_pages_stat and at its line."""
    w, _, at = program()
    other = w.mms["m0"].mmap(pages=1).address(0)
    w.machine.record()
    with w.machine:
        assert call_move_pages(0, [other], None, 0, status_at=at) == 0
    puts = [step for step in w.machine.trace() if step.primitive == "put_user"]
    assert [step.result for step in puts] == [1, 0]
    assert {step.function for step in puts} == {"do_pages_stat"}
    [line] = {step.line for step in puts}
    assert {step.file for step in puts} == {"kmm/mm/migrate.py"}
    source = inspect.getsource(migrate).splitlines()
    assert source[line - 1].strip() == "put_user(err, status + i)"


def test_the_memory_of_a_task_goes_with_its_last_reference() -> None:
    w, _, _ = program()
    target = w.task("target")
    with w.machine:
        get_task_struct(target)
        release_task(target)
        assert target not in w.kernel.tasks
        assert target.uid == 1000
        put_task_struct(target)
    assert repr(target.uid) == "freed target"


def test_memory_that_is_in_use_is_not_taken_out() -> None:
    w = kmm.World()
    used, free = w.page(file=w.file()), w.page(lru=None)
    free.PG_buddy = 1
    with w.machine:
        w.task("t")
        assert (sparse_remove_one_section(used), sparse_remove_one_section(free)) == (0, 1)
    assert (used.PG_reserved, repr(free.PG_reserved), free.node) == (0, f"freed {free.name}", 0)


def test_a_pointer_into_an_array_can_be_moved_on() -> None:
    pages = UserArray(kmm.World().machine, "pages", 4, (), ())
    assert pages + 1 + 2 == pages + 3
