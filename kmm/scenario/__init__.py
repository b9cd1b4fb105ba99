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

from kmm.scenario import library
from kmm.scenario.check import ScenarioError
from kmm.scenario.run import Run
from kmm.scenario.scenario import Scenario, load
from kmm.scenario.world import World

__all__ = ["Run", "Scenario", "ScenarioError", "World", "library", "load"]
