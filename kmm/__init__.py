# SPDX-License-Identifier: GPL-2.0-only
"""kmm: Linux page migration, to be stepped through.

import kmm

run = kmm.load("anon-shared").run()
run.result["rc"], len(run.trace)
run.trace.narrate(12)

with kmm.replace(migrate_page_move_mapping=mine):
    kmm.load("file-clean").run()

print(kmm.compare(kmm.load("file-clean").run(), kmm.load("file-buffers").run()))

w = kmm.World(nodes=2)
page = w.mm().mmap(pages=4).touch(0)
w.migrate_pages([page], to_node=1).trace.holders("p0", 5)
"""

from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.scenario import Run, Scenario, ScenarioError, World, library, load
from kmm.sim import Change, KernelBug, Machine, State, Step, Trace, replace

if TYPE_CHECKING:
    from kmm.show.compare import compare

__version__ = "0.1.0"

#: Which room answers which question about a trace; it is imported when first asked.
Trace.ROOMS.update(
    holders="kmm.explain.holders",
    narrate="kmm.explain.narrate",
    phases="kmm.explain.phases",
    svg="kmm.show.svg",
    play="kmm.show.player",
    _repr_mimebundle_="kmm.show.player",
    to_html="kmm.show.html",
    plot="kmm.show.plots",
    table="kmm.show.table",
    predict="kmm.learn.predict",
)

__all__ = [
    "Change", "KernelBug", "KmmError", "Machine", "Run", "Scenario", "ScenarioError", "State",
    "Step", "Trace", "World", "compare", "library", "load", "replace",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """What a room of its own answers is imported when first asked for."""
    if name == "compare":
        from kmm.show.compare import compare

        return compare
    raise AttributeError(f"module 'kmm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
