# SPDX-License-Identifier: GPL-2.0-only
"""The search finds what trying everything finds, with fewer runs.

Small random programs over every kind of access: two or three tasks that lock, try, wait, count,
compare and exchange.  The oracle is brute force: each schedule of each program, one by one.  Tried
on purpose: with CONFLICT[UP][DOWN] false, with WAKES the same as CONFLICT, without `_blocked`, with
a sleep set that nothing wakes, each time programs of this file ended otherwise than by brute force.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from brute import by_brute_force, by_search, state

from kmm.sim import Machine, Tracked, atomic_add_return, current, peek, primitive

KERNEL_FILE = "tests"


class Actor(Tracked):
    """A task, and what it has seen."""

    saw: Any = ()


class Place(Tracked):
    """Something that tasks share."""

    number: int = 0
    count: int = 2
    total: int = 0
    owner: Any = None


def _saw(what: Any) -> None:
    me = current()
    me.__dict__["saw"] = (*me.__dict__["saw"], what)


@primitive
def put(place: Place, number: int) -> None:
    """A plain write."""
    place.number = number


@primitive
def look(place: Place) -> None:
    """A plain read."""
    _saw(place.number)


@primitive
def exchange(place: Place, old: int, new: int) -> None:
    """Compare and exchange."""
    if place.number == old:
        place.number = new
        _saw("exchanged")


@primitive
def tally(place: Place) -> None:
    """A counter that nobody looks at."""
    atomic_add_return(place, "total", 1)


@primitive
def take(place: Place) -> None:
    """A reference, if there is one already."""
    if peek(place, "count") == 0:
        _saw(f"none of {place.count}")
    else:
        atomic_add_return(place, "count", 1, 0)


@primitive
def drop(place: Place) -> None:
    """A reference less; who drops the last one sees it."""
    if peek(place, "count") == 0:
        _saw(f"nothing of {place.count}")
    elif atomic_add_return(place, "count", -1, 0) == 0:
        _saw("last")


@primitive
def attempt(place: Place) -> None:
    """trylock, and unlock of what one holds."""
    if place.owner is None:
        place.owner = current()
    elif place.owner is current():
        place.owner = None
    else:
        _saw("busy")


@primitive(until=lambda place: place.owner is None)
def lock(place: Place) -> None:
    """Waits until nobody holds it."""
    place.owner = current()


@primitive
def unlock(place: Place) -> None:
    """Nobody holds it."""
    place.owner = None


@primitive(until=lambda place, number: place.number == number)
def await_number(place: Place, number: int) -> None:
    """Waits for a value."""
    _saw("awaited")


@primitive(until=lambda place: place.owner is None and not place.total)
def lock_alone(place: Place) -> None:
    """Waits until nobody holds it and the counter is 0: for two fields at once."""
    place.owner = current()


@primitive(until=lambda place, number: place.number != number or place.owner is not None)
def await_either(place: Place, number: int) -> None:
    """Waits for one of two fields, and looks at the second where the first does not do."""
    _saw("either")


@primitive(until=lambda place: place.count != 0 or place.owner is not None)
def await_count(place: Place) -> None:
    """Waits for a reference, or that somebody holds it."""
    _saw("counted")


@primitive
def untally(place: Place) -> None:
    """The counter goes down again."""
    atomic_add_return(place, "total", -1)


def bare(place: Place) -> None:
    """A read and a write outside any primitive: two steps."""
    place.number = place.number + 1


OPERATIONS: list[Callable[[random.Random], tuple[Any, ...]]] = [
    lambda dice: (put, dice.randrange(3)),
    lambda dice: (look,),
    lambda dice: (exchange, dice.randrange(2), dice.randrange(3)),
    lambda dice: (tally,),
    lambda dice: (take,),
    lambda dice: (drop,),
    lambda dice: (drop,),
    lambda dice: (attempt,),
    lambda dice: (lock,),
    lambda dice: (unlock,),
    lambda dice: (await_number, dice.randrange(2)),
    lambda dice: (bare,),
]
#: Where steps wait for two fields at once.
WAITING: list[Callable[[random.Random], tuple[Any, ...]]] = [
    lambda dice: (put, dice.randrange(2)),
    lambda dice: (tally,),
    lambda dice: (untally,),
    lambda dice: (untally,),
    lambda dice: (lock,),
    lambda dice: (unlock,),
    lambda dice: (lock_alone,),
    lambda dice: (lock_alone,),
    lambda dice: (await_either, dice.randrange(2)),
    lambda dice: (await_count,),
    lambda dice: (take,),
    lambda dice: (drop,),
    lambda dice: (look,),
]

Program = tuple[Machine, dict[Any, Callable[[], None]]]


def program(seed: int, operations: Any = OPERATIONS) -> Program:
    """A program of the dice."""
    dice = random.Random(seed)
    machine = Machine()
    machine.current = Actor(machine, "nobody")
    places = [Place(machine, f"place{n}") for n in range(dice.choice((1, 1, 2)))]
    tasks: dict[Any, Callable[[], None]] = {}
    for n in range(dice.choice((2, 2, 3))):
        length = dice.randrange(1, 5 if n < 2 else 3)
        steps = []
        for _ in range(length):
            function, *args = dice.choice(operations)(dice)
            steps.append(partial(function, dice.choice(places), *args))
        tasks[Actor(machine, f"task{n}")] = partial(_all, steps)
    return machine, tasks


def _all(steps: list[Callable[[], None]]) -> None:
    current().__dict__["saw"] = ()
    for step in steps:
        step()


def told(machine: Machine, bug: object, _: object) -> tuple[Any, ...]:
    """Everything that the program can be told apart by; what the actors saw is forgotten then."""
    found = state(machine, bug)
    for thing in machine.objects.values():
        if isinstance(thing, Actor):
            thing.__dict__["saw"] = ()
    return found


@pytest.mark.parametrize("seed", range(300))
def test_search_ends_as_brute_force_does(seed: int) -> None:
    """The same final states, deadlocks among them, and never more runs."""
    machine, tasks = program(seed)
    every = list(by_brute_force(machine, tasks, told))
    machine, tasks = program(seed)
    ends, runs = by_search(machine, tasks, told)
    assert ends == set(every)
    assert runs <= len(every)


@pytest.mark.parametrize("seed", range(200))
def test_search_ends_as_brute_force_does_where_steps_wait_for_two_fields(seed: int) -> None:
    """As above; an order that only one of the fields allows is not one."""
    every = list(by_brute_force(*program(seed, WAITING), told))
    ends, runs = by_search(*program(seed, WAITING), told)
    assert ends == set(every)
    assert runs <= len(every)
