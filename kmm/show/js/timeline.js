// SPDX-License-Identifier: GPL-2.0-only
// Timeline: fields over all steps, and the tasks as lanes where there are several. A click jumps.

import { shown } from "./decode.js";
import { h, iconButton, s } from "./dom.js";

const HIGH = 34;
const LANE = 24;
const COLOURS = ["present", "migration", "buffer", "swap"];
const DASHES = ["", "6 3", "2 3", "9 3 2 3"];

/** What is said of a field: a mapcount as page_mapcount() counts it. */
const counted = (path, value) =>
  (path.endsWith("._mapcount") && typeof value === "number" ? value + 1 : value);

export class Timeline {
  constructor(store) {
    this.store = store;
    this.labels = h("div", { class: "labels" });
    this.svg = s("svg", { class: "course", role: "img", onclick: (event) => this.jump(event) });
    this.add = h("button", { type: "button", class: "small-button",
      onclick: () => store.toggle("fields", this.candidate()) });
    this.element = h("div", { class: "timeline" }, this.labels, this.svg, this.add);
    this.tasks = this.runners();
    store.subscribe((state, changed) => {
      if (changed.has("fields") || changed.has("answers")) this.draw();
      if (changed.has("step")) this.mark(state.step);
      if (changed.has("selection") || changed.has("fields")) this.offer();
    });
  }

  // The tasks that ran, each with the stretches of its steps.
  runners() {
    const { trace } = this.store;
    const lanes = new Map();
    for (let k = 0; k < trace.all; k++) {
      const name = trace.task(k) || "no task";
      if (!lanes.has(name)) lanes.set(name, []);
      const stretches = lanes.get(name);
      if (stretches.at(-1)?.[1] === k) stretches.at(-1)[1] = k + 1;
      else stretches.push([k, k + 1]);
    }
    return lanes.size > 1 ? [...lanes] : [];
  }

  /** The field that the button adds: the selected one, or the count of the selected page. */
  candidate() {
    const { selection } = this.store.state;
    const { trace } = this.store;
    if (trace.slotOf.has(selection)) return selection;
    return trace.slotOf.has(`${selection}._count`) ? `${selection}._count` : null;
  }

  offer() {
    const name = this.candidate();
    this.add.hidden = !name || this.store.state.fields.includes(name);
    this.add.textContent = `Add ${name}`;
  }

  resize() {
    const width = this.svg.clientWidth;
    if (width && width !== this.width) this.draw();
  }

  x(step) {
    return (step / Math.max(1, this.store.trace.all)) * this.width;
  }

