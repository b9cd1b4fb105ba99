# SPDX-License-Identifier: GPL-2.0-only
"""The player's picture, measured: every box, word and line at every step of every scenario.

Places and words are read from what is sent to the browser, and laid out here anew as js/picture.js
does it.  A letter counts as wide as in DejaVu Sans Mono, of a font without serifs a little wider
than in any.
"""

from __future__ import annotations

import sys
from functools import cache, partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import kmm
from kmm import KmmError
from kmm.scenario import library
from kmm.show.filmstrip import filmstrip
from kmm.sim import Trace

sys.path.append(str(Path(__file__).resolve().parents[1] / "docs"))

import worlds

LETTER, SANS, LINE = 11 * 0.602, 11 * 0.62, 15
SIGN, INSIDE = 22, 6
AT_END, SEVERAL, BEHIND_LABELS = 1, 2, 3
#: The player has so many pixels for the picture on a screen of 1280.
ROOM = 772

PICTURES = {name: make for name, (make, _) in worlds.WORLDS.items()}
PICTURES["64-pages"] = partial(worlds.pages_over_nodes, 64, 4)
NAMES = [*PICTURES, *library.names()]


@cache
def trace_of(name: str) -> Trace:
    made: Trace = PICTURES[name]() if name in PICTURES else kmm.load(name).run().trace
    return made


@cache
def film_of(name: str) -> dict[str, Any]:
    return filmstrip(trace_of(name))


