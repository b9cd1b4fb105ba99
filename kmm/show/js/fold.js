// SPDX-License-Identifier: GPL-2.0-only
// Fold: every call of one function as if it were one step, from its first step to its last.

export class Fold {
  constructor(trace, name) {
    this.trace = trace;
    // For each call the outermost one of this function that it is in, or -1.
    this.around = new Int32Array(trace.calls.parent.length);
    trace.calls.parent.forEach((parent, call) => {
      const own = parent !== call && trace.site(trace.calls.site[call]).name === name;
      this.around[call] = parent !== call && this.around[parent] >= 0 ? this.around[parent]
        : own ? call : -1;
    });
  }

  /** The call that step k is folded into, or -1. */
  call(k) {
    return k >= 0 ? this.around[this.trace.call[k]] : -1;
  }

  /** What is shown together with step k: from step `first` to before step `end`. */
  unit(k) {
    const call = this.call(k);
    if (call < 0) return [k, k + 1];
    const { first, last } = this.trace.calls;
    return [first[call], Math.min(last[call], this.trace.steps)];
  }

  /** Where a person stands who goes to step k: what has been folded is seen at its end. */
  place(k) {
    return this.unit(k)[1] - 1;
  }

  /** The place after this one, or before it; null where there is none. */
  neighbour(k, way) {
    const [first, end] = this.unit(k);
    const next = way > 0 ? end : first - 1;
    return next >= 0 && next < this.trace.steps ? this.place(next) : null;
  }
}

/** The functions that can be folded, those with the most calls first: [name, calls]. */
export function foldable(trace) {
  const { parent, site, first, last } = trace.calls;
  const calls = new Map();
  parent.forEach((outer, call) => {
    if (outer === call || last[call] - first[call] < 2) return;
    const { name } = trace.site(site[call]);
    calls.set(name, (calls.get(name) ?? 0) + 1);
  });
  return [...calls].sort((a, b) => b[1] - a[1]);
}
