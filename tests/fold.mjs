// SPDX-License-Identifier: GPL-2.0-only
// Reads one payload and prints, for a function, what is shown together with every step, where each
// step leads, and what every stretch has changed.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , folder, name] = process.argv;
const load = (file) => import(pathToFileURL(`${folder}/${file}`));
const { Decoder } = await load("decode.js");
const { Fold, foldable } = await load("fold.js");
const { Store } = await load("store.js");

const trace = new Decoder(JSON.parse(readFileSync(0, "utf8")));
const fold = new Fold(trace, name);
const steps = Array.from({ length: trace.steps }, (_, k) => k);
const store = new Store(trace);
store.foldCalls(name);
const walk = [];
store.go(0);
do walk.push(store.state.step); while (store.go(store.neighbour(1)));
const back = [];
store.go(store.last);
do back.push(store.state.step); while (store.go(store.neighbour(-1)));
const units = steps.map((k) => fold.unit(k));

console.log(JSON.stringify({
  foldable: foldable(trace), units, forward: steps.map((k) => fold.neighbour(k, 1)), walk, back,
  changes: walk.map((k) => trace.changes(...fold.unit(k)).map(({ path }) => path)),
}));
