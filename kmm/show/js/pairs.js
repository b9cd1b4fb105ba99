// SPDX-License-Identifier: GPL-2.0-only
// Pairs: which step stands beside which. To the store and the course a comparison is what a trace
// is: so many pairs in the place of steps, and stretches in the place of phases.

import { bisectRight } from "./decode.js";
import { stopsAt } from "./moves.js";
import { Store } from "./store.js";

/** A stretch of pairs by what is other in them. */
const STRETCHES = ["the same", "other outcome", "apart"];
const OUTCOMES = new Set(["other result", "other change"]);
const stretchOf = (kind) => (kind === "" ? 0 : OUTCOMES.has(kind) ? 1 : 2);

export class Pairs {
  /** `runs`: [left, right, how many, kind], in which both rise by one; -1 stands for no step. */
  constructor({ runs, kinds, names, parting }, traces) {
    Object.assign(this, { kinds, names, parting, traces });
    this.all = this.steps = runs.reduce((sum, [, , many]) => sum + many, 0);
    // The step that each side has made last, and whether it makes one in this pair.
    this.at = [new Int32Array(this.steps), new Int32Array(this.steps)];
    this.makes = [new Uint8Array(this.steps), new Uint8Array(this.steps)];
    this.kindAt = new Uint8Array(this.steps);
    // For each step of a side the pair that it is in.
    this.pairOf = traces.map((trace) => new Int32Array(trace.steps));
    this.fill(runs);
    this.stretches();
    this.objects = new Map();
    this.slotOf = new Map();
    this.payload = { timeline: [], tasks: [], phases: this.phases };
  }

  fill(runs) {
    const last = [-1, -1];
    let pair = 0;
    for (const [left, right, many, kind] of runs) {
      for (let n = 0; n < many; n++, pair++) {
        this.kindAt[pair] = kind;
        [left, right].forEach((first, side) => {
          if (first >= 0) {
            last[side] = first + n;
            this.makes[side][pair] = 1;
            this.pairOf[side][first + n] = pair;
          }
          this.at[side][pair] = last[side];
        });
      }
    }
  }

  // Neighbours of one kind are one stretch: [name, first pair, no page].
  stretches() {
    this.phases = [];
    this.differing = [];
    let before = -1;
    for (let pair = 0; pair < this.steps; pair++) {
      const now = stretchOf(this.kind(pair));
      if (now !== before) this.phases.push([STRETCHES[now], pair, null]);
      if (now && before <= 0) this.differing.push(pair);
      before = now;
    }
    this.firsts = this.phases.map(([, first]) => first);
  }

  kind(pair) {
    return this.kinds[this.kindAt[pair]];
  }

  phase(pair) {
    return bisectRight(this.firsts, pair) - 1;
  }

  /** What a side does in a pair, "" if it makes no step in it. */
  code(side, pair) {
    return this.makes[side][pair] ? this.traces[side].codeText(this.at[side][pair]) : "";
  }

  codeText(pair) {
    if (this.kind(pair) === "") return this.code(0, pair);
    return this.names.map((name, side) => `${name} ${this.code(side, pair) || "makes no step"}`)
      .join(", ");
  }
}

export class PairStore extends Store {
  constructor(pairs, { pair, ...given }) {
    super(pairs, { ...given, step: pair ?? pairs.parting ?? 0 });
  }

  /** Play goes by pairs, and stops where they part and where the players would stop. */
  tick() {
    const before = this.state.step;
    super.tick();
    const pair = this.state.step;
    const why = pair === before ? null : this.stopsAt(pair);
    if (why) this.go(pair, { said: `Stopped: ${why}.` });
  }

  stopsAt(pair) {
    const { trace } = this;
    if (pair === trace.parting) return "here they part";
    for (const [side, name] of trace.names.entries()) {
      if (!trace.makes[side][pair] || !this.players) continue;
      const { store } = this.players[side];
      const why = stopsAt(store.trace, trace.at[side][pair], store.state.lines, store.state.watched);
      if (why) return `${why} of ${name}`;
    }
    return null;
  }
}
