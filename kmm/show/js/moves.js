// SPDX-License-Identifier: GPL-2.0-only
// Moves: where each button leads from step k. A move that leads nowhere gives null, and so does one
// that leads behind the steps that may be seen: nobody can tell the one from the other.

import { bisectRight } from "./decode.js";

/** The first of the sorted steps behind k, or the last one before it. */
export function nextOf(steps, k, way) {
  const place = way > 0 ? bisectRight(steps, k) : bisectRight(steps, k - 1) - 1;
  return steps[place] ?? null;
}

function within(trace, call, outer) {
  while (call !== outer && trace.calls.parent[call] !== call) call = trace.calls.parent[call];
  return call === outer;
}

/** The next step that is not inside a call made from the function of step k. */
export function over(trace, k) {
  const own = trace.call[k];
  for (let j = k + 1; j < trace.steps; j++) {
    const call = trace.call[j];
    if (call === own || !within(trace, call, own)) return j;
    // Skip the whole call, if nobody else runs in the middle of it.
    const last = trace.calls.last[call];
    if (trace.payload.tasks.length <= 2 && last > j + 1) j = last - 1;
  }
  return null;
}

/** The next step that is inside a call made from the function of step k, before that returns. */
export function into(trace, k) {
  const own = trace.call[k];
  for (let j = k + 1; j < trace.steps; j++) {
    if (trace.call[j] !== own) return within(trace, trace.call[j], own) ? j : null;
  }
  return null;
}

/** The first step after the function of step k has returned. */
export function out(trace, k) {
  const own = trace.call[k];
  if (trace.calls.parent[own] === own) return null;
  const last = trace.calls.last[own];
  return last < trace.steps ? last : null;
}

/** The first step of the next phase, or of this one or the one before it. */
export function phaseFrom(trace, k, way) {
  const phase = trace.payload.phases[trace.phase(k) + (way > 0 ? 1 : 0)];
  if (way > 0) return phase && phase[1] < trace.steps ? phase[1] : null;
  if (phase && phase[1] < k) return phase[1];
  return trace.payload.phases[trace.phase(k) - 1]?.[1] ?? null;
}

/** The next step of another task than step k. */
export function otherTask(trace, k) {
  for (let j = k + 1; j < trace.steps; j++) if (trace.task(j) !== trace.task(k)) return j;
  return null;
}

/** Every step whose call, function, sentence or changed field has the words in it. */
export function search(trace, words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const has = (text) => text.toLowerCase().includes(wanted);
  const hits = (table) => new Set(table.flatMap((text, i) => (has(text) ? [i] : [])));
  const { code, sentences, slot } = trace.payload;
  const [inCode, inSentence] = [hits(code.table), hits(sentences.table)];
  const inCall = new Set();
  trace.calls.parent.forEach((parent, call) => {
    if (parent !== call && has(trace.site(trace.calls.site[call]).name)) inCall.add(call);
  });
  const slots = new Set();
  for (const [number, { path }] of trace.slotNames) if (has(path)) slots.add(number);
  const found = [];
  for (let k = 0, i = 0; k < trace.steps; k++) {
    let hit = inCode.has(code.at[k]) || inSentence.has(sentences.at[k]) ||
      inCall.has(trace.call[k]);
    for (; i < trace.ends[k]; i++) hit ||= slots.has(slot[i]);
    if (hit) found.push(k);
  }
  return found;
}

/** Play stops at step k: at a marked line, or because a watched field changes. */
export function stopsAt(trace, k, lines, watched) {
  if (lines.size) {
    const { code, line } = trace.site(trace.payload.site[k]);
    if (lines.has(`${code}:${line}`)) return `line ${line}`;
  }
  if (!watched.length) return null;
  const changed = trace.changes(k);
  const hit = watched.find((name) => changed.some((c) => c.path === name || c.owner === name));
  return hit ? `${hit} changes` : null;
}
