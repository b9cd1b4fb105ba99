# SPDX-License-Identifier: GPL-2.0-only
"""Pictures: well-formed, nothing cut off, no line through a box, nothing moves, all can be seen.

The widths are those of DejaVu Sans Mono and of a wide sans serif, counted here anew; the geometry
is read from the SVG itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import kmm
from kmm.errors import KmmError
from kmm.scenario import library
from kmm.show import theme
from kmm.sim import Trace

SVG = "{http://www.w3.org/2000/svg}"
PICTURED = ("anon-simple", "anon-shared", "file-buffers", "swap-cache", "four-pages")


@cache
def trace_of(name: str) -> Trace:
    return kmm.load(name).run().trace


def steps_of(trace: Trace) -> list[int | None]:
    """The start and five steps from the first to the last."""
    last = len(trace) - 1
    return [None, *sorted({last * n // 4 for n in range(5)} if last >= 0 else ())]


def some_steps(trace: Trace, most: int) -> range:
    """So many steps at most, spread over the trace."""
    return range(0, len(trace), len(trace) // most + 1)


def drawn(name: str, k: int | None) -> ElementTree.Element:
    return ElementTree.fromstring(trace_of(name).svg(k).text)


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name])


def text_edges(text: ElementTree.Element) -> tuple[float, float, float]:
    """Left, right and baseline of a text; sans serif at 0.62 a letter is wider than any of them."""
    looks = text.attrib["class"].split()
    size = 13.0 if "name" in looks else 10.0 if "small" in looks else 11.0
    each = 0.62 if "sans" in looks else 0.602
    wide = len(text.text or "") * size * each
    x = number(text, "x")
    left = x - wide if text.attrib.get("text-anchor") == "end" else x
    return left, left + wide, number(text, "y")


def boxes(svg: ElementTree.Element) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each card."""
    found = {}
    for group in svg.iter(f"{SVG}g"):
        if "data-card" in group.attrib:
            rect = next(group.iter(f"{SVG}rect"))
            x, y = number(rect, "x"), number(rect, "y")
            right, bottom = x + number(rect, "width"), y + number(rect, "height")
            found[group.attrib["data-card"]] = (x, y, right, bottom)
    return found


def lines(svg: ElementTree.Element) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    """Each line with the points of its path; those that bend it are its corners."""
    for path in svg.iter(f"{SVG}path"):
        if "data-from" in path.attrib:
            numbers = list(map(float, re.findall(r"-?\d+(?:\.\d+)?", path.attrib["d"])))
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            yield path.attrib["data-from"], path.attrib["data-to"], points


def crosses(a: tuple[float, float], b: tuple[float, float], box: tuple[float, ...]) -> bool:
    """A segment that is upright or level comes into the inside of the box."""
    left, top, right, bottom = box
    return (
        max(a[0], b[0]) > left + 0.5
        and min(a[0], b[0]) < right - 0.5
        and max(a[1], b[1]) > top + 0.5
        and min(a[1], b[1]) < bottom - 0.5
    )


@pytest.mark.parametrize("name", library.names())
def test_every_scenario_is_drawn_with_nothing_cut_off_and_no_line_through_a_box(name: str) -> None:
    trace = trace_of(name)
    for k in steps_of(trace):
        svg = drawn(name, k)
        _, _, wide, high = map(float, svg.attrib["viewBox"].split())
        for text in svg.iter(f"{SVG}text"):
            left, right, base = text_edges(text)
            assert left >= 0, text.text
            assert right <= wide, text.text
            assert 8 <= base <= high - 2, text.text
        cards = boxes(svg)
        for group in svg.iter(f"{SVG}g"):
            if "data-card" in group.attrib:
                x, y, right, bottom = cards[group.attrib["data-card"]]
                assert 0 <= x < right <= wide
                assert 0 <= y < bottom <= high
                for text in group.iter(f"{SVG}text"):
                    left, end, base = text_edges(text)
                    assert x <= left, text.text
                    assert end <= right, text.text
                    assert y < base < bottom, text.text
        for source, target, points in lines(svg):
            own = {key for key in cards if target == key or holds(svg, key, source, target)}
            for a, b in pairwise(points):
                for key, box in cards.items():
                    assert key in own or not crosses(a, b, box), f"{source} to {target}: {key}"
            if target in cards:
                inside = [crosses(a, b, cards[target]) for a, b in pairwise(points)]
                assert not any(inside), f"{source} goes into {target}"


def holds(svg: ElementTree.Element, card: str, *rows: str) -> bool:
    """One of the rows is in the card: a line begins and may end at a row within."""
    for group in svg.iter(f"{SVG}g"):
        if group.attrib.get("data-card") == card:
            return any(row.attrib.get("data-row") in rows for row in group.iter(f"{SVG}g"))
    return False


