// SPDX-License-Identifier: GPL-2.0-only
// Player: the panels put together; for a page (`mount`) and for anywidget (`render`).

import { AskPanel } from "./ask.js";
import { CodePanel } from "./code.js";
import { Controls } from "./controls.js";
import { Course } from "./course.js";
import { Decoder } from "./decode.js";
import { h, icon, write } from "./dom.js";
import { keepFocus, keyList, listen } from "./keys.js";
import { Picture } from "./picture.js";
import { LocksPanel, ReferencesPanel } from "./references.js";
import { SentencePanel } from "./sentence.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";

/** Milliseconds of quiet before a step is read out, or told to Python. */
const QUIET = 150;

/** Call `f` when nothing has happened for a while; `.now()` at once if it is still to come. */
export function quietly(f) {
  let timer = null;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(later.now, QUIET);
  };
  later.now = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    f();
  };
  return later;
}

/** A panel with a title that folds it; the store remembers which are folded. */
export class Panel {
  constructor(store, name, title, content, beside = null) {
    this.store = store;
    this.name = name;
    this.button = h("button", { type: "button", class: "fold", onclick: () => this.toggle() });
    this.title = title;
    this.content = content;
    this.element = h("section", { class: `panel ${name}-panel` },
      h("div", { class: "head" }, h("h2", {}, this.button), beside), content);
    store.subscribe(({ folds }, changed) => {
      if (!changed.has("folds")) return;
      const folded = Boolean(folds[name]);
      this.button.setAttribute("aria-expanded", String(!folded));
      this.button.replaceChildren(icon(folded ? "shut" : "open"), this.title);
      this.content.hidden = folded;
      this.element.classList.toggle("folded", folded);
    });
  }

  toggle() {
    const { folds } = this.store.state;
    this.store.set({ folds: { ...folds, [this.name]: !folds[this.name] } });
  }
}

/** The pixels of Jupyter's letters, for which the player's sizes are made. */
const LETTERS = 14;

/** Follow the notebook's theme and the size of its letters, or else what the system prefers. */
export function followTheme(root, chosen) {
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const jupyter = document.body.dataset.jpThemeLight;
    const dark = chosen ? chosen === "dark" : jupyter ? jupyter === "false" : prefers.matches;
    root.dataset.theme = dark ? "dark" : "light";
    const page = getComputedStyle(document.documentElement);
    const size = parseFloat(page.getPropertyValue("--jp-content-font-size1"));
    root.style.setProperty("--zoom", String((size || LETTERS) / LETTERS));
  };
  const observer = new MutationObserver(follow);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  prefers.addEventListener("change", follow);
  follow();
  return () => {
    observer.disconnect();
    prefers.removeEventListener("change", follow);
  };
}

/** `controls: false` leaves controls, keys and what is read out to whoever puts it up. */
export class Player {
  constructor(el, data, { theme, controls = true, ...given }) {
    this.trace = new Decoder(data);
    const store = this.store = new Store(this.trace, given);
    const [before, after] = keepFocus(this);
    if (controls) store.subscribe(before);
    const course = controls ? new Course(store) : null;
    const help = h("button", { type: "button", class: "icon", "aria-label": "Keys",
      title: "Keys (?)", onclick: () => this.help() }, "?");
    this.controls = controls ? new Controls(store, course, help) : null;
    this.timeline = new Timeline(store);
    const code = new CodePanel(store);
    const sentence = new SentencePanel(store);
    const references = new ReferencesPanel(store);
    this.said = h("span", { class: "said" });
    this.panels = [
      new Panel(store, "code", "Code", code.element),
      new Panel(store, "picture", "Picture", new Picture(store).element),
      new Panel(store, "sentence", "This step", sentence.element, this.said),
      new Panel(store, "references", "Who holds the page", references.element),
      new Panel(store, "locks", "Locks held", new LocksPanel(store).element),
      new Panel(store, "timeline", "Over time", this.timeline.element),
    ];
    this.live = controls ? h("div", { class: "live", "aria-live": "polite" }) : null;
    this.keys = controls ? keyList() : null;
    this.ask = store.questions.length ? new AskPanel(store) : null;
    const name = data.name ? `of ${data.name}` : "";
    this.root = h("div", { class: "kmm", tabindex: controls ? "-1" : null, role: "group",
      "aria-label": `Player of a trace ${name}`.trim(), "data-lm-suppress-shortcuts": "true" },
    this.controls?.element, this.ask?.element, this.bug(data),
    h("div", { class: "panels" }, ...this.panels.map((panel) => panel.element)), this.live, this.keys);
    // Before it is put up: a theme that comes later would have all styles worked out twice.
    this.unfollow = followTheme(this.root, theme);
    el?.append(this.root);
    if (controls) listen(this);
    this.observer = new ResizeObserver(() => {
      course?.resize();
      code.measure();
      sentence.measure();
      references.turn(store.state);
      this.timeline.resize();
      code.reveal();
    });
    this.observer.observe(this.root);
    this.narrate = quietly(() => this.live && write(this.live, this.words()));
    store.subscribe((state, changed) => {
      write(this.said, state.said);
      if (changed.has("folds")) requestAnimationFrame(() => this.timeline.resize());
      if (changed.has("step") || changed.has("playing") || changed.has("said")) this.narrate();
    });
    if (controls) store.subscribe(after);
  }

