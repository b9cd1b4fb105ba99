# SPDX-License-Identifier: GPL-2.0-only
"""Open JupyterLab on the first notebook.

Every other argument goes to JupyterLab: `kmm lab --no-browser --port 9999`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from kmm.cli.doctor import remedy
from kmm.errors import KmmError


def arguments(command: argparse.ArgumentParser) -> None:
    command.set_defaults(takes_rest=True)


def obey(options: argparse.Namespace) -> int:
    if find_spec("jupyterlab") is None:
        raise KmmError(f"JupyterLab is not installed; this installs it: {remedy('lab')}")
    return launch(command(notebooks(), options.rest))


def notebooks() -> Path:
    """The directory of the notebooks: beside the package, or below where we are."""
    for house in (Path(__file__).resolve().parents[2], Path.cwd()):
        if any((house / "notebooks").glob("*.ipynb")):
            return house / "notebooks"
    raise KmmError(
        "the notebooks are not part of the installed package; "
        "change into the directory of kmm's sources and say `kmm lab` there"
    )


def command(directory: Path, more: list[str]) -> list[str]:
    """How to start JupyterLab on the first notebook of `directory`."""
    first = min(directory.glob("*.ipynb")).name
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={directory}",
        f"--LabApp.default_url=/lab/tree/{first}",
        *(["--allow-root"] if _is_root() else []),
        *more,
    ]


def _is_root() -> bool:
    # JupyterLab refuses root unless told; in a container there is often nobody else.
    return hasattr(os, "geteuid") and os.geteuid() == 0


def launch(command: list[str]) -> int:
    """Become JupyterLab, so that signals reach it and nobody stands in between."""
    if sys.platform != "win32":
        sys.stdout.flush()
        os.execv(command[0], command)
    # Windows has no exec that a console would wait for.
    return subprocess.call(command)
