# SPDX-License-Identifier: GPL-2.0-only
"""trace.to_html("out.html"): the player of a trace as one file.

It needs no network and no server: it opens from file:// and steps.  Its address says what is shown,
out.html#step=41&select=p0, and it can be printed.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from kmm.errors import KmmError
from kmm.show.bundle import program, style
from kmm.show.payload import compact
from kmm.sim import Trace

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root{{color-scheme:light dark}}
body{{margin:0;padding:14px 16px;font-family:'DejaVu Sans',Verdana,sans-serif;
  background:#fff;color:#1b1f24}}
h1{{font-size:17px;margin:0 0 10px}}
@media (prefers-color-scheme:dark){{body{{background:#010409;color:#e6edf3}}}}
@media print{{body{{padding:0;background:#fff;color:#1b1f24}}}}
{style}</style>
<main><h1>{title}</h1><div id="player"></div>
<noscript><p>This page draws with JavaScript, which is switched off.</p></noscript></main>
<script type="application/json" id="trace">{data}</script>
<script type="module">
{program}
{mount}(document.getElementById("player"),
  JSON.parse(document.getElementById("trace").textContent), {{address: true}});
</script>
</html>
"""


def page(trace: Trace) -> str:
    """The document of a trace."""
    name = trace.about.get("scenario")
    title = f"{name}: a page migration, step by step" if name else "A page migration, step by step"
    return document(title, compact(trace), mount="mount")


def document(title: str, data: str, *, mount: str) -> str:
    """A page whose function `mount` of js/ puts up what `data`, a JSON text, is about."""
    return _PAGE.format(
        title=escape(title),
        style=style().replace("</", "<\\/"),
        # In JSON "<" stands only in texts, and there it may be written so: no text ends the script.
        data=data.replace("<", "\\u003c"),
        program=program().replace("</", "<\\/"),
        mount=mount,
    )


@Trace.extend
def to_html(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write the player of the trace as one HTML file; KmmError where that is impossible."""
    write(path, page(trace))


def write(path: str | os.PathLike[str], text: str) -> None:
    """Write a page; KmmError where that is impossible."""
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise KmmError(f"{path}: cannot be written: {error.strerror}") from None
