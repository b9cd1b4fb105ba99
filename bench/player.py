# SPDX-License-Identifier: GPL-2.0-only
"""How long does it take to see a step in the player?"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

import kmm
from bench.browser import chromium, lacking, visit
from bench.figures import Answer, number, seconds
from bench.lab import JupyterLab, Notebook
from bench.worlds import migrate_pages
from kmm.show.payload import compact
from kmm.sim import Trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Clicks of each kind, in blocks that take turns; the first of each block warms up.
BLOCKS, CLICKS = 10, 11
#: How often each is shown anew; the first time warms up.
SHOWN = 6
MEDIAN_MOST, P95_MOST, FIRST_MOST, BYTES_MOST = 0.030, 0.045, 0.300, 600_000

#: What is stepped through: how this process and the kernel make it.
TRACES = {
    "fallback-buffers-released": "kmm.load('fallback-buffers-released').run().trace",
    "migrate_pages, 145 pages": "migrate_pages(145).run(record=True).trace",
}
#: How each of the two is shown, its button, and what can be seen when it has drawn.
SIDES = {
    "player": ("trace.play()", "button[aria-label=Forward]", "svg text"),
    "peer": ("stepper(trace)", "button:has-text('Forward')", "img"),
}


@dataclass
class Side:
    """One of the two in a notebook of its own, and what was measured of it, in seconds."""

    notebook: Notebook
    button: str
    drawn: str
    clicks: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.notebook.page

    def show(self) -> None:
        """Run the cell; from there to after the paint."""
        self.page.evaluate(_SHOWN, self.drawn)
        self.notebook.begin(1)
        self.first.append(self.page.evaluate("window.shown") / 1000)

    def click(self) -> None:
        """Real clicks on Forward, each from its event to after the paint of what it leads to."""
        button = self.notebook.output(1).locator(self.button)
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box is not None
        self.page.evaluate(_CLICKED)
        taken = []
        for n in range(1, CLICKS + 1):
            self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            self.page.wait_for_function("n => window.clicks.length === n", arg=n)
            taken.append(self.page.evaluate("window.clicks.at(-1)") / 1000)
        self.clicks += taken[1:]


# After the next paint: a frame begins with its callbacks, and ends with the paint; what is posted
# in a callback is delivered after it.
_PAINTED = """
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  }));
"""

_SHOWN = f"""(drawn) => {{ {_PAINTED}
  const output = document.querySelectorAll(".jp-Cell")[1].querySelector(".jp-Cell-outputWrapper");
  const before = output.querySelector(drawn);
  const begin = performance.now();
  window.shown = new Promise((done) => {{
    const watch = new MutationObserver(async () => {{
      const now = output.querySelector(drawn);
      if (!now || now === before || !now.isConnected) return;
      watch.disconnect();
      await now.decode?.();
      done(await painted() - begin);
    }});
    watch.observe(output, {{ childList: true, subtree: true }});
  }});
}}"""

_CLICKED = f"""() => {{ {_PAINTED}
  const output = document.querySelectorAll(".jp-Cell")[1].querySelector(".jp-Cell-outputWrapper");
  const drawnAnew = () => new Promise((done) => {{
    const before = output.querySelector("img");
    const watch = new MutationObserver(async () => {{
      const now = output.querySelector("img");
      if (!now || now === before) return;
      watch.disconnect();
      await now.decode();
      done();
    }});
    watch.observe(output, {{ childList: true, subtree: true }});
  }});
  window.clicks = [];
  if (window.measure) removeEventListener("click", window.measure, true);
  window.measure = async (event) => {{
    // The player has drawn when the event is over; the peer, when its picture has come.
    if (!output.querySelector(".kmm")) await drawnAnew();
    window.clicks.push(await painted() - event.timeStamp);
  }};
  addEventListener("click", window.measure, true);
}}"""


def ask() -> Answer:
    """Click, look, weigh."""
    answer = Answer(
        "How long does it take to see a step in the player?",
        "Times on the wall, in JupyterLab in a real Chromium. A step: "
        f"{BLOCKS * (CLICKS - 1)} real clicks on Forward in blocks that take turns, each from its "
        "event to after the paint of what it leads to, the frame of 60 Hz included. First paint: "
        "from running the cell that shows the player, whose payload is made before, to after the "
        f"paint; {SHOWN - 1} times in turns. The peer is `bench/peer_matplotlib.py`: the same "
        "trace, with ipywidgets and an Output that matplotlib draws into.",
    )
    if lack := lacking("jupyterlab", "anywidget", "matplotlib", "ipywidgets"):
        answer.how = f"Not measured. {lack}"
        return answer
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        JupyterLab(Path(folder, "jupyter")) as server,
    ):
        for name, source in TRACES.items():
            trace = eval(source, {"kmm": kmm, "migrate_pages": migrate_pages})
            what = f"{name}, {len(trace):,} steps"
            sides = {side: _open(server, browser, source, side) for side in SIDES}
            _in_turns(SHOWN, sides, Side.show)
            _in_turns(BLOCKS, sides, Side.click)
            _tell(answer, what, sides["player"], sides["peer"])
            _weigh(answer, what, trace, sides["peer"])
            for side in sides.values():
                side.page.context.close()
    return answer


def _open(server: JupyterLab, browser: Browser, source: str, name: str) -> Side:
    shown, button, drawn = SIDES[name]
    first = (
        "import kmm",
        "from bench.peer_matplotlib import stepper",
        "from bench.worlds import migrate_pages",
        f"trace = {source}",
        "_ = trace.play()",
    )
    page, _ = visit(browser)
    notebook = server.open(page, ["\n".join(first), shown])
    notebook.run(0)
    return Side(notebook, button, drawn)


def _in_turns(turns: int, sides: dict[str, Side], action: Callable[[Side], None]) -> None:
    for turn in range(turns):
        for side in reversed(sides.values()) if turn % 2 else sides.values():
            # The page in front is drawn as people see it.
            side.page.bring_to_front()
            action(side)


def _p95(samples: list[float]) -> float:
    return quantiles(samples, n=20, method="inclusive")[-1]


def _tell(answer: Answer, what: str, player: Side, peer: Side) -> None:
    middle, worse = median(player.clicks), _p95(player.clicks)
    answer.add(
        f"{what}: click to paint",
        f"{seconds(middle)}, p95 {seconds(worse)}, n = {len(player.clicks)}",
        f"the peer: {seconds(median(peer.clicks))}, p95 {seconds(_p95(peer.clicks))}, "
        f"n = {len(peer.clicks)}",
        f"median under {seconds(MEDIAN_MOST)}, p95 under {seconds(P95_MOST)}",
        middle < MEDIAN_MOST and worse < P95_MOST,
    )
    first = median(player.first[1:])
    answer.add(
        f"{what}: first paint",
        f"{seconds(first)} ({seconds(min(player.first))})",
        f"the peer: {seconds(median(peer.first[1:]))} ({seconds(min(peer.first))})",
        f"under {seconds(FIRST_MOST)}",
        first < FIRST_MOST,
    )


def _weigh(answer: Answer, what: str, trace: Trace, peer: Side) -> None:
    begin = time.perf_counter()
    text = compact(trace).encode()
    took = time.perf_counter() - begin
    packed = len(gzip.compress(text))
    picture = peer.notebook.output(1).locator("img").evaluate("e => e.src.length")
    answer.add(
        f"{what}: sent, once, gzipped",
        f"{number(packed / 1000)} kB ({number(len(text) / 1000)} kB as it is), "
        f"made in {seconds(took)}",
        f"the peer: {number(picture / 1000)} kB for each step that is looked at",
        f"under {number(BYTES_MOST / 1000)} kB",
        packed < BYTES_MOST,
    )
