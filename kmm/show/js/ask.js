// SPDX-License-Identifier: GPL-2.0-only
// Ask: questions that are answered before the player shows a step. The store hides what comes
// (Store.veil); here a question is put, its answer judged, and what was answered kept.
//
// All that is said comes with the question (kmm/learn/asked.py): a cell that asks says the same.

import { h, write } from "./dom.js";

const NUMBER = /^([+-]?[0-9]{1,30}|0x[0-9a-f]{1,16}|-E[A-Z0-9]{2,20})$/i;

/** The answer as it is compared and said again; null if it is of another kind. */
export function read({ number }, typed) {
  const text = typed.trim().split(/\s+/).join(" ");
  if (!number) return text || null;
  if (!NUMBER.test(text)) return null;
  return /^-e/i.test(text) ? text.toUpperCase() : String(BigInt(text));
}

const around = ([before, behind], words) => `${before}${words}${behind}`;

/** Whether what was typed is right, and what is said to it; `right` is null if it is no answer. */
export function judged(question, typed) {
  const given = read(question, typed);
  if (given === null) {
    const again = `'${typed.trim().split(/\s+/).join(" ")}'`.slice(0, 40);
    return { right: null, verdict: around(question.other, again) };
  }
  const right = question.accepted.includes(given.toLowerCase());
  return { right, verdict: right ? question.right : around(question.wrong, given) };
}

/** What became of a question, in a word; colour never says it alone. */
const became = ({ done, given, right }) =>
  (!done ? "open" : given === null ? "shown" : right ? "right" : "not quite");

const button = (words, onclick, more = "") =>
  h("button", { type: "button", class: `small-button ${more}`, onclick }, words);

