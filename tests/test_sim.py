# SPDX-License-Identifier: GPL-2.0-only
"""The ground: what is recorded of a step, of a bare write, of a bug; lists; C's goto."""

from __future__ import annotations

import contextlib
import random
import sys
from collections import deque
from typing import Any

import pytest

import kmm
from kmm.mm.list import LIST_HEAD, list_add_tail, list_del, list_for_each_entry_safe
from kmm.mm.page import Page, get_page, page_count, page_freeze_refs
from kmm.mm.page_flags import PageUnevictable, SetPageActive
from kmm.mm.spinlock import spin_lock, spin_unlock
from kmm.sim import (
    BUG,
    BUG_ON,
    VM_BUG_ON,
    Entry,
    KernelBug,
    ListHead,
    Machine,
    goto,
    kernel_function,
    label,
)


@pytest.fixture
def world() -> kmm.World:
    """One process with one anonymous page, p0, and a record that begins here."""
    world = kmm.World()
    world.mm().mmap(pages=2).touch(0)
    world.machine.record()
    return world


def here() -> int:
    """The line that calls this."""
    return sys._getframe(1).f_lineno


def test_a_step_says_who_called_what_with_which_result_and_what_changed(world: kmm.World) -> None:
    """Primitive, arguments by name, result, line and changes, as they stand in this test."""
    page: Page = world["p0"]
    line = here() + 1
    assert page_freeze_refs(page, 1) == 1
    (step,) = world.machine.trace()
    assert (step.primitive, step.args, step.result) == ("page_freeze_refs", ("p0", 1), 1)
    assert (step.file, step.line) == ("test_sim.py", line)
    assert [tuple(change) for change in step.changes] == [("p0", "_count", 1, 0)]
    assert (step.stack, step.function, step.failed) == ((), None, False)


def test_a_bare_write_is_a_step_of_its_own_and_a_bare_read_is_none(world: kmm.World) -> None:
    page: Page = world["p0"]
    page._count -= 1
    line = here() - 1
    assert page.index == 0
    (step,) = world.machine.trace()
    assert (step.primitive, step.args, step.line) == ("assign", ("p0._count", 0), line)
    assert [str(change) for change in step.changes] == ["p0._count 1 → 0"]


def test_a_field_that_the_struct_lacks_is_an_error_of_python(world: kmm.World) -> None:
    """A typing mistake must not become a new field that nothing looks at."""
    with pytest.raises(AttributeError, match="Page p0 has no field 'count'"):
        world["p0"].count = 3


def test_a_primitive_inside_a_primitive_belongs_to_its_step(world: kmm.World) -> None:
    """get_page checks with VM_BUG_ON, mk_pte and the like call others: one step all the same."""
    get_page(world["p0"])
    trace = world.machine.trace()
    assert [step.primitive for step in trace] == ["get_page"]


def test_calls_are_a_tree_with_steps(world: kmm.World) -> None:
    """A kernel function has its place in the tree, with arguments by their names."""
    run = world.migrate_pages(world["p0"], to_node=1)
    (driver,) = run.trace.calls
    names = [call.fn for call in driver.children]
    assert names == ["migrate_prep", "isolate_lru_page", "migrate_pages"]
    attempt = driver.children[2].children[0]
    assert attempt.fn == "unmap_and_move"
    assert attempt.args["page"] == "p0"
    assert attempt.args["force"] == 0
    assert attempt.result == 0
    for step in run.trace[attempt.first : attempt.last]:
        assert step.stack[:3] == ("isolate_and_migrate", "migrate_pages", "unmap_and_move")


def test_a_keyword_argument_is_an_argument(world: kmm.World) -> None:
    page_freeze_refs(count=7, page=world["p0"])
    assert world.machine.trace()[0].args == ("p0", 7)


def test_something_without_a_hash_is_kept_as_text_or_tuple(world: kmm.World) -> None:
    """A student may put anything into a field."""
    world["p0"].index = [1, 2]
    trace = world.machine.trace()
    assert trace[0].changes[0].new == (1, 2)


def test_a_call_without_any_object_needs_a_running_machine(world: kmm.World) -> None:
    with pytest.raises(kmm.KmmError, match="LIST_HEAD: no machine is running"):
        LIST_HEAD("l")
    with world.machine:
        LIST_HEAD("l")


# Bugs.


@kernel_function
def doomed(page: Page, charge: int) -> None:
    """Stops the machine."""
    BUG_ON(charge)


@kernel_function
def swallows(page: Page) -> int:
    """A student's way of not wanting to know."""
    with contextlib.suppress(Exception):
        doomed(page, 1)
    get_page(page)
    return 0


