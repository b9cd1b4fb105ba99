// SPDX-License-Identifier: GPL-2.0-only
// Code: the function that is running with its line marked, and the calls it is in as a path.

import { coloured } from "./colour.js";
import { largest } from "./decode.js";
import { breakable, h, height, link, write } from "./dom.js";

export class CodePanel {
  constructor(store) {
    this.store = store;
    this.path = h("div", { class: "path", role: "group", "aria-label": "Calls, outermost first" });
    this.file = h("span", { class: "quiet" });
    this.lines = h("div", { class: "lines" });
    this.box = h("div", { class: "code", tabindex: "0", role: "group", "aria-label": "Code" },
      this.lines);
    this.above = h("div", { class: "above" }, this.path, h("div", { class: "where" }, this.file));
    this.element = h("div", { class: "code-panel" }, this.above, this.box);
    this.shown = new Map();
    store.subscribe((state, changed) => {
      const turns = ["step", "frame", "folded", "answers"].some((name) => changed.has(name));
      if (turns) this.turn(state);
      if (changed.has("lines") && !changed.has("step")) this.stops(state.lines);
    });
  }

  turn({ step: now, frame, lines }) {
    const { trace, next } = this.store;
    // Before a step that is asked about, its line is shown: it is about to run.
    const step = next ?? now;
    this.box.classList.toggle("ahead", next !== null);
    if (step < 0) {
      this.marked?.classList.remove("now");
      this.marked?.removeAttribute("aria-current");
      return;
    }
    const stack = trace.stack(step);
    // Frame i is what the call i runs; the line in it is where the next call, or the step, is made.
    // Of a folded call the line is shown that makes it.
    const folded = stack.indexOf(this.store.fold?.call(step));
    const inner = folded < 0 ? stack.length - 1 : folded - 1;
    const depth = frame === null ? inner : Math.min(frame, stack.length - 1);
    const made = depth === stack.length - 1 ? trace.payload.site[step]
      : trace.calls.site[stack[depth + 1]];
    const called = depth >= 0 ? trace.site(trace.calls.site[stack[depth]]) : null;
    this.callPath(stack, depth);
    const place = trace.site(made);
    const code = trace.payload.codes[place.code];
    const python = code ? `${code.file}, line ${place.line}` : "no source is known";
    const own = code && !code.file.startsWith("kmm/");
    const before = next === null ? called?.file : "about to run";
    write(this.file, [before, own ? `your own, in ${python}` : python]
      .filter(Boolean).join(" · "));
    this.source(place, code, lines);
  }

  // The path has the room of the longest one, so that the code never moves.
  measure() {
    const width = this.path.clientWidth;
    const { trace, state } = this.store;
    if (!width || width === this.measured || state.step < 0) return;
    this.measured = width;
    // A call comes behind the one that made it: its path is that one's and its own name.
    const lengths = new Int32Array(trace.calls.parent.length);
    trace.calls.parent.forEach((parent, call) => {
      if (parent === call) return;
      lengths[call] = lengths[parent] + trace.site(trace.calls.site[call]).name.length;
    });
    this.above.style.minHeight = "";
    let high = 0;
    for (const call of largest(lengths, 3)) {
      this.callPath(trace.stackOf(call), 0);
      high = Math.max(high, height(this.above));
    }
    this.above.style.minHeight = `${Math.ceil(high)}px`;
    this.turn(state);
  }

  callPath(stack, depth) {
    const { trace } = this.store;
    const key = `${stack}/${depth}`;
    if (key === this.pathKey) return;
    this.pathKey = key;
    const names = stack.map((call, i) => {
      const { name } = trace.site(trace.calls.site[call]);
      const go = () => this.store.set({ frame: i === stack.length - 1 ? null : i, playing: false });
      const button = link(name, go, `Show where ${name} is`);
      if (i === depth) button.setAttribute("aria-current", "true");
      return button;
    });
    const focused = [...this.path.children].indexOf(this.path.getRootNode().activeElement);
    this.path.replaceChildren(...(names.length ? names : ["outside all kernel functions"]));
    this.path.children[focused]?.focus?.();
  }

  source(place, code, stops) {
    if (this.code !== place.code) {
      this.code = place.code;
      this.first = code?.first_line ?? 1;
      if (!this.shown.has(place.code)) this.shown.set(place.code, this.rows(place.code, code));
      this.rowList = this.shown.get(place.code);
      this.lines.replaceChildren(...this.rowList);
      this.stops(stops);
    }
    this.marked?.classList.remove("now");
    this.marked?.removeAttribute("aria-current");
    this.marked = this.rowList[place.line - this.first];
    this.marked?.classList.add("now");
    this.marked?.setAttribute("aria-current", "step");
    this.reveal();
  }

  rows(number, code) {
    const source = (code?.source || "# The source of this function is not part of the trace.");
    return coloured(source).map((pieces, i) => {
      const line = (code?.first_line ?? 1) + i;
      const stop = h("button", {
        type: "button", class: "number", tabindex: "-1", "aria-label": `Stop at line ${line}`,
        title: "Play stops at this line", onclick: () => this.store.toggleLine(number, line),
      }, String(line));
      const words = pieces.flatMap(([text, look]) =>
        look ? h("span", { class: look }, text) : breakable(text));
      // What does not fit goes on below, four letters farther in.
      const indent = (pieces[0]?.[0].match(/^ */)[0].length ?? 0) + 4;
      const style = `padding-left:${indent}ch;text-indent:-${indent}ch`;
      return h("div", { class: "line-of-code" }, stop, h("code", { style }, ...words));
    });
  }

  stops(lines) {
    this.rowList?.forEach((row, i) => {
      row.firstChild.setAttribute("aria-pressed", lines.has(`${this.code}:${this.first + i}`));
    });
  }

  // Only this box scrolls, never the page.
  reveal() {
    const row = this.marked;
    if (!row || !this.box.clientHeight) return;
    const top = row.offsetTop;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop + 20 || top + row.offsetHeight > scrollTop + clientHeight - 20) {
      // No line is cut in half at the top.
      const above = this.rowList.find((other) => other.offsetTop >= top - clientHeight * 0.4);
      this.box.scrollTop = above === this.rowList[0] ? 0 : above.offsetTop;
    }
  }
}
