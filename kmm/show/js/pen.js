// SPDX-License-Identifier: GPL-2.0-only
// Pen: the words, signs and lines of the picture, as kmm/show/pen.py draws them on paper.

import { s } from "./dom.js";

/** One letter of the picture's font is at most so wide. */
const LETTER = 11 * 0.603;
export const GAP = LETTER;
const ROUND = 5;
const LOOKS = {
  plain: "f-ink", strong: "f-ink bold", quiet: "f-quiet", old: "f-quiet old",
  new: "f-changed-text bold", present: "f-present-text bold",
  migration: "f-migration-text bold", swap: "f-swap-text bold", buffer: "f-buffer-text bold",
};

export const widthOf = (text) => text.length * LETTER;

export const text = (x, y, content, look) => s("text", { x, y, class: look }, content);

// Blanks before a word move it; nothing is written for them, or they would be struck out.
export const span = (x, y, [content, look]) =>
  text(x + widthOf(content) - widthOf(content.trimStart()), y, content.trim(), LOOKS[look]);

/** Words one after the other, in lines of at most `room`. */
export function wrapped(x, y, spans, room, line) {
  const made = [];
  let at = 0;
  for (const piece of spans) {
    const wide = widthOf(piece[0]);
    if (at && at + wide > room) {
      at = 0;
      y += line;
    }
    made.push(span(x + at, y, piece));
    at += wide + GAP;
  }
  return made;
}

/** Words that end at x. */
export function endingAt(x, y, spans) {
  return [...spans].reverse().map((piece) => {
    x -= widthOf(piece[0]);
    const made = span(x, y, piece);
    x -= GAP;
    return made;
  });
}

const polygon = (points, look) => s("polygon", { points: points.join(" "), class: look });

/** The sign of a kind of entry: each has a shape of its own. */
export function sign(x, y, kind) {
  const path = (d, look) => s("path", { d, class: look });
  switch (kind) {
    case "present": return [s("circle", { cx: x, cy: y, r: 4, class: "f-present" })];
    case "buffer": return [polygon([x - 5, y, x, y - 4, x + 5, y, x, y + 4], "f-buffer")];
    case "migration":
      return [path(`M${x - 5} ${y}l5 -5l5 5l-5 5Z`, "line none s-migration")];
    case "swap":
      return [
        s("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, rx: 1.5,
          class: "line none s-swap" }),
        path(`M${x - 4.5} ${y}H${x + 4.5}`, "line s-swap"),
      ];
    case "file": return [path(`M${x - 4} ${y - 5}h5l3 3v7h-8Z`, "line thin none s-edge")];
    case "special":
      return [polygon([x - 4.5, y + 4, x, y - 4.5, x + 4.5, y + 4], "f-quiet")];
    case "none": return [path(`M${x - 4} ${y}h8`, "line thin s-edge")];
    default: return [];
  }
}

/** A line through points [x, y, x, y, ...] with round corners, and its head. */
export function route(points, kind, look) {
  const [bx, x, y] = [points.at(-4), points.at(-2), points.at(-1)];
  const way = x > bx ? 1 : -1;
  const stop = [...points.slice(0, -2), x - way * (kind === "buffer" ? 10 : 8), y];
  const head = kind === "buffer"
    ? [x, y, x - way * 5, y - 4, x - way * 10, y, x - way * 5, y + 4]
    : [x, y, x - way * 9, y - 4.5, x - way * 9, y + 4.5];
  return [
    s("path", { class: `line s-${kind} d-${kind} ${look}`, d: rounded(stop) }),
    polygon(head, `f-${kind}`),
  ];
}

function rounded(points) {
  const at = (i) => [points[2 * i], points[2 * i + 1]];
  const toward = (a, b) => Math.sign(b - a);
  let d = `M${points[0]} ${points[1]}`;
  for (let i = 1; i < points.length / 2 - 1; i++) {
    const [[ax, ay], [bx, by], [cx, cy]] = [at(i - 1), at(i), at(i + 1)];
    const short = Math.min(Math.abs(bx - ax) + Math.abs(by - ay),
      Math.abs(cx - bx) + Math.abs(cy - by));
    const r = Math.min(ROUND, short / 2);
    const [px, py] = [bx - toward(ax, bx) * r, by - toward(ay, by) * r];
    const [qx, qy] = [bx + toward(bx, cx) * r, by + toward(by, cy) * r];
    d += `L${px} ${py}Q${bx} ${by} ${qx} ${qy}`;
  }
  return `${d}L${points.at(-2)} ${points.at(-1)}`;
}
