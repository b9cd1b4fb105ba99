# SPDX-License-Identifier: GPL-2.0-only
"""Calls that the seed gets wrong: the last vma, a node that cannot be, a page named twice.

Each is a situation, with what is demanded of a version in which the mistake is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from errno import EBUSY, ENOENT
from functools import partial
from typing import Any

from kmm.explore.books import Books
from kmm.explore.history.answers import Answer, answers
from kmm.learn.checks.situations import Situation, Wrong
from kmm.learn.given.one_attempt import told
from kmm.learn.parameters import Parameters
from kmm.mm.page import Page
from kmm.scenario import Run, World
from kmm.scenario.driver import ask_vmas
from kmm.scenario.handles import NO_OPS
from kmm.sim.trace import Call

#: What a vma's migrate operation returns; NO is a vma without one.
NO = NO_OPS

# The vmas that are asked.


def vmas(answers: Sequence[Any]) -> World:
    """A process with so many vmas, in this order."""
    w = World()
    mm = w.mm()
    for answer in answers:
        mm.mmap(pages=1, vm_ops_migrate=answer)
    return w


def vmas_asked(answers: Sequence[Any]) -> Run:
    """migrate_vmas goes over them."""
    w = vmas(answers)
    return w.run(partial(ask_vmas, w.mms["m0"].struct, 2, 1, 0))


def _calls(calls: Sequence[Call]) -> Iterator[Call]:
    for call in calls:
        yield call
        yield from _calls(call.children)


def all_asked(where: str, answers: Sequence[Any]) -> Situation:
    """Every vma that has the operation is asked once, and p.told says which error is returned."""

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        wanted = [f"v{i}" for i, answer in enumerate(answers) if answer not in (NO, None)]
        asked = [str(c.args["vma"]) for c in _calls(run.trace.calls) if c.fn == "vma_migrate"]
        missed = [name for name in wanted if name not in asked]
        if missed:
            last = missed == [f"v{len(answers) - 1}"]
            first = missed == ["v0"]
            fact = "last" if last else "begins too late" if first else "missed"
            yield fact, f"{missed[0]} is never asked"
            return
        if asked != wanted:
            yield "order", f"asked are {', '.join(asked)}, and {', '.join(wanted)} is right"
        errors = [answer for answer in answers if answer is not NO and answer]
        rc = 0 if not errors else errors[0] if p.told == "first" else errors[-1]
        if run.rc != rc:
            yield f"returns {run.rc}", f"it returns {told(run.rc)}, and {told(rc)} is right"
            if run.rc in errors:
                yield "other error", f"of several errors it returns the {_other(p)} one"

    return Situation(where, lambda p: vmas_asked(answers), wrong)


def _other(p: Parameters) -> str:
    return "last" if p.told == "first" else "first"


# The nodes that are asked for.


def one_page(**options: Any) -> tuple[World, int]:
    """A program with one page, on node 0, and where it is."""
    w = World(nodes=3, **options)
    vma = w.mm().mmap(pages=1)
    vma.touch(0)
    return w, vma.address(0)


def wild(node: int, bits: tuple[int, int]) -> Run:
    """The page shall go to a node that cannot be; `bits` stand behind the masks."""
    w, at = one_page(oob=bits)
    return w.move_pages([at], [node])


def refused(node: Callable[[Parameters], int], bits: tuple[int, int], rc: int) -> Situation:
    """The node is refused with `rc`, and no bit behind a mask is read."""

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        for function, bit in run.result["oob"]:
            side = "below" if bit < 0 else "above"
            yield f"reads {side}", f"{function}() reads bit {bit}, which is outside the mask"
        if run.rc != rc:
            yield f"returns {run.rc}", f"it returns {told(run.rc)}, and {told(rc)} is right"
        if run.world.kernel.vmalloc_areas.areas:
            yield "leaks", "what vmalloc() gave is never given back"

    where = f"a node cannot be, and behind the masks stand {bits[0]} and {bits[1]}"
    return Situation(where, lambda p: wild(node(p), bits), wrong)


def last_node(run: Run, p: Parameters) -> Iterator[Wrong]:
    """The page has gone to node 4."""
    if run.rc != 0 or run.result["status"] != [4]:
        yield "too narrow", f"it returns {told(run.rc)}, and there is a node 4"


def to_the_last_node(p: Parameters) -> Run:
    """A machine with five nodes, and a page that goes to the last."""
    w = World(nodes=5)
    vma = w.mm().mmap(pages=1)
    vma.touch(0)
    return w.move_pages([vma.address(0)], [4])


# Pages that are named twice.


def named(pages: Sequence[int], nodes: Sequence[int]) -> Run:
    """A program with pages on node 0 wants them to go to these nodes; `pages` are their numbers."""
    w = World(nodes=3)
    vma = w.mm().mmap(pages=max(pages) + 1)
    for i in range(max(pages) + 1):
        vma.touch(i)
    return w.move_pages([vma.address(i) for i in pages], list(nodes))


def node_of(w: World, i: int) -> int:
    """The node on which page number `i` of the program is now."""
    page: Page = w["m0"].page_table[w.mms["m0"].vmas[0].address(i)].page
    return int(page.node)


def first_decides(where: str, pages: Sequence[int], nodes: Sequence[int]) -> Situation:
    """A page goes where its first entry says, and every other entry of it is told -p.refused."""

    def wrong(run: Run, p: Parameters) -> Iterator[Wrong]:
        first = {page: pages.index(page) for page in pages}
        if run.rc != 0:
            yield f"returns {run.rc}", f"the call returns {run.rc}, and 0 is right"
        for i, page in enumerate(pages):
            status = run.result["status"][i]
            wanted = nodes[i] if first[page] == i else -p.refused
            if status != wanted:
                fact = "told busy" if status == -EBUSY else f"tells {_sign(status)}"
                says = f"status[{i}] is {told(status)}, and {told(wanted)} is right"
                yield f"{'first' if first[page] == i else 'second'} {fact}", says
        for page, i in first.items():
            if node_of(run.world, page) != nodes[i]:
                where = f"node {node_of(run.world, page)}, and its first entry says {nodes[i]}"
                yield "elsewhere", f"page {page} is on {where}"

    return Situation(where, lambda p: named(pages, nodes), wrong)


def _sign(status: Any) -> str:
    return "nothing" if status is None else "a node" if status >= 0 else "an error"


def predicted(p: Parameters) -> dict[str, int]:
    """What 2.6.28-rc3 does with each mistake."""
    twice = named([0, 0], [0, 1])
    return {
        "last vma": vmas_asked([0, 0, -EBUSY]).rc,
        "bit 0": wild(p.wild, (0, 0)).rc,
        "bit 1": wild(p.wild, (1, 0)).rc,
        "status[0]": twice.result["status"][0],
        "status[1]": twice.result["status"][1],
        "node": node_of(twice.world, 0),
    }


# A page that nobody holds.


def _told(answer: Answer, _: Books) -> Iterator[str]:
    if answer.rc != 0 or answer.status[0] not in (0, 1, -ENOENT):
        yield f"it returns {answer.rc} with the statuses {answer.status}; that is no answer"


TOLD = answers("ask", "told", "The program is told a node.", _told)
