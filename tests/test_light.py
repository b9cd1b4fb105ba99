# SPDX-License-Identifier: GPL-2.0-only
"""`import kmm`, running and traces need neither numpy nor matplotlib, widgets or greenlet.

WebAssembly lacks some of them, and a result does not need them.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

BLOCKED = ("numpy", "matplotlib", "ipywidgets", "anywidget", "greenlet", "IPython")

PROGRAM = f"""
import sys
from importlib import import_module
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
"""

USE = """
import os, tempfile
import kmm
run = kmm.load("file-buffers").run()
trace = run.trace
assert run.result["rc"] == 0
assert trace.state(len(trace) // 2).to_dict()
assert trace.history("p0._count") and trace.diff(0, len(trace)) and trace.calls
assert trace.narrate(3) and trace.holders("p0", 20) is not None
path = os.path.join(tempfile.mkdtemp(), "trace.json")
trace.save(path)
assert kmm.Trace.load(path) == trace
page = kmm.World().mm().mmap().touch()
"""

MANY = """
world = kmm.World(nodes=2, free=1000)
vma = world.mm().mmap(pages=690)
trace = world.migrate_pages([vma.touch(i) for i in range(690)], to_node=1).trace
assert len(trace.columns.slot) > 50_000
state = trace.state(len(trace))
assert state["p689"]["_count"] == 1, state["p689"]
print("done")
"""


def python(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_kmm_works_without_the_heavy_packages() -> None:
    done = python(PROGRAM + USE + MANY)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_the_block_would_be_noticed() -> None:
    """The test above can fail: what it forbids is an error there."""
    for name in BLOCKED:
        assert python(PROGRAM + f"import {name}").returncode != 0


@pytest.mark.parametrize("name", BLOCKED)
def test_importing_and_running_does_not_import(name: str) -> None:
    """Also where they are installed, a small run leaves them alone."""
    done = python(USE + f"import sys; print({name!r} in sys.modules)")
    assert done.stdout == "False\n", done.stderr


#: What exploring one case needs nothing of, and what would take longer to import than to explore.
NOT_TO_EXPLORE = (
    *(name for name in BLOCKED if name != "greenlet"),
    "concurrent.futures",
    "importlib.metadata",
    "importlib.resources",
    "kmm.cli.conform",
    "kmm.cli.doctor",
    "kmm.cli.exercises",
    "kmm.cli.lab",
    "kmm.cli.player",
    "kmm.explain",
    "kmm.explore.guards",
    "kmm.explore.history",
    "kmm.learn",
    "kmm.scenario.check",
    "kmm.scenario.library",
    "kmm.scenario.spec",
    "kmm.show",
    "multiprocessing",
    "rich",
)

EXPLORE = """
import sys
from importlib import import_module
from kmm.cli import main
assert main(["explore", "lookup"]) == 0
"""


def test_exploring_imports_nothing_that_it_does_not_need() -> None:
    done = python(EXPLORE + f"print([name for name in {NOT_TO_EXPLORE} if name in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_exploring_does_not_need_is_named_rightly() -> None:
    """Each name is of something, so that the test above can fail."""
    for name in NOT_TO_EXPLORE:
        if name.startswith(("kmm.", "concurrent.", "importlib.")) or name == "multiprocessing":
            assert import_module(name)
