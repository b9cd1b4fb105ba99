# SPDX-License-Identifier: GPL-2.0-only
"""kmm.export_notebook("01.ipynb"): a notebook as one HTML page in which every player steps.

The notebook is run in a kernel of its own, whose outputs are for a page (export.py), and nbconvert
writes it.  What nbconvert's template would fetch from elsewhere (require.js, MathJax, mermaid, a
widget manager) is left out, and the page forbids the browser to fetch anything: it opens on a
machine without a network, and no reader is seen by anybody.  So formulas stay as they are typed.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.show.export import VARIABLE

#: Scripts and styles of the page itself, and pictures that are part of it: nothing else is loaded.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src data:; font-src data:; frame-src 'self' data: blob:"
)

#: The page is white for every reader, pictures too.  On paper nobody can scroll: what is too wide
#: goes on below.
_STYLE = """<style>
:root{color-scheme:light}
@media print{
.highlight pre{white-space:pre-wrap!important;overflow-wrap:anywhere}
.jp-OutputArea-output{overflow:visible!important}
.kmm-table,.kmm-table code{font-size:9px!important;white-space:normal!important}
.kmm-table :is(td,th){padding:2px 4px!important;min-width:0!important;overflow-wrap:break-word}
}
</style>"""

_TEMPLATE = f"""{{%- extends 'index.html.j2' -%}}
{{%- block html_head_js -%}}
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
{_STYLE}
{{%- endblock -%}}
{{%- block jupyter_widgets -%}}{{%- endblock -%}}
{{%- block html_head_js_mathjax -%}}{{%- endblock -%}}
{{%- block html_head_js_mermaidjs -%}}{{%- endblock -%}}
"""


def export_notebook(
    path: str | os.PathLike[str], out: str | os.PathLike[str] | None = None
) -> Path:
    """Run a notebook and write it as one HTML page; the notebook's own file is left as it is.

    Arguments: `path` the notebook, `out` where to, None for the same name with ".html".

    Returns where it was written.  Raises KmmError for a file that is no notebook, for a cell that
    raises, and where the page cannot be written; then nothing is written at all.
    """
    path = Path(path)
    out = path.with_suffix(".html") if out is None else Path(out)
    notebook = _read(path)
    if not out.parent.is_dir():
        raise KmmError(f"{out}: cannot be written: there is no directory {out.parent}")
    _run(notebook, path)
    _write(out, _page(notebook, path))
    return out


def _read(path: Path) -> Any:
    try:
        import nbclient  # noqa: F401
        import nbconvert  # noqa: F401
        import nbformat
    except ImportError:
        raise KmmError("exporting a notebook needs nbconvert: pip install 'kmm[lab]'") from None
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise KmmError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        document = None
    if not isinstance(document, dict) or not {"nbformat", "metadata"} <= set(document):
        raise KmmError(f"{path}: is no notebook")
    try:
        read: Any = nbformat.reads
        notebook = read(text, as_version=4)
        nbformat.validate(notebook)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise KmmError(f"{path}: is no notebook: {str(error).splitlines()[0]}") from None
    return notebook


def _run(notebook: Any, path: Path) -> None:
    """Run it where it lies, so that it finds what lies beside it."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    resources = {"metadata": {"path": str(path.resolve().parent)}}
    client = NotebookClient(notebook, timeout=None, resources=resources, record_timing=False)
    try:
        # What the cells write is among their outputs; the kernel's own words are nobody's.
        client.execute(env={**os.environ, VARIABLE: "1"}, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raised = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise KmmError(f"{path}: {_place(notebook)} raises {raised}") from None
    except DeadKernelError:
        raise KmmError(f"{path}: its kernel died") from None
    except NoSuchKernel as error:
        raise KmmError(f"{path}: there is no kernel {error.name!r} here") from None
    # Without their state, nbconvert passes over widgets of others, and shows what they are besides.
    notebook.metadata.pop("widgets", None)


def _place(notebook: Any) -> str:
    """The cell that raised, as the notebook numbers its cells."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells, 1):
        if any(output.output_type == "error" for output in cell.outputs):
            return f"In [{number}]"
    return "a cell"


def _page(notebook: Any, path: Path) -> str:
    from nbconvert import HTMLExporter

    make: Any = HTMLExporter
    exporter = make(raw_template=_TEMPLATE, embed_images=True)
    resources = {"metadata": {"name": path.stem, "path": str(path.resolve().parent)}}
    text, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(text)


def _write(out: Path, text: str) -> None:
    """All of it or nothing: whoever reads the file meanwhile finds the old one."""
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise KmmError(f"{out}: cannot be written: {error.strerror}") from None
