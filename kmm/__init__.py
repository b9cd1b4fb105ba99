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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kmm.errors import KmmError
from kmm.scenario import Run, World
from kmm.sim import Change, KernelBug, Machine, State, Step, Trace, replace

if TYPE_CHECKING:
    from kmm.learn.bekernel.kernel import kernel
    from kmm.learn.book import exercise
    from kmm.learn.check import check
    from kmm.learn.hint import hint
    from kmm.learn.progress import progress
    from kmm.learn.question import Question
    from kmm.learn.workbench import workbench
    from kmm.scenario import Scenario, ScenarioError, library, load
    from kmm.show.compare import compare
    from kmm.show.notebook import export_notebook

__version__ = "0.1.0"

#: Which room answers which question about a trace; it is imported when first asked.
Trace.ROOMS.update(
    branch="kmm.explore.branch",
    holders="kmm.explain.holders",
    locks="kmm.explain.locks",
    narrate="kmm.explain.narrate",
    phases="kmm.explain.phases",
    waits="kmm.explain.waits",
    svg="kmm.show.svg",
    play="kmm.show.player",
    _repr_mimebundle_="kmm.show.player",
    to_html="kmm.show.html",
    plot="kmm.show.plots.counts",
    plot_ptes="kmm.show.plots.ptes",
    plot_locks="kmm.show.plots.locks",
    plot_nodes="kmm.show.plots.nodes",
    plot_calls="kmm.show.plots.calls",
    table="kmm.show.table",
    predict="kmm.learn.predict",
    pivotal="kmm.learn.pivotal",
)

#: What the door hands out of rooms that a run does not need; the module is imported when asked.
_LATER = {
    "Question": "kmm.learn.question",
    "Scenario": "kmm.scenario",
    "ScenarioError": "kmm.scenario",
    "check": "kmm.learn.check",
    "exercise": "kmm.learn.book",
    "hint": "kmm.learn.hint",
    "kernel": "kmm.learn.bekernel.kernel",
    "library": "kmm.scenario",
    "load": "kmm.scenario",
    "progress": "kmm.learn.progress",
    "compare": "kmm.show.compare",
    "export_notebook": "kmm.show.notebook",
    "workbench": "kmm.learn.workbench",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"kmm has no {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "Change", "KernelBug", "KmmError", "Machine", "Question", "Run", "Scenario", "ScenarioError",
    "State", "Step", "Trace", "World", "check", "compare", "exercise", "export_notebook", "hint",
    "kernel", "library", "load", "progress", "replace", "workbench",
]  # fmt: skip