def edges(box: list[float]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    x, y, w, h = box
    return x, y, x + w, y + h


def overlap(one: list[float], other: list[float]) -> bool:
    left, top, right, bottom = edges(one)
    x, y, end, low = edges(other)
    return min(right, end) - max(left, x) > 0.2 and min(bottom, low) - max(top, y) > 0.2


def within(inner: list[float], outer: list[float]) -> bool:
    left, top, right, bottom = edges(inner)
    x, y, end, low = edges(outer)
    return x <= left + 0.2 and right <= end + 0.2 and y <= top + 0.2 and bottom <= low + 0.2


@pytest.mark.parametrize("name", NAMES)
def test_no_two_boxes_overlap_and_each_is_where_it_belongs(name: str) -> None:
    film = film_of(name)
    whole = [0.0, film["top"], film["width"], film["height"] - film["top"]]
    cards = film["cards"]
    for one, other in combinations(cards, 2):
        assert not overlap(one["box"], other["box"]), (one["key"], other["key"])
    for one, other in combinations(film["nodes"], 2):
        assert not overlap(one["box"], other["box"])
    for card in cards:
        assert within(card["box"], whole), card["key"]
        homes = [node["name"] for node in film["nodes"] if within(card["box"], node["box"])]
        meets = [node["name"] for node in film["nodes"] if overlap(card["box"], node["box"])]
        assert homes == meets
        assert bool(homes) == (card["kind"] == "frame"), card["key"]
        for row in card["rows"]:
            assert within(row["box"], card["box"]), row["key"]
        for one, other in combinations(card["rows"], 2):
            assert not overlap(one["box"], other["box"]), (one["key"], other["key"])


def said(film: dict[str, Any], row: dict[str, Any]) -> list[list[str]]:
    """All that a row says at any step, each as texts."""
    numbers = {*row["marked"], *row["plain"]}
    return [[text for text, _ in film["spans"][n]] for n in numbers]


def wide(texts: list[str]) -> float:
    return sum(map(len, texts)) * LETTER + max(0, len(texts) - 1) * LETTER


def lines_of(texts: list[str], room: float) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for text in texts:
        if lines[-1] and wide([*lines[-1], text]) > room + 0.5:
            lines.append([])
        lines[-1].append(text)
    return lines


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_written_at_any_step_fits_its_box(name: str) -> None:
    film = film_of(name)
    for card in film["cards"]:
        frame = card["kind"] == "frame"
        if not frame:
            title = 20 + len(card["title"]) * 13 * 0.603 + LETTER + len(card["note"]) * SANS
            assert title <= card["box"][2] + 0.5, card["key"]
        for row in card["rows"]:
            _, _, w, high = row["box"]
            label = len(row["label"]) * LETTER * (13 / 11 if frame else 1)
            begin = SIGN if row["framed"] and card["right"] else INSIDE if row["framed"] else 0
            end = w - (0 if not row["framed"] else INSIDE if card["right"] else SIGN)
            for texts in said(film, row):
                if row["way"] in (SEVERAL, BEHIND_LABELS):
                    if row["way"] == BEHIND_LABELS and card["labels"]:
                        assert label <= card["labels"] + 0.5
                        begin = card["labels"] + 2 * LETTER
                    lines = lines_of(texts, w - begin)
                    assert max(map(wide, lines)) <= w - begin + 1, (row["key"], texts)
                    assert 17 + (len(lines) - 1) * LINE <= high, (row["key"], texts)
                else:
                    between = LETTER if label and texts else 0
                    assert begin + label + between + wide(texts) <= end + 0.5, (row["key"], texts)


@pytest.mark.parametrize("name", NAMES)
def test_headings_and_legend_have_their_room(name: str) -> None:
    film = film_of(name)
    heads = sorted([x, x + len(text) * SANS * 1.1] for text, x, _ in film["heads"])
    for (_, end), (begin, _) in pairwise(heads):
        assert end <= begin
    assert all(end <= film["width"] for _, end in heads)
    lowest = max([0.0, *(edges(thing["box"])[3] for thing in film["cards"] + film["nodes"])])
    for _, x, y, text in film["legend"]:
        assert x + 46 + len(text) * SANS * 0.95 <= film["width"]
        assert lowest + 6 <= y <= film["height"] - 6


def crosses(a: tuple[float, float], b: tuple[float, float], box: list[float]) -> bool:
    """An upright or level segment comes into the inside of the box."""
    left, top, right, bottom = edges(box)
    return (
        max(a[0], b[0]) > left + 0.5
        and min(a[0], b[0]) < right - 0.5
        and max(a[1], b[1]) > top + 0.5
        and min(a[1], b[1]) < bottom - 0.5
    )


def routes(film: dict[str, Any]) -> list[tuple[str, str, list[tuple[float, float]]]]:
    return [
        (source, target, list(zip(points[::2], points[1::2], strict=True)))
        for source, target, points in film["routes"]
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_line_crosses_a_box_but_that_in_which_it_begins_or_ends(name: str) -> None:
    film = film_of(name)
    rows = {row["key"]: card["key"] for card in film["cards"] for row in card["rows"]}
    for source, target, points in routes(film):
        ends = {rows[source], rows.get(target, target)}
        for a, b in pairwise(points):
            assert a[0] == b[0] or a[1] == b[1]
            for card in film["cards"]:
                assert card["key"] in ends or not crosses(a, b, card["box"]), (source, target)
        # It does not run through the boxes of its ends either.
        for card in film["cards"]:
            if card["key"] == target:
                assert not any(crosses(a, b, card["box"]) for a, b in pairwise(points))
            elif card["key"] in ends:
                assert not any(crosses(a, b, card["box"]) for a, b in pairwise(points[1:-1]))
        x, y, right, bottom = edges([0.0, film["top"], film["width"], film["height"]])
        assert all(x <= px <= right and y <= py <= bottom for px, py in points)


@pytest.mark.parametrize("name", NAMES)
def test_lines_of_different_sources_never_lie_upon_each_other(name: str) -> None:
    segments: list[tuple[str, str, bool, float, float, float]] = []
    for source, target, points in routes(film_of(name)):
        for a, b in pairwise(points):
            upright = a[0] == b[0]
            at, first, last = (a[0], a[1], b[1]) if upright else (a[1], a[0], b[0])
            begin, end = sorted((first, last))
            segments.append((source, target, upright, at, begin, end))
    for one, other in combinations(segments, 2):
        if one[0] != other[0] and one[2] == other[2] and abs(one[3] - other[3]) < 1.5:
            common = min(one[5], other[5]) - max(one[4], other[4])
            assert common <= 2, (one, other)


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_has_the_width_of_its_place_and_a_sensible_height(name: str) -> None:
    film = film_of(name)
    assert film["width"] <= (ROOM if name != "64-pages" else ROOM * 1.05)
    if film["nodes"]:  # else it is as small as its few words
        assert film["height"] <= film["width"] * (1.3 if name != "64-pages" else 1.9)


def test_many_frames_are_small_and_few_are_not() -> None:
    def sizes_in(film: dict[str, Any]) -> list[float]:
        return [c["box"][3] for c in film["cards"] if c["kind"] == "frame"]

    def sizes(name: str) -> list[float]:
        return sizes_in(film_of(name))

    assert min(sizes("one-page")) > 60
    assert max(sizes("many-pages")) == 20
    truncated = filmstrip(kmm.load("truncated-meanwhile").run().trace)
    assert len(set(sizes_in(truncated))) == 2  # the page, and the frames that it never gets
    columns = {c["box"][0] for c in film_of("many-pages")["cards"] if c["kind"] == "frame"}
    assert len(columns) == 2


# On paper.

SVG = "{http://www.w3.org/2000/svg}"


def smallest(trace: Trace) -> int:
    """The width that the tool says is the smallest that works."""
    with pytest.raises(KmmError, match="the smallest that works is") as error:
        trace.svg(None, width=1)
    return int(str(error.value).rpartition(" ")[2])


@pytest.mark.parametrize("name", [*worlds.WORLDS, "four-pages", "move-ok", "migrate-vmas"])
def test_a_picture_is_as_narrow_as_asked_for_and_nothing_is_cut_off(name: str) -> None:
    trace = trace_of(name)
    least = smallest(trace)
    assert least <= 640
    with pytest.raises(KmmError, match=f"width={least - 1} is too narrow"):
        trace.svg(None, width=least - 1)
    for asked in (least, 700, 820):
        places: dict[str, Any] = {}
        for k in [None, *range(0, len(trace), len(trace) // 12 + 1)]:
            picture = trace.svg(k, width=asked)
            assert picture.size[0] <= asked
            svg = ElementTree.fromstring(picture.text)
            for text in svg.iter(f"{SVG}text"):
                x, y = float(text.attrib["x"]), float(text.attrib["y"])
                looks = text.attrib["class"].split()
                size = 13 if "name" in looks else 11
                long = len(text.text or "") * size * (0.62 if "sans" in looks else 0.602)
                left = x - long if "text-anchor" in text.attrib else x
                assert left >= 0, text.text
                assert left + long <= picture.size[0], text.text
                assert y <= picture.size[1] - 2
            for group in svg.iter(f"{SVG}g"):
                if "data-card" in group.attrib:
                    rect = next(group.iter(f"{SVG}rect"))
                    place = tuple(rect.attrib[a] for a in ("x", "y", "width", "height"))
                    assert places.setdefault(group.attrib["data-card"], place) == place


@pytest.mark.parametrize("width", ["wide", True, float("nan")])
def test_a_width_is_a_number(width: Any) -> None:
    with pytest.raises(KmmError, match="width is a number of pixels"):
        trace_of("one-page").svg(0, width=width)
