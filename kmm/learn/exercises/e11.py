# SPDX-License-Identifier: GPL-2.0-only
"""Write: do_pages_stat, first as it is, then in chunks, without the program's memory under a lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from errno import EFAULT, ENOENT
from typing import Any

from kmm.explore.books import Books
from kmm.explore.history import HISTORY
from kmm.explore.history.answers import Answer, answers
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Conforms
from kmm.learn.parameters import Parameters
from kmm.learn.checks.situations import Behaves, Withstands
from kmm.learn.checks.values import Table
from kmm.learn.given.where_pages_are import AT_REST, asked, asks, every_kind, many, program
from kmm.scenario import World

FUNCTION = "do_pages_stat"

SCENARIOS = (
    "move-stat",
    "move-stat-pfnmap",
    "stat-reserved-page",
    "move-stat-efault-pages",
    "move-stat-efault-status",
)


def told(p: Parameters) -> dict[str, int]:
    """What the model tells of each kind of address, and what it returns."""
    w, places = program(p.node)
    run = asked(w, tuple(places.values()))
    return {**dict(zip(places, run.result["status"], strict=True)), "returned": run.rc}


def two_chunks_and_one(p: Parameters) -> tuple[World, Sequence[int]]:
    """One page more than two chunks have."""
    return many(2 * p.chunk + 1)


def _answered(answer: Answer, _: Books) -> Iterator[str]:
    if answer != Answer(0, (0,)):
        yield f"it returns {answer.rc} with the statuses {answer.status}; 0 and (0,) are right"


ANSWERED = answers("stat", "answered", "The program is told where its page is.", _answered)

SEED: dict[str, Any] = {"hole": -ENOENT}

EXERCISE = Exercise(
    "e11",
    "Write do_pages_stat",
    parameters={"node": (1, 0, 2), "chunk": (16, 8, 4)},
    problems=(
        Problem(
            "q1",
            "what the program is told of six addresses, and what the call returns",
            (Table(told, label="the statuses"),),
            slips=(
                Slip(
                    "below the first vma is -14",
                    "That would be right, and was so from 2.6.37 on. But here find_vma() gives the "
                    "first vma that *ends* above the address, and nobody looks where it begins.",
                ),
                Slip(
                    "behind the last vma is -2",
                    "There is no vma at all that ends above this address: there is another error "
                    "for that.",
                ),
                Slip(
                    lambda p: f"migration entry is {p.node}",
                    "follow_page() finds only what is present in the page table. Nobody waits.",
                ),
                Slip(
                    "the zero page is 0",
                    "The page of zeroes belongs to nobody: PageReserved() sorts it out.",
                ),
                Slip(
                    "the zero page is -14",
                    "So says the manual of move_pages(2). But the code sets -ENOENT before it asks "
                    "PageReserved(), and that stays.",
                ),
                Slip("migration entry is -11", "Nobody tries again: there is no page to be seen."),
                Slip("migration entry is -16", "Nobody looks at the page's lock, or waits for it."),
                Slip(
                    lambda p: f"never touched is {p.node}",
                    "A page is allocated when it is first touched, and asking does not touch it.",
                ),
                Slip(
                    "returned is -14",
                    "What is wrong with one address is told as its status. The call has done its "
                    "work.",
                ),
                Slip("never touched is -14", "There is a vma, and only no page in it yet."),
                Slip(
                    "returned is 6",
                    "do_pages_stat() does not count. It returns 0 or an error.",
                ),
            ),
            hints=(
                "Two errors are told: one where there is no vma, one where there is no page.",
                "find_vma(mm, addr) gives the first vma whose vm_end is above addr. Is addr in it?",
            ),
            why="A bug of this version is in the table: a hole is told as memory without a page. And a "
            "page that is just being moved is no page either, for nobody waits for it.",
        ),
        Problem(
            "q2",
            "do_pages_stat(mm, nr_pages, pages, status), as the model has it",
            (
                Behaves(
                    FUNCTION,
                    (
                        asks("every kind of address is asked for", every_kind, **SEED),
                        asks("there are many pages", lambda p: many(5)),
                        asks(
                            "the last status cannot be written",
                            lambda p: many(5),
                            faults=lambda p: {"fault_status": (4,)},
                            written=lambda p: 4,
                        ),
                    ),
                    invariants=AT_REST,
                    label="every status is right",
                ),
                Conforms(FUNCTION, SCENARIOS, label="the model's steps in five scenarios"),
            ),
            slips=(
                Slip(
                    "stale",
                    "This is what the address before it was told: err has to be set anew for each "
                    "address, before the first test.",
                ),
                Slip(
                    "broken: references",
                    "With FOLL_GET follow_page() takes a reference, and nobody drops it.",
                ),
                Slip(
                    "lacks up_read",
                    "A way out leaves mmap_sem held: every way leads to up_read().",
                ),
                Slip(
                    "never PageReserved",
                    "The page of zeroes is told as a page with a node.",
                ),
                Slip(
                    f"tells 0 for {-ENOENT}",
                    "Not every page that follow_page() gives has a node to be told: "
                    "PageReserved() sorts out the page of zeroes.",
                ),
                Slip("untold", "Some status was never written: an error is a status too."),
                Slip(
                    "returns -14",
                    "What is wrong with one address is its status, and that a status cannot be "
                    "written is nobody's concern here. The call returns 0.",
                ),
                Slip(
                    "tells -14 for -2",
                    "This version does not look where the vma begins: that is asked for as it is.",
                ),
                Slip(
                    "never get_user",
                    "The addresses lie in the program's memory, and get_user() reads them.",
                ),
            ),
            hints=(
                "One loop. In it, err is set before each test to what is told if the test fails.",
                "follow_page() gives a page, None, or an error: IS_ERR(page), PTR_ERR(page).",
                "An address that cannot be read ends it all; a status that cannot be written does "
                "not.",
            ),
            why="err is both: what is told of one address, and what the call returns. It is easy "
            "to mix them up, and the fix of the next problem did, in 2.6.28-rc8.",
        ),
        Problem(
            "q3",
            "a variant in chunks, which touches the program's memory without mmap_sem",
            (
                Behaves(
                    FUNCTION,
                    (
                        asks("every kind of address is asked for", every_kind),
                        asks(
                            "there are more pages than in two chunks",
                            two_chunks_and_one,
                            chunked=True,
                        ),
                        asks(
                            "the second chunk of addresses cannot be read",
                            two_chunks_and_one,
                            rc=-EFAULT,
                            faults=lambda p: {"fault_pages": (p.chunk + 1,)},
                            written=lambda p: p.chunk,
                        ),
                        asks(
                            "the status array cannot be written",
                            two_chunks_and_one,
                            rc=-EFAULT,
                            faults=lambda p: {"fault_status": range(p.chunk, 2 * p.chunk + 1)},
                            written=lambda p: p.chunk,
                        ),
                    ),
                    invariants=AT_REST,
                    label="every status is right, chunk by chunk",
                ),
                Withstands(
                    FUNCTION,
                    HISTORY[3].breaks,
                    "another thread that calls munmap",
                    (ANSWERED,),
                    label="nobody waits for ever",
                ),
            ),
            slips=(
                Slip(
                    "put_user under mmap_sem",
                    "put_user() may fault, and the fault wants mmap_sem too. Keep the statuses, "
                    "and write them when it is free.",
                ),
                Slip(
                    "get_user under mmap_sem",
                    "get_user() may fault, and the fault wants mmap_sem too. Read the addresses "
                    "of a chunk before.",
                ),
                Slip(
                    "stale",
                    "This is what the address before it was told: a status needs its value before "
                    "the first test, for each address. (2.6.28-rc8 had forgotten that as well.)",
                ),
                Slip(
                    "tells -2",
                    "find_vma() may give a vma that begins above the address. In this variant a "
                    "hole is -EFAULT.",
                ),
                Slip(
                    "too many at once",
                    "Room in the kernel is for one chunk only: read one, look it up, write it, and "
                    "then the next.",
                ),
                Slip("too often", "Take mmap_sem once for a chunk, not for each address."),
                Slip(
                    "returns 0",
                    "What get_user() and put_user() return is not looked at: an array that cannot "
                    "be accessed is -EFAULT.",
                ),
                Slip(
                    "tells too much",
                    "The call ends at the first access that fails; what comes behind is not done.",
                ),
                Slip(
                    "untold",
                    "Some status is missing. Look at the last chunk, which is shorter, and at "
                    "what was done before an error came.",
                ),
            ),
            hints=(
                "Three loops in one: read a chunk; look it up; write it. mmap_sem is for the "
                "second.",
                "for start in range(0, nr_pages, p.chunk): how many are there in the last chunk?",
                "if not vma or addr < vma.vm_start: ... and err is set before that.",
            ),
            why="A lock that a page fault takes must not be held over an access that may fault. "
            "The kernel has done it in chunks of 16 since 2.6.28-rc8 (80bba1290ab).",
        ),
    ),
)