export class AskPanel {
  constructor(store) {
    this.store = store;
    this.card = Math.max(0, store.asked);
    // The step that is shown because it was just answered: the next question may stand right there.
    this.held = null;
    this.marks = h("div", { class: "marks", role: "group", "aria-label": "All questions" });
    this.title = h("h2", {});
    this.text = h("p", { class: "what" });
    this.input = h("input", { type: "text", class: "answer", autocomplete: "off",
      spellcheck: "false" });
    this.reason = h("input", { type: "text", class: "reason", autocomplete: "off" });
    this.reasonLabel = h("label", {}, h("span", { class: "quiet" }, "because (if you like)"),
      this.reason);
    this.hint = h("span", { class: "quiet hint" });
    this.form = h("div", { class: "form", role: "group", "aria-label": "Your answer",
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
        event.preventDefault();
        this.answer();
      } },
    h("label", {}, h("span", { class: "quiet" }, "your answer"), this.input), this.hint,
    this.reasonLabel, button("Answer", () => this.answer(), "strong"),
    button("Show me", () => this.giveUp()));
    this.verdict = h("p", { class: "verdict", role: "status" });
    this.why = h("div", { class: "why" });
    this.onward = h("div", { class: "onward" });
    this.saved = savedDialog();
    this.asText = button("Answers as text", () => this.saved.show(store.state.answers), "mark");
    this.element = h("div", { class: "ask", role: "group", "aria-label": "Question" },
      h("div", { class: "head" }, this.title, h("div", { class: "marks" }, this.marks, this.asText)),
      this.text, this.form, this.verdict,
      this.why, this.onward, this.saved.element);
    store.subscribe((state, changed) => {
      if (state.step !== this.held) this.held = null;
      // Who comes to where a question stands is asked it.
      const here = changed.has("step") && store.next !== null && this.held === null;
      if (here && this.card !== store.asked) this.turn(store.asked);
      else if (changed.has("answers")) this.turn(this.card);
    });
  }

  get question() {
    return this.store.questions[this.card];
  }

  get record() {
    return this.store.state.answers[this.card];
  }

  /** Show another question, or what became of it; the focus stays in here if it is. */
  turn(card) {
    const had = this.element.contains(this.element.getRootNode().activeElement);
    if (card !== this.card || this.record.done) this.input.value = this.reason.value = "";
    this.card = card;
    const { question, record } = this;
    const many = this.store.questions.length;
    write(this.title, many > 1 ? `Question ${card + 1} of ${many}` : "Question");
    write(this.text, question.text);
    write(this.hint, question.hint);
    this.input.setAttribute("aria-label", `Your answer, ${question.hint}`);
    this.reasonLabel.hidden = !question.because;
    this.form.hidden = record.done;
    this.element.dataset.became = became(record);
    this.say(record);
    this.drawMarks();
    this.drawOnward(record);
    const now = this.element.getRootNode().activeElement;
    if (had && (!this.element.contains(now) || now.closest("[hidden]"))) this.enter();
  }

  // The verdict and the explanation, once there is an answer.
  say({ done, given, because }) {
    const { question } = this;
    this.input.removeAttribute("aria-invalid");
    write(this.verdict, !done ? "" : given === null ? question.now
      : judged(question, given).verdict);
    const reason = because && done ? [`Your reason: ${because}`] : [];
    this.why.replaceChildren(...(done ? [...reason, ...question.why] : [])
      .map((line) => h("p", {}, line)));
  }

  drawMarks() {
    const { answers } = this.store.state;
    this.marks.hidden = answers.length < 2;
    this.marks.replaceChildren(...answers.map((record, i) => h("button", {
      type: "button", class: "mark", "data-became": became(record),
      "aria-current": i === this.card ? "true" : null, disabled: i > this.store.asked && !record.done,
      onclick: () => {
        this.held = this.store.state.step;
        this.turn(i);
      },
    }, `${i + 1} ${became(record)}`)));
  }

  drawOnward({ done }) {
    const { store } = this;
    const { asked } = store;
    const { answers } = store.state;
    this.onward.hidden = !done;
    this.asText.hidden = !answers.some((record) => record.done);
    const count = (word) => answers.filter((record) => became(record) === word).length;
    const sum = ["right", "not quite", "shown"].filter(count).map((word) => `${count(word)} ${word}`);
    const ways = asked < 0 ? [
      h("span", {}, h("strong", {}, "All answered"), `: ${sum.join(", ")}.`),
      button("Ask me again", () => this.again()),
    ] : [
      store.state.step < store.last ? button("Play on", () => store.play(true), "strong") : null,
      button("Next question", () => this.next(), "strong"),
    ];
    this.onward.replaceChildren(...ways.filter(Boolean));
  }

  /** The focus goes to what is to be done next. */
  enter() {
    const there = this.record.done ? this.onward.querySelector("button") : this.input;
    there?.focus();
  }

  /** What is read out where a question stands. */
  words() {
    const { next, asked, questions } = this.store;
    return next === null ? "" : `Question: ${questions[asked].text}`;
  }

  answer() {
    const { right, verdict } = judged(this.question, this.input.value);
    if (right === null) {
      // No answer yet: it is said again what is asked for, and nothing is counted.
      this.input.setAttribute("aria-invalid", "true");
      write(this.verdict, verdict);
      this.input.select();
      return;
    }
    const given = read(this.question, this.input.value);
    this.keep({ given, right, attempts: this.record.attempts + 1 });
  }

  giveUp() {
    this.keep({ given: null, right: null });
  }

  keep(more) {
    const { card, question, store } = this;
    const because = question.because ? this.reason.value.trim() : "";
    const record = { ...this.record, because, value: question.value, done: true, ...more };
    const answers = store.state.answers.map((other, i) => (i === card ? record : other));
    this.held = question.step;
    store.set({ answers, playing: false });
    store.go(question.step);
    this.held = question.step;
    this.turn(card);
  }

  next() {
    this.store.go(this.store.last);
    this.turn(this.store.asked);
    this.enter();
  }

  again() {
    const answers = this.store.state.answers
      .map((record) => ({ ...record, given: null, value: null, right: null, because: "", done: false }));
    this.store.set({ answers });
    this.next();
  }
}

/** The answers as JSON, to be copied or saved: for a page that no notebook listens to. */
function savedDialog() {
  const text = h("textarea", { readonly: true, rows: 12, "aria-label": "The answers as JSON" });
  const said = h("span", { class: "quiet", role: "status" });
  const copy = async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      write(said, "Copied.");
    } catch {
      write(said, "Selected: copy it with Ctrl+C.");
    }
  };
  const save = () => {
    const address = URL.createObjectURL(new Blob([text.value], { type: "application/json" }));
    h("a", { href: address, download: "answers.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  const element = h("dialog", { class: "saved", "aria-label": "Answers as text" }, text,
    h("div", { class: "onward" }, button("Copy", copy), button("Save", save),
      button("Close", () => element.close()), said));
  const show = (answers) => {
    text.value = JSON.stringify(answers, null, 1);
    write(said, "");
    element.showModal();
    text.select();
    text.scrollTop = 0;
  };
  return { element, show };
}
