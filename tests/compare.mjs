// SPDX-License-Identifier: GPL-2.0-only
// Reads comparisons, one a line, and prints for each its pairs and what differs after every pair.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(`${process.argv[2]}/${name}`));
const { Decoder } = await load("decode.js");
const { Differences } = await load("differences.js");
const { Pairs, PairStore } = await load("pairs.js");

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const data = JSON.parse(line);
  const traces = [data.left, data.right].map((payload) => new Decoder(payload));
  const pairs = new Pairs(data, traces);
  const differences = new Differences(...traces);
  const store = new PairStore(pairs, {});
  const rows = Array.from({ length: pairs.steps }, (_, n) => [
    ...[0, 1].map((side) => (pairs.makes[side][n] ? pairs.at[side][n] : null)), pairs.kind(n),
    differences.at(pairs.at[0][n] + 1, pairs.at[1][n] + 1)
      .map(({ field, left, right }) => [field, left, right]),
  ]);
  console.log(JSON.stringify({
    rows,
    start: differences.at(0, 0).map(({ field, left, right }) => [field, left, right]),
    pairOf: pairs.pairOf.map((column) => [...column]),
    differing: pairs.differing,
    at: store.state.step,
    stops: pairs.parting === null ? null : store.stopsAt(pairs.parting),
  }));
}
