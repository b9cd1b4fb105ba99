// SPDX-License-Identifier: GPL-2.0-only
// Differences: what differs between a state of one trace and a state of another, as
// explain/differences.py tells it. Only fields that ever can differ are looked at.

import { shown } from "./decode.js";

/** The types of which one wants to know first. */
const FOREMOST = ["Page", "PageTable"];

const rank = ({ type }) => (FOREMOST.includes(type) ? FOREMOST.indexOf(type) : FOREMOST.length);

/** A text for a value that is equal for equal values, of whichever trace they are. */
const comparable = (value) => JSON.stringify(value, (key, part) => {
  if (typeof part === "boolean") return Number(part);
  return key === "text" ? undefined : part;
});

class Side {
  constructor(trace) {
    this.trace = trace;
    this.keys = trace.values.map(comparable);
  }

  key(slot, state) {
    return slot === undefined ? "null" : this.keys[this.trace.number(slot, state)];
  }

  value(slot, state) {
    return slot === undefined ? null : this.trace.value(slot, state);
  }

  /** It is the same from the beginning to the end. */
  stays(slot) {
    return slot === undefined || !this.trace.event(slot);
  }

  members(object, state) {
    return `(${this.trace.fields(object, state).map(([key]) => shown(key)).join(", ")})`;
  }
}

export class Differences {
  constructor(left, right) {
    this.sides = [new Side(left), new Side(right)];
    const names = [...new Set([...left.objects.keys(), ...right.objects.keys()])];
    this.objects = names.map((name) => {
      const pair = [left, right].map((trace) => trace.objects.get(name));
      return { name, pair, rank: rank(pair[0] ?? pair[1]), fields: this.unsteady(pair) };
    }).sort((a, b) => a.rank - b.rank);
  }

  // The fields of an object that both have: [field, slot, slot], without those that never differ.
  unsteady([ours, theirs]) {
    if (!ours || !theirs) return [];
    const [own, other] = [new Map(ours.slots), new Map(theirs.slots)];
    return [...new Set([...own.keys(), ...other.keys()])]
      .map((field) => [field, own.get(field), other.get(field)])
      .filter(([, i, j]) => !this.sides[0].stays(i) || !this.sides[1].stays(j) ||
        this.sides[0].key(i, 0) !== this.sides[1].key(j, 0));
  }

  /** What differs between state i of the left trace and state j of the right one. */
  at(i, j) {
    const [left, right] = this.sides;
    const found = [];
    for (const { name, pair: [ours, theirs], fields } of this.objects) {
      const there = [left.trace.exists(name, i), right.trace.exists(name, j)];
      if (there[0] !== there[1]) {
        found.push({ field: `${name}.exists`, owner: name, left: shown(there[0]), right: shown(there[1]) });
      } else if (there[0] && ours.type === "ListHead") {
        const members = [left.members(ours, i), right.members(theirs, j)];
        if (members[0] !== members[1]) {
          found.push({ field: name, owner: name, left: members[0], right: members[1] });
        }
      } else if (there[0]) {
        for (const [field, a, b] of fields) {
          if (left.key(a, i) === right.key(b, j)) continue;
          const path = field.startsWith("[") ? name + field : `${name}.${field}`;
          found.push({ field: path, owner: name, left: shown(left.value(a, i)), right: shown(right.value(b, j)) });
        }
      }
    }
    return found;
  }
}
