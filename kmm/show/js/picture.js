// SPDX-License-Identifier: GPL-2.0-only
// Picture: the state after a step. Every place is fixed for the whole trace (filmstrip.py), so a
// step draws anew only the rows, boxes and lines that are others than before.

import { bisectRight, shown } from "./decode.js";
import { h, s } from "./dom.js";
import { GAP, endingAt, route, sign, text, wrapped } from "./pen.js";

const [AT_END, SEVERAL, BEHIND_LABELS] = [1, 2, 3];
const LINE = 15;
const SIGN = 22;

const marks = (spans) => spans.some(([, look]) => look === "old" || look === "new");

const rect = ([x, y, width, height], look, rx = 5) =>
  s("rect", { x, y, width, height, rx, class: look });

class RowView {
  constructor(card, row, film) {
    Object.assign(this, { card, row, film });
    this.group = s("g", { "data-select": card.kind === "frame" ? card.key : row.key });
  }

  /** What the row says at step k, or after the steps from `first` to k; true if it is to be drawn. */
  turn(k, first) {
    const { states, marked, plain, look } = this.row;
    const place = bisectRight(states, k + 1) - 1;
    const now = states[place] === k + 1 && k >= 0 && first === k;
    const spans = now ? marked[place] : plain[place];
    const before = this.changed;
    this.changed = first === k ? marks(this.film.spans[spans])
      : spans !== plain[bisectRight(states, first) - 1];
    if (before !== this.changed) this.drawn = null;
    const looks = look[place];
    if (spans === this.drawn && looks === this.drawnLook) return false;
    [this.drawn, this.drawnLook] = [spans, looks];
    this.spans = this.film.spans[spans];
    [this.sign, this.target, this.kind] = this.film.looks[looks];
    return true;
  }

  draw() {
    const { card, row, changed } = this;
    const [x, y, w, high] = row.box;
    const made = [];
    const before = row.framed && card.right;
    const base = y + (row.framed ? 16 : 12.5);
    if (row.framed) {
      made.push(rect([x, y + 1.5, w, high - 3], `${changed ? "f-wash s-changed" : "f-row"} thin`, 3));
    } else if (changed && card.kind !== "frame") {
      made.push(rect([x - 4, y, w + 8, high - 1], "f-wash", 3));
    }
    let at = x + (before ? SIGN : row.framed ? 6 : 0);
    const named = card.kind === "frame" && row.label;
    if (row.label) {
      made.push(text(at, base + (named ? 2 : 0), row.label, named ? "name f-ink" : "f-quiet"));
    }
    if (row.way === AT_END) {
      const end = x + w - (row.framed ? (before ? 6 : SIGN) : 0);
      made.push(...endingAt(end, base, this.spans));
    } else if (row.way === SEVERAL || row.way === BEHIND_LABELS) {
      if (row.way === BEHIND_LABELS && card.labels) at += card.labels + 2 * GAP;
      made.push(...wrapped(at, base, this.spans, x + w - at + 0.5, LINE));
    } else {
      made.push(...wrapped(at, base, this.spans, Infinity, LINE));
    }
    made.push(...sign(before ? x + 10 : x + w - 10, y + high / 2, this.sign));
    this.group.replaceChildren(...made);
  }
}

class CardView {
  constructor(trace, card, film) {
    Object.assign(this, { trace, card });
    this.frame = rect(card.box, "");
    this.rows = card.rows.map((row) => new RowView(card, row, film));
    const [x, y, , high] = card.box;
    this.head = s("g", {});
    if (card.kind !== "frame") {
      this.head.append(text(x + 10, y + 16, card.title, "name f-ink"),
        text(x + 10 + card.title.length * 13 * 0.603 + GAP, y + 16, card.note, "sans f-quiet"));
    }
    // What has a title says so below it.
    const [below, words] = card.kind === "frame" ? [Math.min(19, high / 2 + 4), "a free frame"]
      : [34, "not there"];
    this.free = text(x + 10, y + below, words, "sans f-quiet");
    this.group = s("g", { "data-select": card.key }, this.frame, this.head, this.free,
      ...this.rows.map((row) => row.group));
  }

  turn(k, first) {
    const { card, trace } = this;
    for (const row of this.rows) if (row.turn(k, first)) row.draw();
    const at = (slot, state) => slot >= 0 && Boolean(trace.value(slot, state));
    this.there = card.base < 0 || at(card.base, k + 1);
    const born = card.base >= 0 && k >= 0 && this.there && !at(card.base, first);
    this.changed = born || this.rows.some((row) => row.changed);
    const unused = !this.there || at(card.free, k + 1);
    const ground = unused ? "none" : this.changed && card.kind === "frame" ? "f-wash" : "f-card";
    const look = `${ground} ${this.changed ? "s-changed thick" : "s-edge thin"}${unused ? " dots" : ""}`;
    if (look !== this.look) this.frame.setAttribute("class", this.look = look);
    if (this.shows !== this.there) {
      this.shows = this.there;
      this.free.style.display = this.there ? "none" : "";
      for (const row of this.rows) row.group.style.display = this.there ? "" : "none";
    }
  }
}

