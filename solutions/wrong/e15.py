# SPDX-License-Identifier: GPL-2.0-only
"""Typical wrong moves, and what is to be said to each.

They are right moves, with a mistake put in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answer = Callable[[Any], Any]


def moves(kind: str, vmas: list[str], node: int, held: bool = False) -> list[str]:
    """Moves that are right."""
    to = "p0" if held else "n0"
    middle = ["page_count p0"]
    if kind == "file":
        slot = ["get_page n0", "radix_tree_replace_slot p0 n0", "page_unfreeze_refs p0 2"]
        middle = [
            "spin_lock_irq f0.tree_lock",
            "page_freeze_refs p0 2",
            *([] if held else [*slot, "__put_page p0"]),
            "spin_unlock_irq f0.tree_lock",
        ]
    return [
        "isolate_lru_page p0",
        f"alloc_pages_node {node}",
        "trylock_page p0",
        *(f"try_to_unmap_one p0 {vma}" for vma in vmas),
        "trylock_page n0",
        "n0.mapping = p0.mapping",
        *middle,
        "n0.mapping = NULL" if held else "migrate_page_copy n0 p0",
        *(f"remove_migration_pte {vma} p0 {to}" for vma in vmas),
        "unlock_page n0",
        "unlock_page p0",
        "putback_lru_page p0",
        "putback_lru_page n0",
    ]


def vmas(p: Any) -> list[str]:
    return [f"v{i}" for i in range(p.mappers)]


def anon(p: Any) -> list[str]:
    return moves("anon", ["v0"], p.node)


def file(p: Any) -> list[str]:
    return moves("file", vmas(p), p.node)


def held(p: Any) -> list[str]:
    return moves(p.held, vmas(p), p.node, held=True)


def without(right: Callable[[Any], list[str]], *texts: str) -> Answer:
    """All but these moves."""
    return lambda p: [move for move in right(p) if not move.startswith(texts)]


def put(right: Callable[[Any], list[str]], text: str, before: str) -> Answer:
    """That move stands before another one, and not where it stood."""

    def answer(p: Any) -> list[str]:
        rest = [move for move in right(p) if move != text]
        at = rest.index(before)
        return [*rest[:at], text, *rest[at:]]

    return answer


def instead(right: Callable[[Any], list[str]], text: str, other: str) -> Answer:
    """Another move in the place of this one."""
    return lambda p: [other if move == text else move for move in right(p)]


def force(p: Any) -> list[str]:
    """It is not asked whether anybody else holds the page: it moves in any case."""
    right = moves(p.held, vmas(p), p.node)
    return ["page_freeze_refs p0 3" if move == "page_freeze_refs p0 2" else move for move in right]


def only_anonymous(k: Any) -> None:
    """What was right for q2."""
    for move in moves("anon", k.vmas, k.node):
        k.do(move)


def never_gives_up(k: Any) -> None:
    """Right, if nobody else holds the page and it is not in the swap cache."""
    for move in moves(k.kind, k.vmas, k.node):
        k.do(move)


def to_node_1(k: Any) -> None:
    """Every page goes to node 1."""
    for move in moves(k.kind, k.vmas, 1):
        k.do(move)


def one_pte(k: Any) -> None:
    """The first pte alone."""
    for move in moves(k.kind, k.vmas[:1], k.node):
        k.do(move)


def endless(k: Any) -> None:
    while True:
        k.reset()


WRONG = (
    ("e15.q1", lambda p: p.mappers + 2, "holds no reference"),
    ("e15.q1", lambda p: p.mappers, "One is missing"),
    ("e15.q1", lambda p: p.mappers - 1, "the ptes that are left"),
    ("e15.q2", lambda p: [], "there is no move yet"),
    ("e15.q2", lambda p: 5, "a list of moves is asked for"),
    ("e15.q2", lambda p: ["lock p0"], "there is no such move"),
    ("e15.q2", without(anon, "isolate_lru_page"), "nothing keeps p0 for you"),
    ("e15.q2", without(anon, "trylock_page p0"), "p0 is not locked: who touches the memory"),
    ("e15.q2", without(anon, "try_to_unmap_one"), "a pte still maps p0: what a program writes"),
    ("e15.q2", without(anon, "page_count"), "you have not looked whether anybody else"),
    (
        "e15.q2",
        put(anon, "remove_migration_pte v0 p0 n0", "migrate_page_copy n0 p0"),
        "n0 holds nothing yet: the program would read an empty page",
    ),
    (
        "e15.q2",
        put(anon, "unlock_page n0", "remove_migration_pte v0 p0 n0"),
        "n0 is unlocked before every pte maps it",
    ),
    ("e15.q2", put(anon, "putback_lru_page p0", "unlock_page p0"), "your reference has gone"),
    ("e15.q2", without(anon, "unlock_page p0"), "at the end p0 is still locked"),
    ("e15.q2", without(anon, "putback_lru_page n0"), "you still hold n0"),
    (
        "e15.q2",
        lambda p: moves("anon", ["v0"], 3 - p.node),
        "and the page should go to node",
    ),
    ("e15.q2", lambda p: anon(p)[:4], "migration entries are left"),
    ("e15.q3", without(file, "try_to_unmap_one p0 v1"), "so the freeze was refused"),
    ("e15.q3", without(file, "page_freeze_refs"), "the count of p0 is not frozen"),
    ("e15.q3", without(file, "spin_"), "the slot is changed without tree_lock"),
    ("e15.q3", without(file, "get_page"), "and no reference on it: get_page() is missing"),
    ("e15.q3", without(file, "__put_page"), "p0 has count 1, and 0 are accounted for"),
    ("e15.q3", without(file, "n0.mapping"), "n0 does not say where it belongs"),
    (
        "e15.q3",
        put(file, "page_unfreeze_refs p0 2", "radix_tree_replace_slot p0 n0"),
        "the count of p0 is not frozen",
    ),
    (
        "e15.q3",
        put(file, "migrate_page_copy n0 p0", "spin_lock_irq f0.tree_lock"),
        "behind the copy there is no way back",
    ),
    (
        "e15.q3",
        instead(file, "page_unfreeze_refs p0 2", "page_unfreeze_refs p0 1"),
        "the one reference that p0 still has is your own",
    ),
    ("e15.q3", without(file, "trylock_page n0"), "n0 is not locked: from now on a lookup finds"),
    ("e15.q4", force, "somebody else"),
    ("e15.q4", lambda p: moves(p.held, vmas(p), p.node), "somebody else holds p0"),
    ("e15.q4", without(held, "page_"), "you have given up without having looked"),
    ("e15.q4", without(held, "remove_migration_pte v1"), "a migration entry still stands for p0"),
    ("e15.q4", without(held, "putback_lru_page n0"), "you still hold n0"),
    ("e15.q4", lambda p: ["isolate_lru_page p0", "putback_lru_page p0"], "without having looked"),
    ("e15.q5", lambda p: only_anonymous, "behind the copy there is no way back"),
    ("e15.q5", lambda p: never_gives_up, "somebody else holds p0"),
    ("e15.q5", lambda p: to_node_1, "k.node is the node"),
    ("e15.q5", lambda p: one_pte, "a pte still maps p0"),
    ("e15.q5", lambda p: endless, "does not come to an end"),
    ("e15.q5", lambda p: 3, "a function is asked for"),
)
