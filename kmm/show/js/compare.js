// SPDX-License-Identifier: GPL-2.0-only
// Comparison: two players side by side under common controls, with what differs above them.

import { Course } from "./course.js";
import { Differences } from "./differences.js";
import { differMarks } from "./marks.js";
import { h, icon, iconButton, link, write } from "./dom.js";
import { keepFocus, keyList, listen } from "./keys.js";
import { nextOf } from "./moves.js";
import { Pairs, PairStore } from "./pairs.js";
import { Panel, Player, followTheme, quietly } from "./player.js";
import { SPEEDS } from "./store.js";

/** So many fields that differ have a line. */
const LISTED = 8;

/** What is folded at first: code, picture and sentence of both are seen at once. */
export const FOLDED = { references: true, locks: true, timeline: true };

const COMPARISON_KEYS = [
  [["ArrowRight", "l"], "→ l", "forward", ({ store }) => store.go(store.neighbour(1))],
  [["ArrowLeft", "h"], "← h", "back", ({ store }) => store.go(store.neighbour(-1))],
  [["Home"], "Home", "first pair", ({ store }) => store.go(0)],
  [["End"], "End", "last pair", ({ store }) => store.go(store.last)],
  [[" "], "space", "play or pause", ({ store }) => store.play()],
  [["+", "-"], "+ −", "faster, slower", ({ store }, key) => {
    const at = SPEEDS.indexOf(store.state.speed) + (key === "+" ? 1 : -1);
    store.set({ speed: SPEEDS[at] ?? store.state.speed });
  }],
  [["w"], "w", "where they part", (comparison) => comparison.part()],
  [["n"], "n", "next difference", (comparison) => comparison.apart(1)],
  [["p"], "p", "previous difference", (comparison) => comparison.apart(-1)],
  [["g"], "g", "type the number of a pair", ({ number }) => number.select()],
  [["1", "2", "3", "4", "5", "6"], "1 to 6", "fold or unfold a panel of both",
    ({ players }, key) => players[0].panels[Number(key) - 1]?.toggle()],
  [["7"], "7", "fold or unfold what differs", ({ list }) => list.toggle()],
  [["?"], "?", "this list", (comparison) => comparison.help()],
];

export class Comparison {
  constructor(el, data, { theme, ...given }) {
    this.names = data.names;
    this.players = [data.left, data.right].map((trace) => new Player(null, trace,
      { theme, controls: false, folds: { ...FOLDED } }));
    const traces = this.players.map(({ trace }) => trace);
    this.pairs = new Pairs(data, traces);
    this.differences = new Differences(...traces);
    const store = this.store = new PairStore(this.pairs,
      { ...given, folds: { ...FOLDED, ...given.folds } });
    store.players = this.players;
    const [before, after] = keepFocus(this);
    store.subscribe(before);
    this.heads = this.names.map(() => h("span", { class: "stands" }));
    this.marks = this.players.map(({ root }) => differMarks(root));
    this.course = new Course(store);
    this.live = h("div", { class: "live", "aria-live": "polite" });
    this.keys = keyList(COMPARISON_KEYS);
    this.rows = h("ul", { class: "differing" });
    this.count = h("span", { class: "quiet small" });
    this.said = h("span", { class: "said" });
    this.list = new Panel(store, "differences", "Differs now", this.rows,
      h("div", { class: "beside" }, this.count, this.said, ...this.moves()));
    this.root = h("div", { class: "kmm comparison", tabindex: "-1", role: "group",
      "aria-label": `Comparison of ${this.names.join(" and ")}`,
      "data-lm-suppress-shortcuts": "true" },
    h("div", { class: "verdict" }, h("p", {}, data.sentence),
      data.beginning ? h("p", { class: "quiet small" }, data.beginning) : null),
    this.controls(), this.list.element,
    h("div", { class: "sides" }, ...this.names.map((name, side) => this.side(name, side))),
    this.live, this.keys);
    el.append(this.root);
    listen(this, COMPARISON_KEYS);
    this.unfollow = followTheme(this.root, theme);
    this.observer = new ResizeObserver(() => this.course.resize());
    this.observer.observe(this.root);
    this.narrate = quietly(() => write(this.live, this.words()));
    this.players.forEach((player, side) => this.follow(player, side));
    store.subscribe((state, changed) => this.turn(state, changed));
    store.subscribe(after);
  }

