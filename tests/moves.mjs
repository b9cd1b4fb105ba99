// SPDX-License-Identifier: GPL-2.0-only
// Reads one payload and prints where each move leads from every step.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , file, folder] = process.argv;
const moves = await import(pathToFileURL(file));
const { Decoder } = await import(pathToFileURL(`${folder}/decode.js`));

const trace = new Decoder(JSON.parse(readFileSync(0, "utf8")));
const from = (move) => Array.from({ length: trace.steps }, (_, k) => move(trace, k));
const changes = trace.stepsThatChanged("p0._count");
const { code, line } = trace.site(trace.payload.site[changes[0]]);

console.log(JSON.stringify({
  over: from(moves.over),
  into: from(moves.into),
  out: from(moves.out),
  phase: from((t, k) => moves.phaseFrom(t, k, 1)),
  changes,
  search: moves.search(trace, "try_to_unmap_one"),
  nothing: moves.search(trace, "  "),
  stops: [
    moves.stopsAt(trace, changes[0], new Set([`${code}:${line}`]), []),
    moves.stopsAt(trace, changes[0], new Set(), ["p0._count"]),
  ],
}));
