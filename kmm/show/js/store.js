// SPDX-License-Identifier: GPL-2.0-only
// Store: all that the player remembers, in one place. Panels draw from it and keep no state.

import { Fold } from "./fold.js";
import { nextOf, over, phaseFrom, search, stopsAt } from "./moves.js";

/** What "forward" and "back" and play go by. */
export const UNITS = ["step", "call", "phase", "change"];
/** Steps a second. */
export const SPEEDS = [1, 2, 4, 8, 16, 32];

export class Store {
  constructor(trace, { questions = [], ...given } = {}) {
    this.trace = trace;
    this.questions = questions;
    this.listeners = [];
    this.state = {
      step: 0, selection: trace.payload.timeline[0]?.split(".")[0] ?? "", folds: {},
      fields: [...trace.payload.timeline], unit: "step", speed: 4, playing: false,
      lines: new Set(), watched: [], words: "", said: "", frame: null, folded: "", answers: [],
      ...given,
    };
    this.veil();
    this.state.step = this.clamped(this.state.step);
    if (!this.knows(this.state.selection)) this.state.selection = "";
  }

  knows(name) {
    return this.trace.objects.has(name) || this.trace.slotOf.has(name);
  }

  /** The furthest step that may be seen. */
  get last() {
    return this.trace.steps - 1;
  }

  /** The number of the first question that is open, -1 if none is. */
  get asked() {
    return this.state.answers.findIndex(({ done }) => !done);
  }

  /** The step that is asked about, while the player stands before it; else null. */
  get next() {
    return this.asked >= 0 && this.state.step === this.last ? this.last + 1 : null;
  }

  // Of the step that is asked about, and of what comes behind it, nothing may be seen.
  veil() {
    const { asked, trace } = this;
    trace.steps = asked < 0 ? trace.all : this.questions[asked].step;
    this.changesOf = this.hitsOf = null;
    this.state.step = Math.min(this.state.step, this.last);
  }

  clamped(step) {
    return Math.max(Math.min(0, this.last), Math.min(this.last, Math.trunc(step) || 0));
  }

  /** Every call of this function is one step from now on; "" for none. */
  foldCalls(name) {
    this.fold = name ? new Fold(this.trace, name) : null;
    this.set({ folded: name });
    this.go(this.state.step);
  }

  /** What is shown at step k: the steps from `first` to before `end`. */
  unit(k) {
    return this.fold?.unit(k) ?? [k, k + 1];
  }

  /** What is said of step k, or of the whole call that it is folded into. */
  sentence(k) {
    const [first, end] = this.unit(k);
    return end - first > 1 ? `${this.state.folded} runs from step ${first} to step ${end - 1}: ` +
      `its ${end - first} steps are shown as one, with what they have changed in the end.`
      : this.trace.sentence(k);
  }

  /** Call `listener(state, changed)` at once and after each change of the state. */
  subscribe(listener) {
    this.listeners.push(listener);
    listener(this.state, new Set(Object.keys(this.state)));
  }

  set(patch) {
    if (patch.step > this.last) patch = { ...patch, step: this.last };
    const { step } = this.state;
    const changed = new Set(Object.keys(patch).filter((key) => patch[key] !== this.state[key]));
    if (!changed.size) return;
    Object.assign(this.state, patch);
    if (changed.has("answers")) this.veil();
    if (this.state.step !== step) changed.add("step");
    for (const listener of this.listeners) listener(this.state, changed);
  }

  /** Go to a step; a person who moves takes over from play. */
  go(step, more = {}) {
    if (step === null || step === undefined) {
      const asked = this.asked < 0 ? "" : ", or the question comes first";
      this.set({ said: `There is no such step in this direction${asked}.`, playing: false });
      return false;
    }
    const hidden = step > this.last && this.asked >= 0;
    const said = hidden ? "Answer the question, and what comes is shown." : "";
    this.set({ step: this.placeOf(step), frame: null, said, playing: false, ...more });
    return true;
  }

  placeOf(step) {
    const place = this.clamped(step);
    return this.fold?.place(place) ?? place;
  }

  select(name) {
    if (this.knows(name)) this.set({ selection: name });
  }

  /** Where forward (1) or back (-1) leads, in the unit that was chosen. */
  neighbour(way) {
    const there = this.towards(way);
    // There is always a way up to the question, whatever one goes by.
    const before = way > 0 && this.asked >= 0 && this.state.step < this.last;
    return there ?? (before ? this.last : null);
  }

  towards(way) {
    const { step, unit, selection } = this.state;
    if (unit === "step" && this.fold) return this.fold.neighbour(step, way);
    const there = step + way >= 0 && step + way <= this.last ? step + way : null;
    if (unit === "phase") return phaseFrom(this.trace, step, way);
    if (unit === "change") return this.change(way, selection);
    if (unit === "call" && way > 0) return over(this.trace, step);
    if (unit === "call") return this.backOver(step);
    return there;
  }

  backOver(step) {
    // Nearly always the step before; else the last one from which `over` leads here or beyond.
    for (let j = step - 1; j >= 0; j--) {
      const next = over(this.trace, j);
      if (next !== null && next >= step && this.outside(j, step)) return j;
    }
    return null;
  }

  outside(j, step) {
    return this.trace.stack(j).length <= this.trace.stack(step).length;
  }

  change(way, name = this.state.selection) {
    if (this.changesOf !== name) {
      this.changesOf = name;
      this.changeSteps = this.trace.stepsThatChanged(name);
    }
    return nextOf(this.changeSteps, this.state.step, way);
  }

  /** The steps that the search finds. */
  hits() {
    if (this.hitsOf !== this.state.words) {
      this.hitsOf = this.state.words;
      this.hitSteps = search(this.trace, this.state.words);
    }
    return this.hitSteps;
  }

  toggleLine(code, line) {
    const lines = new Set(this.state.lines);
    const key = `${code}:${line}`;
    if (!lines.delete(key)) lines.add(key);
    this.set({ lines });
  }

  toggle(list, name) {
    const now = this.state[list];
    if (name) this.set({ [list]: now.includes(name) ? now.filter((n) => n !== name) : [...now, name] });
  }

  // Play.

  play(on = !this.state.playing) {
    clearTimeout(this.timer);
    if (on && this.next !== null) {
      this.go(this.next);
      return;
    }
    if (on && this.state.step >= this.last) this.set({ step: this.clamped(0), frame: null });
    this.set({ playing: on, said: "" });
    if (on) this.timer = setTimeout(() => this.tick(), this.pause());
  }

  pause() {
    const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    return 1000 / (calm ? Math.min(1, this.state.speed) : this.state.speed);
  }

  tick() {
    if (!this.state.playing) return;
    const next = this.neighbour(1);
    if (next === null) {
      this.set({ playing: false });
      return;
    }
    // What lies between is looked at too, or a call would be played over a breakpoint.
    const { lines, watched } = this.state;
    for (let k = this.state.step + 1; k <= next; k++) {
      const why = stopsAt(this.trace, k, lines, watched);
      if (!why) continue;
      this.go(k, { said: `Stopped: ${why}.` });
      return;
    }
    this.set({ step: this.placeOf(next), frame: null, playing: next < this.last });
    if (next < this.last) this.timer = setTimeout(() => this.tick(), this.pause());
  }

  stop() {
    clearTimeout(this.timer);
    this.listeners = [];
  }
}
