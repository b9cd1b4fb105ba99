# SPDX-License-Identifier: GPL-2.0-only
"""A peer of the player: a trace stepped as notebooks usually do it.

Two buttons and a slider of ipywidgets, and an Output that matplotlib draws into anew at each step.
It draws less than the player does: the counts of all pages as one staircase, below the sentence of
the step.
"""

from __future__ import annotations

from typing import Any

import ipywidgets
import matplotlib.pyplot as plt

from kmm.sim import Trace


def stepper(trace: Trace) -> ipywidgets.Widget:
    """The widget."""
    slider = ipywidgets.IntSlider(max=len(trace) - 1, description="step")
    output = ipywidgets.Output()

    def draw(change: Any = None) -> None:
        with output:
            output.clear_output(wait=True)
            pages = [
                fields for fields in trace.state(slider.value + 1).to_dict().values()
                if "_mapcount" in fields
            ]  # fmt: skip
            _, axes = plt.subplots(figsize=(9, 3))
            axes.stairs([page["_count"] for page in pages])
            axes.set_title(trace.narrate(slider.value), fontsize=9)
            axes.set_ylabel("count")
            plt.show()

    def button(words: str, way: int) -> ipywidgets.Button:
        made = ipywidgets.Button(description=words)
        made.on_click(lambda _: setattr(slider, "value", slider.value + way))
        return made

    slider.observe(draw, "value")
    draw()
    controls = ipywidgets.HBox([button("Back", -1), button("Forward", 1), slider])
    return ipywidgets.VBox([controls, output])
