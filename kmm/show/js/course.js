// SPDX-License-Identifier: GPL-2.0-only
// Course: the whole trace as a bar of its phases, with the slider upon it.

import { h } from "./dom.js";

/** More phases than these are drawn without gaps and names. */
const MANY = 300;

export class Course {
  constructor(store) {
    const { trace } = store;
    this.store = store;
    this.parts = trace.payload.phases.map(([name, first, page], i, all) => {
      const last = all[i + 1]?.[1] ?? trace.steps;
      const words = `${name}${page ? ` of ${page}` : ""}: steps ${first} to ${last - 1}`;
      const part = h("div", { class: "phase", title: words,
        style: `left:${(100 * first) / trace.steps}%;width:${(100 * (last - first)) / trace.steps}%` });
      return { name, part };
    });
    this.bar = h("div", { class: `phases${this.parts.length > MANY ? " many" : ""}`,
      "aria-hidden": "true" }, ...this.parts.map(({ part }) => part));
    this.slider = h("input", {
      type: "range", min: 0, max: Math.max(0, store.last), step: 1, "aria-label": "Step",
      oninput: () => store.go(Number(this.slider.value)), disabled: trace.steps < 2,
    });
    this.element = h("div", { class: "bar" }, this.bar, this.slider);
    store.subscribe(({ step }, changed) => {
      if (!changed.has("step") || step < 0) return;
      this.slider.value = step;
      const phase = trace.phase(step);
      this.slider.setAttribute("aria-valuetext",
        `step ${step} of 0 to ${store.last}, ${this.parts[phase]?.name ?? ""}: ${trace.codeText(step)}`);
      this.now?.classList.remove("now");
      this.now = this.parts[phase]?.part;
      this.now?.classList.add("now");
    });
  }

  /** A name is written where it fits, whole or not at all. */
  resize() {
    const width = this.bar.clientWidth;
    if (!width || width === this.width || this.parts.length > MANY) return;
    this.width = width;
    for (const { name, part } of this.parts) {
      part.textContent = name;
      if (part.scrollWidth > part.clientWidth) part.textContent = "";
    }
  }
}
