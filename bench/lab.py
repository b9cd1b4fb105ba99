# SPDX-License-Identifier: GPL-2.0-only
"""A real JupyterLab: a server of its own, and one notebook of it in a browser.

    with JupyterLab(folder) as server:
        notebook = server.open(page, ["import kmm", "kmm.load('anon-simple').run().trace"])
        notebook.run(1)                  the second cell, as a person runs it
        notebook.ask("print(1 + 1)")     "2": said to the kernel beside the notebook

The server has settings, a home and workspaces of its own in `folder`, asks the network for nothing,
and is gone when the block is, with its kernels.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bench.clock import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: Seconds that a server may take until it answers.
PATIENCE = 60

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


class JupyterLab:
    """A server that serves the notebooks of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.token = secrets.token_hex(16)
        self.log = folder / "server.log"
        self._opened = 0

    def __enter__(self) -> Self:
        self.notebooks.mkdir(parents=True)
        self._settle()
        self.port = _free_port()
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdout=log, stderr=log,
                stdin=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def open(self, page: Page, cells: Sequence[str]) -> Notebook:
        """A new notebook with these cells in the page, its kernel ready and nothing run yet."""
        return self._open(page, json.dumps(_document(cells)))

    def open_copy(self, page: Page, path: Path) -> Notebook:
        """A copy of a notebook in the page, as `open` does it."""
        return self._open(page, path.read_text(encoding="utf-8"))

    def address(self, kind: str, cells: Sequence[str]) -> str:
        """Where a new notebook with these cells is: in "notebooks", Notebook 7 shows it."""
        return self._place(kind, json.dumps(_document(cells)))

    def _place(self, kind: str, document: str) -> str:
        self._opened += 1
        name = f"notebook-{self._opened}.ipynb"
        (self.notebooks / name).write_text(document, encoding="utf-8")
        return f"http://127.0.0.1:{self.port}/{kind}/{name}?token={self.token}&reset"

    def _open(self, page: Page, document: str) -> Notebook:
        page.goto(self._place("doc/tree", document))
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")
        page.evaluate(_READY)
        return Notebook(page)

    def close(self, notebook: Notebook) -> None:
        """Leave the notebook's page, and end its kernel."""
        kernel = notebook.page.evaluate(f"() => {_KERNEL}.id")
        notebook.page.context.close()
        address = f"http://127.0.0.1:{self.port}/api/kernels/{kernel}?token={self.token}"
        urllib.request.urlopen(urllib.request.Request(address, method="DELETE"))

    def _settle(self) -> None:
        for name, settings in SETTINGS.items():
            path = self.folder / "settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings), encoding="utf-8")

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-c", _SERVE),
            *("--no-browser", "--allow-root", "--ip=127.0.0.1"),
            *(f"--port={self.port}", "--ServerApp.port_retries=0"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.notebooks}",
            "--LabApp.expose_app_in_browser=True",
            *("--LabApp.extension_manager=readonly", "--LabApp.news_url="),
        ]

    def _environment(self) -> dict[str, str]:
        places = {
            name: str(self.folder / place)
            for name, place in {
                "HOME": "home",
                "JUPYTER_CONFIG_DIR": "config",
                "JUPYTERLAB_SETTINGS_DIR": "settings",
                "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            }.items()
        }
        # The kernel finds the kmm that is looked at, installed or not.
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, **places, "PYTHONPATH": os.pathsep.join(paths)}

    def _wait(self) -> None:
        """Until the server answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api?token={self.token}")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab does not start:\n{self.log.read_text(errors='replace')}")

    def _end(self) -> None:
        """Close what the server reads; it ends its kernels, and itself."""
        self._process.communicate()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Notebook:
    """An open notebook, in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def begin(self, cell: int) -> None:
        """Run a cell, without waiting for its end."""
        self.page.evaluate(_BEGIN, cell)

    def run(self, cell: int) -> Locator:
        """Run a cell; its output when it has ended."""
        self.begin(cell)
        self.until_ended(cell)
        return self.output(cell)

    def until_ended(self, cell: int) -> None:
        """Wait for the end of a cell that was begun."""
        self.page.wait_for_function(_ENDED, arg=cell)

    def run_all(self) -> list[str]:
        """Run all cells, as its menu does; the errors that they show."""
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function(_ALL_ENDED, timeout=1000 * 2 * PATIENCE)
        found: list[str] = self.page.evaluate(_ERRORS)
        return found

    def output(self, cell: int) -> Locator:
        """What a cell has shown."""
        return self.page.locator(".jp-Cell").nth(cell).locator(".jp-OutputArea-output")

    def ask(self, code: str) -> str:
        """What the kernel prints for the code, which is no cell of the notebook."""
        said: str = self.page.evaluate(_ASK, code)
        return said.strip()

    def until_it_says(self, code: str, expected: str) -> None:
        """Wait until the kernel prints this for the code."""
        end = time.monotonic() + PATIENCE
        while (said := self.ask(code)) != expected:
            if time.monotonic() > end:
                raise AssertionError(f"{code} says {said!r}, not {expected!r}")

    def clear(self, cell: int) -> None:
        """Take away what a cell has shown."""
        self.page.evaluate(f"cell => {_CELLS}[cell].model.outputs.clear()", cell)

    def cells(self) -> list[str]:
        """The texts of the cells."""
        found: list[str] = self.page.evaluate(f"{_CELLS}.map((c) => c.model.sharedModel.source)")
        return found

    def theme(self, name: str) -> None:
        """ "Light" or "Dark"."""
        self.page.evaluate(
            "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            f"JupyterLab {name}",
        )
        light = json.dumps(str(name == "Light").lower())
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === {light}")


