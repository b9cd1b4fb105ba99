// SPDX-License-Identifier: GPL-2.0-only
// Decode: a trace as payload.py sends it, and what can be asked of it at any step.
//
// State 0 is the start, step k leads from state k to state k + 1. Nothing is replayed: each slot
// has the list of the steps that changed it, and its value at a state is found by bisection.
//
// `all` is how many steps there are, `steps` how many of them may be seen: fewer while a question is
// open (ask.js). No move and no search leads behind `steps`; a state is asked for by who stands there.

/** The number of entries of a sorted array that are at most x; only from `low` to `high` it is. */
export function bisectRight(sorted, x, low = 0, high = sorted.length) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The places of the largest numbers, the largest first. */
export function largest(numbers, count) {
  const found = [];
  for (let i = 0; i < numbers.length; i++) {
    if (found.length === count && numbers[i] <= numbers[found.at(-1)]) continue;
    const behind = found.findIndex((j) => numbers[j] < numbers[i]);
    found.splice(behind < 0 ? found.length : behind, 0, i);
    found.length = Math.min(found.length, count);
  }
  return found;
}

/** The numbers whose differences these are. */
export function sums(differences) {
  const numbers = new Int32Array(differences.length);
  let sum = 0;
  for (let i = 0; i < differences.length; i++) numbers[i] = sum += differences[i];
  return numbers;
}

/** A value as a person reads it: NULL for None, a pte in its own words. */
export function shown(value) {
  if (value === null) return "NULL";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "object") return value.text ?? value.ref;
  return String(value);
}

const pathOf = (owner, field) => (field.startsWith("[") ? owner + field : `${owner}.${field}`);

export class Decoder {
  constructor(payload) {
    this.payload = payload;
    this.all = payload.steps;
    this.steps = payload.steps;
    this.values = payload.values;
    this.ends = sums(payload.ends);
    this.call = sums(payload.call);
    this.calls = {
      ...payload.calls, first: sums(payload.calls.first), last: sums(payload.calls.last),
    };
    this.failed = new Set(payload.failed);
    this.nameSlots();
    this.sortChanges();
  }

  // Which slot is which field of which object, both ways.
  nameSlots() {
    this.slotNames = new Map();
    this.slotOf = new Map();
    this.objects = new Map();
    for (const [name, type, base, fields, cells] of this.payload.objects) {
      const slots = fields ? fields.map((field, i) => [field, base + 1 + i])
        : cells.map(([key, slot]) => [`[${key}]`, slot]);
      this.objects.set(name, { name, type, base, slots, cells });
      for (const [field, slot] of [["exists", base], ...slots]) {
        const path = pathOf(name, field);
        this.slotNames.set(slot, { owner: name, field, path });
        this.slotOf.set(path, slot);
      }
    }
  }

  // For each slot the states from which on it has another value, and these values: those of slot s
  // stand from starts[s] to starts[s + 1], sorted by counting. Of a step that changes a slot
  // twice the last value stays.
  sortChanges() {
    const { slot, new: values, initial } = this.payload;
    this.starts = new Int32Array(initial.length + 1);
    const last = new Int32Array(initial.length).fill(-1);
    this.eachChange((k, i) => {
      if (last[slot[i]] !== k) this.starts[slot[i] + 1]++;
      last[slot[i]] = k;
    });
    for (let s = 0; s < initial.length; s++) this.starts[s + 1] += this.starts[s];
    this.states = new Int32Array(this.starts[initial.length]);
    this.numbers = new Int32Array(this.starts[initial.length]);
    const free = this.starts.slice();
    last.fill(-1);
    this.eachChange((k, i) => {
      const s = slot[i];
      const place = last[s] === k ? free[s] - 1 : free[s]++;
      last[s] = k;
      this.states[place] = k + 1;
      this.numbers[place] = values[i];
    });
  }

  eachChange(f) {
    for (let k = 0, i = 0; k < this.all; k++) for (; i < this.ends[k]; i++) f(k, i);
  }

  /** When a slot gets another value, {states, numbers} of equal length; null if it never does. */
  event(slot) {
    const [start, end] = [this.starts[slot], this.starts[slot + 1]];
    if (!(start < end)) return null;
    return { states: this.states.subarray(start, end), numbers: this.numbers.subarray(start, end) };
  }

  /** The value of a slot in a state. */
  value(slot, state) {
    return this.values[this.number(slot, state)];
  }

  number(slot, state) {
    const start = this.starts[slot];
    const place = bisectRight(this.states, state, start, this.starts[slot + 1]);
    return place > start ? this.numbers[place - 1] : this.payload.initial[slot];
  }

  exists(name, state) {
    const object = this.objects.get(name);
    return Boolean(object && this.value(object.base, state));
  }

  /** The fields of one object: pairs of name and value, in order. */
  fields(object, state) {
    const pairs = object.slots.map(([field, slot]) => [field, this.value(slot, state)]);
    if (!object.cells) return pairs;
    const there = pairs.map(([, value], i) => [object.cells[i][0], value])
      .filter(([, value]) => value !== null);
    return object.type === "ListHead" ? there.sort((a, b) => a[1] - b[1]) : there;
  }

  /** Everything that exists in a state: pairs of name and fields. */
  state(state) {
    return [...this.objects.values()].filter(({ name }) => this.exists(name, state))
      .map((object) => [object.name, this.fields(object, state)]);
  }

  /** What step k changed, or the steps from k to before `end`: the fields whose values differ. */
  changes(k, end = k + 1) {
    const slots = new Set(this.payload.slot.slice(k > 0 ? this.ends[k - 1] : 0,
      end > 0 ? this.ends[end - 1] : 0));
    return [...slots].filter((slot) => this.number(slot, k) !== this.number(slot, end))
      .map((slot) => ({
        slot, ...this.slotNames.get(slot), old: this.value(slot, k), new: this.value(slot, end),
      }));
  }

  /** A slot of this path, or all slots of this object; empty for a name that nothing has. */
  slotsOf(name) {
    const object = this.objects.get(name);
    if (object) return [object.base, ...object.slots.map(([, slot]) => slot)];
    return this.slotOf.has(name) ? [this.slotOf.get(name)] : [];
  }

  /** The steps that changed a field or an object, in order. */
  stepsThatChanged(name) {
    const steps = new Set();
    for (const slot of this.slotsOf(name)) {
      let before = this.payload.initial[slot];
      const event = this.event(slot);
      event?.states.forEach((state, i) => {
        const now = event.numbers[i];
        if (now !== before) steps.add(state - 1);
        before = now;
      });
    }
    return [...steps].filter((step) => step < this.steps).sort((a, b) => a - b);
  }

  // Code and calls.

  /** Where a site is: the function that is called there, the piece of code and the line. */
  site(number) {
    const [f, code, line] = this.payload.sites[number];
    const [name, file] = this.payload.functions[f];
    return { name, file, code, line };
  }

  task(k) {
    return this.payload.tasks[this.calls.task[this.call[k]]];
  }

  /** The numbers of the calls that step k is in, outermost first. */
  stack(k) {
    return this.stackOf(this.call[k]);
  }

  stackOf(call) {
    const found = [];
    while (this.calls.parent[call] !== call) {
      found.unshift(call);
      call = this.calls.parent[call];
    }
    return found;
  }

  phase(k) {
    this.phaseFirsts ??= this.payload.phases.map((phase) => phase[1]);
    return bisectRight(this.phaseFirsts, k) - 1;
  }

  codeText(k) {
    return this.payload.code.table[this.payload.code.at[k]];
  }

  sentence(k) {
    return this.payload.sentences.table[this.payload.sentences.at[k]];
  }
}
