// SPDX-License-Identifier: GPL-2.0-only
// DOM: elements in one expression, and the icons.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element. */
export const h = (tag, attributes = {}, ...children) =>
  filled(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

/** Code that may go on below behind a bracket and before a dot, but not within a name. */
export const breakable = (text) =>
  text.match(/\.?[^.(]*\(*/g).filter(Boolean).flatMap((part, i) => (i ? [h("wbr"), part] : part));

/** Write the text only where it is another: nothing is laid out anew for nothing. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** How high it is, in the pixels of its own style. */
export const height = (element) =>
  element.getBoundingClientRect().height / (element.currentCSSZoom ?? 1);

const ICONS = {
  first: "M4 3v10M13 3L6 8l7 5Z", last: "M12 3v10M3 3l7 5-7 5Z", back: "M12 3L5 8l7 5Z",
  forward: "M4 3l7 5-7 5Z", play: "M4 2.5l9 5.5-9 5.5Z", pause: "M4 3h3v10h-3ZM9 3h3v10h-3Z",
  previous: "M10.5 3.5L6 8l4.5 4.5", next: "M5.5 3.5L10 8l-4.5 4.5",
  into: "M8 2v8M4.5 7L8 10.5 11.5 7M4 13.5h8", out: "M8 10.5V2.5M4.5 5.5L8 2l3.5 3.5M4 13.5h8",
  over: "M2.5 9.5C3 3 11 2 12.6 8M9.5 6.5l3.2 2L15 5M6 13.5h4",
  open: "M3.5 6L8 10.5 12.5 6", shut: "M6 3.5L10.5 8 6 12.5", remove: "M4 4l8 8M12 4l-8 8",
};
const FILLED = new Set(["first", "last", "back", "forward", "play", "pause"]);

/** An icon, drawn: fonts may lack the glyphs of media players. */
export function icon(name) {
  const path = s("path", {
    d: ICONS[name], fill: FILLED.has(name) ? "currentColor" : "none", stroke: "currentColor",
    "stroke-width": 1.6, "stroke-linejoin": "round", "stroke-linecap": "round",
  });
  return s("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, path);
}

/** A button with an icon and a name that is read out; `key` is the key that does the same. */
export function iconButton(name, label, key, onclick) {
  const title = key ? `${label} (${key})` : label;
  return h("button", { type: "button", class: "icon", "aria-label": label, title, onclick },
    icon(name));
}

/** A link within the trace: a button that looks like one. */
export const link = (text, onclick, title) =>
  h("button", { type: "button", class: "link", title, onclick }, text);
