# SPDX-License-Identifier: GPL-2.0-only
"""The player's style sheet: what is written on a ground and what is drawn on it stand out from it.

Every colour of the sheet is a variable of theme.py or is mixed of two.  A rule that names no ground
of its own may lie on any of them.
"""

from __future__ import annotations

import re

import pytest
from test_svg import contrast

from kmm.show import theme
from kmm.show.bundle import read, style

SHEET = re.sub(r"/\*.*?\*/", "", read("player.css"), flags=re.DOTALL)
THEMES = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
#: Grounds of paper, boxes and rows; what has changed lies on "wash".
GROUNDS = ("paper", "card", "row", "wash")
#: An edge between two panels only parts them: nothing is lost to who does not see it.
PARTS_ONLY = "--line"


def rules() -> list[tuple[str, dict[str, str]]]:
    """Each selector of the sheet with what it declares."""
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", SHEET):
        pairs = (part.partition(":") for part in body.split(";") if ":" in part)
        found.append((selector.strip(), {name.strip(): value.strip() for name, _, value in pairs}))
    return found


def mixed(value: str, colours: dict[str, str]) -> str | None:
    """The colour that a value speaks of: a variable's, or that of two mixed."""
    mix = re.search(r"color-mix\(in srgb,var\(--([\w-]+)\) (\d+)%,var\(--([\w-]+)\)\)", value)
    if mix:
        part = int(mix[2]) / 100
        one, other = colours[mix[1]], colours[mix[3]]
        both = [(int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5)]
        return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in both)
    name = re.search(r"var\(--([\w-]+)\)", value)
    return colours.get(name[1]) if name else None


def grounds(declared: dict[str, str], colours: dict[str, str]) -> list[str]:
    own = declared.get("background") or declared.get("background-color") or ""
    ground = mixed(own, colours)
    return [ground] if ground else [colours[name] for name in GROUNDS]


@THEMES
def test_what_is_written_stands_out_from_its_ground(colours: dict[str, str]) -> None:
    counted = 0
    for selector, declared in rules():
        ink = mixed(declared.get("color", ""), colours)
        for ground in grounds(declared, colours) if ink else ():
            counted += 1
            assert contrast(ink or "", ground) >= 4.5, (selector, declared["color"], ground)
    assert counted > 60


@THEMES
def test_what_is_drawn_stands_out_from_its_ground(colours: dict[str, str]) -> None:
    counted = 0
    for selector, declared in rules():
        for name in ("border", "border-color", "border-left-color", "outline", "stroke"):
            value = declared.get(name, "")
            line = None if PARTS_ONLY in value else mixed(value, colours)
            if line is None or "paint-order" in declared:  # a rim of paper round a number
                continue
            for ground in (colours[ground] for ground in GROUNDS):
                counted += 1
                assert contrast(line, ground) >= 3, (selector, value, ground)
    assert counted > 40


def test_no_colour_is_written_but_those_that_are_counted() -> None:
    variables = set(re.findall(r"var\(--([\w-]+)", SHEET))
    known = {*theme.LIGHT, "line", "wide", "mono", "sans", "picture", "picture-sans", "zoom"}
    known |= {name for name in variables if f"--{name}:" in SHEET}
    assert variables <= known
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", SHEET)


def test_the_kinds_of_lines_have_the_strokes_that_they_have_on_paper() -> None:
    for kind, dashes in theme.DASHES.items():
        declared = [d for selector, d in rules() if f".d-{kind}" in selector]
        strokes = [d["stroke-dasharray"] for d in declared if "stroke-dasharray" in d]
        assert [[float(n) for n in stroke.split()] for stroke in strokes] == (
            [[float(n) for n in dashes.split()]] if dashes else []
        )


def test_letters_of_the_picture_are_eleven_pixels_at_least() -> None:
    sizes = re.findall(r"\.kmm \.picture [^{]*\{[^}]*?(?:font:|font-size:)(?:\d00 )?(\d+)px", SHEET)
    assert sizes
    assert min(map(int, sizes)) >= 11
    assert min(map(int, re.findall(r"font-size:(\d+)px", theme.css("light")))) >= 11


def test_the_sheet_that_is_sent_has_both_themes() -> None:
    for colours in (theme.LIGHT, theme.DARK):
        for name, colour in colours.items():
            assert f"--{name}:{colour};" in style()
