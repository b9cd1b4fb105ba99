// SPDX-License-Identifier: GPL-2.0-only
// References: who holds the selected page, each with a link to the step that took it; and locks.

import { bisectRight, shown } from "./decode.js";
import { h, height, link, write } from "./dom.js";

/** So many lists of holders are tried out to see how high they get. */
const MEASURED = 100;

/** The page that a selection speaks of: itself, or what the selected entry points at. */
export function pageOf(trace, name, state) {
  const { pages } = trace.payload.holders;
  const owner = trace.slotOf.has(name) ? trace.slotNames.get(trace.slotOf.get(name)).owner : name;
  for (const candidate of [owner, owner.split("/")[0]]) if (candidate in pages) return candidate;
  const pointed = trace.slotOf.has(name) ? trace.value(trace.slotOf.get(name), state) : null;
  const parts = [pointed, ...(pointed?.parts ?? []), ...(pointed?.parts?.[4]?.parts ?? [])];
  return parts.find((part) => part?.type === "Page")?.ref ?? null;
}

const stepLink = (store, step, before) => (step === null || step === undefined
  ? h("span", { class: "quiet" }, before)
  : link(`step ${step}`, () => store.go(step), `Go to step ${step}`));

export class ReferencesPanel {
  constructor(store) {
    this.store = store;
    this.head = h("p", { class: "what" });
    this.list = h("ul", { class: "rows" });
    this.frozen = h("p", { class: "frozen" });
    this.end = h("p", {});
    this.element = h("div", { class: "references" }, this.head, this.list, this.frozen, this.end);
    store.subscribe((state, changed) => {
      if (["step", "selection", "answers"].some((name) => changed.has(name))) this.turn(state);
    });
  }

  turn({ step, selection }) {
    const { trace } = this.store;
    const page = pageOf(trace, selection, step + 1);
    const lines = trace.payload.holders.pages[page];
    if (!lines) {
      write(this.head, "Select a page, in the picture or above.");
      this.list.replaceChildren();
      this.frozen.textContent = this.end.textContent = "";
      return;
    }
    this.keepHeight(lines);
    if (this.lines !== lines) [this.lines, this.states] = [lines, lines.map(([state]) => state)];
    const line = lines[bisectRight(this.states, step + 1) - 1];
    const there = trace.exists(page, step + 1);
    write(this.head, there ? `${page} has count ${line[1]}` : `${page} does not exist yet`);
    this.fill(line, there);
  }

  fill([, , holders, leaked, missing, frozen, more = 0, moreLeaked = 0], there) {
    const { trace } = this.store;
    const row = (alarm) => (number) => this.row(trace.payload.holders.table[number], alarm);
    this.list.replaceChildren(...holders.map(row(false)), ...leaked.map(row(true)));
    if (more) this.list.append(h("li", { class: "quiet" }, `and ${more} more`));
    if (frozen) {
      const until = frozen[3] === null || frozen[3] >= trace.steps ? [] : [", set again in ", stepLink(this.store, frozen[3])];
      this.frozen.replaceChildren(`frozen: ${frozen[0] ?? "somebody"} keeps the ${frozen[2]} since `,
        stepLink(this.store, frozen[1], "before the trace"), ...until);
    } else write(this.frozen, "");
    const lacking = missing > 0 ? ` · holders without a reference: ${missing}` : "";
    write(this.end, there ? `unaccounted: ${leaked.length + moreLeaked || "none"}${lacking}` : "");
    this.end.className = leaked.length || missing > 0 ? "alarm" : "well";
  }

  row([kind, name, place, taken, , dropped, task, fn, line], alarm) {
    const { store } = this;
    const by = fn ?? task ?? "";
    const where = line ? `line ${line}` : null;
    // What is hidden behind a question may drop it, or nothing ever does.
    const { steps, all } = store.trace;
    const hidden = steps < all && !(dropped !== null && dropped < steps);
    return h("li", { class: alarm ? "alarm" : "" },
      place && store.knows(place) ? link(name, () => store.select(place), `Select ${place}`)
        : h("strong", {}, name),
      h("span", { class: "quiet by", title: where }, kind === "in flight" ? "in flight" : by),
      h("span", { class: "when" }, stepLink(store, taken, "before the trace"), " to ",
        hidden ? "now" : stepLink(store, dropped, "the end")));
  }

