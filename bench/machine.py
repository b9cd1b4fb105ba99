# SPDX-License-Identifier: GPL-2.0-only
"""The machine that the figures are from."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path


def described() -> dict[str, str]:
    """What somebody needs to know in order to compare figures with their own."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": _numpy(),
        "load": _load(),
    }


def _cpu() -> str:
    info = _read("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)", info, re.MULTILINE)
    if model is None:
        return platform.processor() or platform.machine()
    family = re.search(r"^cpu family\s*: (.*)", info, re.MULTILINE)
    number = re.search(r"^model\s*: (.*)", info, re.MULTILINE)
    speed = re.search(r"^cpu MHz\s*: (\d+)", info, re.MULTILINE)
    more = [
        f"{word} {found[1]}"
        for word, found in (("family", family), ("model", number), ("MHz", speed))
        if found
    ]
    return f"{model[1]} ({', '.join(more)})"


def _memory() -> str:
    total = re.search(r"MemTotal:\s*(\d+) kB", _read("/proc/meminfo"))
    return f"{int(total[1]) / 2**20:.1f} GiB" if total else "unknown"


def _numpy() -> str:
    try:
        import numpy
    except ImportError:
        return "not installed"
    return str(numpy.__version__)


def _load() -> str:
    """How busy the machine was with other things before the run."""
    return f"{os.getloadavg()[0]:.2f} in the minute before"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
