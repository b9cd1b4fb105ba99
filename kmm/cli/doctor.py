# SPDX-License-Identifier: GPL-2.0-only
"""What is installed, what is missing, and the command that mends it.

The status is 0 if kmm can run here, 1 if something that it always needs is missing.  What only
some uses need (JupyterLab, the tests) is named when it is missing, but is no illness.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from kmm import __version__
from kmm.cli.console import BAD, GOOD, QUIET, STRONG, Paper, out

#: What the extras of pyproject.toml are for; "" is what kmm needs always.
USES = {
    "": "running scenarios",
    "lab": "JupyterLab, pictures and plots (kmm lab)",
    "test": "the tests",
    "teach": "writing and handing out exercises (kmm exercises)",
    "bench": "the benchmarks",
    "dev": "working on kmm",
}


#: A real browser, as a command: the tests of the player use the first that is there.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_REMEDY = "apt-get install --no-install-recommends chromium fonts-dejavu-core"


@dataclass(frozen=True, slots=True)
class Need:
    """A package that a use of kmm needs, and the version that is installed."""

    package: str
    versions: str
    use: str
    installed: str | None


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="one JSON document")


def obey(options: argparse.Namespace) -> int:
    found = needs()
    paper = out()
    if options.json:
        paper.line(json.dumps(_document(found), indent=2))
    else:
        _show(found, paper)
    return 1 if missing(found, "") else 0


@cache
def version(package: str) -> str | None:
    """The installed version of a package, None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def browser() -> str | None:
    """The path of a Chromium: what $CHROMIUM names, or the first of BROWSERS; None without one."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))), None)


def needs() -> list[Need]:
    """Every package that kmm's own metadata names."""
    try:
        requirements = metadata.requires("kmm") or []
    except metadata.PackageNotFoundError:
        # kmm runs from its directory: nobody has written down what it needs.
        requirements = []
    found = []
    for requirement in requirements:
        # 'jupyterlab<5,>=4.4; extra == "lab"'
        match = re.match(r"([\w.-]+)([^;]*)(?:;.*extra == ['\"](\w+)['\"])?", requirement)
        if match and match[1] != "kmm":
            package, versions, use = match[1], match[2].strip(), match[3] or ""
            found.append(Need(package, versions, use, version(package)))
    return found


def missing(found: Iterable[Need], use: str) -> list[Need]:
    """What the use lacks."""
    return [need for need in found if need.use == use and need.installed is None]


def remedy(use: str) -> str:
    """The command that installs all that the use needs, ready to paste into a shell."""
    source = Path(__file__).resolve().parents[2]
    extra = f"[{use}]" if use else ""
    if (source / "pyproject.toml").is_file():
        what = ["--editable", f"{source}{extra}"]
    else:
        what = [f"{need.package}{need.versions}" for need in missing(needs(), use)]
    command = [sys.executable, "-m", "pip", "install", *what]
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


def _uses(found: list[Need]) -> dict[str, list[Need]]:
    """The uses, each with the packages that no use before it has named."""
    seen: set[str] = set()
    uses: dict[str, list[Need]] = {}
    for use in dict.fromkeys([*USES, *(need.use for need in found)]):
        some = [need for need in found if need.use == use and need.package not in seen]
        if some:
            uses[use] = some
        seen.update(need.package for need in some)
    return uses


def _document(found: list[Need]) -> dict[str, object]:
    return {
        "kmm": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": [asdict(need) for need in found],
        "browser": browser(),
        "remedies": {
            use or "kmm": remedy(use) for use, some in _uses(found).items() if missing(some, use)
        },
    }


def _show(found: list[Need], paper: Paper) -> None:
    paper.line((f"kmm {__version__}", STRONG))
    paper.line(f"Python {platform.python_version()} on {platform.platform()}")
    width = max((len(need.package) for need in found), default=0)
    for use, some in _uses(found).items():
        paper.line()
        paper.line((f"For {USES.get(use, use)}", STRONG))
        for need in some:
            state = (need.installed, GOOD) if need.installed else ("missing", BAD)
            paper.line(f"  {need.package:{width}}  ", state, (f"  ({need.versions})", QUIET))
        if missing(some, use):
            paper.line("  to install: ", (remedy(use), STRONG))
        if use == "test":
            _show_browser(paper, width)
    if not found:
        paper.line("What it needs is not known before it is installed:")
        paper.line("  ", (remedy("lab"), STRONG))


def _show_browser(paper: Paper, width: int) -> None:
    found = browser()
    paper.line(f"  {'Chromium':{width}}  ", (found, GOOD) if found else ("missing", BAD))
    if not found:
        paper.line("  to install: ", (BROWSER_REMEDY, STRONG))
