// SPDX-License-Identifier: GPL-2.0-only
// Course: the whole trace as a bar of its phases, with the slider upon it.

import { h } from "./dom.js";

/** More phases than these are drawn without gaps and names. */
const MANY = 300;

export class Course {
  constructor(store) {
    const { trace } = store;
    this.store = store;
    this.parts = trace.payload.phases.map(([name, first, page], i, all) => ({
      name, first, page, end: all[i + 1]?.[1] ?? trace.all, part: h("div", { class: "phase" }),
    }));
    this.veil = h("div", { class: "veil", title: "Hidden until the question is answered" }, "?");
    this.bar = h("div", { class: `phases${this.parts.length > MANY ? " many" : ""}`,
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
      const phase = trace.phase(step);
      this.slider.setAttribute("aria-valuetext",
        `step ${step} of 0 to ${trace.all - 1}, ${this.parts[phase]?.name ?? ""}: ${trace.codeText(step)}`);
      this.now?.classList.remove("now");
      this.now = this.parts[phase]?.part;
      this.now?.classList.add("now");
    });
  }

  // Phases behind the question are not there; one that it is part of ends where it stands.
  lay() {
    const { all, steps } = this.store.trace;
    for (const { name, first, page, end, part } of this.parts) {
      const last = Math.min(end, steps);
      part.hidden = first >= steps;
      part.style = `left:${(100 * first) / all}%;width:${(100 * (last - first)) / all}%`;
      part.title = `${name}${page ? ` of ${page}` : ""}: ` +
        (end > steps ? `from step ${first} on` : `steps ${first} to ${last - 1}`);
    }
    this.veil.hidden = steps === all;
    this.veil.style = `left:${(100 * steps) / all}%;right:0`;
    this.width = null;
    this.resize();
  }

  /** A name is written where it fits, whole or not at all. */
  resize() {
    const width = this.bar.clientWidth;
    if (!width || width === this.width || this.parts.length > MANY) return;
    this.width = width;
    for (const { name, part } of this.parts) {
      part.textContent = part.hidden ? "" : name;
      if (part.scrollWidth > part.clientWidth) part.textContent = "";
    }
  }
}
