# SPDX-License-Identifier: GPL-2.0-only
"""A real browser: Debian's Chromium, driven by Playwright, that talks to nobody but this machine.

    with chromium() as browser:
        page, heard = visit(browser)
        page.goto(...)
        heard.complaints, heard.strangers   what went wrong, and who was asked for something

The tests (tests/browser) and the figures (player.py) both use it, and JupyterLab (lab.py) beside
it.  Playwright is imported when first used: everything else in bench/ does without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kmm.cli.doctor import BROWSER_REMEDY, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

#: The window: a notebook beside its file browser on a common screen.
WINDOW = {"width": 1600, "height": 1000}
#: Milliseconds after which something that was waited for is taken for lost.
PATIENCE = 30_000

OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
#: JupyterLab's own word for a busy machine.
_SLOW = re.compile(r"^Plugin @jupyterlab/\S+ .*\bto activate\b")
_LOCAL = re.compile(r"(?:(?:http|ws)://127\.0\.0\.1(?::\d+)?/|data:|blob:|file:|about:)")


def lacking(*packages: str) -> str | None:
    """What is missing for a real browser, in a sentence; None if nothing is."""
    missing = [name for name in ("playwright", *packages) if find_spec(name) is None]
    if missing:
        return f"A real browser is driven by {' and '.join(missing)}: pip install 'kmm[test]'."
    return None if browser() else f"There is no Chromium here: {BROWSER_REMEDY}."


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=browser(), chromium_sandbox=False, args=list(OPTIONS)
        )
        yield running
        running.close()


@dataclass
class Heard:
    """What a page said and asked for."""

    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget it."""
        self.complaints.clear()
        self.strangers.clear()


def visit(chromium: Browser, **options: Any) -> tuple[Page, Heard]:
    """An empty page of a browser that remembers nothing, and what is heard of it from now on.

    Arguments: `options` of the context, e.g. `color_scheme="dark"`.
    """
    page = chromium.new_context(**{"viewport": WINDOW, **options}).new_page()
    page.set_default_timeout(PATIENCE)
    return page, listen(page)


def listen(page: Page) -> Heard:
    """Errors, warnings, and requests to anybody but this machine."""
    heard = Heard()

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _SLOW.search(message.text):
            heard.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def asked(url: str) -> None:
        if not _LOCAL.match(url):
            heard.strangers.append(url)

    def failed(error: Error) -> None:
        # JupyterLab trips over itself now and then, when the theme changes for one.
        places = re.findall(r"[a-z]+:[^\s()]+:\d+:\d+", error.stack or "")
        if not places or not all("/static/lab/" in place for place in places):
            heard.complaints.append(f"uncaught: {error.stack or error}")

    page.on("console", said)
    page.on("pageerror", failed)
    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    return heard
