# SPDX-License-Identifier: GPL-2.0-only
"""Situations: worlds, what is done in them, and what became of it.

world       World: a lecturer's way to build a machine
check       JSON -> Spec, or one clear sentence
build       Spec -> World
scenario    Scenario and load
run, final, projection
            Run and its result
others      what other CPUs do meanwhile (events), and that every wait ends
library     the named scenarios, sorted by what they teach
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kmm.scenario.run import Run
from kmm.scenario.world import World

if TYPE_CHECKING:
    from kmm.scenario import library
    from kmm.scenario.check import ScenarioError
    from kmm.scenario.scenario import Scenario, load

#: What only scenarios as JSON need; the module is imported when asked.
_LATER = {"Scenario": "scenario", "ScenarioError": "check", "load": "scenario"}


def __getattr__(name: str) -> Any:
    if name == "library":
        return import_module("kmm.scenario.library")
    if name in _LATER:
        return getattr(import_module(f"kmm.scenario.{_LATER[name]}"), name)
    raise AttributeError(f"kmm.scenario has no {name!r}")


__all__ = ["Run", "Scenario", "ScenarioError", "World", "library", "load"]
