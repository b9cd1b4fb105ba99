# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong ways to mend the system call, and what is to be said to each."""

from __future__ import annotations

from collections.abc import Callable
from errno import EBUSY
from typing import Any

from kmm.explore.edit import Edit, body
from kmm.explore.history import HISTORY
from kmm.learn.exercises.e13 import predicted

MOVE, ARRAY, STAT = "do_pages_move", "do_move_page_to_node_array", "do_pages_stat"


def table(name: str, value: Any) -> Callable[[Any], Any]:
    """The right table with one value changed."""
    return lambda p: {**predicted(p), name: value}


def every(*mistakes: str) -> Callable[[Any], Any]:
    """The migrate_vmas of the second problem with these mistakes."""

    def made(p: Any) -> Any:
        def migrate_vmas(mm: Any, to: int, from_: int, flags: int) -> int:
            kept = err = 0
            vma = mm.mmap
            while vma.vm_next if "early" in mistakes else vma:
                if (vma.vm_ops and vma.vm_ops.migrate) or "blind" in mistakes:
                    err = vma.vm_ops.migrate(vma, to, from_, flags)
                    if err and "stops" in mistakes:
                        return err
                    swap = (p.told == "last") != ("swapped" in mistakes)
                    if err and (swap or not kept):
                        kept = err
                if "stuck" not in mistakes:
                    vma = vma.vm_next
            return err if "forgets" in mistakes else kept

        return migrate_vmas

    return made


def empty(mm: Any, to: int, from_: int, flags: int) -> None:
    """What the student finds."""


def patch(*edits: Edit) -> Callable[[Any], Any]:
    """These edits, whatever the parameters."""
    return lambda p: list(edits)


TEST = "if not node_state(node.value, N_HIGH_MEMORY):\n    goto(out_pm)"


def checked_first(condition: str, first: str = "") -> Callable[[Any], Any]:
    """Another test before node_state() is asked, and what stands before that."""
    return patch(Edit(MOVE, TEST, f"{first}if {condition}:\n    goto(out_pm)\n{TEST}"))


INSIDE = "node.value < 0 or node.value >= MAX_NUMNODES"


def second(where: str, then: str = "goto(put_and_set)", error: str = "") -> Callable[[Any], Any]:
    """Earlier entries are looked at before the statement `where`."""

    def made(p: Any) -> Any:
        code = error or f"-{p.refused}"
        text = (
            f"err = {code}\nfor other in pm:\n    if other is pp:\n        break\n"
            f"    if other.page is page:\n        {then}\n"
        )
        return [Edit(ARRAY, where, f"{text}{where}")]

    return made


def itself(p: Any) -> Any:
    """Every entry finds itself."""
    text = f"pp.page = page\nerr = -{p.refused}\nif any(one.page is page for one in seen):\n"
    return [
        Edit(ARRAY, "migrate_prep()", "migrate_prep()\nseen = []"),
        Edit(ARRAY, "pp.page = page", f"seen.append(pp)\n{text}    goto(put_and_set)"),
    ]


GET = Edit(STAT, "follow_page(vma, addr, 0)", "follow_page(vma, addr, FOLL_GET)")
PUT = Edit(STAT, "err = page_to_nid(page)", "err = page_to_nid(page)\nput_page(page)")
ZERO = Edit(
    STAT,
    "if not page or PageReserved(page):\n    goto(set_status)",
    "if not page:\n    goto(set_status)\nif PageReserved(page):\n    put_page(page)\n"
    "    goto(set_status)",
)
EARLY = Edit(STAT, "err = page_to_nid(page)", "put_page(page)\nerr = page_to_nid(page)")
LATE = Edit(
    STAT,
    "err = page_to_nid(page)",
    "from kmm.mm.page import get_page\nget_page(page)\nerr = page_to_nid(page)\nput_page(page)",
)
ALWAYS = Edit(
    STAT,
    "if not page or PageReserved(page):\n    goto(set_status)",
    "if not page or PageReserved(page):\n    put_page(page)\n    goto(set_status)",
)

