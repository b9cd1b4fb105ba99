# SPDX-License-Identifier: GPL-2.0-only
"""Pages that stand alone, in a real Chromium: a player that asks, and an exported notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import kmm
from kmm.sim import Trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01-one-page-moves.ipynb"
QUESTIONS = [kmm.Question(38, "p0._count"), kmm.Question(94, "m0.pte[0x401000]")]

#: Everything that the panels say, and how high the courses of fields run.  A place that is kept for
#: a page to come is no word; how much fits between two steps depends on how many there are.
SAYS = """() => {
  const seen = (e) => e.getBoundingClientRect().width && e.textContent !== "a free frame";
  const words = (e) => [e.textContent, e.getAttribute("title"), e.getAttribute("aria-label")];
  const all = (selector, say) => [selector,
    [...document.querySelectorAll(selector)].filter(seen).map(say)];
  const veil = document.querySelector(".course .veil")?.getBoundingClientRect().x ?? Infinity;
  return [
    ...[".said", ".sentence", ".references", ".locks", ".bug", ".found", ".picture text",
      ".timeline .label"].map((selector) => all(selector, words)),
    all(".phase", (e) => e.title),
    all(".course-line", (e) => e.getAttribute("d").replace(/[MLH][\\d.]+/g, "/")),
    [...document.querySelectorAll(".timeline svg *:not(.veil)")]
      .some((e) => e.getBoundingClientRect().x > veil + 1),
  ];
}"""
#: The step that is asked about is named, and its line of code is shown.
CODE = """() => [".path", ".where", ".line-of-code.now", ".live"].map(
  (selector) => document.querySelector(selector).textContent)"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a network, whose script may not fail."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 1000})
    made, failed = context.new_page(), []
    made.set_default_timeout(10_000)
    made.on("pageerror", lambda error: failed.append(str(error)))
    yield made
    context.close()
    assert failed == []


def opened(page: Page, trace: Trace, path: Path, ask: Any) -> Page:
    trace.to_html(path, ask=ask)
    page.goto(path.as_uri())
    return page


def focus(page: Page) -> str:
    """What a person who types would type into."""
    at = "document.activeElement"
    return str(page.evaluate(f"{at}.textContent || {at}.className"))


def test_all_of_a_question_by_keyboard(page: Page, tmp_path: Path) -> None:
    trace = kmm.load("anon-simple").run().trace
    opened(page, trace, tmp_path / "a.html", QUESTIONS)
    step, verdict = page.locator("input.step"), page.locator(".verdict")
    page.focus(".kmm")
    for _ in range(3):
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
    assert step.input_value() == "37"
    page.keyboard.press("q")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    assert verdict.text_content() == trace.predict("p0._count", 38, "two").verdict
    assert (step.input_value(), focus(page)) == ("37", "answer")
    page.keyboard.type("2")  # in the place of what was no answer
    page.keyboard.press("Tab")
    page.keyboard.type("nobody left")
    page.keyboard.press("Enter")
    told = trace.predict("p0._count", 38, "2", because="nobody left")
    assert verdict.text_content() == told.verdict
    said = page.locator(".ask .why p").all_text_contents()
    assert said == ["Your reason: nobody left", *told.why]
    assert (step.input_value(), focus(page)) == ("38", "Play on")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert (step.input_value(), focus(page)) == ("93", "answer")
    page.get_by_role("button", name="Show me").click()
    assert verdict.text_content() == "m0.pte[0x401000] is n0 w--."
    assert (step.input_value(), focus(page)) == ("94", "Ask me again")
    page.focus(".kmm")
    page.keyboard.press("End")
    assert step.input_value() == str(len(trace) - 1)


def test_answers_stay_in_the_page_and_can_be_saved(page: Page, tmp_path: Path) -> None:
    trace = kmm.load("anon-simple").run().trace
    opened(page, trace, tmp_path / "a.html", QUESTIONS)
    page.locator(".answer").fill("1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/a.html#step=38*")  # the browser has heard of it
    page.reload()
    page.get_by_role("button", name="Answers as text").click()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save").click()
    first, second = json.loads(waited.value.path().read_text(encoding="utf-8"))
    assert first == {
        "step": 38, "field": "p0._count", "given": "1", "value": 1, "right": True, "because": "",
        "attempts": 1, "done": True,
    }  # fmt: skip
    assert (second["done"], second["value"]) == (False, None)
    # The address alone leads to no step that is hidden.
    page.goto(f"{page.url.partition('#')[0]}#step=120")
    assert page.locator("input.step").input_value() == "93"


def test_play_goes_up_to_the_question_and_puts_it(page: Page, tmp_path: Path) -> None:
    trace = kmm.load("anon-simple").run().trace
    opened(page, trace, tmp_path / "a.html", [kmm.Question(5, "p0.PG_lru")])
    page.select_option("select >> nth=1", "32")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("document.querySelector('input.step').value === '4'")
    live = "document.querySelector('.live').textContent"
    page.wait_for_function(f"{live}.includes('Question: Step 5')")
    assert page.locator(".code-panel .where").text_content().startswith("about to run")


def pinned(attempt: int) -> Trace:
    """A page whose pin is dropped before this attempt."""
    world = kmm.World(nodes=2)
    migrated = world.mm().mmap(pages=1).touch(0)
    world.pin(migrated)
    world.meanwhile(migrated, "unpin", attempt=attempt)
    made: Trace = world.migrate_pages([migrated], to_node=1).trace
    return made


