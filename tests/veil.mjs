// SPDX-License-Identifier: GPL-2.0-only
// Reads a payload, its questions and the words to search for; prints, for the question that is open,
// where every move leads from every step that may be seen, and what may be seen after each answer.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { Decoder } = await load("decode.js");
const { Store, UNITS } = await load("store.js");
const moves = await load("moves.js");
const { judged } = await load("ask.js");

const { payload, questions, answers, searches, typed } = JSON.parse(readFileSync(0, "utf8"));
const store = new Store(new Decoder(payload), { questions, answers });

/** Everything that a person can do at once, each from a fresh start at step k. */
function everywhere(k) {
  const { trace } = store;
  const from = (act) => {
    store.set({ step: k, playing: false, selection: "p0", unit: "step", words: "" });
    act();
    return store.state.step;
  };
  const by = (unit, way) => from(() => {
    store.set({ unit });
    store.go(store.neighbour(way));
  });
  return [
    ...UNITS.flatMap((unit) => [by(unit, 1), by(unit, -1)]),
    ...[moves.into, moves.over, moves.out, moves.otherTask].map((move) =>
      from(() => store.go(move(trace, k)))),
    ...[1, -1].map((way) => from(() => store.go(moves.phaseFrom(trace, k, way)))),
    ...[...trace.objects.keys(), ...trace.slotOf.keys()].flatMap((name) =>
      [1, -1].map((way) => from(() => store.go(store.change(way, name))))),
    ...[trace.all, k + 1, 10 ** 6, store.last, -5].map((step) => from(() => store.go(step))),
    from(() => store.set({ step: trace.all - 1 })),
    from(() => {
      store.set({ speed: 1e9 });
      store.play(true);
      for (let i = 0; i < trace.all + 2 && store.state.playing; i++) {
        clearTimeout(store.timer);
        store.tick();
      }
      store.play(false);
    }),
  ];
}

/** Where the moves would lead from step k, did nobody stop them: no difference gives a hint. */
function untold(k) {
  const { trace } = store;
  const changes = [...trace.objects.keys(), ...trace.slotOf.keys()]
    .flatMap((name) => trace.stepsThatChanged(name));
  return [moves.into(trace, k), moves.over(trace, k), moves.out(trace, k),
    moves.otherTask(trace, k), moves.phaseFrom(trace, k, 1), Math.max(...changes)];
}

const found = [];
store.set({ words: searches[0] });
for (;;) {
  // The same words as before the answer, which nobody typed again; so with a field.
  const kept = [[...store.hits()], store.change(1, "p0")];
  const steps = [];
  for (let k = Math.min(0, store.last); k <= store.last; k++) steps.push(k);
  found.push({
    last: store.last,
    kept,
    moves: steps.map(everywhere),
    untold: [...new Set(steps.flatMap(untold))],
    hits: searches.map((words) => {
      store.set({ words });
      return [...store.hits()];
    }),
    said: steps.map((k) => {
      store.set({ step: k });
      store.go(null);
      return store.state.said;
    }),
  });
  store.set({ words: searches[0], step: store.last });
  found.at(-1).again = [[...store.hits()], store.change(1, "p0")];
  const { asked } = store;
  if (asked < 0) break;
  store.set({ answers: store.state.answers.map((a, i) => (i === asked ? { ...a, done: true } : a)) });
}
store.stop();
console.log(JSON.stringify({
  found, judged: questions.map((question) => typed.map((text) => judged(question, text))),
}));
