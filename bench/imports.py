# SPDX-License-Identifier: GPL-2.0-only
"""How long does `import kmm` take?"""

from __future__ import annotations

from bench.clock import children_in_turns
from bench.figures import Answer, seconds

TURNS = 15
MOST = 0.25

COMMANDS = {
    "kmm": "import kmm",
    "pass": "pass",
    "numpy": "import numpy",
    "load": "import kmm; kmm.load('anon-simple').run().trace",
}


def ask() -> Answer:
    """Start Python again and again."""
    answer = Answer(
        "How long does `import kmm` take?",
        f"Medians of {TURNS} fresh interpreters each, whole processes, times on the wall; files "
        "are compiled and in the page cache.",
    )
    times = children_in_turns({n: ["-c", code] for n, code in COMMANDS.items()}, TURNS, wall=True)
    bare = times["pass"].median
    beside = f"python -c pass: {seconds(bare)}"
    for name in ("kmm", "load", "numpy"):
        samples = times[name]
        judged = name == "kmm"
        answer.add(
            f'python -c "{COMMANDS[name]}"',
            f"{seconds(samples.median)} ({seconds(samples.least)})",
            f"{beside}; the rest {seconds(samples.median - bare)}",
            f"under {MOST} s" if judged else "",
            samples.median < MOST if judged else None,
        )
    return answer