  controls() {
    const { store, course } = this;
    const go = (way) => () => store.go(store.neighbour(way));
    this.playButton = iconButton("play", "Play", "space", () => store.play());
    const number = this.number = h("input", { type: "number", min: 0, max: Math.max(0, store.last),
      class: "step", "aria-label": "Number of the pair",
      onchange: () => store.go(Number(number.value)) });
    const { parting } = this.pairs;
    course.slider.setAttribute("aria-label", "Pair of steps");
    this.pairs.phases.forEach(([name], i) => course.parts[i].part.classList
      .add(name.replace(" ", "-")));
    if (parting !== null) course.bar.append(this.flag(parting));
    return h("div", { class: "controls" },
      h("div", { class: "main-row" },
        h("div", { class: "group", role: "group", "aria-label": "Stepping" },
          iconButton("first", "First pair", "Home", () => store.go(0)),
          iconButton("back", "Back", "←", go(-1)), this.playButton,
          iconButton("forward", "Forward", "→", go(1)),
          iconButton("last", "Last pair", "End", () => store.go(store.last))),
        course.element,
        h("div", { class: "where-we-are" }, h("label", {}, "pair ", number),
          h("span", { class: "quiet" }, `of 0 to ${Math.max(0, store.last)}`)),
        h("button", { type: "button", class: "icon", "aria-label": "Keys", title: "Keys (?)",
          onclick: () => this.help() }, "?")));
  }

  // To where they part, and from one difference to the next.
  moves() {
    const { store, pairs: { parting, differing } } = this;
    this.speed = h("select", { onchange: () => store.set({ speed: Number(this.speed.value) }) },
      ...SPEEDS.map((speed) => h("option", { value: speed }, `${speed}/s`)));
    return [
      h("label", {}, h("span", { class: "quiet" }, "speed "), this.speed),
      h("div", { class: "group", role: "group", "aria-label": "Differences" },
        h("span", { class: "quiet" },
          differing.length === 1 ? "1 place differs" : `${differing.length} places differ`),
        iconButton("previous", "Previous difference", "p", () => this.apart(-1)),
        iconButton("next", "Next difference", "n", () => this.apart(1))),
      h("button", { type: "button", class: "small-button part", disabled: parting === null,
        title: "Where they part (w)", onclick: () => this.part() }, "where they part"),
    ];
  }

  flag(pair) {
    return h("div", { class: "flag", title: `They part at pair ${pair}`,
      style: `left:${(100 * pair) / this.pairs.steps}%` });
  }

  side(name, side) {
    const { root } = this.players[side];
    for (const part of root.querySelectorAll("nav, [role=region]")) {
      part.setAttribute("aria-label", `${part.getAttribute("aria-label")}: ${name}`);
    }
    root.setAttribute("aria-label", `Player of ${name}`);
    return h("div", { class: "side", role: "group", "aria-label": name },
      h("div", { class: "side-head" }, h("h2", {}, name), this.heads[side]), root);
  }

  // What is done within one player is done for both.
  follow(player, side) {
    player.store.subscribe((state, changed) => {
      if (this.moving) return;
      if (changed.has("step") && state.step >= 0 && this.began) {
        this.store.go(this.pairs.pairOf[side][state.step]);
      }
      if (changed.has("folds") && this.began) {
        this.store.set({ folds: { ...this.store.state.folds, ...state.folds } });
      }
      if (changed.has("selection")) this.players[1 - side].store.select(state.selection);
    });
    if (side === 1) this.began = true;
  }