  // The list is as high as it ever gets for this page: what stands below it never moves.
  keepHeight(lines) {
    const width = this.element.clientWidth;
    if (!width || (this.kept === lines && this.keptFor === width)) return;
    [this.kept, this.keptFor] = [lines, width];
    this.list.style.minHeight = this.frozen.style.minHeight = "";
    const high = [0, 0];
    const longest = [...lines].sort((a, b) => b[2].length + b[3].length - a[2].length - a[3].length);
    for (const line of longest.slice(0, MEASURED)) {
      this.fill(line, true);
      high[0] = Math.max(high[0], height(this.list));
      high[1] = Math.max(high[1], height(this.frozen));
    }
    this.list.style.minHeight = `${Math.ceil(high[0])}px`;
    this.frozen.style.minHeight = `${Math.ceil(high[1])}px`;
  }
}

const LOCKS = new Set(["SpinLock", "RwSemaphore", "RwLock"]);

/** The slots that say who holds a lock, with the lock's name. */
function lockSlots(trace) {
  const found = [];
  for (const [name, { type, slots }] of trace.objects) {
    const at = Object.fromEntries(slots);
    if (LOCKS.has(type)) {
      for (const field of ["owner", "readers", "value"]) {
        if (field in at) found.push({ name, slot: at[field] });
      }
    }
    const bit = type === "Page" ? "PG_locked" : type === "BufferHead" ? "BH_Lock" : null;
    if (bit && bit in at) found.push({ name: `${name} ${bit}`, slot: at[bit], owner: at.lock_owner });
  }
  return found.filter(({ slot }) => trace.event(slot) || trace.value(slot, 0));
}

/** How many locks are ever held at once: the list keeps that much room. */
function mostHeld(trace, slots) {
  const changes = [];
  let now = 0;
  for (const { slot } of slots) {
    let was = Boolean(trace.value(slot, 0));
    now += was;
    const event = trace.event(slot);
    event?.numbers.forEach((number, i) => {
      const is = Boolean(trace.values[number]);
      if (is !== was) changes.push([event.states[i], is - was]);
      was = is;
    });
  }
  let most = now;
  for (const [, change] of changes.sort((a, b) => a[0] - b[0])) most = Math.max(most, now += change);
  return most;
}

export class LocksPanel {
  constructor(store) {
    const { trace } = store;
    const slots = lockSlots(trace);
    this.list = h("ul", { class: "rows" });
    this.element = h("div", { class: "locks" }, this.list);
    store.subscribe(({ step }, changed) => {
      if (!changed.has("step")) return;
      const held = slots.filter(({ slot }) => trace.value(slot, step + 1));
      this.list.replaceChildren(...held.map(({ name, slot, owner }) => {
        const value = trace.value(owner ?? slot, step + 1);
        const { states } = trace.event(slot) ?? { states: [] };
        const since = states[bisectRight(states, step + 1) - 1];
        const who = value === true || value === null ? "" : shown(value);
        return h("li", {}, h("strong", {}, name), h("span", { class: "quiet by" }, who),
          h("span", { class: "when" },
            stepLink(store, since === undefined ? null : since - 1, "before the trace")));
      }));
      const waiting = trace.payload.waits.filter(([, first, end]) =>
        first <= step + 1 && step + 1 < end);
      this.list.append(...waiting.map(([, first, , words]) => h("li", {}, words,
        h("span", { class: "when" }, stepLink(store, first - 1, "before the trace")))));
      if (!held.length && !waiting.length) this.list.append(h("li", { class: "quiet" }, "No lock is held."));
    });
    const most = mostHeld(trace, slots) + (trace.payload.waits.length ? 1 : 0);
    this.list.style.minHeight = `${Math.max(1, most) * 1.9}em`;
  }
}
