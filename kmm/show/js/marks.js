// SPDX-License-Identifier: GPL-2.0-only
// Marks: in a picture, the sign ≠ at everything that is not the same in the other one.

import { s } from "./dom.js";

/** The names under which a field may be drawn: its own, its list's, its object's. */
const drawnAs = ({ field, owner }) => [field, owner, owner.split("/")[0]];

/** A function that puts the marks of differences into the picture within `root`. */
export function differMarks(root) {
  const svg = root.querySelector(".picture svg");
  const layer = s("g", { class: "differs" });
  svg.append(layer);
  const places = new Map();
  for (const element of svg.querySelectorAll("[data-select]")) {
    const key = element.getAttribute("data-select");
    if (!places.has(key)) places.set(key, element);
  }
  return (differences) => {
    const keys = differences.map((d) => drawnAs(d).find((key) => places.has(key)));
    layer.replaceChildren(...[...new Set(keys)].filter(Boolean).map((key) => {
      const element = places.get(key);
      const { x, y, width, height } = element.getBBox();
      if (!width) return null;
      // A box has it at its corner, a row at its side.
      const row = element.parentNode.closest("[data-select]");
      const place = row ? `translate(${x - 8} ${y + height / 2}) scale(.8)` : `translate(${x + width} ${y})`;
      return s("g", { transform: place }, s("title", {}, `${key} differs`), s("circle", { r: 7 }),
        s("path", { d: "M-3.5 -1.7H3.5M-3.5 1.7H3.5M2.2 -4.4L-2.2 4.4" }));
    }).filter(Boolean));
  };
}