export class Picture {
  constructor(store) {
    const { trace } = store;
    const film = trace.payload.picture;
    this.trace = trace;
    this.store = store;
    this.cards = film.cards.map((card) => new CardView(trace, card, film));
    this.byKey = new Map(this.cards.map((card) => [card.card.key, card]));
    this.routes = new Map(film.routes.map(([from, to, points]) => [`${from}\n${to}`, points]));
    this.lines = s("g", { class: "lines" });
    this.ring = s("rect", { class: "ring", rx: 7 });
    this.nodes = film.nodes.map((node) => this.node(node));
    this.lineViews = new Map();
    this.svg = s("svg", {
      viewBox: `0 ${film.top} ${film.width} ${film.height - film.top}`, role: "img",
      "aria-label": "", style: `--wide:${film.width}px`,
      onclick: (event) => {
        const hit = event.target.closest("[data-select]");
        if (hit) store.select(hit.getAttribute("data-select"));
      },
    }, ...film.heads.map(([name, x, y]) => text(x, y, name, "sans bold f-quiet")),
    ...this.nodes.map((node) => node.group), ...this.cards.map((card) => card.group),
    this.lines, this.ring, ...film.legend.flatMap(legend));
    this.element = h("div", { class: "picture", tabindex: "0", role: "group",
      "aria-label": "Picture, to be scrolled" }, this.svg);
    store.subscribe((state, changed) => {
      if (changed.has("step") || changed.has("folded")) this.turn(state.step);
      if (changed.has("step") || changed.has("selection")) this.choose(state.selection);
    });
  }

  node({ name, box, free }) {
    const [x, y, w] = box;
    const count = s("g", {});
    const words = "frames free";
    const group = s("g", {}, rect(box, "none thin dots s-edge"),
      text(x + 10, y + 17, name, "sans bold f-quiet"),
      s("text", { x: x + w - 10, y: y + 17, class: "sans f-quiet", "text-anchor": "end" }, words),
      count);
    return { group, count, free, end: x + w - 10 - words.length * 6.6, y: y + 17 };
  }

  turn(k) {
    const [first] = this.store.unit(k);
    for (const node of this.nodes) {
      const [was, now] = [this.trace.value(node.free, Math.max(first, 0)),
        this.trace.value(node.free, k + 1)].map(shown);
      const spans = was === now ? [[now, "plain"]] : [[was, "old"], [now, "new"]];
      node.count.replaceChildren(...endingAt(node.end - GAP, node.y, spans));
    }
    for (const card of this.cards) card.turn(k, first);
    for (const card of this.cards) for (const row of card.rows) this.line(card, row);
    this.svg.setAttribute("aria-label", this.words(k));
    this.reveal();
  }

  line(card, row) {
    const there = card.there && row.target && (this.byKey.get(row.target)?.there ?? true);
    const points = there ? this.routes.get(`${row.row.key}\n${row.target}`) : undefined;
    const key = points ? `${row.target} ${row.kind} ${row.changed}` : "";
    const view = this.lineViews.get(row);
    if ((view?.key ?? "") === key) return;
    view?.group.remove();
    if (!key) this.lineViews.delete(row);
    else {
      const group = s("g", {}, ...route(points, row.kind, row.changed ? "thicker" : ""));
      this.lines.append(group);
      this.lineViews.set(row, { key, group });
    }
  }

  words(k) {
    const changes = this.cards.filter((card) => card.changed).map((card) => card.card.key);
    const what = changes.length ? `changed: ${changes.join(", ")}` : "nothing drawn has changed";
    return `The state ${k < 0 ? "at the start" : `after step ${k}`}; ${what}`;
  }

  // The selected box or row.
  choose(name) {
    const owner = this.byKey.has(name) ? name : name.replace(/\.[^.[\]]+$/, "");
    const card = this.byKey.get(owner);
    const row = this.cards.flatMap((c) => c.rows).find((r) => r.row.key === name);
    const box = row && !card ? row.row.box : card?.card.box;
    this.ring.style.display = box ? "" : "none";
    if (!box) return;
    const [x, y, w, high] = box;
    for (const [key, value] of Object.entries({ x: x - 2.5, y: y - 2.5, width: w + 5, height: high + 5 })) {
      this.ring.setAttribute(key, value);
    }
  }

  // A picture higher than its window shows what has changed, and stays where it is if it does.
  reveal() {
    const box = this.element;
    if (box.scrollHeight <= box.clientHeight + 4) return;
    const scale = this.svg.clientWidth / this.svg.viewBox.baseVal.width;
    const top = this.svg.viewBox.baseVal.y;
    const changed = this.cards.filter((card) => card.changed && card.card.kind !== "locks")
      .map((card) => [card, (card.card.box[1] - top) * scale]);
    const seen = ([card, y]) => y >= box.scrollTop &&
      y + card.card.box[3] * scale <= box.scrollTop + box.clientHeight;
    if (changed.length && !changed.some(seen)) box.scrollTop = changed[0][1] - 24;
  }
}

function legend([kind, x, y, words]) {
  return [...sign(x + 5, y, kind), ...route([x + 14, y, x + 40, y], kind, ""),
    text(x + 46, y + 3.5, words, "sans f-quiet")];
}