@pytest.mark.parametrize("name", PICTURED)
def test_words_of_a_card_do_not_lie_upon_each_other(name: str) -> None:
    for k in some_steps(trace_of(name), 40):
        for group in drawn(name, k).iter(f"{SVG}g"):
            if "data-row" not in group.attrib:
                continue
            by_line: dict[float, list[tuple[float, float]]] = {}
            for text in group.iter(f"{SVG}text"):
                left, right, base = text_edges(text)
                by_line.setdefault(round(base / 4), []).append((left, right))
            for spans in by_line.values():
                for (_, end), (begin, _) in pairwise(sorted(spans)):
                    assert begin >= end - 0.5, (k, group.attrib["data-row"])


@pytest.mark.parametrize("name", [*PICTURED, "pinned-until-pass-4", "move-ok"])
def test_nothing_moves_from_step_to_step(name: str) -> None:
    trace = trace_of(name)
    cards = boxes(drawn(name, None))
    size = drawn(name, None).attrib["viewBox"]
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for k in some_steps(trace, 60):
        svg = drawn(name, k)
        assert svg.attrib["viewBox"] == size
        assert boxes(svg) == cards
        for source, target, points in lines(svg):
            assert seen.setdefault((source, target), points) == points


@pytest.mark.parametrize("name", [*PICTURED, "file-mapped-three-times"])
def test_lines_of_different_sources_never_lie_upon_each_other(name: str) -> None:
    for k in some_steps(trace_of(name), 40):
        upright: list[tuple[str, float, float, float]] = []
        for source, _, points in lines(drawn(name, k)):
            upright += [
                (source, a[0], *sorted((a[1], b[1])))
                for a, b in pairwise(points)
                if a[0] == b[0] and abs(a[1] - b[1]) > 2
            ]
        for n, (source, x, top, bottom) in enumerate(upright):
            for other, other_x, begin, end in upright[:n]:
                apart = abs(x - other_x) > 2 or end <= top or bottom <= begin
                assert source == other or apart, (k, source, other)


@pytest.mark.parametrize("name", PICTURED)
def test_every_change_of_every_step_is_in_the_picture_old_and_new(name: str) -> None:
    trace = trace_of(name)
    for k in some_steps(trace, 160):
        svg = drawn(name, k)
        struck = [t.text for t in svg.iter(f"{SVG}text") if "old" in t.attrib["class"].split()]
        fresh = [t.text or "" for t in svg.iter(f"{SVG}text") if "bold" in t.attrib["class"]]
        below = " ".join(t.text or "" for t in svg.iter(f"{SVG}text"))
        for change in trace[k].changes:
            if change.old == change.new or str(change) in below or " more" in below:
                continue
            match change.field:
                case "exists":
                    made = {"new", str(change.object)} & set(fresh)  # one of many is bold itself
                    assert made or "pagelist" in change.object
                case "_mapcount":
                    assert str(change.old + 1) in struck
                    assert str(change.new + 1) in fresh
                case "_count" | "free" | "index" | "b_count":
                    assert str(change.old) in struck
                    assert str(change.new) in fresh
                case field if field.startswith("PG_"):
                    flag = field.removeprefix("PG_").replace("buddy", "free")
                    marked = fresh if change.new else struck
                    assert any((text or "").startswith(flag) for text in marked)
                case field if ".pte" in change.object and field.startswith("["):
                    assert str(change.old) in struck
                    assert str(change.new) in fresh


def test_the_start_has_no_marks() -> None:
    for name in PICTURED:
        looks = [t.attrib["class"].split() for t in drawn(name, None).iter(f"{SVG}text")]
        assert not any("old" in look or "f-changed-text" in look for look in looks)


def test_the_last_step_is_minus_one_and_shows_the_end() -> None:
    trace = trace_of("anon-simple")
    assert trace.svg(-1).text == trace.svg(len(trace) - 1).text
    with pytest.raises(IndexError, match="no step 126"):
        trace.svg(len(trace))


