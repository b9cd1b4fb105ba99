# SPDX-License-Identifier: GPL-2.0-only
"""The exercises by their names, and the numbers that this notebook has.

    p = kmm.exercise("e01", seed=0)

An exercise is a module of kmm/learn/exercises, which has it as EXERCISE.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from kmm.errors import KmmError
from kmm.learn import exercises
from kmm.learn.exercise import Exercise, Problem
from kmm.learn.parameters import Parameters

#: The seed that this notebook has chosen for an exercise.
_seeds: dict[str, int] = {}


@cache
def names() -> tuple[str, ...]:
    """The names of all exercises, in order."""
    return tuple(sorted(module.name for module in iter_modules(exercises.__path__)))


def exercise_of(name: str) -> Exercise:
    """The exercise of that name; KmmError if there is none."""
    if not isinstance(name, str):
        raise KmmError(f'which exercise? Its name is written as "e01", not {name!r:.60}')
    return _exercise_of(name)


@cache
def _exercise_of(name: str) -> Exercise:
    if name not in names():
        near = difflib.get_close_matches(str(name), names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names())}"
        raise KmmError(f"there is no exercise {name}; {hint}")
    found: Exercise = import_module(f"{exercises.__name__}.{name}").EXERCISE
    return found


def problem_of(name: str) -> tuple[Exercise, Problem]:
    """The exercise and the problem that "e01.q2" names; KmmError if there is none."""
    if not isinstance(name, str) or name.count(".") != 1:
        raise KmmError(f'which problem? Its name is written as "e01.q2", not {name!r}')
    exercise, _, problem = name.partition(".")
    return exercise_of(exercise), exercise_of(exercise).problem(problem)


def exercise(name: str, seed: int = 0) -> Parameters:
    """Begin an exercise: its parameters, drawn by the seed; every check from now on uses them.

    Raises KmmError for an exercise that there is not, and for a seed that is no whole number.
    """
    require_seed("exercise", seed)
    found = exercise_of(name)
    _seeds[name] = seed
    return found.drawn(seed)


def require_seed(place: str, seed: object) -> None:
    """Numbers can be drawn by it; KmmError if not."""
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise KmmError(f"{place}: a seed is a whole number from 0 on, not {seed!r:.60}")


def seed_of(name: str) -> int:
    """The seed that this notebook has begun the exercise with, 0 if it has not."""
    return _seeds.get(name, 0)
