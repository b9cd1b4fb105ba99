# SPDX-License-Identifier: GPL-2.0-only
"""What a notebook shows of a mistake: one's own line and a sentence, and nothing of kmm's inside.

The oracle is a real kernel: cells go in, and what IPython would show comes out.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import kmm
from kmm.errors import raised_by_own
from kmm.learn.own import Trouble, attempt

CELLS = {
    'kmm.load("nope")': "there is no scenario 'nope'",
    "trace[9999]": "no step 9999: this trace has steps 0 to 125",
    'trace["a"]': "a step has a number, not 'a'",
    'trace.state(3)["p7"]': "'p7' is no object that exists in this state",
    "trace.colour": "a trace has no 'colour'",
    'trace.plot("p9._count")': "this trace knows no such field",
    "unmap_and_move(1, 2)": "unmap_and_move(get_new_page, private, page, force): missing",
    'kmm.workbench(world="dog")': "there is no world to choose; there are kind, ",
    "with kmm.replace(migrate_page_copy=colours):\n    kmm.load('anon-simple').run()":
        "Page n0 has no field 'colour'",
    "with kmm.replace(migrate_page_copy=unknown):\n    kmm.load('anon-simple').run()":
        "name 'oops' is not defined",
}  # fmt: skip
FIRST = """
import kmm
from kmm.mm.migrate import unmap_and_move
trace = kmm.load("anon-simple").run().trace

def colours(newpage, page):
    newpage.colour = 3

def unknown(newpage, page):
    oops
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each cell shows, without colours."""
    cells = [nbformat.v4.new_code_cell(source) for source in (FIRST, *CELLS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    folder = tmp_path_factory.mktemp("errors")
    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute()
    assert notebook.cells[0].outputs == []
    return {
        cell.source: re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(cell.outputs[0].traceback))
        for cell in notebook.cells[1:]
    }


@pytest.mark.parametrize("source", CELLS)
def test_a_mistake_in_a_cell_is_told_without_our_frames(shown: dict[str, str], source: str) -> None:
    """Tried: without KmmError._render_traceback_, and without raised_by_own in Run, they are told.

    With neither, the last of them takes 150 lines.
    """
    text = shown[source]
    assert CELLS[source] in text
    assert str(Path(kmm.__file__).parent) not in text
    assert len(text.splitlines()) < 20
    assert any(line in text for line in (source.splitlines()[-1], "newpage.colour = 3"))


def _own() -> None:
    raise ValueError("mine")


def test_an_error_of_ones_own_keeps_its_own_frames_only() -> None:
    """What stands between two functions of one's own goes, what the lower one called stays."""
    with pytest.raises(ValueError, match="mine") as caught:
        kmm.World().run(_own)
    names = [entry.name for entry in caught.traceback]
    assert names[0] == "test_an_error_of_ones_own_keeps_its_own_frames_only"
    assert names[-1] == "_own"


def test_an_error_of_ours_keeps_all_its_frames() -> None:
    """Nothing of one's own was called: it may be our mistake, and everything is shown."""
    with pytest.raises((TypeError, kmm.KmmError)) as caught:
        kmm.World(nodes="two")  # type: ignore[arg-type]
    inside = caught.tb.tb_next
    error = caught.value.with_traceback(inside)
    assert raised_by_own(error) is error
    assert error.__traceback__ is inside


MADE = """
def through(run):
    try:
        run()
    except ValueError:
        raise KeyError("again")
"""


def test_who_has_left_ones_own_function_is_told_where_it_began() -> None:
    """What is raised once more, in code that is nobody's own, names the line of the first."""
    made: dict[str, Any] = {}
    exec(compile(MADE, "<made>", "exec"), made)
    told = attempt(partial(made["through"], _own))
    assert isinstance(told, Trouble)
    assert told.says.startswith("your _own(), line ")
    assert told.says.endswith("raises KeyError: 'again'")