def test_a_bug_tells_its_condition_in_c_and_where(world: kmm.World) -> None:
    page: Page = world["p0"]
    with pytest.raises(KernelBug) as caught, world.machine:
        doomed(page, charge=3)
    assert caught.value.message == "BUG_ON(charge) in doomed"
    trace = world.machine.trace()
    assert trace.bug == "BUG_ON(charge) in doomed"
    assert [(step.primitive, step.failed) for step in trace] == [("BUG", True)]
    assert trace.calls[0].aborted


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (lambda page: VM_BUG_ON(lambda: not PageUnevictable(page)), "!PageUnevictable(page)"),
        (
            lambda page: VM_BUG_ON(
                lambda: page_count(page) == 1,
            ),
            "page_count(page) == 1",
        ),
    ],
)
def test_the_text_of_a_bug_is_the_source_of_its_condition(
    world: kmm.World, condition: Any, text: str
) -> None:
    with pytest.raises(KernelBug) as caught, world.machine:
        condition(world["p0"])
    assert caught.value.text == f"VM_BUG_ON({text})"


def test_without_debug_vm_a_vm_bug_on_is_not_even_evaluated() -> None:
    world = kmm.World(debug_vm=False)
    with world.machine:
        VM_BUG_ON(lambda: 1 / 0)


def test_after_a_bug_the_machine_is_dead(world: kmm.World) -> None:
    """`except Exception` does not go on: the next step raises the same bug again."""
    with pytest.raises(KernelBug, match=r"BUG_ON\(charge\) in doomed"), world.machine:
        swallows(world["p0"])
    assert world["p0"]._count == 1
    with pytest.raises(KernelBug, match="in doomed"):
        SetPageActive(world["p0"])
    with pytest.raises(KernelBug, match="in doomed"), world.machine:
        world["p0"]._count = 5


def test_following_null_is_an_oops(world: kmm.World) -> None:
    """None.field in a kernel function is what C calls a bad pointer dereference."""
    page: Any = None

    with pytest.raises(KernelBug) as caught, world.machine:
        get_page(page)
    assert caught.value.message == "oops: bad pointer dereference"
    assert "_count" in str(caught.value)


@kernel_function
def walks_off_the_end(page: Any) -> int:
    """Follows NULL between two primitives."""
    page_count(page)
    return int(page.mapping.index.nothing)


def test_an_oops_between_primitives_is_the_last_step(world: kmm.World) -> None:
    """The trace does not just end: its last step is the line that followed NULL."""
    world["p0"].__dict__["mapping"] = None
    with pytest.raises(KernelBug, match="oops: bad pointer dereference"), world.machine:
        walks_off_the_end(world["p0"])
    trace = world.machine.trace()
    assert [(step.primitive, step.failed) for step in trace] == [
        ("page_count", False),
        ("BUG", True),
    ]
    assert trace[1].line == trace[0].line + 1
    assert trace[1].function == "walks_off_the_end"


def test_an_error_of_pythons_own_stays_one(world: kmm.World) -> None:
    """A bug in a student's Python is not a bug of the kernel."""
    with pytest.raises(TypeError):
        get_page()  # type: ignore[call-arg]
    assert world.machine.bug is None


def test_bug_names_the_function_it_stands_in() -> None:
    with pytest.raises(KernelBug, match=r"BUG\(\) in test_bug_names_the_function_it_stands_in"):
        BUG()


def test_a_lock_that_is_held_already_is_a_deadlock(world: kmm.World) -> None:
    lock = world["m0.ptl"]
    with world.machine:
        spin_lock(lock)
        with pytest.raises(KernelBug, match="deadlock: lock already held in spin_lock"):
            spin_lock(lock)


def test_who_does_not_hold_a_lock_cannot_unlock_it(world: kmm.World) -> None:
    with pytest.raises(KernelBug, match="unlock of a lock that is not held in spin_unlock"):
        spin_unlock(world["m0.ptl"])


# Lists.


