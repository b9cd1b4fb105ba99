# SPDX-License-Identifier: GPL-2.0-only
"""What the player shows at every step of every scenario is the state of the trace.

Read from the drawing in a real browser, text by text, and compared twice: all words with those of
the picture on paper, trace.svg(k), and counts, flags, ptes and free frames with trace.state(k + 1),
by rules that are written down here and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

import kmm
from bench.browser import Heard, visit
from kmm.mm.page import PAGE_FLAGS
from kmm.scenario import library
from kmm.sim import Trace

SHOWN = (Path(__file__).parent / "shown.js").read_text(encoding="utf-8")
#: The model's own word for a flag that the picture says in the kernel's.
WORDS = {"buddy": "free"}
SVG = "{http://www.w3.org/2000/svg}"

#: What a box says: texts, and whether they are struck out.
Said = list[tuple[str, bool]]


@pytest.fixture(scope="module")
def page(browser: Browser, heard: dict[str, Heard]) -> Iterator[Page]:
    page, heard["all scenarios"] = visit(browser)
    yield page
    page.context.close()


@pytest.mark.parametrize("name", library.names())
def test_every_step_shows_the_state_of_the_trace(name: str, page: Page, tmp_path: Path) -> None:
    trace = kmm.load(name).run().trace
    trace.to_html(tmp_path / "player.html")
    page.goto((tmp_path / "player.html").as_uri())
    shown: dict[str, Said] = {}
    paper: dict[str, list[str]] = {}
    steps = json.loads(page.evaluate(SHOWN))
    # A trace without steps shows its start, as step -1.
    first = 0 if len(trace) else -1
    assert first + len(steps) == len(trace)
    for k, news in enumerate(steps, first):
        shown |= {box: [(text, struck) for text, struck in said] for box, said in news.items()}
        # After two steps that change nothing all is as it was.
        if k <= first or trace[k].changes or trace[k - 1].changes:
            paper = on_paper(trace, k)
        assert {box: sorted(text for text, _ in said) for box, said in shown.items()} == paper, k
        state = trace.state(k + 1).to_dict()
        for box, said in shown.items():
            is_the_state(box, [text for text, struck in said if not struck], state)


def on_paper(trace: Trace, k: int) -> dict[str, list[str]]:
    """What each box of the picture says, from its SVG."""
    groups = ElementTree.fromstring(trace.svg(k if k >= 0 else None).text).iter(f"{SVG}g")
    boxes = ((group.get("data-card") or group.get("data-node"), group) for group in groups)
    return {
        box: sorted(text.text for text in group.iter(f"{SVG}text") if text.text)
        for box, group in boxes
        if box
    }


def is_the_state(box: str, texts: list[str], state: dict[str, dict[Any, Any]]) -> None:
    """A box says what the state is, as far as the rules here know."""
    words = " ".join(texts)
    if (node := re.fullmatch(r"node (\d+)", box)) is not None:
        assert {str(state[f"node[{node[1]}]"]["free"]), "frames free"} <= set(texts)
    elif "PG_locked" in state.get(box, {}):
        is_the_page(box, words, state[box])
    elif f"{box}.pte" in state:
        for address, pte in state[f"{box}.pte"].items():
            assert f"{address:#x} {entry(pte)}" in words


def is_the_page(name: str, words: str, page: dict[str, Any]) -> None:
    if "count" not in words:  # one of many: its numbers in a column, and what is unusual of it
        assert f"{words} ".startswith(f"{name} {page['_count']} {page['_mapcount'] + 1} "), words
        more = re.search(r"\+\d+$", words) is not None
        for flag in ("locked", "dirty", "writeback"):
            if WORDS.get(flag, flag) in words.split():
                assert page[f"PG_{flag}"], words
            else:
                assert more or not page[f"PG_{flag}"], words
        return
    assert f"count {page['_count']} " in f"{words} "
    assert f"map {page['_mapcount'] + 1} " in f"{words} "
    said = {word.partition("(")[0] for word in words.split()}
    for flag in PAGE_FLAGS:
        # "private" is a field too, and a name.
        if flag != "private":
            assert (WORDS.get(flag, flag) in said) == bool(page[f"PG_{flag}"]), (flag, words)


def entry(pte: Any) -> str:
    """How a pte begins."""
    if pte.page is not None:
        return str(pte.page)
    if pte.pgoff is not None:
        return f"file {pte.pgoff}"
    if pte.special:
        return "special"
    if pte.entry is None:
        return "none"
    return f"{'migration' if pte.entry.type >= 30 else 'swap'} {pte.entry.offset}"
