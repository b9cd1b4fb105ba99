// SPDX-License-Identifier: GPL-2.0-only
// Keys: all of the player by keyboard, and the list of the keys on "?".

import { into, otherTask, out, over } from "./moves.js";
import { h } from "./dom.js";
import { SPEEDS } from "./store.js";

/** What each key does: [keys, words, action(player)]. */
const KEYS = [
  [["ArrowRight", "l"], "→ l", "forward", ({ store }) => store.go(store.neighbour(1))],
  [["ArrowLeft", "h"], "← h", "back", ({ store }) => store.go(store.neighbour(-1))],
  [["Home"], "Home", "first step", ({ store }) => store.go(0)],
  [["End"], "End", "last step", ({ store }) => store.go(store.last)],
  [[" "], "space", "play or pause", ({ store }) => store.play()],
  [["+", "-"], "+ −", "faster, slower", ({ store }, key) => {
    const at = SPEEDS.indexOf(store.state.speed) + (key === "+" ? 1 : -1);
    store.set({ speed: SPEEDS[at] ?? store.state.speed });
  }],
  [["n"], "n", "next change of the selection", ({ store }) => store.go(store.change(1))],
  [["p"], "p", "previous change of the selection", ({ store }) => store.go(store.change(-1))],
  [["i"], "i", "into the next call", ({ store }) => store.go(into(store.trace, store.state.step))],
  [["o"], "o", "over calls", ({ store }) => store.go(over(store.trace, store.state.step))],
  [["u"], "u", "out of this function", ({ store }) => store.go(out(store.trace, store.state.step))],
  [["f"], "f", "fold the calls of this function into one step each, or unfold", ({ store }) => {
    const { trace, state } = store;
    const call = trace.call[state.step];
    const inside = trace.calls.parent[call] !== call;
    store.foldCalls(state.folded || !inside ? "" : trace.site(trace.calls.site[call]).name);
  }],
  [["]"], "]", "next phase", ({ controls }) => controls.phase(1)],
  [["["], "[", "previous phase", ({ controls }) => controls.phase(-1)],
  [["t"], "t", "next task switch",
    ({ store }) => store.go(otherTask(store.trace, store.state.step))],
  [["g"], "g", "type a step number", ({ controls }) => controls.number.select()],
  [["s"], "s", "choose what is selected", ({ controls }) => controls.select.focus()],
  [["/"], "/", "search", ({ controls }) => controls.words.select()],
  [["b"], "b", "stop at this line, or no longer", ({ store }) => {
    const k = store.next ?? store.state.step;
    const { code, line } = store.trace.site(store.trace.payload.site[k]);
    if (code >= 0) store.toggleLine(code, line);
  }],
  [["w"], "w", "watch the selection, or no longer",
    ({ store }) => store.toggle("watched", store.state.selection)],
  [["a"], "a", "add the selection to the timeline, or remove it",
    ({ store, timeline }) => store.toggle("fields", timeline.candidate())],
  [["q"], "q", "the question", ({ ask }) => ask?.enter()],
  [["1", "2", "3", "4", "5", "6"], "1 to 6", "fold or unfold a panel",
    ({ panels }, key) => panels[Number(key) - 1]?.toggle()],
  [["?"], "?", "this list", (player) => player.help()],
];

/** Fields have keys of their own; a button its space bar, a slider its arrows. */
function taken(target, key) {
  if (target.matches("input[type=range]")) {
    return /^(Arrow|Home|End|Page)/.test(key);
  }
  if (target.matches("input, select, textarea")) return true;
  return target.matches("button, summary") && (key === " " || key === "Enter");
}

/** `keys` is a table as KEYS is. */
export function listen(player, table = KEYS) {
  player.root.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Escape") {
      player.escape(target);
      event.stopPropagation();
      return;
    }
    if (taken(target, key)) {
      // JupyterLab would take Enter from a field that waits for it.
      event.stopPropagation();
      return;
    }
    const entry = table.find(([keys]) => keys.includes(key));
    if (!entry || !player.store.trace.all) return;
    entry[3](player, key);
    event.preventDefault();
    event.stopPropagation();
  });
}

/** What has the focus may be drawn anew or taken away: then the player itself has it, and its keys
 *  go on. Returns what is to be done before and after a change. */
export function keepFocus(player) {
  let held = false;
  const inside = () => {
    const at = player.root?.getRootNode().activeElement;
    return Boolean(at && player.root.contains(at) && at.checkVisibility());
  };
  return [
    () => { held = inside(); },
    () => { if (held && !inside()) player.root.focus({ preventScroll: true }); },
  ];
}

/** The list of the keys, as a dialog that takes the focus and gives it back. */
export function keyList(table = KEYS) {
  const rows = table.map(([, keys, words]) => h("tr", {}, h("th", { scope: "row" },
    ...keys.split(" ").map((k) => (k === "to" ? " to " : h("kbd", {}, k)))), h("td", {}, words)));
  rows.push(h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, "Esc")),
    h("td", {}, "back to the player, and from there to the notebook")));
  const dialog = h("dialog", { class: "keys", "aria-label": "Keys" },
    h("table", {}, h("tbody", {}, ...rows)),
    h("button", { type: "button", class: "small-button", onclick: () => dialog.close() }, "Close"));
  return dialog;
}