class Member:
    """Something that can be on a list."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.entry: Entry[Member] = Entry(self)


def test_a_list_is_a_list() -> None:
    """Random adding at both ends and removing, against a deque; forward in the record too."""
    machine = Machine()
    head: ListHead[Member] = ListHead(machine, "list")
    machine.record()
    members = [Member(machine, f"x{i}") for i in range(8)]
    twin: deque[Member] = deque()
    dice = random.Random(1)
    for _ in range(500):
        member = dice.choice(members)
        if member in twin:
            twin.remove(member)
            head.remove(member.entry)
        elif dice.random() < 0.5:
            twin.append(member)
            head.add_tail(member.entry)
        else:
            twin.appendleft(member)
            head.add(member.entry)
        assert list(head) == list(twin)
        assert len(head) == len(twin)
        assert head.first is (twin[0].entry if twin else None)
        assert head.last is (twin[-1].entry if twin else None)
    with machine:
        LIST_HEAD("end")  # the step that takes all these changes
    trace = machine.trace()
    assert list(trace.state(len(trace))["list"]) == [member.name for member in twin]


def test_the_safe_walk_may_take_off_what_it_is_at(world: kmm.World) -> None:
    """And it sees what is added behind it, as C's walk does."""
    with world.machine:
        head: ListHead[Page] = LIST_HEAD("walk")
        pages = [world.page() for _ in range(4)]
        for page in pages[:3]:
            page.lru.list = None
            list_add_tail(page.lru, head)
        seen = []
        for page in list_for_each_entry_safe(head):
            seen.append(page)
            list_del(page.lru)
            if page is pages[0]:
                pages[3].lru.list = None
                list_add_tail(pages[3].lru, head)
    assert seen == pages
    assert head.first is None


def test_taking_off_what_is_on_no_list_is_an_oops(world: kmm.World) -> None:
    page = world.page(lru=None)
    with pytest.raises(KernelBug, match="oops: list_del of an entry that is on no list"):
        list_del(page.lru)


def test_goto_leaves_the_block_of_its_label_and_no_other() -> None:
    """C's labels one after the other are blocks inside one another."""

    def path(where: str) -> list[str]:
        went = []
        with label() as out:
            with label() as unlock:
                if where == "out":
                    goto(out)
                if where == "unlock":
                    goto(unlock)
                went.append("end")
            went.append("unlock")
        went.append("out")
        return went

    assert path("") == ["end", "unlock", "out"]
    assert path("unlock") == ["unlock", "out"]
    assert path("out") == ["out"]


def test_no_except_exception_catches_a_goto() -> None:
    went = []
    with label() as out:
        with contextlib.suppress(Exception):
            goto(out)
        went.append("caught")
    assert went == []


# Asking a trace.


@pytest.fixture(scope="module")
def trace() -> kmm.Trace:
    return kmm.load("anon-simple").run().trace


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("p9._count", "p9._count: this trace knows no such field; there is p0"),
        ("p0.count", "p0.count: a Page has no field 'count'; try p0._count"),
        ("m0.pte[0x1000]", "m0.pte[0x1000]: m0.pte never had a cell [0x1000]"),
        ("", ": this trace knows no such field"),
    ],
)
def test_a_field_that_is_not_there_is_one_sentence(trace: kmm.Trace, path: str, told: str) -> None:
    with pytest.raises(kmm.KmmError) as caught:
        trace.value(path, 0)
    assert str(caught.value).startswith(told)


def test_cells_are_found_by_number_and_by_name(trace: kmm.Trace) -> None:
    end = len(trace)
    assert str(trace.value("m0.pte[0x401000]", 0)) == "p0 wdy"
    assert str(trace.value("m0.pte[4198400]", end)) == "n0 w--"
    assert trace.value("node[0].inactive_anon[p0]", 0) == 0
    assert trace.value("node[0].inactive_anon[p0]", end) is None


def test_steps_and_states_have_numbers_from_the_end_too(trace: kmm.Trace) -> None:
    end = len(trace)
    assert trace[-1] == trace[end - 1]
    assert trace.state(-1) == trace.state(end)
    for wrong in (end, -end - 1):
        with pytest.raises(IndexError, match=f"this trace has steps 0 to {end - 1}"):
            trace[wrong]
    with pytest.raises(IndexError, match=f"states 0 to {end}"):
        trace.state(end + 1)


def test_objects_are_in_the_state_from_the_step_on_that_made_them(trace: kmm.Trace) -> None:
    (made,) = [s.index for s in trace if ("n0", "exists") in [c[:2] for c in s.changes]]
    assert trace[made].primitive == "alloc_pages_node"
    assert "n0" not in trace.state(made)
    assert trace.state(made + 1)["n0"]["_count"] == 1


def test_columns_are_seen_through_numpy_without_a_copy(trace: kmm.Trace) -> None:
    numpy = pytest.importorskip("numpy")
    seen = trace.numpy()
    assert numpy.shares_memory(seen["slot"], numpy.frombuffer(trace.columns.slot, dtype="u4"))
    assert seen["slot"].tolist() == trace.columns.slot.tolist()
    assert len(seen["site"]) == len(trace)
