// SPDX-License-Identifier: GPL-2.0-only
// Beside: a comparison put up, in a page (`mountComparison`) and by anywidget (`renderComparison`).

import { Comparison, FOLDED } from "./compare.js";
import { quietly, unpacked } from "./player.js";

/** Put a comparison into a page; `options`: pair, folds, theme, address (keep the pair in #). */
function mountComparison(el, data, { address = false, ...options } = {}) {
  const asked = () => new URLSearchParams(location.hash.slice(1)).get("pair");
  const given = address && asked() ? { ...options, pair: Number(asked()) } : options;
  const comparison = new Comparison(el, data, given);
  if (!address) return comparison;
  const { store } = comparison;
  const remember = quietly(() => history.replaceState(null, "", `#pair=${store.state.step}`));
  store.subscribe((state, changed) => {
    if (changed.has("step")) remember();
  });
  addEventListener("hashchange", () => {
    if (asked()) store.go(Number(asked()));
  });
  return comparison;
}

/** anywidget: the model's pair and folds are the comparison's, both ways. */
async function renderComparison({ model, el }) {
  const data = await unpacked(model);
  const comparison = mountComparison(el, data,
    { pair: model.get("pair"), folds: model.get("folds") });
  const { store } = comparison;
  const save = quietly(() => {
    model.set("pair", store.state.step);
    model.set("folds", store.state.folds);
    model.save_changes();
  });
  store.subscribe((state, changed) => {
    if (changed.has("step") && state.step !== model.get("pair")) save();
    if (changed.has("folds") && state.folds !== model.get("folds")) save();
  });
  const listeners = {
    "change:pair": () => model.get("pair") !== store.state.step && store.go(model.get("pair")),
    "change:folds": () => store.set({ folds: { ...FOLDED, ...model.get("folds") } }),
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  return () => {
    save.now();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    comparison.destroy();
  };
}

export { mountComparison, renderComparison };
