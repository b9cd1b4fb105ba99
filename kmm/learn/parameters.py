# SPDX-License-Identifier: GPL-2.0-only
"""The numbers of an exercise, drawn by a seed: the same seed gives the same numbers anywhere.

The seed stands in the notebook (in its metadata, and in the cell that begins the exercise), so that
two students need not have the same numbers, and whoever marks them can draw them again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any


class Parameters(Mapping[str, Any]):
    """The numbers by their names: `p.pins`, `p["pins"]`; `p.seed` is what they were drawn by."""

    def __init__(self, exercise: str, seed: int, choices: Mapping[str, Sequence[Any]]) -> None:
        draw = random.Random(f"{exercise} {seed}")
        self.exercise = exercise
        self.seed = seed
        # Seed 0 is the one in the book: the first of each.
        self._drawn = {
            name: some[0] if seed == 0 else draw.choice(some) for name, some in choices.items()
        }

    def __getitem__(self, name: str) -> Any:
        return self._drawn[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_drawn"][name]
        except KeyError:
            raise AttributeError(f"{self.exercise} has no parameter {name}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawn)

    def __len__(self) -> int:
        return len(self._drawn)

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"{self.exercise}: {numbers or 'no parameters'} (seed {self.seed})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in self.items()
        )
        return f"<p>{escape(self.exercise)}, seed {self.seed}</p><table>{rows}</table>"
