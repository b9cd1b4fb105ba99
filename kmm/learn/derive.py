# SPDX-License-Identifier: GPL-2.0-only
"""From a notebook of solutions/ to the one that students get, by nbgrader's own preprocessors.

Solutions and hidden tests are cut out, cells are locked, checksums computed, as `nbgrader
generate_assignment` does it, but without its database.  The seed of the parameters is written into
the metadata and into the cell that begins the exercise.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from kmm.errors import KmmError

#: What stands where a solution was cut out.
STUB = "pass  # your code here"

#: The cell that begins an exercise, with or without its seed.
BEGINS = re.compile(r'kmm\.exercise\("(\w+)"(?:, seed=(\d+))?\)')

#: In the order of nbgrader's own generate_assignment.
ORDER = (
    "LockCells",
    "ClearSolutions",
    "ClearOutput",
    "CheckCellMetadata",
    "ComputeChecksums",
    "ClearHiddenTests",
    "ComputeChecksums",
)


def read(path: Path) -> Any:
    """The notebook in the file; KmmError where it cannot be read."""
    try:
        import nbformat
    except ImportError:
        raise KmmError("this needs nbgrader: pip install 'kmm[teach]'") from None
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise KmmError(f"{path}: cannot be read: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 (nbformat has many ways to say it)
        raise KmmError(f"{path}: no notebook: {error}") from None


def written(notebook: Any) -> str:
    """The notebook as the text of its file."""
    import nbformat

    text: str = nbformat.writes(notebook)
    return text.rstrip("\n") + "\n"


def seeded(notebook: Any, seed: int, name: str = "the notebook") -> str:
    """The exercise of the notebook, which has the seed from now on."""
    found = ""
    for cell in notebook.cells:
        begins = BEGINS.search(cell.source) if cell.cell_type == "code" else None
        if begins:
            found = begins[1]
            cell.source = BEGINS.sub(f'kmm.exercise("{found}", seed={seed})', cell.source)
    if not found:
        raise KmmError(f'{name}: no cell begins an exercise, as kmm.exercise("e01", seed=0) does')
    notebook.metadata["kmm"] = {"exercise": found, "seed": seed}
    return found


def derived(path: Path, seed: int = 0) -> str:
    """The text of the notebook that students get; KmmError where nbgrader refuses the source."""
    notebook = read(path)
    seeded(notebook, seed, path.name)
    try:
        from nbgrader import preprocessors
    except ImportError:
        raise KmmError("this needs nbgrader: pip install 'kmm[teach]'") from None
    quiet = logging.getLogger("kmm.derive")
    quiet.setLevel(logging.CRITICAL)
    resources: dict[str, Any] = {"metadata": {"name": path.stem, "path": ""}}
    for name in ORDER:
        step = getattr(preprocessors, name)(log=quiet)
        if name == "ClearSolutions":
            step.code_stub = {"python": STUB}
        try:
            notebook, resources = step.preprocess(notebook, resources)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is about this notebook)
            raise KmmError(f"{path.name}: {name} says: {error}") from None
    return written(notebook)
