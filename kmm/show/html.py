# SPDX-License-Identifier: GPL-2.0-only
"""trace.to_html("out.html", ask=None): the player of a trace as one file.

It needs no network and no server: it opens from file:// and steps.  Its address says what is shown,
out.html#step=41&select=p0, and it can be printed.  With questions (kmm.Question), the answers stay
in the page, also when it is loaded again, and can be copied and saved from there.
"""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path
from typing import Any

from kmm.errors import KmmError
from kmm.show.bundle import program, style
from kmm.show.payload import compact
from kmm.show.questions import open_answer, questions
from kmm.sim import Trace
from kmm.sim.tracefile import require_path

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
  JSON.parse(document.getElementById("trace").textContent), {options});
</script>
</html>
"""


def page(trace: Trace, **options: Any) -> str:
    """The document; `options` as mount() in js/player.js takes them."""
    name = trace.about.get("scenario")
    title = f"{name}: a page migration, step by step" if name else "A page migration, step by step"
    return document(title, compact(trace), mount="mount", **options)


def document(title: str, data: str, *, mount: str, **options: Any) -> str:
    """A page whose function `mount` of js/ puts up what `data`, a JSON text, is about."""
    return _PAGE.format(
        title=escape(title),
        style=style().replace("</", "<\\/"),
        data=_harmless(data),
        options=_harmless(json.dumps(options, ensure_ascii=False)),
        program=program().replace("</", "<\\/"),
        mount=mount,
    )


def _harmless(text: str) -> str:
    """JSON in which no text ends the script: "<" stands only in texts, and may be written so."""
    return text.replace("<", "\\u003c")


@Trace.extend
def to_html(trace: Trace, path: str | os.PathLike[str], ask: Any = None) -> None:
    """Write the player of the trace as one HTML file; `ask` as in trace.play.

    Raises KmmError where the file cannot be written, and for a question that cannot be asked.
    """
    asked = questions(trace, ask)
    answers = [open_answer(question) for question in asked]
    write(path, page(trace, address=True, questions=asked, answers=answers))


def write(path: str | os.PathLike[str], text: str) -> None:
    """Write a page; KmmError where that is impossible."""
    require_path(path)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise KmmError(f"{path}: cannot be written: {error.strerror}") from None
