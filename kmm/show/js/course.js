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

/** What is said of phase i, or of those from i on up to a step. */
function titleOf(trace, i, end) {
  const { phases } = trace.payload;
  const words = ([name, , page]) => `${name}${page ? ` of ${page}` : ""}`;
  const last = trace.phase(end - 1);
  const to = last === i ? "" : ` to ${words(phases[last])}`;
  return `${words(phases[i])}${to}: steps ${phases[i][1]} to ${end - 1}`;
}

export class Course {
  constructor(store) {
    const { trace } = store;
    this.store = store;
    const { phases } = trace.payload;
    this.many = phases.length > MANY;
    const least = this.many ? trace.steps / MANY : 0;
    this.parts = together(phases, trace.steps, least).map(([i, last]) => {
      const [name, first] = phases[i];
      const part = h("div", { class: "phase", title: titleOf(trace, i, last),
        style: `left:${(100 * first) / trace.steps}%;width:${(100 * (last - first)) / trace.steps}%` });
      return { name, first, part };
    });
    this.firsts = this.parts.map(({ first }) => first);
    this.bar = h("div", { class: `phases${this.many ? " many" : ""}`,
      "aria-hidden": "true" }, ...this.parts.map(({ part }) => part));
    this.slider = h("input", {
      type: "range", min: 0, max: Math.max(0, store.last), step: 1, "aria-label": "Step",
      oninput: () => store.go(Number(this.slider.value)), disabled: trace.steps < 2,
    });
    this.element = h("div", { class: "bar" }, this.bar, this.slider);
    store.subscribe(({ step }, changed) => {
      if (!changed.has("step") || step < 0) return;
      this.slider.value = step;
      const phase = phases[trace.phase(step)]?.[0] ?? "";
      this.slider.setAttribute("aria-valuetext",
        `step ${step} of 0 to ${store.last}, ${phase}: ${trace.codeText(step)}`);
      this.now?.classList.remove("now");
      this.now = this.parts[bisectRight(this.firsts, step) - 1]?.part;
      this.now?.classList.add("now");
    });
  }

  /** A name is written where it fits, whole or not at all. */
  resize() {
    const width = this.bar.clientWidth;
    if (!width || width === this.width || this.many) return;
    this.width = width;
    for (const { name, part } of this.parts) {
      part.textContent = name;
      if (part.scrollWidth > part.clientWidth) part.textContent = "";
    }
  }
}
