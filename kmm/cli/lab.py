# SPDX-License-Identifier: GPL-2.0-only
"""Open JupyterLab on the first notebook, or present one: large letters, no code, nothing else.

Every other argument goes to JupyterLab: `kmm lab --no-browser --port 9999`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from kmm.cli import present
from kmm.cli.doctor import remedy
from kmm.errors import KmmError


def arguments(command: argparse.ArgumentParser) -> None:
    command.set_defaults(takes_rest=True)
    command.add_argument(
        "--present",
        metavar="NOTEBOOK",
        nargs="?",
        const="",
        help="for the projector: this notebook alone (its number is enough, the first if none is "
        "named), in large letters and with its code folded; what is changed is not kept",
    )


def obey(options: argparse.Namespace) -> int:
    if find_spec("jupyterlab") is None:
        raise KmmError(f"JupyterLab is not installed; this installs it: {remedy('lab')}")
    directory = notebooks()
    if options.present is None:
        return launch(command(directory, first(directory), options.rest))
    with present.stage(present.chosen(directory, options.present)) as (folder, name, settings):
        # Nor is it remembered which notebook was presented: the next time it is not there.
        settled = {
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(settings.with_name("workspaces")),
            **present.ENLARGED,
        }
        shown = command(folder, f"doc/tree/{name}", options.rest)
        return present.wait(shown, {**os.environ, **settled})


def notebooks() -> Path:
    """The directory of the notebooks: beside the package, or below where we are."""
    for house in (Path(__file__).resolve().parents[2], Path.cwd()):
        if any((house / "notebooks").glob("*.ipynb")):
            return house / "notebooks"
    raise KmmError(
        "the notebooks are not part of the installed package; "
        "change into the directory of kmm's sources and say `kmm lab` there"
    )


def first(directory: Path) -> str:
    """The address of the first notebook of `directory`."""
    return f"lab/tree/{min(directory.glob('*.ipynb')).name}"


def command(directory: Path, address: str, more: list[str]) -> list[str]:
    """How to start JupyterLab in `directory`, with a notebook open."""
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={directory}",
        f"--LabApp.default_url=/{address}",
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