WRONG = (
    ("e13.q1", table("last vma", -EBUSY), "is never asked"),
    ("e13.q1", table("bit 0", -22), "looked at the number itself"),
    ("e13.q1", table("bit 1", -19), "with another error"),
    ("e13.q1", table("status[1]", 1), "takes the first entry"),
    ("e13.q1", table("status[1]", -EBUSY), "finds its page in place"),
    ("e13.q1", table("node", 1), "where it was"),
    ("e13.q2", lambda p: body("migrate_vmas", ()), "one vma too early"),
    ("e13.q2", lambda p: body("migrate_vmas", HISTORY[9].holds.edits), "In this variant they are"),
    ("e13.q2", every("early"), "its condition looks ahead"),
    ("e13.q2", every("stops"), "In this variant they are"),
    ("e13.q2", every("swapped"), "the first or the last"),
    ("e13.q2", every("forgets"), "An error is forgotten"),
    ("e13.q2", every("blind"), "vm_ops may be None"),
    ("e13.q2", every("stuck"), "go on to vma.vm_next"),
    ("e13.q2", lambda p: empty, "is never asked"),
    ("e13.q3", checked_first("node.value >= MAX_NUMNODES"), "below 0 there is memory too"),
    ("e13.q3", checked_first("node.value < 0"), "0 to MAX_NUMNODES - 1"),
    (
        "e13.q3",
        checked_first("node.value < 0 or node.value > MAX_NUMNODES"),
        "0 to MAX_NUMNODES - 1",
    ),
    ("e13.q3", checked_first(INSIDE, "err = -EINVAL\n"), "there is no such node"),
    ("e13.q3", checked_first(INSIDE, "err = -EACCES\n"), "the cpuset does not allow"),
    (
        "e13.q3",
        patch(Edit(MOVE, "err = -ENODEV", f"if {INSIDE}:\n    goto(out_pm)\nerr = -ENODEV")),
        "the one of the test before",
    ),
    (
        "e13.q3",
        patch(
            Edit(
                MOVE,
                "pm[i].node = node.value",
                f"if {INSIDE}:\n    goto(out_pm)\npm[i].node = node.value",
            )
        ),
        "before node_state() is asked",
    ),
    ("e13.q3", patch(Edit("new_page_node", "return None", "return 0")), "the bit has been read"),
    ("e13.q3", patch(Edit(MOVE, "node_states", "1")), "it was found nowhere"),
    ("e13.q3", patch(Edit(MOVE, "err = -ENODEV", "err = = 1")), "it is no Python"),
    ("e13.q3", lambda p: "node >= 0", "an Edit, or a list of them"),
    ("e13.q4", patch(Edit(ARRAY, "pp.page = page", "pp.page = page")), "told a node"),
    (
        "e13.q4",
        patch(
            Edit(ARRAY, "pp.page = page"),
            Edit(
                ARRAY,
                "list_add_tail(page.lru, pagelist)",
                "pp.page = page\nlist_add_tail(page.lru, pagelist)",
            ),
        ),
        "is not where its first entry says",
    ),
    ("e13.q4", patch(*HISTORY[10].holds.edits), "is not where its first entry says"),
    ("e13.q4", second("pp.page = page", then="goto(set_status)"), "accounted for"),
    ("e13.q4", second("pp.page = page", error="-ENOENT"), "but not with -p.refused"),
    ("e13.q4", itself, "An entry finds itself"),
    (
        "e13.q4",
        patch(
            Edit(
                ARRAY,
                "err == pp.node",
                "err == pp.node and not any(o.page is page for o in pm if o is not pp)",
            )
        ),
        "told a node",
    ),
    ("e13.q5", patch(GET), "on some way nobody drops it"),
    ("e13.q5", patch(GET, PUT), "The zero page"),
    ("e13.q5", patch(GET, EARLY, ZERO), "looked at while nobody holds it"),
    ("e13.q5", patch(LATE), "before the reference is taken"),
    ("e13.q5", patch(GET, PUT, ALWAYS), "put_page"),
    ("e13.q5", patch(Edit("follow_page", "flags", "FOLL_GET", nth=0)), "Its caller knows"),
    ("e13.q5", lambda p: GET, "on some way nobody drops it"),
)
