# SPDX-License-Identifier: GPL-2.0-only
"""Colours and letters.

The hues are those of Okabe and Ito, which people with any kind of colour vision tell apart.  Where
a hue is too pale or too dim for its ground it is darkened or lightened: a line has a contrast of
at least 3:1 to whatever it may run over, a text of 4.5:1 (tests/test_svg.py counts it out).

Colours stand in the style sheet as they are, not as variables, so that programs which know little
of CSS (a printer's, LaTeX's) draw the light picture.
"""

from __future__ import annotations

from collections.abc import Mapping

from kmm.errors import KmmError

#: What is painted on, what is drawn, and what is written; "-text" is the tone of small letters.
LIGHT = {
    "paper": "#ffffff", "card": "#f6f8fa", "row": "#ffffff", "wash": "#fff4d6",
    "edge": "#768390", "ink": "#1b1f24", "quiet": "#57606a",
    "changed": "#9a6700", "changed-text": "#8a4500",
    "present": "#0072b2", "present-text": "#00619a",
    "migration": "#d55e00", "migration-text": "#a84300",
    "swap": "#a8527f", "swap-text": "#94406c",
    "buffer": "#00875f", "buffer-text": "#006e4d",
}  # fmt: skip
DARK = {
    "paper": "#0d1117", "card": "#161b22", "row": "#0d1117", "wash": "#33280b",
    "edge": "#7d8590", "ink": "#e6edf3", "quiet": "#a0a9b3",
    "changed": "#e69f00", "changed-text": "#ffb938",
    "present": "#56b4e9", "present-text": "#7cc5ef",
    "migration": "#f07a26", "migration-text": "#ff9a52",
    "swap": "#cc79a7", "swap-text": "#e29bc3",
    "buffer": "#12b886", "buffer-text": "#4fd1a5",
}  # fmt: skip
GROUNDS = ("paper", "card", "row", "wash")
LINES = ("edge", "changed", "present", "migration", "swap", "buffer")
TEXTS = ("ink", "quiet", *(f"{line}-text" for line in LINES[1:]))

#: The strokes of lines, beside their colours.
DASHES = {"present": "", "migration": "7 4", "swap": "0.1 5", "buffer": "11 3 2 3"}

MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
SANS = "'DejaVu Sans', Verdana, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

#: One letter of any font of MONO is at most so wide, as a part of the size.
MONO_WIDTH = 0.603
#: The printable letters from the blank on in DejaVu Sans, the widest of SANS, in hundredths.
_SANS_WIDTHS = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
#: Bold letters of SANS are wider, all in all.
_BOLD = 1.16
#: A letter of most fonts without serifs is at most so wide, as a part of the size; a bold one.
_ANY, _ANY_BOLD = 0.65, 0.69


def mono_width(text: str, size: float) -> float:
    """How wide a text in MONO is at most."""
    return len(text) * size * MONO_WIDTH


def sans_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text in SANS is at most."""
    hundredths = sum(
        _SANS_WIDTHS[ord(letter) - 32] if " " <= letter <= "~" else 100 for letter in text
    )
    return hundredths * size / 100 * (_BOLD if bold else 1)


def any_sans_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text may be in whatever font without serifs a reader has, some of them wider."""
    any_font = len(text) * size * (_ANY_BOLD if bold else _ANY)
    return max(sans_width(text, size, bold=bold), any_font)


def _rules(colours: Mapping[str, str]) -> str:
    fills = "".join(f".f-{name}{{fill:{colours[name]}}}" for name in (*GROUNDS, *LINES, *TEXTS))
    return fills + "".join(f".s-{name}{{stroke:{colours[name]}}}" for name in LINES)


def css(theme: str) -> str:
    """The style sheet of a picture: "light", "dark", or "auto" for what the reader prefers.

    Raises KmmError for any other theme.
    """
    if theme not in ("auto", "light", "dark"):
        raise KmmError(f'a picture\'s theme is "auto", "light" or "dark", not {theme!r}')
    shapes = (
        f"text{{font-family:{MONO};font-size:11px;white-space:pre}}.sans{{font-family:{SANS}}}"
        ".bold{font-weight:700}.old{text-decoration:line-through}"
        ".name{font-size:13px;font-weight:700}"
        ".line{fill:none;stroke-width:1.75;stroke-linejoin:round}"
        ".thin{stroke-width:1}.thick{stroke-width:2}.dots{stroke-dasharray:4 3}.none{fill:none}"
    )
    dashes = "".join(
        f".d-{kind}{{stroke-dasharray:{dash};stroke-linecap:{'round' if kind == 'swap' else 'butt'}"
        f"{';stroke-width:2.4' if kind == 'swap' else ''}}}"
        for kind, dash in DASHES.items()
        if dash
    )
    colours = _rules(DARK if theme == "dark" else LIGHT)
    if theme == "auto":
        colours += f"@media (prefers-color-scheme:dark){{{_rules(DARK)}}}"
    return shapes + dashes + colours