def test_two_futures_look_the_same_before_the_question(page: Page, tmp_path: Path) -> None:
    """One present, two futures: no word on any panel differs up to the step that is asked."""
    soon, late = pinned(2), pinned(4)
    parts = next(k for k, (a, b) in enumerate(zip(soon, late, strict=False)) if repr(a) != repr(b))
    said: list[list[Any]] = []
    for trace in (soon, late):
        opened(page, trace, tmp_path / f"{len(said)}.html", [kmm.Question(parts, "p0._count")])
        page.fill("input[type=search]", "put_page")
        words = []
        for k in (0, parts // 2, parts - 2, parts - 1):
            page.locator("input.step").fill(str(k))
            page.keyboard.press("Enter")
            page.wait_for_function(f"document.querySelector('.live').textContent.includes('{k}.')")
            words.append([page.evaluate(SAYS), page.evaluate(CODE) if k < parts - 1 else None])
        assert page.evaluate(SAYS)[-1] is False, "something is drawn behind the question"
        page.get_by_role("button", name="Show me").click()
        said.append([*words, page.evaluate(SAYS)])
    assert said[0][:-1] == said[1][:-1]
    # The oracle can see a difference: behind the question there is one.
    assert said[0][-1] != said[1][-1]


def test_no_link_leads_to_what_is_hidden(page: Page, tmp_path: Path) -> None:
    """Between freezing and setting again: no word yet of the step that does that."""
    trace = kmm.load("file-buffers").run().trace
    opened(page, trace, tmp_path / "a.html", [kmm.Question(53, "f0.page_tree[3]")])
    page.focus(".kmm")
    page.keyboard.press("End")
    references = page.locator(".references")
    assert "frozen" in references.inner_text()
    linked = references.get_by_role("button", name="step").all_text_contents()
    assert {int(text.removeprefix("step ")) for text in linked} == {4, 50}
    page.get_by_role("button", name="Show me").click()
    assert "set again in step 54" in references.inner_text()


def test_what_stops_the_kernel_is_told_when_it_may_be_seen(page: Page, tmp_path: Path) -> None:
    traces = (kmm.load(name).run().trace for name in kmm.library.names())
    trace = next(trace for trace in traces if trace.bug and trace.pivotal(1))
    opened(page, trace, tmp_path / "a.html", 1)
    assert trace.bug not in page.locator(".kmm").inner_text()
    page.get_by_role("button", name="Show me").click()
    assert trace.bug in page.locator(".kmm").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_question_is_accessible(browser: Browser, scheme: Any, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe").Axe()
    made = browser.new_context(color_scheme=scheme).new_page()
    opened(made, kmm.load("anon-simple").run().trace, tmp_path / "a.html", QUESTIONS)
    for act in (
        lambda: made.keyboard.press("End"),
        lambda: (made.locator(".answer").fill("two"), made.keyboard.press("Enter")),
        lambda: (made.locator(".answer").fill("2"), made.keyboard.press("Enter")),
        lambda: made.get_by_role("button", name="Answers as text").click(),
    ):
        act()
        assert axe.run(made).response["violations"] == []
    made.context.close()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first notebook with two players more, written by the command."""
    folder = tmp_path_factory.mktemp("export")
    document = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for number, source in enumerate(["trace", "trace.play(step=-1, ask=2)"]):
        document["cells"].append({
            "cell_type": "code", "id": f"more-{number}", "source": source, "metadata": {},
            "outputs": [], "execution_count": None,
        })  # fmt: skip
    (folder / "a.ipynb").write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "kmm", "export", str(folder / "a.ipynb")]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    return folder / "a.html"


def test_every_player_of_an_exported_notebook_steps_without_a_network(
    page: Page, exported: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(exported.as_uri())
    frames = page.locator("iframe.kmm-frame")
    assert frames.count() >= 2
    for n in range(frames.count()):
        frame = frames.nth(n)
        frame.scroll_into_view_if_needed()
        inside = frame.content_frame
        step = inside.locator("input.step")
        inside.get_by_role("button", name="First step").click()
        before = inside.locator(".sentence .what").text_content()
        inside.get_by_role("button", name="Forward").click()
        assert step.input_value() == "1"
        assert inside.locator(".sentence .what").text_content() != before
        # As high as what it shows, so that nothing scrolls inside.
        high = inside.locator("html").evaluate("e => [e.scrollHeight, innerHeight]")
        assert abs(high[0] - high[1]) <= 4
    assert frames.nth(frames.count() - 1).content_frame.locator(".ask").count() == 1
    strangers = [url for url in asked if not url.startswith(("file:", "data:", "about:", "blob:"))]
    assert strangers == []


def test_an_exported_notebook_is_white_for_all_and_whole_on_paper(
    browser: Browser, exported: Path
) -> None:
    page = browser.new_page(color_scheme="dark", viewport={"width": 720, "height": 1000})
    page.goto(exported.as_uri())
    assert page.evaluate("() => getComputedStyle(document.body).colorScheme") == "light"
    page.emulate_media(media="print")
    too_wide = page.evaluate(
        "() => [...document.querySelectorAll('.kmm-table, .highlight pre')].filter("
        "(e) => e.getBoundingClientRect().right > innerWidth || e.scrollWidth > e.clientWidth + 1)"
        ".map((e) => e.textContent.slice(0, 80))"
    )
    page.close()
    assert too_wide == []


def test_an_exported_notebook_may_not_fetch_anything(page: Page, exported: Path) -> None:
    page.goto(exported.as_uri())
    refused = page.evaluate(
        "() => new Promise((done) => {"
        "  addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        "  document.body.append(Object.assign(new Image(), { src: 'https://example.org/a.png' }));"
        "})"
    )
    assert refused == "img-src"
