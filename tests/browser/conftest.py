# SPDX-License-Identifier: GPL-2.0-only
"""One JupyterLab and one Chromium for all tests of this folder, and the players in them.

Where one of the two is missing the tests are skipped, with a sentence; with $CI set they fail, for
then somebody relies on them.  Those in JupyterLab stay together in one worker of xdist, which
starts it once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import oracle
import pytest

import kmm
from bench.browser import Heard, chromium, lacking, visit
from bench.lab import JupyterLab, Notebook
from bench.worlds import migrate_pages
from kmm.sim import Trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
LACKING = lacking("axe_playwright_python", "jupyterlab", "anywidget")

if not LACKING:
    from handle import Player


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
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("jupyterlab"))


#: Two traces: how the notebook makes each, which is how this process makes it too.
TRACES = {
    "short": "kmm.load('fallback-buffers-released').run().trace",
    "long": "migrate_pages(145).run(record=True).trace",
}


@dataclass
class Stage:
    """A notebook with a player, and the same trace in this process."""

    #: The cells: one shows the player, one waits until it is told to go on, one shows it again.
    SHOWN: ClassVar[int] = 1
    WAITING: ClassVar[int] = 2
    AGAIN: ClassVar[int] = 3

    notebook: Notebook
    trace: Trace
    _player: Player | None = None
    _settings: str = ""

    @cached_property
    def starts(self) -> tuple[int, int]:
        """Two steps from which the moves lead to different places."""
        return oracle.before_a_call(self.trace), oracle.amid_a_function(self.trace)

    @cached_property
    def page(self) -> str:
        """The page that is migrated at the first of them."""
        pages = [phase.page for phase in self.trace.phases() if phase.first <= self.starts[0]]
        return next(filter(None, reversed(pages)))

    def player(self) -> Player:
        """The player as it is at first, at the first start; a new one if somebody changed it."""
        if self._player is None or self._player.settings() != self._settings:
            self._player = Player(self.notebook.run(self.SHOWN).locator(".kmm"))
            self._settings = self._player.settings()
        self._player.go(self.starts[0], f"{self.page}._count")
        return self._player


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
def stages(server: JupyterLab, browser: Browser, heard: dict[str, Heard]) -> dict[str, Stage]:
    return {}


@pytest.fixture(params=TRACES)
def stage(
    request: pytest.FixtureRequest, stages: dict[str, Stage], server: JupyterLab,
    browser: Browser, heard: dict[str, Heard],
) -> Stage:  # fmt: skip
    """The short trace, then the long one, each in a notebook of its own."""
    name: str = request.param
    if name not in stages:
        page, heard[name] = visit(browser)
        cells = [
            "import kmm\nfrom bench.worlds import migrate_pages",
            f"trace = {TRACES[name]}\nplayer = trace.play()\nplayer",
            "print('waiting')\nprint(open('gate').read())",
            "player",
        ]
        notebook = server.open(page, cells)
        notebook.run(0)
        trace = eval(TRACES[name], {"kmm": kmm, "migrate_pages": migrate_pages})
        stages[name] = Stage(notebook, trace)
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