  turn(state, changed) {
    if (changed.has("step")) this.stand(state.step);
    if (changed.has("folds")) {
      this.quietly(({ store }) => store.set({ folds: state.folds }));
    }
    if (changed.has("playing")) {
      const [name, label] = state.playing ? ["pause", "Pause"] : ["play", "Play"];
      this.playButton.replaceChildren(icon(name));
      this.playButton.setAttribute("aria-label", label);
      this.playButton.title = `${label} (space)`;
    }
    if (changed.has("speed")) this.speed.value = state.speed;
    write(this.said, state.said);
    if (changed.has("step") || changed.has("playing") || changed.has("said")) this.narrate();
  }

  quietly(act) {
    this.moving = true;
    this.players.forEach(act);
    this.moving = false;
  }

  /** Both players stand where they are at this pair. */
  stand(pair) {
    const { pairs } = this;
    this.number.value = Math.max(0, pair);
    this.quietly(({ store, root }, side) => {
      const step = pair < 0 ? -1 : pairs.at[side][pair];
      const waits = pair >= 0 && !pairs.makes[side][pair];
      store.set({ step, frame: null, said: "" });
      root.parentNode.classList.toggle("waits", waits);
      write(this.heads[side], this.where(side, step, waits));
    });
    this.course.slider.setAttribute("aria-valuetext", `pair ${pair} of 0 to ${this.store.last}, ${
      pair < 0 ? "the start" : `${pairs.phases[pairs.phase(pair)][0]}: ${pairs.codeText(pair)}`}`);
    this.now = this.differences.at(...this.players.map(({ store }) => store.state.step + 1));
    const many = this.now.length;
    write(this.count, many ? `${many} field${many === 1 ? "" : "s"}: ${this.names.join(" | ")}`
      : "nothing: both are in the same state");
    const listed = many > LISTED ? LISTED - 1 : many;
    this.rows.replaceChildren(...this.now.slice(0, listed).map((difference) => this.row(difference)));
    if (listed < many) this.rows.append(h("li", { class: "quiet" }, `and ${many - listed} more`));
    this.marks.forEach((mark) => mark(this.now));
  }

  where(side, step, waits) {
    const { last } = this.players[side].store;
    if (last < 0) return "has no steps";
    if (!waits) return `step ${step} of 0 to ${last}`;
    if (step < 0) return "has made no step yet";
    return step === last ? `has ended with step ${step}`
      : `makes no step here; its last was ${step} of 0 to ${last}`;
  }

  row({ field, owner, left, right }) {
    const select = () => this.players.forEach(({ store }) => {
      store.select(store.knows(field) ? field : owner);
    });
    return h("li", {}, link(field, select, `Select ${field}`), " ", h("span", {}, left),
      h("span", { class: "quiet" }, " | "), h("span", {}, right));
  }

  part() {
    if (this.pairs.parting === null) this.store.set({ said: "They never part." });
    else this.store.go(this.pairs.parting);
  }

  apart(way) {
    const there = nextOf(this.pairs.differing, this.store.state.step, way);
    if (there !== null) this.store.go(there);
    else this.store.set({ said: `There is no difference ${way > 0 ? "behind" : "before"} this pair.` });
  }

  /** What is read out: nothing while playing. */
  words() {
    const { step, playing, said } = this.store.state;
    if (playing || step < 0) return "";
    const { pairs, names } = this;
    const here = step === pairs.parting ? "Here they part. " : "";
    const does = (side) => (pairs.makes[side][step]
      ? this.players[side].trace.sentence(pairs.at[side][step]) : "makes no step here.");
    const done = pairs.kind(step) === "" ? `Both: ${does(0)}`
      : `${names[0]}: ${does(0)} ${names[1]}: ${does(1)}`;
    const [first] = this.now;
    const more = this.now.length > 1 ? `, and ${this.now.length - 1} more` : "";
    const differs = first ? `Differs now: ${first.field}, ${first.left} and ${first.right}${more}.`
      : "Nothing differs now.";
    return `${said} Pair ${step}. ${here}${done} ${differs}`.trim();
  }

  help() {
    this.keys.showModal();
  }

  escape(target) {
    Player.prototype.escape.call(this, target);
  }

  destroy() {
    this.narrate.now();
    this.observer.disconnect();
    this.unfollow();
    this.store.stop();
    for (const player of this.players) player.destroy();
    this.root.remove();
  }
}
