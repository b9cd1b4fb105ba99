# SPDX-License-Identifier: GPL-2.0-only
"""A player in a page, used as a person uses it: by mouse and by keyboard, seen from outside."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

#: What of a player is neither its step nor its selection.
_SETTINGS = """root => JSON.stringify([
  ...[...root.querySelectorAll(".controls select:not(.selected)")].map((e) => e.value),
  root.querySelector("input[type=search]").value,
  Boolean(root.querySelector("button[aria-label=Pause]")),
  [...root.querySelectorAll(".fold[aria-expanded=false]")].map((e) => e.textContent),
  [...root.querySelectorAll(".stops .chip")].map((e) => e.textContent),
  [...root.querySelectorAll(".timeline .label")].map((e) => e.textContent).sort(),
  root.querySelector("dialog").open,
])"""

_PUT = """(root, [step, select]) => {
  const changed = (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  changed(root.querySelector("input.step"), step);
  changed(root.querySelector(".controls select.selected"), select);
  root.focus();
}"""

CONTROLS = "button, input, select, textarea, a, summary"

#: The name of each of them as it is read out; of links, which are many, what they are for.
_NAMES = """all => all.map((e) => e.getAttribute("aria-label")
  ?? e.labels?.[0]?.querySelector("span")?.textContent ?? (e.title || e.textContent))"""

#: What shows the hand and is no button: the outermost of what is clicked, by its mark.
_HANDS = """root => [...new Set([...root.querySelectorAll("*")].filter((e) =>
    getComputedStyle(e).cursor === "pointer" && !e.closest("button, input, select, label, summary")
  ).map((e) => e.closest("[data-select]") ? "[data-select]" : e.closest("svg") ?
    `svg.${e.closest("svg").classList[0]}` : e.tagName))]"""

_FOCUSED = """root => {
  const { activeElement: at } = root.ownerDocument;
  return root.contains(at);
}"""


# The machine may be busy with other tests.
expect.set_options(timeout=20_000)


def violations(page: Page, context: str | None) -> list[str]:
    """What axe-core finds, each with the element that it is about."""
    found = Axe().run(page, context).response["violations"]
    return [f"{v['id']}: {v['help']}: {node['html']}" for v in found for node in v["nodes"]]


class Player:
    """A player: its fields and buttons by their names, and what it shows."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page
        self.number = root.get_by_label("Step number")
        self.slider = root.get_by_role("slider", name="Step")
        self.selected = self.field("selected")
        self.words = root.get_by_role("searchbox")
        self.live = root.locator(".live")
        self.said = root.locator(".said")
        self.dialog = root.locator("dialog")

    def field(self, label: str) -> Locator:
        """The field that has this label beside it."""
        return self.root.locator(f"label:has(> span:text-is('{label}')) select")

    def button(self, name: str) -> Locator:
        """The button that is read out so."""
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, key: str) -> None:
        """A key, wherever the focus is."""
        self.page.keyboard.press(key)

    def focus(self) -> None:
        """The focus on the player itself."""
        self.root.focus()

    def go(self, step: int, select: str | None = None) -> None:
        """Type a step number, choose a selection; the focus is on the player afterwards."""
        self.number.select_text()
        self.page.keyboard.type(str(step))
        self.press("Enter")
        self.stands(step)
        if select:
            self.selected.select_option(select)
        self.focus()

    def put(self, step: int, select: str) -> None:
        """As `go`, but without a key or a click: where a test begins is not what it claims."""
        self.root.evaluate(_PUT, [step, select])
        self.stands(step)

    def stands(self, step: int) -> None:
        """It shows this step, in all the places that say so."""
        expect(self.number).to_have_value(str(step))
        expect(self.slider).to_have_attribute("aria-valuetext", re.compile(f"^step {step} of 0 to"))

    def step(self) -> int:
        """The step that it shows now."""
        return int(self.number.input_value())

    def leaves(self, step: int) -> None:
        """It shows another step than this one."""
        expect(self.number).not_to_have_value(str(step))

    def settings(self) -> str:
        """All of it that is neither its step nor its selection."""
        found: str = self.root.evaluate(_SETTINGS)
        return found

    def names(self) -> list[str]:
        """The names of all buttons and fields, seen or not."""
        found: list[str] = self.root.locator(CONTROLS).evaluate_all(_NAMES)
        return found

    def named(self, pattern: str) -> Locator | None:
        """The first button or field of this name that can be seen."""
        for place, name in enumerate(self.names()):
            if re.fullmatch(pattern, name):
                found = self.root.locator(CONTROLS).nth(place)
                if found.is_visible():
                    return found
        return None

    def hands(self) -> list[str]:
        """What else can be clicked."""
        found: list[str] = self.root.evaluate(_HANDS)
        return found

    def holds_the_focus(self) -> bool:
        """Whether the focus is in it."""
        found: bool = self.root.evaluate(_FOCUSED)
        return found
