// SPDX-License-Identifier: GPL-2.0-only
// Controls: every button and field above the panels.

import { foldable } from "./fold.js";
import { into, nextOf, otherTask, out, over, phaseFrom } from "./moves.js";
import { h, icon, iconButton, write } from "./dom.js";
import { SPEEDS, UNITS } from "./store.js";

const group = (label, ...children) =>
  h("div", { class: "group", role: "group", "aria-label": label }, ...children);

/** Of more pages than these the list has only those that are drawn. */
const LISTED_PAGES = 200;

const labelled = (words, field) => h("label", {}, h("span", { class: "quiet" }, words), field);

const options = (list, words = String) => list.map((item) => h("option", { value: item }, words(item)));

export class Controls {
  constructor(store, course, help) {
    this.store = store;
    const { trace } = store;
    const go = (way) => () => store.go(store.neighbour(way));
    this.playButton = iconButton("play", "Play", "space", () => store.play());
    const end = Math.max(0, trace.all - 1);
    const number = h("input", { type: "number", min: 0, max: end, class: "step",
      "aria-label": "Step number", onchange: () => {
        store.go(Number(number.value));
        number.value = this.k;
      } });
    this.number = number;
    const many = trace.payload.tasks.filter(Boolean).length > 1;
    this.element = h("div", { class: "controls" },
      h("div", { class: "main-row" },
        group("Stepping",
          iconButton("first", "First step", "Home", () => store.go(0)),
          iconButton("back", "Back", "←", go(-1)), this.playButton,
          iconButton("forward", "Forward", "→", go(1)),
          iconButton("last", "Last step", "End", () => store.go(store.last))),
        course.element,
        h("div", { class: "where-we-are" }, h("label", {}, "step ", number),
          h("span", { class: "quiet" }, `of 0 to ${end}`)),
        help),
      h("div", { class: "more-row" }, this.pace(), this.selection(),
        group("Calls",
          h("span", { class: "quiet" }, "call"),
          iconButton("into", "Into the next call", "i", () => store.go(into(trace, this.k))),
          iconButton("over", "Over calls", "o", () => store.go(over(trace, this.k))),
          iconButton("out", "Out of this function", "u", () => store.go(out(trace, this.k)))),
        group("Phases", h("span", { class: "quiet" }, "phase"),
          iconButton("previous", "Previous phase", "[", () => this.phase(-1)),
          iconButton("next", "Next phase", "]", () => this.phase(1))),
        many ? group("Tasks", h("span", { class: "quiet" }, "task"),
          iconButton("next", "Next task switch", "t",
            () => store.go(otherTask(trace, this.k)))) : null,
        this.search()),
      this.stops());
    store.subscribe((state, changed) => this.turn(state, changed));
  }

  get k() {
    return this.store.state.step;
  }

  phase(way) {
    this.store.go(phaseFrom(this.store.trace, this.k, way));
  }

  // What forward, back and play go by, and how fast.
  pace() {
    const { store } = this;
    this.unit = h("select", { onchange: () => store.set({ unit: this.unit.value }) }, ...options(UNITS));
    this.speed = h("select", { onchange: () => store.set({ speed: Number(this.speed.value) }) },
      ...options(SPEEDS, (speed) => `${speed}/s`));
    this.fold = h("select", { class: "fold-calls", onchange: () => store.foldCalls(this.fold.value),
      title: "Each call of the function is one step (f)" }, h("option", { value: "" }, "no calls"),
    ...foldable(store.trace).map(([name, calls]) => h("option", { value: name }, `${name}, ${calls}`)));
    return group("Pace", labelled("go by", this.unit), labelled("speed", this.speed),
      labelled("fold", this.fold));
  }

