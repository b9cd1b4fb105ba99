// SPDX-License-Identifier: GPL-2.0-only
// All that the picture of a player says at every step: for each step the boxes that say something
// else than at the step before, as lists of [text, whether it is struck out], row by row and from
// left to right. The player is stepped by its own key, and only what is drawn is read.

() => {
  const root = document.querySelector(".kmm");
  const svg = root.querySelector(".picture svg");
  const nameOf = (box) => box.dataset.select ?? box.querySelector("text")?.textContent;
  const boxes = [...svg.querySelectorAll(":scope > g")].filter((box) => box.querySelector("text"));
  const hidden = (text) => {
    for (let at = text; at !== svg; at = at.parentElement) {
      if (at.style.display === "none") return true;
    }
    return false;
  };
  // Texts of the same row have the same group; a row may have several lines.
  const words = (box) => {
    const rows = new Map();
    for (const text of box.querySelectorAll("text")) {
      if (hidden(text) || !text.textContent) continue;
      const row = text.parentElement;
      if (!rows.has(row)) rows.set(row, []);
      rows.get(row).push([Number(text.getAttribute("y")), Number(text.getAttribute("x")),
        text.textContent, text.classList.contains("old")]);
    }
    return [...rows.values()].flatMap((row) => row.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
      .map(([, , text, struck]) => [text, struck]);
  };
  // Nothing has to be laid out for its texts to be read.
  root.hidden = true;
  const number = root.querySelector(".step");
  // A trace without steps stands at -1.
  const last = number.value === "-1" ? -1 : Number(number.max);
  const before = new Map();
  const found = [];
  for (let step = Number(number.value); step <= last; step++) {
    if (Number(number.value) !== step) throw new Error(`at step ${number.value}, not ${step}`);
    const news = {};
    for (const box of boxes) {
      const said = words(box);
      const text = JSON.stringify(said);
      if (before.get(box) === text) continue;
      before.set(box, text);
      news[nameOf(box)] = said;
    }
    found.push(news);
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  }
  root.hidden = false;
  return JSON.stringify(found);
}
