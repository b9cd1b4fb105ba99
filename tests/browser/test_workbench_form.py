# SPDX-License-Identifier: GPL-2.0-only
"""The workbench in a real JupyterLab: chosen, run and looked at as a person does."""

from __future__ import annotations

import pytest
from handle import violations
from playwright.sync_api import expect
from stage import Stage


@pytest.mark.parametrize("stage", ["short"], indirect=True)
def test_what_is_chosen_is_run_in_jupyterlab(stage: Stage) -> None:
    notebook, page = stage.notebook, stage.notebook.page
    shown = notebook.run(stage.WORKBENCH)
    assert shown.locator(".widget-vbox").evaluate_all(
        "boxes => boxes.every((box) => box.scrollWidth <= box.clientWidth)"
    )
    shown.get_by_label("The page is").select_option("of a file")
    shown.get_by_label("What goes wrong").select_option("somebody holds a reference")
    shown.get_by_label("For attempts").fill("2")
    shown.get_by_label("For attempts").press("Tab")
    expect(shown.locator("pre")).to_contain_text('"unpin", attempt=2')
    shown.get_by_role("button", name="Run").press("Enter")
    expect(shown.get_by_role("status")).to_contain_text("moved. It was tried 3 times")
    expect(shown.locator(".kmm")).to_be_visible()
    shown.locator(".kmm").get_by_role("button", name="Forward", exact=True).click()
    expect(shown.locator(".kmm").get_by_label("Step number")).to_have_value("1")
    for theme in ("Dark", "Light"):
        notebook.theme(theme)
        shown.first.evaluate("output => { output.id = 'workbench' }")
        assert violations(page, "#workbench") == []
    notebook.clear(stage.WORKBENCH)
