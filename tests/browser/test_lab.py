# SPDX-License-Identifier: GPL-2.0-only
"""The player in a notebook, together with its kernel, its themes and its neighbours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from handle import Player, violations
from playwright.sync_api import expect
from stage import Stage

from bench.lab import JupyterLab


@pytest.fixture
def gate(server: JupyterLab, stage: Stage) -> Path:
    """A cell of the notebook reads this pipe, and waits until somebody writes."""
    path = server.notebooks / "gate"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def test_stepping_goes_on_while_the_kernel_works(stage: Stage, player: Player, gate: Path) -> None:
    notebook, start = stage.notebook, stage.starts[0]
    notebook.begin(stage.WAITING)
    said = notebook.output(stage.WAITING)
    expect(said).to_have_text("waiting")
    try:
        player.focus()
        for _ in range(30):
            player.press("ArrowRight")
        player.stands(start + 30)
        player.button("Back").click()
        player.stands(start + 29)
        expect(said).to_have_text("waiting")
    finally:
        gate.write_text("go on")
    expect(said.last).to_contain_text("go on")
    notebook.until_it_says("print(player.step)", str(start + 29))


def test_python_hears_of_the_step_and_the_selection(stage: Stage, player: Player) -> None:
    player.press("ArrowRight")
    player.selected.select_option(stage.page)
    there = f"{stage.starts[0] + 1} {stage.page}"
    stage.notebook.until_it_says("print(player.step, player.selection)", there)
    player.focus()
    player.press("6")
    stage.notebook.until_it_says("print(player.folds)", "{'timeline': True}")
    player.press("6")
    stage.notebook.until_it_says("print(player.folds)", "{'timeline': False}")


def test_the_player_hears_of_python(stage: Stage, player: Player) -> None:
    there = f"{stage.starts[0]} {stage.page}._count"
    stage.notebook.until_it_says("print(player.step, player.selection)", there)
    stage.notebook.ask(f"player.step = 7; player.selection = '{stage.page}.mapping'")
    player.stands(7)
    expect(player.selected).to_have_value(f"{stage.page}.mapping")
    stage.notebook.ask("player.step = -1")
    player.stands(len(stage.trace) - 1)
    stage.notebook.ask("player.folds = {'picture': True}")
    expect(player.root.locator(".picture")).to_be_hidden()
    stage.notebook.ask("player.folds = {}")
    expect(player.root.locator(".picture")).to_be_visible()


def test_a_second_view_is_a_player_too(stage: Stage, player: Player) -> None:
    """Shown twice, it stands at the same step in both places, and in Python."""
    stage.notebook.until_it_says("print(player.step)", str(stage.starts[0]))
    again = Player(stage.notebook.run(stage.AGAIN).locator(".kmm"))
    again.stands(stage.starts[0])
    again.button("Forward").click()
    player.stands(stage.starts[0] + 1)
    stage.notebook.clear(stage.AGAIN)
    expect(again.root).to_have_count(0)
    player.button("Forward").click()
    player.stands(stage.starts[0] + 2)


def test_the_keys_of_the_notebook_do_nothing_while_the_player_has_the_focus(
    stage: Stage, player: Player
) -> None:
    """Left alone, `b` would add a cell, `x` cut one, `s` save, and Enter begin to write."""
    cells = stage.notebook.cells()
    player.focus()
    for key in ("b", "b", "a", "a", "x", "d", "d", "Enter", "Shift+Enter"):
        player.press(key)
    player.number.press("Enter")
    player.button("watch").press("Enter")
    player.button("watch").press("Enter")
    assert stage.notebook.cells() == cells
    assert player.holds_the_focus()


@pytest.mark.parametrize("stage", ["short"], indirect=True)
def test_two_traces_step_together_in_jupyterlab_too(stage: Stage) -> None:
    root = stage.notebook.run(stage.BESIDE).locator(".comparison")
    number = root.get_by_label("Number of the pair")
    expect(number).to_have_value("0")
    root.get_by_role("group", name="Stepping").get_by_role("button", name="Forward").click()
    expect(number).to_have_value("1")
    stage.notebook.until_it_says("print(sides.pair)", "1")
    root.focus()
    stage.notebook.page.keyboard.press("End")
    last = number.get_attribute("max")
    expect(number).to_have_value(str(last))
    stage.notebook.until_it_says("print(sides.pair)", str(last))
    stage.notebook.ask("sides.pair = 3")
    expect(number).to_have_value("3")
    alone = "next(n for n, pair in enumerate(sides._comparison.pairs) if None in pair)"
    stage.notebook.ask(f"sides.pair = {alone}")
    waits = root.locator(".side.waits .picture text")
    assert waits.first.evaluate("text => getComputedStyle(text).stroke") == "none"
    for theme in ("Dark", "Light"):
        stage.notebook.theme(theme)
        expect(root).to_have_attribute("data-theme", theme.lower())
        root.evaluate("root => { root.id = 'compared' }")
        assert violations(stage.notebook.page, "#compared") == []
    stage.notebook.clear(stage.BESIDE)
    expect(root).to_have_count(0)


def test_what_others_call_a_panel_is_none_of_the_players(stage: Stage, player: Player) -> None:
    """Bootstrap, which nbgrader brings to JupyterLab, has a panel too."""
    theirs = ".panel{margin-bottom:20px;border:4px solid;border-radius:4px;box-shadow:0 1px 1px}"
    stage.notebook.page.add_style_tag(content=theirs)
    for panel in player.root.locator(".panel").all():
        looks = panel.evaluate(
            "p => { const s = getComputedStyle(p);"
            " return [s.margin, s.borderTopWidth, s.borderRadius, s.boxShadow]; }"
        )
        assert looks == ["0px", "0px", "0px", "none"]


@pytest.mark.parametrize("stage", ["short"], indirect=True)
def test_in_large_letters_the_sentence_is_in_view_with_the_controls(stage: Stage) -> None:
    """As `kmm lab --present` has them, on a projector of 1920 by 1080."""
    page = stage.notebook.page
    before = page.viewport_size
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.add_style_tag(content=":root{--jp-content-font-size1:21px}")
    shown = stage.notebook.run(stage.AGAIN).locator(".kmm")
    top, bottom = (
        shown.locator(part).evaluate(f"e => e.getBoundingClientRect().{side}")
        for part, side in ((".controls", "top"), (".sentence .what", "bottom"))
    )
    # What JupyterLab has above and below the notebook takes 130 pixels.
    assert 500 < bottom - top < 1080 - 130
    stage.notebook.clear(stage.AGAIN)
    page.evaluate("() => document.head.lastElementChild.remove()")
    page.set_viewport_size(before)


def test_the_player_follows_the_theme(stage: Stage, player: Player) -> None:
    for theme in ("Dark", "Light"):
        stage.notebook.theme(theme)
        expect(player.root).to_have_attribute("data-theme", theme.lower())
