# SPDX-License-Identifier: GPL-2.0-only
"""Notebooks are sources: small, without traces of the machine that they were last run on.

That they run, and give what they show, is checked with `pytest --nbval` (see the Makefile).
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return document


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_every_cell_has_a_name_of_its_own(notebook: dict[str, Any]) -> None:
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in ids)


def test_the_kernel_is_any_python_3(notebook: dict[str, Any]) -> None:
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert all(not cell["metadata"] or set(cell["metadata"]) == {"tags"}
               for cell in notebook["cells"])  # fmt: skip


def test_code_is_short_and_can_be_read_by_python(notebook: dict[str, Any]) -> None:
    for cell in code_cells(notebook):
        ast.parse(source(cell))
        lines = source(cell).splitlines()
        assert len(lines) <= 15, cell["id"]
        assert max(map(len, lines)) <= 100, cell["id"]


def test_outputs_are_stored_where_they_can_be_compared(notebook: dict[str, Any]) -> None:
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            assert output["output_type"] in ("execute_result", "display_data", "stream"), cell["id"]
            assert output.get("name") != "stderr", cell["id"]
            assert "image/png" not in output.get("data", {}), cell["id"]


def test_nothing_tells_where_it_was_run(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        for text in [source(cell), *map(json.dumps, cell.get("outputs", ()))]:
            plain = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
            # A pointer's address is longer than any address of a small world.
            assert not re.search(r"/(home|root|tmp|Users)/|[A-Z]:\\\\|0x[0-9a-f]{9,}", plain)


def test_a_notebook_says_which_kernel_it_speaks_of(notebook: dict[str, Any]) -> None:
    prose = "\n".join(source(c) for c in notebook["cells"] if c["cell_type"] == "markdown")
    assert prose.startswith("# ")
    assert "2.6.28-rc3" in prose


def test_every_command_and_scenario_that_the_prose_names_exists(notebook: dict[str, Any]) -> None:
    import kmm
    from kmm.cli import main

    root = Path(__file__).resolve().parents[1]
    for cell in notebook["cells"]:
        for name in re.findall(r'kmm\.load\("([^"]+)"\)', source(cell)):
            assert name in kmm.library.names()
        for path in re.findall(r"`(kmm/[\w/]+\.py)`", source(cell)):
            assert (root / path).is_file()
        for command in re.findall(r"`kmm (\w+)[^`]*`", source(cell)):
            assert main([command, "--help"]) == 0, command
