# SPDX-License-Identifier: GPL-2.0-only
"""Who uses the keyboard gets everywhere, and away again; who listens is told each step."""

from __future__ import annotations

from handle import CONTROLS, Player
from playwright.sync_api import expect
from stage import Stage

#: What Tab is to stop at: what can be seen, is not switched off, and has no other way.
_STOPS = f"""root => [...root.querySelectorAll("{CONTROLS}, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0)"""

_AT = f"""root => {{
  const at = ({_STOPS})(root).indexOf(document.activeElement);
  return root.contains(document.activeElement) ? at : null;
}}"""


_RING = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}"""


def stops(player: Player, key: str) -> list[int]:
    """The places that the key leads to, until it leads out."""
    found: list[int] = []
    while True:
        player.press(key)
        at = player.root.evaluate(_AT)
        if at is None or len(found) > 500:
            return found
        found.append(at)


def test_tab_leads_through_everything_and_out_again_both_ways(player: Player) -> None:
    all_of_them = list(range(player.root.evaluate(f"root => ({_STOPS})(root).length")))
    player.focus()
    assert stops(player, "Tab") == all_of_them
    player.root.evaluate(f"root => ({_STOPS})(root).at(-1).focus()")
    assert stops(player, "Shift+Tab") == all_of_them[-2::-1]


def test_what_has_the_focus_can_be_seen(player: Player) -> None:
    """A ring is drawn around it, for whoever came there by keyboard."""
    player.focus()
    for _ in range(player.root.evaluate(f"root => ({_STOPS})(root).length")):
        player.press("Tab")
        assert player.page.evaluate(_RING), player.page.evaluate("document.activeElement.outerHTML")


def test_escape_leads_from_a_field_to_the_player_and_from_there_to_the_notebook(
    player: Player,
) -> None:
    for field in (player.number, player.words, player.selected, player.slider):
        field.focus()
        player.press("Escape")
        expect(player.root).to_be_focused()
        player.press("Escape")
        assert not player.holds_the_focus()
        assert player.page.evaluate("Boolean(document.activeElement.closest('.jp-Notebook'))")


def test_the_list_of_the_keys_gives_the_focus_back(player: Player) -> None:
    for opener in (player.button("Keys"), player.root):
        opener.focus()
        player.press("?")
        expect(player.button("Close")).to_be_focused()
        player.press("Escape")
        expect(player.dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_each_step_is_read_out(stage: Stage, player: Player) -> None:
    start = stage.starts[0]
    for key, there in (("ArrowRight", start + 1), ("ArrowLeft", start), ("Home", 0)):
        player.press(key)
        expect(player.live).to_have_text(f"Step {there}. {stage.trace.narrate(there)}")
    assert player.live.get_attribute("aria-live") == "polite"


def test_nothing_is_read_out_while_playing(stage: Stage, player: Player) -> None:
    expect(player.live).not_to_be_empty()
    player.press(" ")
    expect(player.live).to_be_empty()
    player.press(" ")
    expect(player.live).to_contain_text(stage.trace.narrate(player.step()))


def test_what_leads_nowhere_says_so(stage: Stage, player: Player) -> None:
    player.press("End")
    player.press("ArrowRight")
    expect(player.live).to_contain_text("There is no such step in this direction.")
    expect(player.said).to_have_text("There is no such step in this direction.")
