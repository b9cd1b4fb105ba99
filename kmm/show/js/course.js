// SPDX-License-Identifier: GPL-2.0-only
// Course: the whole trace as a bar of its phases, with the slider upon it.

import { bisectRight } from "./decode.js";
import { h } from "./dom.js";

/** More phases than these are drawn without gaps and names, and short ones together. */
const MANY = 300;

/** The phases that are drawn, [first one, end step]: as many together as make `least` steps. */
function together(phases, steps, least) {
  const found = [];
  phases.forEach(([, first], i) => {
    const end = phases[i + 1]?.[1] ?? steps;
    const before = found.at(-1);
    if (before && before[1] - phases[before[0]][1] < least) before[1] = end;
    else found.push([i, end]);
  });
  return found;
}

const phaseWords = ([name, , page]) => `${name}${page ? ` of ${page}` : ""}`;

/** What is said of phase i, or of those from i on up to a step. */
function titleOf(trace, i, end) {
  const { phases } = trace.payload;
  if (end > trace.steps) return `${phaseWords(phases[i])}: from step ${phases[i][1]} on`;
  const last = trace.phase(end - 1);
  const to = last === i ? "" : ` to ${phaseWords(phases[last])}`;
  return `${phaseWords(phases[i])}${to}: steps ${phases[i][1]} to ${end - 1}`;
}

export class Course {
  constructor(store) {
    const { trace } = store;
    this.store = store;
    const { phases } = trace.payload;
    this.many = phases.length > MANY;
    this.parts = together(phases, trace.all, this.many ? trace.all / MANY : 0).map(([i, end]) => ({
      i, name: phases[i][0], first: phases[i][1], end, part: h("div", { class: "phase" }),
    }));
    this.firsts = this.parts.map(({ first }) => first);
    this.veil = h("div", { class: "veil", title: "Hidden until the question is answered" }, "?");
    this.bar = h("div", { class: `phases${this.many ? " many" : ""}`,
      "aria-hidden": "true" }, ...this.parts.map(({ part }) => part), this.veil);
    this.slider = h("input", {
      type: "range", min: 0, max: Math.max(0, trace.all - 1), step: 1, "aria-label": "Step",
      disabled: trace.all < 2,
      oninput: () => {
        store.go(Number(this.slider.value));
        this.slider.value = store.state.step;
      },
    });
    this.element = h("div", { class: "bar" }, this.bar, this.slider);
    store.subscribe(({ step }, changed) => {
      if (changed.has("answers")) this.lay();
      if (!changed.has("step") || step < 0) return;
      this.slider.value = step;
      const phase = phases[trace.phase(step)]?.[0] ?? "";
      this.slider.setAttribute("aria-valuetext",
        `step ${step} of 0 to ${trace.all - 1}, ${phase}: ${trace.codeText(step)}`);
      this.now?.classList.remove("now");
      this.now = this.parts[bisectRight(this.firsts, step) - 1]?.part;
      this.now?.classList.add("now");
    });
  }

  // Phases behind the question are not there; one that it is part of ends where it stands.
  lay() {
    const { trace } = this.store;
    const { all, steps } = trace;
    for (const { i, first, end, part } of this.parts) {
      const last = Math.min(end, steps);
      part.hidden = first >= steps;
      part.style = `left:${(100 * first) / all}%;width:${(100 * (last - first)) / all}%`;
      part.title = part.hidden ? "" : titleOf(trace, i, end);
    }
    this.veil.hidden = steps === all;
    this.veil.style = `left:${(100 * steps) / all}%;right:0`;
    this.width = null;
    this.resize();
  }

  /** A name is written where it fits, whole or not at all. */
  resize() {
    const width = this.bar.clientWidth;
    if (!width || width === this.width || this.many) return;
    this.width = width;
    for (const { name, part } of this.parts) {
      part.textContent = part.hidden ? "" : name;
      if (part.scrollWidth > part.clientWidth) part.textContent = "";
    }
  }
}
