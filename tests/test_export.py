# SPDX-License-Identifier: GPL-2.0-only
"""A notebook as one HTML page: what is in it, and what is said where there can be none.

That its players step in a browser is in tests/browser/test_export.py.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm import KmmError
from kmm.cli import main
from kmm.show.export import VARIABLE

pytest.importorskip("nbconvert", reason="needs nbconvert (`pip install 'kmm[lab]'`)")


def notebook(path: Path, *cells: str, **metadata: Any) -> Path:
    """A notebook with these cells of code."""
    made = [
        {
            "cell_type": "code", "id": f"c{n}", "source": source, "metadata": {}, "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(cells)
    ]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    document = {
        "cells": made, "metadata": {**kernel, **metadata}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


PLAYERS = """import kmm
trace = kmm.load("anon-simple").run().trace
trace.play(step=38, ask=[kmm.Question(41, "p0._count")])"""

OTHERS = """import ipywidgets
ipywidgets.IntSlider(7)"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with two players, a slider of somebody else and a picture from elsewhere."""
    folder = tmp_path_factory.mktemp("export")
    elsewhere = "from IPython.display import HTML\nHTML('<img src=\"http://example.org/a.png\">')"
    path = notebook(folder / "a.ipynb", PLAYERS, "trace", OTHERS, elsewhere)
    before = path.read_text(encoding="utf-8")
    assert kmm.export_notebook(path) == folder / "a.html"
    assert path.read_text(encoding="utf-8") == before
    assert sorted(file.name for file in folder.iterdir()) == ["a.html", "a.ipynb"]
    return (folder / "a.html").read_text(encoding="utf-8")


def frames(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'srcdoc="([^"]*)"', page)]


def test_every_player_is_a_page_of_its_own(page: str) -> None:
    asking, plain = frames(page)
    for frame in (asking, plain):
        assert json.loads(re.findall(r'id="trace">(.*?)</script>', frame, re.S)[0])["steps"] == 126
    options = [json.loads(re.findall(r"textContent\), (\{.*\})\);", f)[0]) for f in (asking, plain)]
    assert [option["step"] for option in options] == [38, 0]
    assert [len(option["questions"]) for option in options] == [1, 0]


def test_no_widget_manager_and_no_script_of_others_is_asked_for(page: str) -> None:
    assert "widget-view" not in page
    assert "IntSlider(value=7)" in page
    assert re.findall(r"<(?:script|link)[^>]+(?:src|href)=", page) == []


def test_the_browser_is_told_to_fetch_nothing(page: str) -> None:
    head = page[: page.index("<style")]
    policy = re.findall(r'content="([^"]*)" http-equiv="Content-Security-Policy"', head)
    policy += re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none';")
    assert "http" not in policy[0]


def test_elsewhere_a_player_is_a_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    player = kmm.load("anon-simple").run().trace.play()
    monkeypatch.delenv(VARIABLE, raising=False)
    bundle = player._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in (
        bundle[0] if isinstance(bundle, tuple) else bundle
    )
    monkeypatch.setenv(VARIABLE, "1")
    assert set(player._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"nbformat": 4}', "\x00", "x = 1"])
def test_what_is_no_notebook_is_told(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="utf-8")
    assert main(["export", str(path)]) == 2
    assert "is no notebook" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_notebook_or_a_directory_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tmp_path / "no.ipynb")]) == 2
    path = notebook(tmp_path / "a.ipynb", "1")
    assert main(["export", str(path), "-o", str(tmp_path / "no" / "a.html")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert ["cannot be read" in errors[0], "no directory" in errors[1]] == [True, True]
    assert len(errors) == 2


def test_a_kernel_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "1", kernelspec={"name": "nix", "display_name": "Nix"})
    with pytest.raises(KmmError, match="no kernel 'nix'"):
        kmm.export_notebook(path)


def test_a_cell_that_raises_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path / "a.ipynb", "1", "int('one')\n", "2")
    (tmp_path / "a.html").write_text("old", encoding="utf-8")
    assert main(["export", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"kmm: {path}: In [2] raises ValueError: invalid literal")
    assert error.count("\n") == 1
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "1")
    (tmp_path / "a.html").mkdir()
    with pytest.raises(KmmError, match="cannot be written"):
        kmm.export_notebook(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.html", "a.ipynb"]


def test_without_nbconvert_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nbconvert", None)
    with pytest.raises(KmmError, match=r"pip install 'kmm\[lab\]'"):
        kmm.export_notebook(notebook(tmp_path / "a.ipynb", "1"))
