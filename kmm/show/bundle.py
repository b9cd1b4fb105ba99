# SPDX-License-Identifier: GPL-2.0-only
"""The player's program and its style sheet, joined from the files of js/.

Each file of js/ is a module that Node and a browser can load as it is.  Joined in the order of
FILES, without what they import from one another, they are one module without dependencies: it
exports `mount(el, data, options)` for a page, and `default {render}` for anywidget (and the same of
a comparison, `mountComparison` and `renderComparison`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from kmm.show.theme import DARK, GROUNDS, LIGHT, LINES, MONO, SANS, TEXTS

#: In the order in which they need one another.
FILES = (
    "decode.js", "moves.js", "fold.js", "dom.js", "store.js", "colour.js", "pen.js", "picture.js",
    "code.js", "sentence.js", "references.js", "course.js", "timeline.js", "controls.js", "ask.js",
    "keys.js", "player.js", "differences.js", "marks.js", "pairs.js", "compare.js", "beside.js",
)  # fmt: skip

_IMPORT = re.compile(r'^import [^;]*? from "\./[a-z]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async |class |const |function ))", re.MULTILINE)
_LICENCE = "// SPDX-License-Identifier: GPL-2.0-only\n"


def read(name: str) -> str:
    """One file of js/."""
    return resources.files("kmm.show").joinpath("js", name).read_text(encoding="utf-8")


@cache
def program(render: str = "render") -> str:
    """The whole program as one module; `render` is the function that anywidget calls."""
    parts = (_EXPORT.sub("", _IMPORT.sub("", read(name))) for name in FILES)
    body = "\n".join(part.removeprefix(_LICENCE) for part in parts)
    return f"{_LICENCE}{body}\nexport default {{ render: {render} }};\n"


@cache
def style() -> str:
    """The style sheet: the colours of theme.py as variables, and player.css."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in colours.items())
        for colours in (LIGHT, DARK)
    )
    fills = "".join(f".kmm .f-{name}{{fill:var(--{name})}}" for name in (*GROUNDS, *LINES, *TEXTS))
    strokes = "".join(f".kmm .s-{name}{{stroke:var(--{name})}}" for name in LINES)
    fonts = (
        f"--mono:var(--jp-code-font-family,{MONO});--sans:var(--jp-ui-font-family,{SANS});"
        f"--picture:{MONO};--picture-sans:{SANS};"
    )
    return (
        f".kmm{{{light}{fonts}color-scheme:light}}\n"
        f'.kmm[data-theme="dark"]{{{dark}color-scheme:dark}}\n{fills}{strokes}\n{read("player.css")}{read("compare.css")}'
        # Paper is white.
        f"@media print{{.kmm[data-theme]{{{light}color-scheme:light}}}}\n"
    )