  bug({ bug, stopped, steps }) {
    if (!bug && !stopped) return null;
    const words = stopped
      ? h("p", { class: "bug" }, h("strong", {}, `Cut off after ${steps} steps: `), stopped,
        ". What would have come later is not part of the trace.")
      : h("p", { class: "bug" }, h("strong", {}, "The kernel stopped: "), bug,
        `. The trace plays up to there, ${steps} steps.`);
    this.store.subscribe(() => {
      words.hidden = this.store.asked >= 0;
    });
    return words;
  }

  // What is read out: nothing while playing, for nobody could follow.
  words() {
    const { step, playing, said } = this.store.state;
    if (playing) return "";
    const what = step < 0 ? "" : `Step ${step}. ${this.store.sentence(step)}`;
    return `${said} ${what} ${this.ask?.words() ?? ""}`.trim();
  }

  help() {
    this.keys.showModal();
  }

  /** From a field to the player, from the player to the notebook. */
  escape(target) {
    const dialog = this.root.querySelector("dialog[open]");
    if (dialog) dialog.close();
    else if (target !== this.root) this.root.focus({ preventScroll: true });
    else {
      this.root.blur();
      this.root.closest(".jp-Notebook")?.focus();
    }
  }

  destroy() {
    this.narrate.now();
    this.observer.disconnect();
    this.unfollow();
    this.store.stop();
    this.root.remove();
  }
}

/** What the address asks for: #step=41&select=p0. */
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const found = {};
  if (asked.has("step")) found.step = Number(asked.get("step"));
  if (asked.get("select")) found.selection = asked.get("select");
  return found;
}

/** What was answered in this page before it was loaded again, if it still asks the same. */
function fromHistory({ questions = [] }) {
  const answers = history.state?.kmm ?? [];
  const same = answers.length === questions.length && questions.every(({ step, field }, i) =>
    answers[i].step === step && answers[i].field === field);
  return same && answers.length ? { answers } : {};
}

/**
 * Put a player into a page; `options`: step, selection, folds, questions, answers, theme, and
 * address: what is shown is kept in #, what was answered with it.
 */
function mount(el, data, { address = false, ...options } = {}) {
  const kept = address ? { ...fromHistory(options), ...fromAddress() } : {};
  const player = new Player(el, data, { ...options, ...kept });
  if (!address) return player;
  const { store } = player;
  const remember = quietly(() => {
    const { step, selection } = store.state;
    const asked = new URLSearchParams({ step, ...(selection ? { select: selection } : {}) });
    history.replaceState({ kmm: store.state.answers }, "", `#${asked}`);
  });
  store.subscribe((state, changed) => {
    if (["step", "selection", "answers"].some((name) => changed.has(name))) remember();
    // An answer is not lost by whoever leaves the page right after it.
    if (changed.has("answers")) remember.now();
  });
  addEventListener("hashchange", () => {
    const { step, selection } = fromAddress();
    if (step !== undefined) store.go(step);
    if (selection) store.select(selection);
  });
  return player;
}

/** The payload of a widget, which is sent packed (payload.py). */
function unpacked(model) {
  const bytes = new Blob([model.get("payload")]).stream();
  return new Response(bytes.pipeThrough(new DecompressionStream("deflate"))).json();
}

/** anywidget: the model's step, selection, folds and answers are the player's, both ways. */
async function render({ model, el }) {
  const data = await unpacked(model);
  const names = ["step", "selection", "folds", "answers"];
  const given = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  if (!given.selection) delete given.selection;
  given.questions = model.get("questions");
  const player = mount(el, data, given);
  const { store } = player;
  const save = quietly(() => {
    for (const name of names) model.set(name, store.state[name]);
    model.save_changes();
  });
  store.subscribe((state, changed) => {
    if (names.some((name) => changed.has(name) && state[name] !== model.get(name))) save();
  });
  const listeners = {
    "change:step": () => model.get("step") !== store.state.step && store.go(model.get("step")),
    "change:selection": () => store.select(model.get("selection")),
    "change:folds": () => store.set({ folds: model.get("folds") }),
    "change:answers": () => store.set({ answers: model.get("answers") }),
  };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  return () => {
    save.now();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    player.destroy();
  };
}

export { mount, unpacked };
