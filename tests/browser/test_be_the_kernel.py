# SPDX-License-Identifier: GPL-2.0-only
"""Be the kernel in a real JupyterLab: moves chosen by mouse and by keyboard, and taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from handle import violations
from playwright.sync_api import Browser, Locator, expect

from bench.browser import Heard, visit
from bench.lab import JupyterLab, Notebook

CELLS = ["import kmm", 'k = kmm.kernel("e15.q2")\nk']
SHOWN = 1


@pytest.fixture(scope="module")
def notebook(server: JupyterLab, browser: Browser, heard: dict[str, Heard]) -> Iterator[Notebook]:
    page, heard["be the kernel"] = visit(browser)
    made = server.open(page, CELLS)
    made.run(0)
    yield made
    del heard["be the kernel"]
    server.close(made)


@pytest.fixture
def shown(notebook: Notebook) -> Locator:
    """The widget, as it is before the first move."""
    output = notebook.run(SHOWN)
    expect(said(output)).to_contain_text("Nothing is done yet")
    return output


def said(shown: Locator) -> Locator:
    """What is read out."""
    return shown.get_by_role("status")


def button(shown: Locator, name: str) -> Locator:
    return shown.get_by_role("button", name=name, exact=True)


def picture(shown: Locator) -> str:
    """What is told to whoever does not see the picture."""
    return shown.locator("img").get_attribute("alt") or ""


def sequence(notebook: Notebook) -> str:
    """The moves as Python has them."""
    return notebook.ask("print('; '.join(k.sequence))")


def test_a_move_is_chosen_by_mouse_and_taken_back(notebook: Notebook, shown: Locator) -> None:
    before = picture(shown)
    shown.get_by_label("Next move").select_option("isolate_lru_page p0")
    expect(shown).to_contain_text("isolate_lru_page p0: Takes the page off its LRU list")
    button(shown, "Do it").click()
    expect(said(shown)).to_contain_text("Move 1: isolate_lru_page p0.")
    expect(said(shown)).to_contain_text("p0._count 1 → 2")
    assert said(shown).get_attribute("aria-live") == "polite"
    assert "count 1" in before
    assert "count 2" in picture(shown)
    expect(shown.locator("pre")).to_contain_text('"isolate_lru_page p0",')
    expect(shown.get_by_role("option", name="isolate_lru_page p0")).to_have_count(0)
    assert sequence(notebook) == "isolate_lru_page p0"
    button(shown, "Undo").click()
    expect(said(shown)).to_contain_text("Nothing is done yet")
    assert picture(shown) == before
    assert sequence(notebook) == ""


def test_the_keyboard_does_it_all(notebook: Notebook, shown: Locator) -> None:
    page = notebook.page
    shown.get_by_label("Next move").focus()
    for move in ("isolate_lru_page p0", "alloc_pages_node 0"):
        page.keyboard.press("Home")
        expect(shown).to_contain_text(f"{move}: ")
        page.keyboard.press("Tab")
        expect(button(shown, "Do it")).to_be_focused()
        page.keyboard.press("Enter")
        expect(said(shown)).to_contain_text(f": {move}.")
        expect(button(shown, "Do it")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(shown.get_by_label("Next move")).to_be_focused()
    assert sequence(notebook) == "isolate_lru_page p0; alloc_pages_node 0"
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(said(shown)).to_contain_text("Move 1: isolate_lru_page p0.")
    page.keyboard.press("Enter")
    expect(said(shown)).to_contain_text("Nothing is done yet")
    # There is nothing to take back any more, and whoever pressed the button still stands on it.
    expect(button(shown, "Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(said(shown)).to_contain_text("Nothing is done yet")


def test_without_a_choice_it_says_what_to_do(shown: Locator) -> None:
    button(shown, "Do it").click()
    expect(said(shown)).to_have_text("Choose a move in the list first.")


def test_a_move_that_is_made_in_a_cell_is_shown_too(notebook: Notebook, shown: Locator) -> None:
    notebook.ask('k.do("isolate_lru_page p0"); k.do("trylock_page p0")')
    expect(said(shown)).to_contain_text("Move 2: trylock_page p0.")
    button(shown, "Start again").click()
    expect(said(shown)).to_contain_text("Nothing is done yet")
    assert sequence(notebook) == ""


def test_it_can_be_read_in_light_and_in_dark(notebook: Notebook, shown: Locator) -> None:
    shown.get_by_label("Next move").select_option("page_count p0")
    button(shown, "Do it").click()
    expect(said(shown)).to_contain_text("Nothing changed")
    shown.first.evaluate("output => { output.id = 'be-the-kernel' }")
    for theme in ("Dark", "Light"):
        notebook.theme(theme)
        assert violations(notebook.page, "#be-the-kernel") == []
