# SPDX-License-Identifier: GPL-2.0-only
"""The player's JavaScript, run by Node: what it decodes is what Python says."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import kmm
from kmm.scenario import library
from kmm.show.payload import compact
from kmm.sim import Trace
from kmm.sim.slots import key_text

HERE = Path(__file__).parent
JS = HERE.parent / "kmm" / "show" / "js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node (`apt-get install nodejs`)")


def node(*args: str, stdin: str = "") -> str:
    assert NODE is not None
    command = [NODE, *args]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain(value: Any) -> Any:
    """A value as kmm-trace/1 writes it."""
    if hasattr(value, "type") and isinstance(value, str):
        return {"ref": str(value), "type": value.type}
    if isinstance(value, tuple):
        kind = type(value).__name__ if hasattr(value, "_fields") else "tuple"
        return {"value": kind, "parts": [plain(part) for part in value]}
    return value


def digests(trace: Trace) -> list[str]:
    """One digest a state, worked out by Python alone."""
    hex_keys = {entry.name: entry.hex_keys for entry in trace.objects}
    found = []
    for k in range(len(trace) + 1):
        state = [
            [
                name,
                [[key_text(key, hex_keys=hex_keys[name]), plain(v)] for key, v in fields.items()],
            ]
            for name, fields in trace.state(k).to_dict().items()
        ]
        text = json.dumps(state, separators=(",", ":"), ensure_ascii=False)
        found.append(hashlib.sha256(text.encode()).hexdigest()[:16])
    return found


def test_the_player_has_the_state_of_every_step_of_every_scenario() -> None:
    traces = {name: kmm.load(name).run().trace for name in library.names()}
    payloads = "\n".join(map(compact, traces.values()))
    lines = node(str(HERE / "states.mjs"), str(JS / "decode.js"), stdin=payloads).splitlines()
    for (name, trace), line in zip(traces.items(), lines, strict=True):
        assert json.loads(line) == digests(trace), name
