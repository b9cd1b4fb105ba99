// SPDX-License-Identifier: GPL-2.0-only
// Sentence: what the step does and why, the call as code, and what changed.

import { largest, shown } from "./decode.js";
import { breakable, h, height, link, write } from "./dom.js";

/** So many changes have a line; a step that has more says how many. */
const MOST = 4;

/** "What: why." in two sentences; a name at the beginning stays as it is written. */
export function parted(sentence, objects) {
  const colon = sentence.indexOf(": ");
  if (colon < 0) return [sentence, ""];
  const why = sentence.slice(colon + 2);
  const [word] = why.split(/[\s,;:]/);
  const plain = /^[a-z]+$/.test(word) && !objects.has(word);
  return [`${sentence.slice(0, colon)}.`, plain ? why[0].toUpperCase() + why.slice(1) : why];
}

export class SentencePanel {
  constructor(store) {
    this.store = store;
    this.what = h("p", { class: "what" });
    this.why = h("p", { class: "why" });
    this.call = h("code", { class: "call" });
    this.changes = h("ul", { class: "changes" });
    this.where = h("p", { class: "quiet small" });
    this.element = h("div", { class: "sentence" }, this.what, this.why, this.call, this.changes,
      this.where);
    store.subscribe((state, changed) => {
      if (changed.has("step") || changed.has("folded")) this.turn(state.step);
    });
  }

  turn(k) {
    const { trace } = this.store;
    if (k < 0) {
      write(this.what, trace.all ? "The start: nothing has happened yet."
        : "This trace has no steps: the picture shows the start.");
      for (const part of [this.why, this.call, this.where]) write(part, "");
      this.changes.replaceChildren();
      return;
    }
    const [first, end] = this.store.unit(k);
    const [what, why] = parted(this.store.sentence(k), trace.objects);
    const call = end - first > 1 ? "" : trace.codeText(k);
    write(this.what, what);
    write(this.why, why);
    if (this.call.textContent !== call) this.call.replaceChildren(...breakable(call));
    const changes = trace.changes(first, end);
    const shownOnes = changes.length > MOST ? changes.slice(0, MOST - 1) : changes;
    this.changes.replaceChildren(...shownOnes.map((change) => h("li", {},
      link(change.path, () => this.store.select(change.path), `Select ${change.path}`), " ",
      h("del", {}, shown(change.old)), " → ", h("strong", {}, shown(change.new)))));
    if (shownOnes.length < changes.length) {
      this.changes.append(h("li", { class: "quiet" },
        `and ${changes.length - shownOnes.length} more changes`));
    }
    const phase = trace.payload.phases[trace.phase(k)];
    const attempt = phase?.[3] === null || phase?.[3] === undefined ? "" : `, attempt ${phase[3]}`;
    const about = phase ? `${phase[0]}${phase[2] ? ` of ${phase[2]}` : ""}${attempt}` : "";
    const stop = trace.payload.bug ?? trace.payload.stopped;
    const ending = k === trace.all - 1 && stop ? ` · the trace ends here: ${stop}` : "";
    write(this.where, `task ${trace.task(k) || "none"} · ${about}${ending}`);
  }

  /** As high as it will ever be: what stands below it never moves. */
  measure() {
    const { trace } = this.store;
    const width = this.element.clientWidth;
    if (!width || width === this.measured || !trace.all) return;
    this.measured = width;
    // Which steps need most is estimated, for all cannot be tried; how much, is measured.
    const { sentences, code } = trace.payload;
    const lines = (text, letter) => Math.ceil((text.length * letter) / width);
    const [said, called] = [sentences.table.map((text) => lines(text, 9)),
      code.table.map((text) => lines(text, 8))];
    const needs = new Uint16Array(trace.all);
    for (let k = 0; k < trace.all; k++) {
      const changes = trace.ends[k] - (k ? trace.ends[k - 1] : 0);
      needs[k] = said[sentences.at[k]] + called[code.at[k]] + Math.min(MOST, changes);
    }
    this.element.style.minHeight = "";
    let high = 0;
    for (const k of largest(needs, 8)) {
      this.turn(k);
      high = Math.max(high, Math.ceil(height(this.element)));
    }
    this.element.style.minHeight = `${high}px`;
    this.turn(this.store.state.step);
  }
}
