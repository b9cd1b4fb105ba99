# SPDX-License-Identifier: GPL-2.0-only
"""Mend the system call: the last vma, a wild node, a page named twice, a page that nobody holds."""

from __future__ import annotations

from errno import EBUSY, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, EPERM

from kmm.explore.history import HISTORY
from kmm.learn.exercise import Exercise, Problem, Slip
from kmm.learn.checks.functions import Conforms
from kmm.learn.given.mistaken_calls import (
    NO,
    TOLD,
    all_asked,
    first_decides,
    last_node,
    predicted,
    refused,
    to_the_last_node,
)
from kmm.learn.parameters import Parameters
from kmm.learn.checks.patches import Patch
from kmm.learn.checks.situations import Behaves, Situation, Withstands
from kmm.learn.checks.values import Table
from kmm.learn.given.where_pages_are import AT_REST, asks, every_kind

MOVE, ARRAY, STAT = "do_pages_move", "do_move_page_to_node_array", "do_pages_stat"

#: Calls without any of the mistakes.
RIGHT_CALLS = ("move-ok", "move-enodev", "move-eacces-cpuset", "move-efault-nodes", "move-already-there")


TOO_EARLY = (
    "The page is looked at while nobody holds it: before the reference is taken, or after it is "
    "dropped."
)