def test_the_kinds_of_entries_differ_in_dashes_in_their_signs_and_in_words() -> None:
    assert len(set(theme.DASHES.values())) == len(theme.DASHES)
    pictures = {
        "present": drawn("anon-simple", 10),
        "migration": drawn("anon-simple", 40),
        "swap": drawn("swap-cache", 50),
    }
    signs = set()
    for kind, svg in pictures.items():
        (row,) = [g for g in svg.iter(f"{SVG}g") if ".pte[" in g.attrib.get("data-row", "")]
        sign = [e for e in row if f"f-{kind}" in e.attrib["class"].split()
                or f"s-{kind}" in e.attrib["class"].split()]  # fmt: skip
        signs.add(tuple(element.tag for element in sign))
        text = " ".join(t.text or "" for t in row.iter(f"{SVG}text"))
        assert (kind in text) == (kind != "present")
    assert len(signs) == 3


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_lines_and_letters_stand_out_from_whatever_they_lie_on(colours: dict[str, str]) -> None:
    for ground in theme.GROUNDS:
        for line in theme.LINES:
            assert contrast(colours[line], colours[ground]) >= 3, (line, ground)
        for text in theme.TEXTS:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def test_every_colour_of_a_picture_is_one_that_was_counted() -> None:
    counted = {f"f-{name}" for name in (*theme.GROUNDS, *theme.LINES, *theme.TEXTS)}
    counted |= {f"s-{name}" for name in theme.LINES}
    for name in PICTURED:
        for element in drawn(name, 60).iter():
            used = {c for c in element.attrib.get("class", "").split() if c[1:2] == "-"}
            assert {c for c in used if c[0] in "fs"} <= counted


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_themes() -> None:
    trace = trace_of("anon-simple")
    light, dark, auto = (trace.svg(5, theme=t).text for t in ("light", "dark", "auto"))
    assert "prefers-color-scheme" in auto
    assert "prefers-color-scheme" not in light + dark
    assert theme.DARK["paper"] in dark
    assert theme.DARK["paper"] not in light
    with pytest.raises(KmmError, match="not 'pink'"):
        trace.svg(5, theme="pink")


def test_a_selection_shows_what_has_to_do_with_the_page() -> None:
    trace = trace_of("four-pages")
    svg = ElementTree.fromstring(trace.svg(700, select="p3").text)
    assert [key for key in boxes(svg) if key.startswith(("p3", "n", "p0"))] == ["p3"]
    rows = [g.attrib["data-row"] for g in svg.iter(f"{SVG}g") if "data-row" in g.attrib]
    assert "m0.pte[0x40d000]" in rows
    assert "m0.pte[0x401000]" not in rows
    with pytest.raises(KmmError, match="p9: this trace has no such page"):
        trace.svg(0, select=["p3", "p9"])


def test_a_picture_shows_itself_and_says_what_it_shows(tmp_path: Path) -> None:
    picture = trace_of("anon-simple").svg(36)
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == picture.alt
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert "migration p0 w" in picture.alt
    assert picture.alt.endswith(".")
    assert "\n" not in picture.alt
    picture.save(tmp_path / "step.svg")
    assert (tmp_path / "step.svg").read_text("utf-8") == picture.text


def test_names_and_contents_are_escaped() -> None:
    world = kmm.World(nodes=2)
    page = world.mm().mmap(pages=1).touch()
    page.data = '<b>&"'
    picture = world.migrate_pages([page], to_node=1).trace.svg(None)
    texts = [t.text for t in ElementTree.fromstring(picture.text).iter(f"{SVG}text")]
    assert '“<b>&"”' in texts
    assert "<b>" not in picture._repr_html_()


def test_long_names_widen_their_boxes() -> None:
    world = kmm.World(nodes=1)
    file = world.file("f" * 40)
    page = file.page(123456, name="a_page_with_a_very_long_name_of_40_letters"[:40])
    trace = world.migrate_pages([page], to_node=0).trace
    for k in steps_of(trace):
        svg = ElementTree.fromstring(trace.svg(k).text)
        cards = boxes(svg)
        for group in svg.iter(f"{SVG}g"):
            if "data-card" in group.attrib:
                for text in group.iter(f"{SVG}text"):
                    assert text_edges(text)[1] <= cards[group.attrib["data-card"]][2], text.text


def test_of_very_many_pages_the_first_are_drawn_and_the_picture_says_so() -> None:
    world = kmm.World(nodes=2)
    vma = world.mm().mmap(pages=50)
    trace = world.migrate_pages([vma.touch(i) for i in range(50)], to_node=1).trace
    svg = ElementTree.fromstring(trace.svg(1000).text)
    frames = [g for g in svg.iter(f"{SVG}g") if "frame" in g.attrib.get("class", "").split()]
    assert len(frames) == 64
    assert "frames: 64 of 101 are drawn (count, map, flags)" in [
        t.text for t in svg.iter(f"{SVG}text")
    ]
    (members,) = [g for g in svg.iter(f"{SVG}g") if g.attrib.get("data-row") == "pagelist"]
    assert len(list(members.iter(f"{SVG}text"))) <= 33


def test_a_saved_trace_is_drawn_alike(tmp_path: Path) -> None:
    trace = trace_of("swap-cache")
    trace.save(tmp_path / "trace.json")
    assert kmm.Trace.load(tmp_path / "trace.json").svg(71).text == trace.svg(71).text


def test_what_several_steps_have_changed_is_shown_together() -> None:
    trace = kmm.load("anon-simple").run().trace
    several = trace.svg(20, since=3)
    assert several.caption == "After steps 3 to 20."
    assert several.text != trace.svg(20).text
    assert trace.svg(20, since=20).caption == "After step 20."
