# SPDX-License-Identifier: GPL-2.0-only
"""Run the notebooks and store what nbval compares: `make notebooks`, after the drawing changed.

    python notebooks/refresh.py [NOTEBOOK ...]      all of them, or these

Pixels are left out, for nbval does not compare them, and so is all that says where and when the
notebook ran: twice the same notebook gives the same file.  What is written is what
`tests/test_notebooks.py` demands.
"""

from __future__ import annotations

import os
import sys
import tempfile
from itertools import count
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path) -> None:
    """Run the notebook in an empty folder and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources=resources,
            record_timing=False,
            coalesce_streams=True,
        ).execute()
    widgets = count(1)
    for cell in notebook.cells:
        cell.metadata = {
            key: cell.metadata[key] for key in ("tags", "nbgrader") if key in cell.metadata
        }
        for output in cell.get("outputs", ()):
            if "data" in output:
                output["data"].pop("image/png", None)
                output["metadata"] = {}
                if WIDGET in output["data"]:
                    output["data"][WIDGET]["model_id"] = f"{next(widgets):032x}"
    exercise = {"kmm": notebook.metadata["kmm"]} if "kmm" in notebook.metadata else {}
    notebook.metadata = {**METADATA, **exercise}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    HOUSE = Path(__file__).resolve().parents[1]
    # What solutions try is no attempt of whoever refreshes them.
    os.environ["KMM_ATTEMPTS"] = "off"
    every = [*HOUSE.glob("notebooks/*.ipynb"), *HOUSE.glob("solutions/*.ipynb")]
    for notebook in sorted(map(Path, sys.argv[1:]) if sys.argv[1:] else every):
        refresh(notebook)
