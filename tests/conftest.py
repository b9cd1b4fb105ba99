# SPDX-License-Identifier: GPL-2.0-only
"""How the tests are shared out among the workers of pytest-xdist, and where attempts are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

#: What the names of the tests in JupyterLab have in them; other pages need no server.
JUPYTERLAB = ("test_controls.py", "test_focus.py", "test_lab.py", "in_jupyterlab")


@pytest.fixture(autouse=True)
def own_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a test checks is no attempt of whoever runs the tests."""
    from kmm.learn import attempts

    file = tmp_path / "kmm" / "attempts.jsonl"
    monkeypatch.setenv(attempts.VARIABLE, str(file))
    monkeypatch.setattr(attempts, "_meanwhile", [])
    return file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each test goes to whoever is free, but those of a trace in JupyterLab to one worker.

    So its notebook is opened once, and the tests use it one after another; they come first.  (Marks
    for `--dist loadgroup` would say the same, but pytest 9.2 does not hear them: pytest-xdist
    issue 1386.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if any(name in nodeid for name in JUPYTERLAB):
                return f"JupyterLab, {'long' if '[long' in nodeid else 'short'} trace"
            return "exported notebook" if "exported_notebook" in nodeid else nodeid

    return Scheduling(config, log)