EXERCISE = Exercise(
    "e13",
    "Mend the system call",
    parameters={
        "wild": (1000, 64, 200),
        "told": ("first", "last"),
        "refused": (EINVAL, EPERM, EIO),
        "node": (1, 2, 0),
    },
    problems=(
        Problem(
            "q1",
            "what 2.6.28-rc3 does with three mistakes",
            (Table(predicted, label="what it returns and tells"),),
            slips=(
                Slip(
                    "last vma is -16",
                    "The loop goes on only while there is a *next* vma. The third is never asked.",
                ),
                Slip(
                    "bit 0 is 0",
                    "A 0 in the mask says that the node has no memory. That is an error here.",
                ),
                Slip("bit 1 is -1", "The cpuset does not allow that node: that is another error."),
                Slip("status[0] is 1", "The first entry wants its page to be on node 0: it is."),
                Slip(
                    "bit 0 is -22",
                    "Nobody has looked at the number itself. node_state() reads a bit, and that "
                    "decides.",
                ),
                Slip(
                    "bit 1 is -19",
                    "With a 1 behind the first mask the node seems to have memory. The next test "
                    "fails then, with another error.",
                ),
                Slip(
                    "status[1] is 1",
                    "new_page_node() takes the first entry that has this page, and that one says "
                    "node 0.",
                ),
                Slip("node is 1", "The page was moved to node 0, where it was."),
                Slip(
                    "status[1] is -16",
                    "The first entry finds its page in place and does not isolate it. So the "
                    "second can.",
                ),
            ),
            hints=(
                "migrate_vmas() has nine lines. Count the vmas that its loop sees.",
                "Of the tests in do_pages_move() each has its error. Which bit does each test read?",
                "new_page_node() looks for the page from the first entry on. Who has it first?",
            ),
            why="The two errors for the wild node differ by one bit of the kernel's memory: that "
            "is how CVE-2010-0415 let a program read it, bit by bit.",
        ),
        Problem(
            "q2",
            "migrate_vmas(mm, to, from_, flags), which asks every vma",
            (
                Behaves(
                    "migrate_vmas",
                    (
                        all_asked("the last vma says no", (0, 0, -EBUSY)),
                        all_asked("nobody says no", (0, 0)),
                        all_asked("two of four say no", (0, -EBUSY, -ENOMEM, 0)),
                        all_asked("some vmas have no such operation", (NO, -EBUSY, None, 0)),
                    ),
                    label="every vma is asked",
                ),
            ),
            slips=(
                Slip("last", "The loop ends one vma too early: its condition looks ahead."),
                Slip("missed", "After an error the others are not asked. In this variant they are."),
                Slip(
                    "other error",
                    "Which of several errors is returned, p.told says: the first or the last.",
                ),
                Slip(
                    "returns 0",
                    "An error is forgotten: the vmas behind say 0, and that overwrites it.",
                ),
                Slip("stops", "vm_ops may be None, and so may vm_ops.migrate."),
                Slip("endless", "Every way through the loop has to go on to vma.vm_next."),
                Slip("begins too late", "mm.mmap is the first vma, and it is asked too."),
                Slip("order", "Each vma is asked once, in the order of the list."),
            ),
            hints=(
                "while vma: ... vma = vma.vm_next",
                "Keep the error in a variable of its own, beside what the last vma has said.",
            ),
            why="In 2.6.29-rc5 (1001c9fb872) only the condition of the loop was mended. That the "
            "others are asked after an error is ours.",
        ),
        Problem(
            "q3",
            "a patch of do_pages_move: a node that cannot be is -ENODEV",
            (
                Patch(
                    MOVE,
                    Behaves(
                        MOVE,
                        (
                            refused(lambda p: p.wild, (1, 0), -ENODEV),
                            refused(lambda p: -1, (0, 0), -ENODEV),
                            refused(lambda p: 64, (1, 0), -ENODEV),
                            refused(lambda p: 64, (1, 1), -ENODEV),
                            Situation("the page goes to node 4 of 5", to_the_last_node, last_node),
                        ),
                        label="no bit outside the masks is read",
                    ),
                ),
                Patch(MOVE, Conforms(MOVE, RIGHT_CALLS, order=False, label="all else is as it was")),
            ),
            slips=(
                Slip("reads below", "A node number is signed: below 0 there is memory too."),
                Slip(
                    "reads above",
                    "The mask has MAX_NUMNODES bits, 0 to MAX_NUMNODES - 1. All above has to be "
                    "refused, before node_state() is asked.",
                ),
                Slip(
                    "returns -13",
                    "-EACCES is for nodes that the cpuset does not allow. Which error is in force "
                    "where you jump?",
                ),
                Slip("returns -22", "The mend of 2.6.33 says -ENODEV: there is no such node."),
                Slip(
                    "returns -14",
                    "err is still the one of the test before. Look which err is set where you jump.",
                ),
                Slip(
                    "leaks",
                    "The array was allocated before. Which label gives it back?",
                ),
                Slip(
                    "too narrow",
                    "How many nodes a machine has is not known here: MAX_NUMNODES is the end.",
                ),
                Slip("edits new_page_node", "By then it is too late: the bit has been read."),
            ),
            hints=(
                "What stands just before the first use of node.value as an index?",
                "Put another `if` before that of node_state(). node.value < 0 is one half of it.",
            ),
            why="CVE-2010-0415, mended in 2.6.33-rc7 (6f5a55f1a6c). A number from outside is no "
            "index before it has been compared with both ends.",
        ),
        Problem(
            "q4",
            "a patch of do_move_page_to_node_array: a page named twice is refused the second time",
            (
                Patch(
                    ARRAY,
                    Behaves(
                        ARRAY,
                        (
                            first_decides("it shall stay and then go", (0, 0), (0, 1)),
                            first_decides("it shall go and then stay", (0, 0), (1, 0)),
                            first_decides("it shall go to two nodes", (0, 0), (1, 2)),
                            first_decides("it is named three times", (0, 1, 0, 0), (2, 1, 1, 2)),
                        ),
                        label="the first entry decides",
                    ),
                ),
                Patch(
                    ARRAY,
                    Conforms(
                        ARRAY,
                        ("move-ok", "move-already-there", "move-eacces-shared", "move-reserved-page"),
                        order=False,
                        label="all else is as it was",
                    ),
                ),
            ),
            slips=(
                Slip(
                    "elsewhere",
                    "The page is not where its first entry says. A later entry still isolates it, "
                    "or is found by new_page_node().",
                ),
                Slip(
                    "second tells a node",
                    "The second entry is told a node, as if it had been obeyed. Compare before "
                    "`err = page_to_nid(page)`.",
                ),
                Slip(
                    "second told busy",
                    "That is what isolate_lru_page() says of a page that is off its list. The "
                    "second entry must not get so far.",
                ),
                Slip(
                    "raises",
                    "The edits are text, and are read in the model's file: the names of your "
                    "notebook, as p, are not known there. Write the number itself.",
                ),
                Slip("first tells an error", "An entry finds itself: only those before it count."),
                Slip(
                    "broken: references",
                    "follow_page() has taken a reference: every way behind it leads to put_page().",
                ),
                Slip(
                    "second tells an error",
                    "The second entry is refused, but not with -p.refused.",
                ),
            ),
            hints=(
                "Edit the statement `pp.page = page`: what stands before it sees the entries so "
                "far.",
                "`for other in pm:` gives the entries from the first; stop at pp itself.",
                "Set err, then goto(put_and_set): the reference has to be dropped.",
            ),
            why="Linux gave up the search for the page (4.17). This rule is ours; it is one of "
            "several that are better than that of rc3, which depends on the order.",
        ),
        Problem(
            "q5",
            "a patch of do_pages_stat: it holds the page while it looks at it",
            (
                Patch(
                    STAT,
                    Behaves(
                        STAT,
                        (
                            asks("many are asked for", every_kind, hole=-ENOENT, held=True),
                        ),
                        invariants=AT_REST,
                        label="the statuses are as they were, and each page is held",
                    ),
                ),
                Patch(
                    STAT,
                    Withstands(
                        STAT,
                        HISTORY[15].breaks,
                        "somebody who takes the memory out",
                        (TOLD,),
                        label="the page is there while it is looked at",
                    ),
                ),
            ),
            slips=(
                Slip(
                    "broken: references",
                    "FOLL_GET takes a reference, and on some way nobody drops it. The zero page "
                    "is a page too.",
                ),
                Slip("unheld", TOO_EARLY),
                Slip("broken: the kernel goes on", TOO_EARLY),
                Slip("stops", "put_page() is for pages: None and errors have no count."),
                Slip("edits follow_page", "Others call it too. Its caller knows what it needs."),
            ),
            hints=(
                "follow_page(vma, addr, FOLL_GET) takes a reference under the pte lock.",
                "Three ways lead on from there: no page, the zero page, a page. On two of them "
                "put_page(page) is due, and not before page_to_nid(page).",
            ),
            why="mmap_sem keeps the vma, not the page. Mended in April 2022 (4cd614841c06).",
        ),
    ),
)