# A server that lives as long as somebody holds the other end of what it reads: it ends in any case
# with the process that has started it, however that one ends.
_SERVE = """
import os, signal, sys, threading
from jupyterlab.labapp import main

def wait():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=wait, daemon=True).start()
sys.exit(main())
"""

_CONTEXT = "jupyterapp.shell.currentWidget.context.sessionContext"
_KERNEL = f"{_CONTEXT}.session.kernel"
_CELLS = "jupyterapp.shell.currentWidget.content.widgets"

# The dot in the corner says idle before there is a session, and what is run then is lost.
_READY = f"""async () => {{
  await {_CONTEXT}.ready;
  const {{ kernel }} = {_CONTEXT}.session;
  await kernel.info;
  if (kernel.connectionStatus === "connected") return;
  await new Promise((done) => kernel.connectionStatusChanged.connect((_, status) => {{
    if (status === "connected") done();
  }}));
}}"""

# To await the command could be to wait for ever.
_BEGIN = f"""(cell) => {{
  const {{ content }} = jupyterapp.shell.currentWidget;
  content.deselectAll();
  content.activeCellIndex = cell;
  {_CELLS}[cell].model.executionState = "running";
  void jupyterapp.commands.execute("notebook:run-cell");
}}"""

_ENDED = f"(cell) => {_CELLS}[cell].model.executionState === 'idle'"

_CODE = f"{_CELLS}.filter((c) => c.model.type === 'code')"

_RUN_ALL = "() => { void jupyterapp.commands.execute('notebook:run-all-cells'); }"

_ERRORS = f"""() => {_CODE}.flatMap((c) => c.model.outputs.toJSON())
  .filter((o) => o.output_type === "error" || o.name === "stderr")
  .map((o) => o.output_type === "error" ? `${{o.ename}}: ${{o.evalue}}` : String(o.text))"""

# A cell that fails ends the run of those behind it.
_ALL_ENDED = f"""() => ({_ERRORS})().length ||
  {_CODE}.every((c) => c.model.executionCount !== null && c.model.executionState === "idle")"""

_ASK = f"""async (code) => {{
  let said = "";
  const future = {_KERNEL}.requestExecute({{ code }});
  future.onIOPub = ({{ header, content }}) => {{
    if (header.msg_type === "stream") said += content.text;
    if (header.msg_type === "error") said += `${{content.ename}}: ${{content.evalue}}`;
  }};
  await future.done;
  return said;
}}"""


def _document(cells: Sequence[str]) -> dict[str, object]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{n}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for n, source in enumerate(cells)
        ],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