  draw() {
    this.width = this.svg.clientWidth || 640;
    // What is drawn ends where a question stands.
    this.end = this.x(this.store.trace.steps);
    const { fields } = this.store.state;
    const made = [];
    let y = 0;
    const labels = [];
    for (const [name, stretches] of this.tasks) {
      labels.push(h("div", { class: "label lane" }, h("span", {}, name)));
      made.push(...this.lane(name, stretches, y), ...this.waits(name, y));
      y += LANE;
    }
    fields.forEach((path, i) => {
      const words = path.replace(/\._mapcount$/, " mapcount").replace("._count", " count");
      labels.push(h("div", { class: "label" },
        iconButton("remove", `Remove ${words}`, "", () => this.store.toggle("fields", path)),
        h("span", { title: path }, words)));
      made.push(...this.field(path, i, y));
      y += HIGH;
    });
    this.cursor = s("path", { class: "cursor" });
    this.high = Math.max(y, 20);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.high}`);
    this.svg.setAttribute("height", this.high);
    const { steps, all } = this.store.trace;
    const which = steps === all ? "all steps" : "the steps before the question";
    this.svg.setAttribute("aria-label", `${fields.join(", ") || "No field"} over ${which}`);
    // The cursor runs over the courses and under their words.
    const words = made.filter((element) => element.tagName === "text");
    this.svg.replaceChildren(...made, ...this.veil(), this.cursor, ...words);
    this.labels.replaceChildren(...labels);
    this.mark(this.store.state.step);
  }

  veil() {
    if (this.end >= this.width) return [];
    return [s("rect", { x: this.end, y: 0, width: this.width - this.end, height: this.high,
      class: "veil" }, s("title", {}, "Hidden until the question is answered"))];
  }

  mark(step) {
    if (!this.cursor) return;
    const x = this.x(Math.max(0, step + 0.5));
    this.cursor.setAttribute("d", `M${x} 0V${this.high}`);
  }

  jump(event) {
    const { left, width } = this.svg.getBoundingClientRect();
    const place = (event.clientX - left) / width;
    this.store.go(Math.floor(place * this.store.trace.all));
  }

  lane(name, stretches, y) {
    const { steps } = this.store.trace;
    // Stretches that nobody could tell apart are one.
    const apart = [];
    for (const [first, end] of stretches) {
      if (first >= steps) break;
      const before = apart.at(-1);
      const last = Math.min(end, steps);
      if (before && this.x(first) - this.x(before[1]) < 0.5) before[1] = last;
      else apart.push([first, last]);
    }
    return apart.map(([first, end]) => s("rect", {
      x: this.x(first), y: y + 5, width: Math.max(1, this.x(end) - this.x(first)), height: 14,
      class: "run s-present",
    }, s("title", {}, `${name}: steps ${first} to ${end - 1}`)));
  }

  /** Where the task waits: a line through the steps of the others, and for whom. */
  waits(name, y) {
    const { payload, steps } = this.store.trace;
    const seen = payload.waits.filter(([task, first]) => task === name && first < steps);
    return seen.flatMap(([, first, last, words, whom]) => {
      const end = Math.min(last, steps);
      const [from, to] = [this.x(first), Math.max(this.x(end), this.x(first) + 3)];
      const line = s("path", { d: `M${from} ${y + 16}H${to}M${from} ${y + 12}v8M${to} ${y + 12}v8`,
        class: "waits" }, s("title", {}, `${words}: steps ${first} to ${end - 1}`));
      const text = whom ? `waits for ${whom}` : "waits";
      return to - from < 7 * text.length ? [line] : [line,
        s("text", { x: (from + to) / 2, y: y + 12, class: "sans f-quiet waiting" }, text)];
    });
  }

  /** The course of a field: [first state, value] wherever it gets another one. */
  course(path) {
    const { trace } = this.store;
    const slot = trace.slotOf.get(path);
    const { base } = trace.objects.get(trace.slotNames.get(slot).owner);
    const states = new Set([0, ...(trace.event(slot)?.states ?? []),
      ...(trace.event(base)?.states ?? [])]);
    const found = [];
    for (const state of [...states].sort((a, b) => a - b)) {
      if (state > trace.steps) break;
      const there = Boolean(trace.value(base, state));
      const value = there ? counted(path, trace.value(slot, state)) : undefined;
      if (!found.length || found.at(-1)[1] !== value) found.push([state, value]);
    }
    return found;
  }

  /** What can be seen of a course: of what happens within one pixel the extremes and the end. */
  thinned(course) {
    if (course.length < 4 * this.width) return course;
    const found = [];
    let stretch = [];
    const close = () => {
      const numbers = stretch.filter(([, value]) => typeof value === "number");
      const by = numbers.sort((a, b) => a[1] - b[1]);
      found.push(...new Set([stretch[0], by[0], by.at(-1), stretch.at(-1)]
        .filter(Boolean).sort((a, b) => a[0] - b[0])));
    };
    for (const entry of course) {
      if (stretch.length && Math.floor(this.x(entry[0])) > Math.floor(this.x(stretch[0][0]))) {
        close();
        stretch = [];
      }
      stretch.push(entry);
    }
    close();
    return found;
  }

  field(path, i, y) {
    const course = this.thinned(this.course(path));
    const numbers = course.map(([, value]) => value).filter((value) => value !== undefined);
    const colour = COLOURS[i % COLOURS.length];
    return numbers.every((value) => typeof value === "number")
      ? this.steps(course, numbers, colour, DASHES[Math.floor(i / 4) % 4], y)
      : this.bars(course, y);
  }

  steps(course, numbers, colour, dash, y) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const at = (value) => y + HIGH - 6 - ((value - low) / Math.max(1, high - low)) * (HIGH - 20);
    let d = "";
    let free = -Infinity;
    const words = [];
    course.forEach(([state, value], n) => {
      // The change of step k is drawn where step k begins.
      const x = this.x(Math.max(0, state - 1));
      const end = n + 1 < course.length ? this.x(course[n + 1][0] - 1) : this.end;
      if (value === undefined) return;
      d += `${d && course[n - 1][1] !== undefined ? "L" : "M"}${x} ${at(value)}H${end}`;
      const room = 7 * String(value).length + 4;
      if (x < free || x + room > this.width + 2) return;
      free = x + room;
      words.push(s("text", { x: x + 2, y: at(value) - 3, class: `f-${colour}-text number` },
        String(value)));
    });
    return [s("path", { d, class: `course-line s-${colour}`, "stroke-dasharray": dash || null }),
      ...words];
  }

  bars(course, y) {
    return course.flatMap(([state, value], n) => {
      const x = this.x(Math.max(0, state - 1));
      const end = n + 1 < course.length ? this.x(course[n + 1][0] - 1) : this.end;
      if (value === undefined || value === null || value === false) return [];
      const words = shown(value);
      const [kind] = words.match(/^(migration|swap|none)/) ?? ["present"];
      const [line, letters] = kind === "none" ? ["edge", "quiet"] : [kind, `${kind}-text`];
      const bar = s("rect", { x: x + 0.5, y: y + 8, width: Math.max(1, end - x - 1), height: 19,
        rx: 3, class: `stretch s-${line} d-${kind}` }, s("title", {}, words));
      const fits = words.length * 6.7 + 8 < end - x;
      return [bar, ...(fits ? [s("text", { x: (x + end) / 2, y: y + 21, "text-anchor": "middle",
        class: `f-${letters} number` }, words)] : [])];
    });
  }
}
