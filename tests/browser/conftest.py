# SPDX-License-Identifier: GPL-2.0-only
"""One JupyterLab and one Chromium for all tests of this folder, and the players in them.

Where one of the two is missing the tests are skipped, with a sentence; with $CI set they fail, for
then somebody relies on them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import kmm
from bench.browser import Heard, chromium, lacking, visit
from bench.lab import JupyterLab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
LACKING = lacking("axe_playwright_python", "jupyterlab", "anywidget")

if not LACKING:
    from handle import Player
    from stage import Stage


class Lacking(pytest.Module):
    """A file of tests that cannot run here."""

    def collect(self) -> list[pytest.Item]:
        if os.environ.get("CI"):
            pytest.fail(f"{LACKING} With $CI set, these tests must run.", pytrace=False)
        pytest.skip(LACKING or "", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Lacking | None:
    return Lacking.from_parent(parent, path=module_path) if LACKING else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    with JupyterLab(tmp_path_factory.mktemp("jupyter")) as made:
        yield made


@pytest.fixture(scope="session")
def heard() -> dict[str, Heard]:
    """What is heard of the pages, which `nothing_to_complain_of` looks at after each test."""
    return {}


@pytest.fixture(scope="session")
def stages() -> dict[str, Stage]:
    """Those that are open."""
    return {}


@pytest.fixture(params=["short", "long"])
def stage(
    request: pytest.FixtureRequest, stages: dict[str, Stage], server: JupyterLab,
    browser: Browser, heard: dict[str, Heard],
) -> Stage:  # fmt: skip
    """The short trace, then the long one, each in a notebook of its own."""
    name: str = request.param
    if name not in stages:
        page, heard[name] = visit(browser)
        stages[name] = Stage.open(server, page, name)
    return stages[name]


@pytest.fixture
def player(stage: Stage) -> Player:
    return stage.player()


@pytest.fixture
def file(
    browser: Browser, heard: dict[str, Heard], tmp_path: Path
) -> Iterator[Callable[..., Player]]:
    """Opens a scenario's player as a file; `clock` is one that stands still until it is told."""
    pages = []

    def open_(name: str, address: str = "", *, clock: bool = False, **options: Any) -> Player:
        path = tmp_path / f"{name}.html"
        kmm.load(name).run().trace.to_html(path)
        page, heard[name] = visit(browser, **options)
        pages.append(page)
        if clock:
            page.clock.install(time=0)
            page.clock.pause_at(1000)
        page.goto(f"{path.as_uri()}{address}")
        return Player(page.locator(".kmm"))

    yield open_
    for page in pages:
        page.context.close()


@pytest.fixture(autouse=True)
def nothing_to_complain_of(heard: dict[str, Heard]) -> Iterator[None]:
    """No page warns of anything, and none asks anybody but this machine."""
    for one in heard.values():
        one.clear()
    yield
    for name, one in heard.items():
        assert one.strangers == [], f"{name} asks the network"
        assert one.complaints == [], f"{name} complains"