  selection() {
    const { store } = this;
    const { trace } = store;
    const all = Object.keys(trace.payload.holders.pages);
    const drawn = trace.payload.picture.cards.filter(({ kind }) => kind === "frame");
    const pages = all.length > LISTED_PAGES ? drawn.map(({ key }) => key) : all;
    const words = pages === all ? "Pages" : `Pages: ${pages.length} of ${all.length}, search for others`;
    const rows = trace.payload.picture.cards.flatMap((card) => card.rows.map((row) => row.key))
      .filter((key) => store.knows(key));
    this.select = h("select", { class: "selected", onchange: () => store.select(this.select.value) },
      h("optgroup", { label: words }, ...options(pages)),
      h("optgroup", { label: "Counts" }, ...options(pages.map((page) => `${page}._count`))),
      h("optgroup", { label: "Entries, lists and locks" }, ...options(rows)));
    this.other = h("option", { hidden: true });
    this.select.append(this.other);
    this.watch = h("button", { type: "button", class: "small-button", title: "Play stops when it changes (w)",
      onclick: () => store.toggle("watched", store.state.selection) }, "watch");
    return group("Selection", labelled("selected", this.select),
      iconButton("previous", "Previous change of the selection", "p", () => store.go(store.change(-1))),
      iconButton("next", "Next change of the selection", "n", () => store.go(store.change(1))),
      this.watch);
  }

  search() {
    const { store } = this;
    const { trace } = store;
    const find = (way) => {
      store.set({ words: this.words.value });
      store.select(this.words.value.trim());
      const hit = nextOf(store.hits(), this.k, way);
      store.go(hit ?? store.hits().at(way > 0 ? 0 : -1) ?? null);
    };
    this.words = h("input", {
      type: "search", "aria-label": "Search functions, primitives, objects and sentences",
      placeholder: "search", oninput: () => store.set({ words: this.words.value }),
      onkeydown: (event) => {
        if (event.key === "Enter") find(event.shiftKey ? -1 : 1);
      },
    });
    this.found = h("span", { class: "quiet found" });
    this.countHits = () => {
      const hits = trace.all && store.state.words.trim() ? store.hits() : null;
      const place = hits ? hits.indexOf(this.k) : -1;
      const all = hits?.length ? `${hits.length} steps` : "none";
      write(this.found, hits ? (place < 0 ? all : `${place + 1} of ${hits.length}`) : "");
    };
    return group("Search", this.words,
      iconButton("previous", "Previous match", "Shift+Enter", () => find(-1)),
      iconButton("next", "Next match", "Enter", () => find(1)), this.found);
  }

  // The lines and fields that play stops at, each to be taken away again.
  stops() {
    this.stopList = h("div", { class: "stops", role: "group", "aria-label": "Play stops at" });
    return this.stopList;
  }

  drawStops({ lines, watched }) {
    const { store } = this;
    const chip = (words, remove) => h("span", { class: "chip" }, words,
      iconButton("remove", `No longer stop at ${words}`, "", remove));
    const items = [
      ...[...lines].map((key) => {
        const [code, line] = key.split(":").map(Number);
        const { name } = store.trace.payload.codes[code];
        return chip(`${name}, line ${line}`, () => store.toggleLine(code, line));
      }),
      ...watched.map((name) => chip(`${name} changes`, () => store.toggle("watched", name))),
    ];
    this.stopList.replaceChildren(...(items.length
      ? [h("span", { class: "quiet" }, "Play stops at "), ...items] : []));
  }

  turn(state, changed) {
    if (changed.has("step")) this.number.value = state.step;
    if (changed.has("playing")) {
      const [name, label] = state.playing ? ["pause", "Pause"] : ["play", "Play"];
      this.playButton.replaceChildren(icon(name));
      this.playButton.setAttribute("aria-label", label);
      this.playButton.title = `${label} (space)`;
    }
    if (changed.has("unit")) this.unit.value = state.unit;
    if (changed.has("folded")) this.fold.value = state.folded;
    if (changed.has("speed")) this.speed.value = state.speed;
    if (changed.has("selection")) {
      this.other.value = this.other.textContent = state.selection;
      this.select.value = state.selection;
      if (this.select.selectedIndex < 0) this.other.selected = true;
    }
    if (changed.has("selection") || changed.has("watched")) {
      this.watch.setAttribute("aria-pressed", state.watched.includes(state.selection));
    }
    if (changed.has("lines") || changed.has("watched")) this.drawStops(state);
    if (["words", "step", "answers"].some((name) => changed.has(name))) this.countHits();
  }
}
