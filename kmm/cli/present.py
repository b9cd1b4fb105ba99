# SPDX-License-Identifier: GPL-2.0-only
"""A notebook for the projector: a copy without its code, and JupyterLab's settings for it.

The lecturer's notebook and settings stay as they are; the copies are gone afterwards.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.show.enlarge import VARIABLE

#: The letters of a lecture hall.  The player grows with the text round it.
LETTERS = {"code-font-size": "20px", "content-font-size1": "21px", "ui-font-size1": "16px"}
#: Pictures and figures grow as that text does, of which 14px are usual.
ENLARGED = {VARIABLE: "1.5"}

APPUTILS = Path("@jupyterlab", "apputils-extension")
THEMES = APPUTILS / "themes.jupyterlab-settings"
NOTIFICATION = APPUTILS / "notification.jupyterlab-settings"


def chosen(directory: Path, name: str) -> Path:
    """The notebook that is meant: a path, or the beginning of a name in `directory`.

    Raises KmmError if there is none, or more than one.
    """
    if name.endswith(".ipynb") and Path(name).is_file():
        return Path(name)
    found = sorted(directory.glob("*.ipynb"))
    some = [path for path in found if path.name.startswith(name)]
    if not some or (name and len(some) > 1):
        there = ", ".join(path.stem for path in found)
        number = "no notebook" if not some else "more than one notebook"
        raise KmmError(f"{number} begins with {name!r}; there are {there}")
    return some[0]


@contextmanager
def stage(notebook: Path) -> Iterator[tuple[Path, str, Path]]:
    """A folder with the notebook alone, its name, and a folder of settings, until the block ends.

    Raises KmmError if it is no notebook.
    """
    with tempfile.TemporaryDirectory(prefix="kmm-") as made:
        folder, settings = Path(made, "notebook"), Path(made, "settings")
        folder.mkdir()
        try:
            document = json.loads(notebook.read_text(encoding="utf-8"))
            folded(document)
        except (ValueError, KeyError, TypeError) as error:
            raise KmmError(f"{notebook} is not a notebook: {error}") from None
        (folder / notebook.name).write_text(json.dumps(document), encoding="utf-8")
        enlarge(settings)
        yield folder, notebook.name, settings


def folded(document: dict[str, Any]) -> None:
    """Fold the code of each cell, which a click opens again, and forget what it has shown."""
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["jupyter"] = {"source_hidden": True}
            cell["outputs"], cell["execution_count"] = [], None


def enlarge(settings: Path) -> None:
    """A copy of the lecturer's own settings: the letters are large, no news pop up."""
    from jupyterlab.commands import get_user_settings_dir

    own = Path(get_user_settings_dir())
    if own.is_dir():
        shutil.copytree(own, settings)
    (settings / APPUTILS).mkdir(parents=True, exist_ok=True)
    _change(settings / THEMES, overrides=LETTERS)
    _change(settings / NOTIFICATION, fetchNews="false", checkForUpdates=False)


def _change(path: Path, **settings: Any) -> None:
    """Change some settings of a file, which JupyterLab writes as JSON5."""
    import json5

    before = json5.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**before, **settings}), encoding="utf-8")


def wait(command: list[str], environment: Mapping[str, str]) -> int:
    """Run JupyterLab to its end.  Ctrl-C is for JupyterLab, which asks before it ends."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # Who ignores a signal hands that down; JupyterLab sets a handler of its own.
        return subprocess.call(command, env=dict(environment))
    finally:
        signal.signal(signal.SIGINT, before)
