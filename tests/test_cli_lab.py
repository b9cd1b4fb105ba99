# SPDX-License-Identifier: GPL-2.0-only
"""kmm lab: JupyterLab on the notebooks, and one of them for the projector."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kmm.cli import lab, main, present

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What would be started; JupyterLab itself is not.  Settings are those of `tmp_path`."""
    kept: list[dict[str, Any]] = []

    def call(command: list[str], env: dict[str, str] | None = None) -> int:
        kept.append({"command": command, "env": env or {}})
        if env:
            folder = Path(command[3].partition("=")[2])
            kept[0]["notebooks"] = {path.name: json.loads(path.read_text("utf-8"))
                                    for path in folder.iterdir()}  # fmt: skip
            themes = Path(env["JUPYTERLAB_SETTINGS_DIR"]) / present.THEMES
            kept[0]["themes"] = json.loads(themes.read_text("utf-8"))
            kept[0]["settings"] = themes
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(lab, "launch", call)
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path / "own"))
    return kept


def test_the_first_notebook_is_opened_and_other_arguments_go_on(started: list[Any]) -> None:
    assert main(["lab", "--no-browser"]) == 0
    command = started[0]["command"]
    assert f"--ServerApp.root_dir={NOTEBOOKS}" in command
    assert "--LabApp.default_url=/lab/tree/00-start-here.ipynb" in command
    assert command[-1] == "--no-browser"


@pytest.mark.parametrize("name", ["03", "03-page", str(next(NOTEBOOKS.glob("03*")))])
def test_one_notebook_is_presented_in_large_letters_and_without_code(
    started: list[Any], name: str
) -> None:
    assert main(["lab", "--present", name, "--no-browser"]) == 0
    (seen,) = started
    ((shown, document),) = seen["notebooks"].items()
    assert f"--LabApp.default_url=/doc/tree/{shown}" in seen["command"]
    original = json.loads((NOTEBOOKS / shown).read_text("utf-8"))
    assert len(document["cells"]) == len(original["cells"])
    for cell, before in zip(document["cells"], original["cells"], strict=True):
        assert cell["source"] == before["source"]
        if cell["cell_type"] == "code":
            assert cell["metadata"]["jupyter"] == {"source_hidden": True}
            assert cell["outputs"] == []
    assert seen["themes"]["overrides"]["content-font-size1"] == "21px"
    assert seen["env"]["KMM_ENLARGE"] == "1.5"
    workspaces = Path(seen["env"]["JUPYTERLAB_WORKSPACES_DIR"])
    assert workspaces.parent == Path(seen["env"]["JUPYTERLAB_SETTINGS_DIR"]).parent
    assert not seen["settings"].exists()


def test_the_lecturers_own_settings_are_kept(started: list[Any], tmp_path: Path) -> None:
    own = tmp_path / "own" / present.THEMES
    own.parent.mkdir(parents=True)
    text = '{\n  // mine\n  "theme": "JupyterLab Dark",\n}'
    own.write_text(text, encoding="utf-8")
    assert main(["lab", "--present"]) == 0
    assert started[0]["themes"]["theme"] == "JupyterLab Dark"
    assert "--LabApp.default_url=/doc/tree/00-start-here.ipynb" in started[0]["command"]
    assert own.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("name", "says"), [("77", "no notebook begins with '77'"), ("0", "more than one notebook")]
)
def test_a_notebook_that_is_not_there_is_one_sentence(
    started: list[Any], name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "--present", name]) == 2
    heard = capsys.readouterr().err
    assert says in heard
    assert "03-page-tables-and-migration-entries" in heard
    assert started == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [{"cell_type": "code"}]}'])
def test_what_is_no_notebook_is_told_so(
    started: list[Any], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(text, encoding="utf-8")
    assert main(["lab", "--present", str(path)]) == 2
    assert "is not a notebook" in capsys.readouterr().err
    assert started == []
